/* Rows that choose elements one by one: Gather, Pad, Where. */
#include "config.h"

#include <string.h>

#include "worker/net/op.h"
#include "worker/net/tensor.h"

int
net_gather_shape(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0], *index = c->in[1];
	int64_t dims[2 * SG_NET_RANK];
	int axis, rank = 0, rc = net_axis(c, net_attr_int(c->n, "axis", 0), x->rank, &axis);

	if (rc != SG_OK)
		return rc;
	if (index->type != SG_T_I64 && index->type != SG_T_I32)
		return net_bad_shape(c, "its indices are not integers");
	for (int i = 0; i < axis; i++)
		dims[rank++] = x->dims[i];
	for (int i = 0; i < index->rank; i++)
		dims[rank++] = index->dims[i];
	for (int i = axis + 1; i < x->rank; i++)
		dims[rank++] = x->dims[i];
	return net_set_out(c, 0, x->type, rank, dims);
}

int
net_gather_run(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0], *index = c->in[1];
	size_t size = sg_net_type_size(x->type), block;
	int axis, rc = net_axis(c, net_attr_int(c->n, "axis", 0), x->rank, &axis);
	int64_t outer, n = sg_tensor_count(index);
	char *to = c->out[0]->data;

	if (rc != SG_OK)
		return rc;
	outer = net_dims_count(x->dims, axis);
	block = (size_t)net_dims_count(x->dims + axis + 1, x->rank - axis - 1) * size;
	for (int64_t o = 0; o < outer; o++)
		for (int64_t i = 0; i < n; i++, to += block) {
			int64_t k = net_get_i64(index->data, index->type, i);

			k += k < 0 ? x->dims[axis] : 0;
			if (k < 0 || k >= x->dims[axis])
				return net_bad_shape(c, "index %lld of %lld elements", (long long)k,
				    (long long)x->dims[axis]);
			memcpy(
			    to, (char *)x->data + (size_t)(o * x->dims[axis] + k) * block, block);
		}
	return SG_OK;
}

enum pad_mode { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE, PAD_WRAP };

struct padding {
	enum pad_mode mode;
	int64_t before[SG_NET_RANK], after[SG_NET_RANK]; /* may be negative: cut off */
	double value;
};

/* The pads of all dimensions from lists for some axes. */
static int
spread_pads(struct net_call *c, struct padding *p, const int64_t *pads, int n)
{
	int64_t axes[SG_NET_RANK];
	int rank = c->in[0]->rank, naxes, k, rc = net_ints(c, NULL, 3, axes, SG_NET_RANK, &naxes);

	if (rc != SG_OK)
		return rc;
	if (n != 2 * (naxes >= 0 ? naxes : rank))
		return net_bad_shape(c, "its pads have %d numbers", n);
	memset(p->before, 0, sizeof(p->before));
	memset(p->after, 0, sizeof(p->after));
	for (int i = 0; i < n / 2; i++) {
		if ((rc = net_axis(c, naxes >= 0 ? axes[i] : i, rank, &k)) != SG_OK)
			return rc;
		p->before[k] = pads[i];
		p->after[k] = pads[n / 2 + i];
	}
	return SG_OK;
}

static int
padding_of(struct net_call *c, struct padding *p)
{
	static const char *const modes[] = {"constant", "reflect", "edge", "wrap"};
	const char *mode = net_attr_str(c->n, "mode", "constant");
	int64_t pads[2 * SG_NET_RANK];
	int m = 0, n, rc;

	while (m < 4 && strcmp(modes[m], mode) != 0)
		m++;
	if (m == 4)
		return net_not_supported(c, "its mode is '%.20s'", mode);
	p->mode = (enum pad_mode)m;
	p->value = (double)net_attr_float(c->n, "value", 0);
	if (c->nin > 2 && c->in[2] != NULL && c->in[2]->data != NULL &&
	    sg_tensor_count(c->in[2]) == 1)
		p->value = net_get_f64(c->in[2]->data, c->in[2]->type, 0);
	if ((rc = net_ints(c, "pads", 1, pads, 2 * SG_NET_RANK, &n)) != SG_OK)
		return rc;
	if (n < 0)
		return net_bad_shape(c, "it has no pads");
	return spread_pads(c, p, pads, n);
}

int
net_pad_shape(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0];
	int64_t dims[SG_NET_RANK];
	struct padding p;
	int rc = padding_of(c, &p);

	if (rc != SG_OK)
		return rc;
	for (int i = 0; i < x->rank; i++) {
		int64_t most = p.before[i] > p.after[i] ? p.before[i] : p.after[i];

		if (most > 1 << 24 || p.before[i] < -x->dims[i] || p.after[i] < -x->dims[i])
			return net_bad_shape(c, "a pad is out of range");
		if (p.mode == PAD_REFLECT && most >= x->dims[i] && most > 0)
			return net_bad_shape(c, "%lld elements cannot be mirrored by %lld",
			    (long long)x->dims[i], (long long)most);
		if (p.mode != PAD_CONSTANT && x->dims[i] == 0)
			return net_bad_shape(c, "it repeats a dimension without elements");
		dims[i] = x->dims[i] + p.before[i] + p.after[i];
		if (dims[i] < 0)
			return net_bad_shape(c, "its pads cut away more than there is");
	}
	return net_set_out(c, 0, x->type, x->rank, dims);
}

/* Which element of a side of n stands at place i outside or inside it; -1: the constant. */
static int64_t
source_of(enum pad_mode mode, int64_t i, int64_t n)
{
	if (i >= 0 && i < n)
		return i;
	switch (mode) {
	case PAD_REFLECT:
		return i < 0 ? -i : 2 * (n - 1) - i;
	case PAD_EDGE:
		return i < 0 ? 0 : n - 1;
	case PAD_WRAP:
		return ((i % n) + n) % n;
	default:
		return -1;
	}
}

struct pad_walk {
	const struct padding *p;
	const struct sg_tensor *x, *y;
	int64_t from[SG_NET_RANK], to[SG_NET_RANK]; /* steps in elements */
	size_t size;
	char fill[8]; /* the constant in the tensor's type */
};

static void
pad_fill(const struct pad_walk *w, char *to, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		memcpy(to + (size_t)i * w->size, w->fill, w->size);
}

/* Dimension k and all inside it. */
static void
pad_dim(const struct pad_walk *w, int k, char *to, const char *from)
{
	if (k == w->x->rank) {
		memcpy(to, from, w->size);
		return;
	}
	for (int64_t i = 0; i < w->y->dims[k]; i++) {
		int64_t s = source_of(w->p->mode, i - w->p->before[k], w->x->dims[k]);
		char *row = to + i * w->to[k] * (int64_t)w->size;

		if (s < 0)
			pad_fill(w, row, w->to[k]);
		else
			pad_dim(w, k + 1, row, from + s * w->from[k] * (int64_t)w->size);
	}
}

int
net_pad_run(struct net_call *c)
{
	struct padding p;
	struct pad_walk w = {.p = &p, .x = c->in[0], .y = c->out[0]};
	int rc = padding_of(c, &p);

	if (rc != SG_OK)
		return rc;
	w.size = sg_net_type_size(w.x->type);
	net_strides(w.from, w.x->dims, w.x->rank);
	net_strides(w.to, w.y->dims, w.y->rank);
	net_store_f64(w.fill, w.x->type, 0, &p.value, 1);
	if (sg_tensor_count(w.y) > 0)
		pad_dim(&w, 0, w.y->data, w.x->data);
	return SG_OK;
}

/* Dimension i of n of a tensor that is broadcast: counted from the right. */
static int64_t
wide(const struct sg_tensor *t, int i, int n)
{
	return i < n - t->rank ? 1 : t->dims[i - (n - t->rank)];
}

int
net_where_shape(struct net_call *c)
{
	int64_t dims[SG_NET_RANK];
	int rank = 0;

	if (c->in[0]->type != SG_T_BOOL || c->in[1]->type != c->in[2]->type)
		return net_bad_shape(c, "its condition or its choices are of the wrong type");
	for (int k = 0; k < 3; k++)
		rank = c->in[k]->rank > rank ? c->in[k]->rank : rank;
	for (int i = 0; i < rank; i++) {
		dims[i] = 1;
		for (int k = 0; k < 3; k++) {
			int64_t d = wide(c->in[k], i, rank);

			if (d != 1 && dims[i] != 1 && d != dims[i])
				return net_bad_shape(c, "its inputs do not fit each other");
			dims[i] = dims[i] == 1 ? d : dims[i];
		}
	}
	return net_set_out(c, 0, c->in[1]->type, rank, dims);
}

int
net_where_run(struct net_call *c)
{
	const struct sg_tensor *y = c->out[0];
	size_t size = sg_net_type_size(y->type);

	for (int64_t e = 0, n = sg_tensor_count(y); e < n; e++) {
		int64_t at[3] = {0, 0, 0}, step[3] = {1, 1, 1}, rest = e;
		const struct sg_tensor *pick;
		int which;

		for (int i = y->rank - 1; i >= 0; i--) {
			int64_t place = rest % y->dims[i];

			rest /= y->dims[i];
			for (int k = 0; k < 3; k++) {
				int64_t d = wide(c->in[k], i, y->rank);

				at[k] += d == 1 ? 0 : place * step[k];
				step[k] *= d;
			}
		}
		which = ((const uint8_t *)c->in[0]->data)[at[0]] ? 1 : 2;
		pick = c->in[which];
		memcpy((char *)y->data + (size_t)e * size,
		    (char *)pick->data + (size_t)at[which] * size, size);
	}
	return SG_OK;
}
