/* Rows that work element by element: one tensor, two or more with broadcasting, comparisons. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "worker/net/op.h"
#include "worker/net/tensor.h"

#define RUN 256 /* elements converted at a time for types that are not f32 */

/* --- one tensor --- */

static double
f_abs(double x, double a, double b)
{
	(void)a, (void)b;
	return fabs(x);
}
static double
f_ceil(double x, double a, double b)
{
	(void)a, (void)b;
	return ceil(x);
}
static double
f_celu(double x, double a, double b)
{
	(void)b;
	return x > 0 ? x : a * expm1(x / a);
}
static double
f_elu(double x, double a, double b)
{
	(void)b;
	return x > 0 ? x : a * expm1(x);
}
static double
f_erf(double x, double a, double b)
{
	(void)a, (void)b;
	return erf(x);
}
static double
f_exp(double x, double a, double b)
{
	(void)a, (void)b;
	return exp(x);
}
static double
f_floor(double x, double a, double b)
{
	(void)a, (void)b;
	return floor(x);
}
static double
f_gelu(double x, double a, double b)
{
	(void)b;
	if (a != 0)
		return 0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
	return 0.5 * x * (1 + erf(x * 0.7071067811865476));
}
static double
f_hardsigmoid(double x, double a, double b)
{
	return fmax(0, fmin(1, a * x + b));
}
static double
f_hardswish(double x, double a, double b)
{
	(void)a, (void)b;
	return x * fmax(0, fmin(1, x / 6 + 0.5));
}
static double
f_leaky(double x, double a, double b)
{
	(void)b;
	return x < 0 ? a * x : x;
}
static double
f_log(double x, double a, double b)
{
	(void)a, (void)b;
	return log(x);
}
static double
softplus(double x)
{
	return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}
static double
f_mish(double x, double a, double b)
{
	(void)a, (void)b;
	return x * tanh(softplus(x));
}
static double
f_neg(double x, double a, double b)
{
	(void)a, (void)b;
	return -x;
}
static double
f_not(double x, double a, double b)
{
	(void)a, (void)b;
	return x == 0;
}
static double
f_recip(double x, double a, double b)
{
	(void)a, (void)b;
	return 1 / x;
}
static double
f_relu(double x, double a, double b)
{
	(void)a, (void)b;
	return x > 0 ? x : x != x ? x : 0;
}
static double
f_round(double x, double a, double b)
{
	(void)a, (void)b;
	return nearbyint(x);
}
static double
f_selu(double x, double a, double b)
{
	return x > 0 ? b * x : b * a * expm1(x);
}
static double
f_sigmoid(double x, double a, double b)
{
	(void)a, (void)b;
	return 1 / (1 + exp(-x));
}
static double
f_softplus(double x, double a, double b)
{
	(void)a, (void)b;
	return softplus(x);
}
static double
f_sqrt(double x, double a, double b)
{
	(void)a, (void)b;
	return sqrt(x);
}
static double
f_tanh(double x, double a, double b)
{
	(void)a, (void)b;
	return tanh(x);
}

enum kinds { FLOATS = 1, INTS = 2, BOOLS = 4, NUMBERS = 3 };

/* a and b come from the attributes alpha and beta (gamma for Selu), else these. */
static const struct unary {
	const char *name;
	double (*f)(double x, double a, double b);
	int kinds;
	double a, b;
} unaries[] = {
    {"Abs", f_abs, NUMBERS, 0, 0},
    {"Ceil", f_ceil, FLOATS, 0, 0},
    {"Celu", f_celu, FLOATS, 1, 0},
    {"Elu", f_elu, FLOATS, 1, 0},
    {"Erf", f_erf, FLOATS, 0, 0},
    {"Exp", f_exp, FLOATS, 0, 0},
    {"Floor", f_floor, FLOATS, 0, 0},
    {"Gelu", f_gelu, FLOATS, 0, 0},
    {"HardSigmoid", f_hardsigmoid, FLOATS, 0.2, 0.5},
    {"HardSwish", f_hardswish, FLOATS, 0, 0},
    {"LeakyRelu", f_leaky, FLOATS, 0.01, 0},
    {"Log", f_log, FLOATS, 0, 0},
    {"Mish", f_mish, FLOATS, 0, 0},
    {"Neg", f_neg, NUMBERS, 0, 0},
    {"Not", f_not, BOOLS, 0, 0},
    {"Reciprocal", f_recip, FLOATS, 0, 0},
    {"Relu", f_relu, NUMBERS, 0, 0},
    {"Round", f_round, FLOATS, 0, 0},
    {"Selu", f_selu, FLOATS, 1.67326319217681884765625, 1.05070102214813232421875},
    {"Sigmoid", f_sigmoid, FLOATS, 0, 0},
    {"Softplus", f_softplus, FLOATS, 0, 0},
    {"Sqrt", f_sqrt, FLOATS, 0, 0},
    {"Tanh", f_tanh, FLOATS, 0, 0},
};

static const struct unary *
unary_of(const struct net_call *c)
{
	for (size_t i = 0; i < sizeof(unaries) / sizeof(unaries[0]); i++)
		if (strcmp(unaries[i].name, c->n->op_type) == 0)
			return &unaries[i];
	return NULL;
}

static int
kind_of(int type)
{
	return net_type_is_float(type) ? FLOATS : type == SG_T_BOOL ? BOOLS : INTS;
}

static int
bad_type(struct net_call *c, int type)
{
	return net_not_supported(c, "elements of type %s", sg_net_type_name(type));
}

int
net_unary_shape(struct net_call *c)
{
	const struct unary *u = unary_of(c);

	if (u == NULL || !(u->kinds & kind_of(c->in[0]->type)))
		return bad_type(c, c->in[0]->type);
	return net_set_out(c, 0, c->in[0]->type, c->in[0]->rank, c->in[0]->dims);
}

int
net_unary_run(struct net_call *c)
{
	const struct unary *u = unary_of(c);
	const struct sg_tensor *x = c->in[0];
	int gelu = u->f == f_gelu;
	double a = gelu ? strcmp(net_attr_str(c->n, "approximate", "none"), "tanh") == 0
		   : net_attr(c->n, "alpha") ? net_attr_float(c->n, "alpha", 0)
					     : u->a;
	const char *second = u->f == f_selu ? "gamma" : "beta";
	double b = net_attr(c->n, second) ? net_attr_float(c->n, second, 0) : u->b;
	int64_t n = sg_tensor_count(x);
	double v[RUN];

	for (int64_t i = 0; i < n; i += RUN) {
		int m = n - i < RUN ? (int)(n - i) : RUN;

		net_load_f64(v, x->data, x->type, i, m);
		for (int k = 0; k < m; k++)
			v[k] = u->f(v[k], a, b);
		net_store_f64(c->out[0]->data, x->type, i, v, m);
	}
	return SG_OK;
}

/* --- Clip: bounds are attributes before opset 11, scalar inputs after --- */

int
net_clip_shape(struct net_call *c)
{
	for (int i = 1; i < c->nin; i++)
		if (c->in[i] &&
		    (sg_tensor_count(c->in[i]) != 1 || c->in[i]->type != c->in[0]->type))
			return net_bad_shape(c, "its bound %d is not one number of its type", i);
	if (kind_of(c->in[0]->type) == BOOLS)
		return bad_type(c, c->in[0]->type);
	return net_set_out(c, 0, c->in[0]->type, c->in[0]->rank, c->in[0]->dims);
}

int
net_clip_run(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0], *l = c->nin > 1 ? c->in[1] : NULL,
			       *h = c->nin > 2 ? c->in[2] : NULL;
	double lo = l ? net_get_f64(l->data, l->type, 0) : -INFINITY;
	double hi = h ? net_get_f64(h->data, h->type, 0) : INFINITY, v[RUN];
	int64_t n = sg_tensor_count(x);

	if (c->opset < 11) {
		lo = net_attr(c->n, "min") ? net_attr_float(c->n, "min", 0) : -INFINITY;
		hi = net_attr(c->n, "max") ? net_attr_float(c->n, "max", 0) : INFINITY;
	}
	for (int64_t i = 0; i < n; i += RUN) {
		int m = n - i < RUN ? (int)(n - i) : RUN;

		net_load_f64(v, x->data, x->type, i, m);
		for (int k = 0; k < m; k++) {
			v[k] = v[k] < lo ? lo : v[k];
			v[k] = v[k] > hi ? hi : v[k];
		}
		net_store_f64(c->out[0]->data, x->type, i, v, m);
	}
	return SG_OK;
}

/* --- broadcasting --- */

/* Output shape of tensors broadcast against each other, as numpy does. */
static int
broadcast(struct net_call *c, int n, int64_t *dims, int *rank)
{
	*rank = 0;
	for (int i = 0; i < n; i++)
		*rank = c->in[i]->rank > *rank ? c->in[i]->rank : *rank;
	for (int d = 0; d < *rank; d++)
		dims[d] = 1;
	for (int i = 0; i < n; i++)
		for (int k = 0; k < c->in[i]->rank; k++) {
			int64_t v = c->in[i]->dims[k], *o = &dims[*rank - c->in[i]->rank + k];

			if (*o != v && *o != 1 && v != 1)
				return net_bad_shape(c, "dimensions %lld and %lld do not fit",
				    (long long)*o, (long long)v);
			*o = *o == 1 ? v : *o;
		}
	return SG_OK;
}

/* Walks an output in rows, giving where each of up to three inputs stands. */
struct walk {
	int nin, rank;
	int64_t row, rows;
	int64_t step[3]; /* along a row: 0 or 1 */
	int64_t at[3];
	int64_t dims[SG_NET_RANK], stride[3][SG_NET_RANK], pos[SG_NET_RANK];
};

static void
walk_init(struct walk *w, const struct sg_tensor *out, const struct sg_tensor *const *in, int nin)
{
	memset(w, 0, sizeof(*w));
	w->nin = nin;
	w->rank = out->rank;
	memcpy(w->dims, out->dims, sizeof(w->dims));
	for (int i = 0; i < nin; i++) {
		int64_t own[SG_NET_RANK];
		int shift = out->rank - in[i]->rank;

		net_strides(own, in[i]->dims, in[i]->rank);
		for (int d = 0; d < in[i]->rank; d++)
			w->stride[i][shift + d] = in[i]->dims[d] == 1 ? 0 : own[d];
	}
	w->row = w->rank ? w->dims[w->rank - 1] : 1;
	for (int i = 0; i < nin; i++)
		w->step[i] = w->rank ? w->stride[i][w->rank - 1] : 0;
	w->rows = w->row ? sg_tensor_count(out) / w->row : 0;
}

static void
walk_next(struct walk *w)
{
	for (int d = w->rank - 2; d >= 0; d--) {
		if (++w->pos[d] < w->dims[d]) {
			for (int i = 0; i < w->nin; i++)
				w->at[i] += w->stride[i][d];
			return;
		}
		w->pos[d] = 0;
		for (int i = 0; i < w->nin; i++)
			w->at[i] -= w->stride[i][d] * (w->dims[d] - 1);
	}
}

/* m elements from at on, or one repeated where step is 0. */
static void
load_f64(double *v, const struct sg_tensor *t, int64_t at, int64_t step, int m)
{
	net_load_f64(v, t->data, t->type, at, step ? m : 1);
	for (int k = 1; k < m && !step; k++)
		v[k] = v[0];
}

static void
load_i64(int64_t *v, const struct sg_tensor *t, int64_t at, int64_t step, int m)
{
	net_load_i64(v, t->data, t->type, at, step ? m : 1);
	for (int k = 1; k < m && !step; k++)
		v[k] = v[0];
}

/* --- two tensors --- */

static double
d_add(double x, double y)
{
	return x + y;
}
static double
d_sub(double x, double y)
{
	return x - y;
}
static double
d_mul(double x, double y)
{
	return x * y;
}
static double
d_div(double x, double y)
{
	return x / y;
}
static double
d_prelu(double x, double y)
{
	return x < 0 ? x * y : x;
}
static double
d_max(double x, double y)
{
	return x != x || y != y ? NAN : x > y ? x : y;
}
static double
d_min(double x, double y)
{
	return x != x || y != y ? NAN : x < y ? x : y;
}

/* Integers wrap around, as they do in the models' own frameworks. */
static int64_t
i_add(int64_t x, int64_t y)
{
	return (int64_t)((uint64_t)x + (uint64_t)y);
}
static int64_t
i_sub(int64_t x, int64_t y)
{
	return (int64_t)((uint64_t)x - (uint64_t)y);
}
static int64_t
i_mul(int64_t x, int64_t y)
{
	return (int64_t)((uint64_t)x * (uint64_t)y);
}
static int64_t
i_div(int64_t x, int64_t y)
{
	return y == 0 ? 0 : y == -1 ? i_sub(0, x) : x / y;
}
static int64_t
i_max(int64_t x, int64_t y)
{
	return x > y ? x : y;
}
static int64_t
i_min(int64_t x, int64_t y)
{
	return x < y ? x : y;
}
static int64_t
i_prelu(int64_t x, int64_t y)
{
	return x < 0 ? i_mul(x, y) : x;
}
static int64_t
i_pow(int64_t x, int64_t y)
{
	int64_t r = 1;

	if (y < 0)
		return x == 1 ? 1 : x == -1 ? (y & 1 ? -1 : 1) : 0;
	for (; y; y >>= 1, x = i_mul(x, x))
		if (y & 1)
			r = i_mul(r, x);
	return r;
}

static const struct binary {
	const char *name;
	double (*d)(double x, double y);
	int64_t (*i)(int64_t x, int64_t y);
} binaries[] = {
    {"Add", d_add, i_add},
    {"Div", d_div, i_div},
    {"Max", d_max, i_max},
    {"Mean", d_add, NULL},
    {"Min", d_min, i_min},
    {"Mul", d_mul, i_mul},
    {"PRelu", d_prelu, i_prelu},
    {"Pow", pow, i_pow},
    {"Sub", d_sub, i_sub},
    {"Sum", d_add, NULL},
};

static const struct binary *
binary_of(const struct net_call *c)
{
	for (size_t i = 0; i < sizeof(binaries) / sizeof(binaries[0]); i++)
		if (strcmp(binaries[i].name, c->n->op_type) == 0)
			return &binaries[i];
	return NULL;
}

/* f32 rows by the four common operators without a call an element. */
static int
f32_row(char op, float *y, const float *a, int64_t sa, const float *b, int64_t sb, int64_t n)
{
	switch (op) {
	case 'A':
		for (int64_t i = 0; i < n; i++)
			y[i] = a[i * sa] + b[i * sb];
		return 1;
	case 'S':
		for (int64_t i = 0; i < n; i++)
			y[i] = a[i * sa] - b[i * sb];
		return 1;
	case 'M':
		for (int64_t i = 0; i < n; i++)
			y[i] = a[i * sa] * b[i * sb];
		return 1;
	case 'D':
		for (int64_t i = 0; i < n; i++)
			y[i] = a[i * sa] / b[i * sb];
		return 1;
	default:
		return 0;
	}
}

/* out = op(a, b); a may be out itself. Elements of the output's type unless the exponent of Pow. */
static void
combine(const struct binary *f, const struct sg_tensor *out, const struct sg_tensor *a,
    const struct sg_tensor *b)
{
	const struct sg_tensor *in[2] = {a, b};
	int floats = net_type_is_float(out->type) || net_type_is_float(b->type);
	int f32 = out->type == SG_T_F32 && b->type == SG_T_F32;
	char op = f->d == d_add	  ? 'A'
		  : f->d == d_sub ? 'S'
		  : f->d == d_mul ? 'M'
		  : f->d == d_div ? 'D'
				  : 0;
	double x[RUN], y[RUN];
	int64_t p[RUN], q[RUN];
	struct walk w;

	walk_init(&w, out, in, 2);
	for (int64_t r = 0; r < w.rows; r++, walk_next(&w)) {
		if (f32 && f32_row(op, (float *)out->data + r * w.row, (float *)a->data + w.at[0],
			       w.step[0], (float *)b->data + w.at[1], w.step[1], w.row))
			continue;
		for (int64_t i = 0; i < w.row; i += RUN) {
			int m = w.row - i < RUN ? (int)(w.row - i) : RUN;
			int64_t at0 = w.at[0] + i * w.step[0], at1 = w.at[1] + i * w.step[1];

			if (floats) {
				load_f64(x, a, at0, w.step[0], m);
				load_f64(y, b, at1, w.step[1], m);
				for (int k = 0; k < m; k++)
					x[k] = f->d(x[k], y[k]);
				net_store_f64(out->data, out->type, r * w.row + i, x, m);
			} else {
				load_i64(p, a, at0, w.step[0], m);
				load_i64(q, b, at1, w.step[1], m);
				for (int k = 0; k < m; k++)
					p[k] = f->i(p[k], q[k]);
				net_store_i64(out->data, out->type, r * w.row + i, p, m);
			}
		}
	}
}

int
net_binary_shape(struct net_call *c)
{
	const struct binary *f = binary_of(c);
	int64_t dims[SG_NET_RANK];
	int rank, rc, type = c->in[0]->type;

	if (kind_of(type) == BOOLS || (f->i == NULL && kind_of(type) == INTS))
		return bad_type(c, type);
	if (c->in[1]->type != type && (f->d != pow || kind_of(c->in[1]->type) == BOOLS))
		return net_bad_shape(c, "its inputs are of types %s and %s", sg_net_type_name(type),
		    sg_net_type_name(c->in[1]->type));
	if ((rc = broadcast(c, 2, dims, &rank)) != SG_OK)
		return rc;
	return net_set_out(c, 0, type, rank, dims);
}

int
net_binary_run(struct net_call *c)
{
	combine(binary_of(c), c->out[0], c->in[0], c->in[1]);
	return SG_OK;
}

/* Max, Min, Sum, Mean of any number of tensors. */
int
net_variadic_shape(struct net_call *c)
{
	const struct binary *f = binary_of(c);
	int64_t dims[SG_NET_RANK];
	int rank, rc, type = c->in[0]->type;

	for (int i = 0; i < c->nin; i++) {
		if (c->in[i] == NULL)
			return net_bad_shape(c, "its input %d is missing", i);
		if (c->in[i]->type != type)
			return net_bad_shape(c, "its inputs are of different types");
	}
	if (kind_of(type) == BOOLS || (f->i == NULL && kind_of(type) == INTS))
		return bad_type(c, type);
	if ((rc = broadcast(c, c->nin, dims, &rank)) != SG_OK)
		return rc;
	return net_set_out(c, 0, type, rank, dims);
}

int
net_variadic_run(struct net_call *c)
{
	const struct binary *f = binary_of(c);
	struct sg_tensor *out = c->out[0];
	uint64_t zero = 0, same = 0;
	struct sg_tensor none = {.type = out->type, .rank = 0, .data = &zero};
	struct sg_tensor count = none;
	static const struct binary add = {"Add", d_add, i_add}, div = {"Div", d_div, i_div};
	double n = c->nin;

	if (c->nin == 1)
		combine(&add, out, c->in[0], &none);
	else
		combine(f, out, c->in[0], c->in[1]);
	for (int i = 2; i < c->nin; i++)
		combine(f, out, out, c->in[i]);
	if (strcmp(c->n->op_type, "Mean") == 0) {
		count.data = &same;
		net_store_f64(&same, out->type, 0, &n, 1);
		combine(&div, out, out, &count);
	}
	return SG_OK;
}

/* --- comparisons and logic --- */

int
net_compare_shape(struct net_call *c)
{
	int64_t dims[SG_NET_RANK];
	int rank, rc, logic = strchr("AOX", c->n->op_type[0]) != NULL;

	if (c->in[0]->type != c->in[1]->type)
		return net_bad_shape(c, "its inputs are of different types");
	if (logic && c->in[0]->type != SG_T_BOOL)
		return bad_type(c, c->in[0]->type);
	if ((rc = broadcast(c, 2, dims, &rank)) != SG_OK)
		return rc;
	return net_set_out(c, 0, SG_T_BOOL, rank, dims);
}

static uint8_t
compare(const char *op, int less, int equal, int greater, int x, int y)
{
	switch (op[0]) {
	case 'A':
		return x && y;
	case 'O':
		return x || y;
	case 'X':
		return !x != !y;
	case 'E':
		return (uint8_t)equal;
	case 'G': /* Greater, GreaterOrEqual */
		return (uint8_t)(greater || (op[7] && equal));
	default: /* Less, LessOrEqual */
		return (uint8_t)(less || (op[4] && equal));
	}
}

int
net_compare_run(struct net_call *c)
{
	const struct sg_tensor *a = c->in[0], *b = c->in[1];
	int floats = net_type_is_float(a->type);
	uint8_t *out = c->out[0]->data;
	struct walk w;

	walk_init(&w, c->out[0], c->in, 2);
	for (int64_t r = 0; r < w.rows; r++, walk_next(&w))
		for (int64_t i = 0; i < w.row; i++) {
			int64_t p = w.at[0] + i * w.step[0], q = w.at[1] + i * w.step[1];

			if (floats) {
				double x = net_get_f64(a->data, a->type, p);
				double y = net_get_f64(b->data, b->type, q);

				*out++ = compare(c->n->op_type, x<y, x == y, x> y, x != 0, y != 0);
			} else {
				int64_t x = net_get_i64(a->data, a->type, p);
				int64_t y = net_get_i64(b->data, b->type, q);

				*out++ = compare(c->n->op_type, x<y, x == y, x> y, x != 0, y != 0);
			}
		}
	return SG_OK;
}

int
net_where_shape(struct net_call *c)
{
	int64_t dims[SG_NET_RANK];
	int rank, rc;

	if (c->in[0]->type != SG_T_BOOL || c->in[1]->type != c->in[2]->type)
		return net_bad_shape(c, "its condition is not bool or its inputs differ in type");
	if ((rc = broadcast(c, 3, dims, &rank)) != SG_OK)
		return rc;
	return net_set_out(c, 0, c->in[1]->type, rank, dims);
}

int
net_where_run(struct net_call *c)
{
	size_t size = sg_net_type_size(c->out[0]->type);
	char *out = c->out[0]->data;
	struct walk w;

	walk_init(&w, c->out[0], c->in, 3);
	for (int64_t r = 0; r < w.rows; r++, walk_next(&w))
		for (int64_t i = 0; i < w.row; i++, out += size) {
			int yes = ((const uint8_t *)c->in[0]->data)[w.at[0] + i * w.step[0]] != 0;
			int k = yes ? 1 : 2;

			memcpy(out,
			    (const char *)c->in[k]->data + (size_t)(w.at[k] + i * w.step[k]) * size,
			    size);
		}
	return SG_OK;
}
