/* Rows that move elements: transposing, joining, cutting, padding, picking. */
#include "config.h"

#include <string.h>

#include "worker/net/op.h"
#include "worker/net/tensor.h"

/*
 * Fill dst, plain with dims, from src whose element at position p is at sum p[d] * stride[d]
 * (elements; 0 repeats, negative walks backwards). Everything here is one of these.
 */
static void
gather(
    char *dst, int rank, const int64_t *dims, const char *src, const int64_t *stride, size_t size)
{
	int64_t pos[SG_NET_RANK] = {0}, rows = net_dims_count(dims, rank ? rank - 1 : 0);
	int64_t row = rank ? dims[rank - 1] : 1, step = rank ? stride[rank - 1] : 0;

	if (row == 0)
		return;
	for (int64_t r = 0; r < rows; r++) {
		if (step == 1) {
			memcpy(dst, src, (size_t)row * size);
			dst += (size_t)row * size;
		} else {
			for (int64_t i = 0; i < row; i++, dst += size)
				memcpy(dst, src + i * step * (int64_t)size, size);
		}
		for (int d = rank - 2; d >= 0; d--) {
			if (++pos[d] < dims[d]) {
				src += stride[d] * (int64_t)size;
				break;
			}
			pos[d] = 0;
			src -= stride[d] * (dims[d] - 1) * (int64_t)size;
		}
	}
}

/* --- Transpose --- */

static int
permutation(struct net_call *c, int perm[SG_NET_RANK])
{
	int n, rank = c->in[0]->rank, seen = 0;
	const int64_t *p = net_attr_ints(c->n, "perm", &n);

	for (int i = 0; i < rank; i++)
		perm[i] = rank - 1 - i;
	if (p == NULL)
		return SG_OK;
	if (n != rank)
		return net_bad_shape(c, "it orders %d of %d dimensions", n, rank);
	for (int i = 0; i < n; i++) {
		if (p[i] < 0 || p[i] >= rank || seen & 1 << p[i])
			return net_bad_shape(c, "its order is not a permutation");
		seen |= 1 << p[i];
		perm[i] = (int)p[i];
	}
	return SG_OK;
}

int
net_transpose_shape(struct net_call *c)
{
	int perm[SG_NET_RANK], rc = permutation(c, perm);
	int64_t dims[SG_NET_RANK];

	if (rc != SG_OK)
		return rc;
	for (int i = 0; i < c->in[0]->rank; i++)
		dims[i] = c->in[0]->dims[perm[i]];
	return net_set_out(c, 0, c->in[0]->type, c->in[0]->rank, dims);
}

int
net_transpose_run(struct net_call *c)
{
	int perm[SG_NET_RANK], rc = permutation(c, perm);
	int64_t own[SG_NET_RANK], stride[SG_NET_RANK];

	if (rc != SG_OK)
		return rc;
	net_strides(own, c->in[0]->dims, c->in[0]->rank);
	for (int i = 0; i < c->in[0]->rank; i++)
		stride[i] = own[perm[i]];
	gather(c->out[0]->data, c->out[0]->rank, c->out[0]->dims, c->in[0]->data, stride,
	    sg_net_type_size(c->in[0]->type));
	return SG_OK;
}

/* --- Concat and Split --- */

int
net_concat_shape(struct net_call *c)
{
	int64_t dims[SG_NET_RANK];
	int axis, rc;

	for (int i = 0; i < c->nin; i++)
		if (c->in[i] == NULL)
			return net_bad_shape(c, "its input %d is missing", i);
	if ((rc = net_axis(c, net_attr_int(c->n, "axis", 1), c->in[0]->rank, &axis)) != SG_OK)
		return rc;
	memcpy(dims, c->in[0]->dims, sizeof(dims));
	for (int i = 1; i < c->nin; i++) {
		const struct sg_tensor *t = c->in[i];

		if (t->rank != c->in[0]->rank || t->type != c->in[0]->type)
			return net_bad_shape(c, "its inputs differ in type or dimensions");
		for (int d = 0; d < t->rank; d++)
			if (d != axis && t->dims[d] != dims[d])
				return net_bad_shape(c, "sides %lld and %lld do not fit",
				    (long long)dims[d], (long long)t->dims[d]);
		dims[axis] += t->dims[axis];
	}
	return net_set_out(c, 0, c->in[0]->type, c->in[0]->rank, dims);
}

int
net_concat_run(struct net_call *c)
{
	size_t size = sg_net_type_size(c->in[0]->type);
	const struct sg_tensor *y = c->out[0];
	int64_t outer, inner;
	char *to = y->data;
	int axis, rc;

	if ((rc = net_axis(c, net_attr_int(c->n, "axis", 1), y->rank, &axis)) != SG_OK)
		return rc;
	outer = net_dims_count(y->dims, axis);
	inner = net_dims_count(y->dims + axis + 1, y->rank - axis - 1);
	for (int64_t o = 0; o < outer; o++)
		for (int i = 0; i < c->nin; i++) {
			size_t n = (size_t)(c->in[i]->dims[axis] * inner) * size;

			memcpy(to, (const char *)c->in[i]->data + (size_t)o * n, n);
			to += n;
		}
	return SG_OK;
}

/* How long each part is: given, or as equal as can be. */
static int
split_sizes(struct net_call *c, int *axis, int64_t size[NET_MAX_OUT])
{
	int n, rc;
	int64_t side, sum = 0, parts, each;

	rc = net_axis(c, net_attr_int(c->n, "axis", 0), c->in[0]->rank, axis);
	if (rc != SG_OK || (rc = net_ints(c, "split", 1, size, NET_MAX_OUT, &n)) != SG_OK)
		return rc;
	side = c->in[0]->dims[*axis];
	if (n < 0) {
		parts = net_attr_int(c->n, "num_outputs", c->nout);
		if (parts != c->nout)
			return net_bad_shape(
			    c, "it makes %lld parts for %d outputs", (long long)parts, c->nout);
		each = (side + parts - 1) / parts;
		if (side % parts != 0 && net_attr(c->n, "num_outputs") == NULL)
			return net_bad_shape(c, "%lld cannot be split into %d equal parts",
			    (long long)side, c->nout);
		for (int i = 0; i < c->nout; i++) {
			size[i] = side - sum < each ? side - sum : each;
			sum += size[i];
		}
		return SG_OK;
	}
	if (n != c->nout)
		return net_bad_shape(c, "it has %d sizes for %d outputs", n, c->nout);
	for (int i = 0; i < n; i++) {
		if (size[i] < 0 || size[i] > side)
			return net_bad_shape(c, "a part of %lld", (long long)size[i]);
		sum += size[i];
	}
	return sum == side ? SG_OK
			   : net_bad_shape(c, "its parts sum to %lld of %lld", (long long)sum,
				 (long long)side);
}

int
net_split_shape(struct net_call *c)
{
	int64_t size[NET_MAX_OUT], dims[SG_NET_RANK];
	int axis, rc = split_sizes(c, &axis, size);

	for (int i = 0; rc == SG_OK && i < c->nout; i++) {
		memcpy(dims, c->in[0]->dims, sizeof(dims));
		dims[axis] = size[i];
		rc = net_set_out(c, i, c->in[0]->type, c->in[0]->rank, dims);
	}
	return rc;
}

int
net_split_run(struct net_call *c)
{
	int64_t size[NET_MAX_OUT], stride[SG_NET_RANK], at = 0;
	size_t bytes = sg_net_type_size(c->in[0]->type);
	int axis, rc = split_sizes(c, &axis, size);

	if (rc != SG_OK)
		return rc;
	net_strides(stride, c->in[0]->dims, c->in[0]->rank);
	for (int i = 0; i < c->nout; i++) {
		if (c->out[i])
			gather(c->out[i]->data, c->out[i]->rank, c->out[i]->dims,
			    (const char *)c->in[0]->data + (size_t)(at * stride[axis]) * bytes,
			    stride, bytes);
		at += size[i];
	}
	return SG_OK;
}

/* --- Slice --- */

struct cut {
	int64_t from[SG_NET_RANK], step[SG_NET_RANK], n[SG_NET_RANK];
};

/* One axis, by the rules of numpy; ends beyond the tensor mean its ends. */
static int
cut_axis(struct net_call *c, struct cut *k, int a, int64_t start, int64_t end, int64_t step)
{
	int64_t side = c->in[0]->dims[a];
	/* Bounds of start and end: 0..side forwards, -1..side-1 backwards. */
	int64_t lo = step > 0 ? 0 : -1, hi = step > 0 ? side : side - 1;

	if (step == 0 || step == INT64_MIN)
		return net_bad_shape(c, "its step is %lld", (long long)step);
	start = start < 0 ? (start < -side ? -1 : start + side) : start;
	end = end < 0 ? (end < -side ? -1 : end + side) : end;
	start = start < lo ? lo : start > hi ? hi : start;
	end = end < lo ? lo : end > hi ? hi : end;
	k->from[a] = start;
	k->step[a] = step;
	k->n[a] = step > 0 ? (end > start ? (end - start - 1) / step + 1 : 0)
			   : (end < start ? (start - end - 1) / -step + 1 : 0);
	return SG_OK;
}

static int
cut_of(struct net_call *c, struct cut *k)
{
	int64_t starts[SG_NET_RANK], ends[SG_NET_RANK], axes[SG_NET_RANK], steps[SG_NET_RANK];
	int ns, ne, na, nt, a, rc, old = c->opset < 10;

	for (int i = 0; i < c->in[0]->rank; i++) {
		k->from[i] = 0;
		k->step[i] = 1;
		k->n[i] = c->in[0]->dims[i];
	}
	if ((rc = net_ints(c, "starts", old ? -1 : 1, starts, SG_NET_RANK, &ns)) != SG_OK ||
	    (rc = net_ints(c, "ends", old ? -1 : 2, ends, SG_NET_RANK, &ne)) != SG_OK ||
	    (rc = net_ints(c, "axes", old ? -1 : 3, axes, SG_NET_RANK, &na)) != SG_OK ||
	    (rc = net_ints(c, NULL, old ? -1 : 4, steps, SG_NET_RANK, &nt)) != SG_OK)
		return rc;
	if (ns < 0 || ns != ne || (na >= 0 && na != ns) || (nt >= 0 && nt != ns) ||
	    (na < 0 && ns > c->in[0]->rank))
		return net_bad_shape(c, "its starts, ends, axes and steps differ in number");
	for (int i = 0; i < ns; i++) {
		if ((rc = net_axis(c, na < 0 ? i : axes[i], c->in[0]->rank, &a)) != SG_OK ||
		    (rc = cut_axis(c, k, a, starts[i], ends[i], nt < 0 ? 1 : steps[i])) != SG_OK)
			return rc;
	}
	return SG_OK;
}

int
net_slice_shape(struct net_call *c)
{
	struct cut k;
	int rc = cut_of(c, &k);

	return rc != SG_OK ? rc : net_set_out(c, 0, c->in[0]->type, c->in[0]->rank, k.n);
}

int
net_slice_run(struct net_call *c)
{
	size_t size = sg_net_type_size(c->in[0]->type);
	int64_t stride[SG_NET_RANK], at = 0;
	struct cut k;
	int rc = cut_of(c, &k);

	if (rc != SG_OK || sg_tensor_count(c->out[0]) == 0)
		return rc;
	net_strides(stride, c->in[0]->dims, c->in[0]->rank);
	for (int i = 0; i < c->in[0]->rank; i++) {
		at += k.from[i] * stride[i];
		stride[i] = k.n[i] > 1 ? stride[i] * k.step[i] : 0;
	}
	if (c->in[0]->rank > 0 && k.n[c->in[0]->rank - 1] == 1)
		stride[c->in[0]->rank - 1] = 1;
	gather(c->out[0]->data, c->out[0]->rank, c->out[0]->dims,
	    (const char *)c->in[0]->data + at * (int64_t)size, stride, size);
	return SG_OK;
}

/* --- Pad --- */

enum pad_mode { PAD_CONSTANT, PAD_EDGE, PAD_REFLECT, PAD_WRAP };

struct padding {
	enum pad_mode mode;
	int64_t before[SG_NET_RANK], after[SG_NET_RANK];
};

static int
padding_of(struct net_call *c, struct padding *p)
{
	static const char *const modes[] = {"constant", "edge", "reflect", "wrap"};
	const char *mode = net_attr_str(c->n, "mode", "constant");
	int64_t pads[2 * SG_NET_RANK], axes[SG_NET_RANK];
	int n, na = -1, a, rc, old = c->opset < 11, m = 0, rank = c->in[0]->rank;

	memset(p, 0, sizeof(*p));
	while (m < 4 && strcmp(mode, modes[m]) != 0)
		m++;
	if (m == 4)
		return net_not_supported(c, "mode '%.30s'", mode);
	p->mode = (enum pad_mode)m;
	if ((rc = net_ints(c, "pads", old ? -1 : 1, pads, 2 * SG_NET_RANK, &n)) != SG_OK ||
	    (!old && (rc = net_ints(c, NULL, 3, axes, SG_NET_RANK, &na)) != SG_OK))
		return rc;
	if (n != 2 * (na < 0 ? rank : na))
		return net_bad_shape(c, "it has %d pads for %d dimensions", n, na < 0 ? rank : na);
	for (int i = 0; i < n / 2; i++) {
		if ((rc = net_axis(c, na < 0 ? i : axes[i], rank, &a)) != SG_OK)
			return rc;
		p->before[a] = pads[i];
		p->after[a] = pads[n / 2 + i];
	}
	return SG_OK;
}

int
net_pad_shape(struct net_call *c)
{
	struct padding p;
	int64_t dims[SG_NET_RANK];
	int rc = padding_of(c, &p);

	if (rc != SG_OK)
		return rc;
	if (c->opset >= 11 && c->nin > 2 && c->in[2] &&
	    (sg_tensor_count(c->in[2]) != 1 || c->in[2]->type != c->in[0]->type))
		return net_bad_shape(c, "its value is not one number of its type");
	for (int i = 0; i < c->in[0]->rank; i++) {
		int64_t side = c->in[0]->dims[i], lim = INT32_MAX;

		if (p.before[i] > lim || p.after[i] > lim || p.before[i] < -side ||
		    p.after[i] < -side || side > INT64_MAX / 4)
			return net_bad_shape(c, "it pads by %lld and %lld", (long long)p.before[i],
			    (long long)p.after[i]);
		dims[i] = side + p.before[i] + p.after[i];
		if (dims[i] < 0 || (dims[i] > 0 && side == 0 && p.mode != PAD_CONSTANT))
			return net_bad_shape(c, "it pads %lld by %lld and %lld", (long long)side,
			    (long long)p.before[i], (long long)p.after[i]);
	}
	return net_set_out(c, 0, c->in[0]->type, c->in[0]->rank, dims);
}

/* Where position i of the padded side comes from; -1: the constant. */
static int64_t
pad_from(enum pad_mode mode, int64_t i, int64_t n)
{
	int64_t period;

	if (i >= 0 && i < n)
		return i;
	switch (mode) {
	case PAD_CONSTANT:
		return -1;
	case PAD_EDGE:
		return i < 0 ? 0 : n - 1;
	case PAD_WRAP:
		return (i % n + n) % n;
	case PAD_REFLECT:
		if (n == 1)
			return 0;
		period = 2 * (n - 1);
		i = (i % period + period) % period;
		return i < n ? i : period - i;
	}
	return -1;
}

int
net_pad_run(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0], *y = c->out[0];
	size_t size = sg_net_type_size(x->type);
	int64_t pos[SG_NET_RANK] = {0}, stride[SG_NET_RANK], n = sg_tensor_count(y);
	char fill[8] = {0}, *to = y->data;
	struct padding p;
	int rc = padding_of(c, &p);
	double v = net_attr_float(c->n, "value", 0);

	if (rc != SG_OK)
		return rc;
	if (c->opset >= 11 && c->nin > 2 && c->in[2])
		memcpy(fill, c->in[2]->data, size);
	else if (c->opset < 11)
		net_store_f64(fill, x->type, 0, &v, 1);
	net_strides(stride, x->dims, x->rank);
	for (int64_t i = 0; i < n; i++, to += size) {
		int64_t at = 0;

		for (int d = 0; d < x->rank && at >= 0; d++) {
			int64_t s = pad_from(p.mode, pos[d] - p.before[d], x->dims[d]);

			at = s < 0 ? -1 : at + s * stride[d];
		}
		memcpy(to, at < 0 ? fill : (const char *)x->data + (size_t)at * size, size);
		for (int d = x->rank - 1; d >= 0; d--) {
			if (++pos[d] < y->dims[d])
				break;
			pos[d] = 0;
		}
	}
	return SG_OK;
}

/* --- Gather, Expand, Tile --- */

int
net_gather_shape(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0], *ix = c->in[1];
	int64_t dims[2 * SG_NET_RANK];
	int axis, rank = 0, rc;

	if ((rc = net_axis(c, net_attr_int(c->n, "axis", 0), x->rank, &axis)) != SG_OK)
		return rc;
	if (ix->type != SG_T_I64 && ix->type != SG_T_I32)
		return net_bad_shape(c, "its indices are not integers");
	for (int i = 0; i < axis; i++)
		dims[rank++] = x->dims[i];
	for (int i = 0; i < ix->rank; i++)
		dims[rank++] = ix->dims[i];
	for (int i = axis + 1; i < x->rank; i++)
		dims[rank++] = x->dims[i];
	if (ix->data)
		for (int64_t k = 0; k < sg_tensor_count(ix); k++) {
			int64_t at = net_get_i64(ix->data, ix->type, k);

			if (at < -x->dims[axis] || at >= x->dims[axis])
				return net_bad_shape(c, "index %lld of %lld", (long long)at,
				    (long long)x->dims[axis]);
		}
	return net_set_out(c, 0, x->type, rank, dims);
}

int
net_gather_run(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0], *ix = c->in[1];
	int64_t outer, n = sg_tensor_count(ix);
	char *to = c->out[0]->data;
	size_t chunk;
	int axis, rc;

	if ((rc = net_axis(c, net_attr_int(c->n, "axis", 0), x->rank, &axis)) != SG_OK)
		return rc;
	outer = net_dims_count(x->dims, axis);
	chunk = (size_t)net_dims_count(x->dims + axis + 1, x->rank - axis - 1) *
		sg_net_type_size(x->type);
	for (int64_t o = 0; o < outer; o++)
		for (int64_t k = 0; k < n; k++, to += chunk) {
			int64_t at = net_get_i64(ix->data, ix->type, k), side = x->dims[axis];

			at += at < 0 ? side : 0;
			if (at < 0 || at >= side)
				return net_bad_shape(
				    c, "an index is outside 0..%lld", (long long)side - 1);
			memcpy(to, (const char *)x->data + (size_t)(o * side + at) * chunk, chunk);
		}
	return SG_OK;
}

int
net_expand_shape(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0];
	int64_t want[SG_NET_RANK], dims[SG_NET_RANK];
	int n, rank, rc;

	if ((rc = net_ints(c, NULL, 1, want, SG_NET_RANK, &n)) != SG_OK)
		return rc;
	rank = n > x->rank ? n : x->rank;
	for (int d = 0; d < rank; d++) {
		int64_t a = d < rank - x->rank ? 1 : x->dims[d - (rank - x->rank)];
		int64_t b = d < rank - n ? 1 : want[d - (rank - n)];

		if (b < 0 || (a != b && a != 1 && b != 1))
			return net_bad_shape(
			    c, "a side of %lld cannot become %lld", (long long)a, (long long)b);
		dims[d] = a == 1 ? b : a;
	}
	return net_set_out(c, 0, x->type, rank, dims);
}

int
net_expand_run(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0], *y = c->out[0];
	int64_t own[SG_NET_RANK], stride[SG_NET_RANK] = {0};
	int shift = y->rank - x->rank;

	net_strides(own, x->dims, x->rank);
	for (int d = 0; d < x->rank; d++)
		stride[shift + d] = x->dims[d] == 1 && y->dims[shift + d] != 1 ? 0 : own[d];
	gather(y->data, y->rank, y->dims, x->data, stride, sg_net_type_size(x->type));
	return SG_OK;
}

int
net_tile_shape(struct net_call *c)
{
	int64_t times[SG_NET_RANK], dims[SG_NET_RANK];
	int n, rc;

	if ((rc = net_ints(c, NULL, 1, times, SG_NET_RANK, &n)) != SG_OK)
		return rc;
	if (n != c->in[0]->rank)
		return net_bad_shape(c, "it repeats %d of %d dimensions", n, c->in[0]->rank);
	for (int i = 0; i < n; i++)
		if (times[i] < 0 || __builtin_mul_overflow(c->in[0]->dims[i], times[i], &dims[i]))
			return net_bad_shape(c, "it repeats %lld times", (long long)times[i]);
	return net_set_out(c, 0, c->in[0]->type, n, dims);
}

int
net_tile_run(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0], *y = c->out[0];
	size_t size = sg_net_type_size(x->type);
	int64_t n = sg_tensor_count(y);

	for (int64_t i = 0; i < n; i++) {
		int64_t rest = i, at = 0, step = 1;

		for (int d = x->rank - 1; d >= 0; d--) {
			at += rest % y->dims[d] % x->dims[d] * step;
			step *= x->dims[d];
			rest /= y->dims[d];
		}
		memcpy((char *)y->data + (size_t)i * size,
		    (const char *)x->data + (size_t)at * size, size);
	}
	return SG_OK;
}

/* --- DepthToSpace, SpaceToDepth: six-dimensional gathers --- */

static int
block_of(struct net_call *c, int64_t *b)
{
	*b = net_attr_int(c->n, "blocksize", 0);
	if (c->in[0]->rank != 4 || *b < 1 || *b > 65536)
		return net_bad_shape(
		    c, "its block is %lld for %d dimensions", (long long)*b, c->in[0]->rank);
	return SG_OK;
}

int
net_depthtospace_shape(struct net_call *c)
{
	const int64_t *d = c->in[0]->dims;
	int64_t b;
	int rc = block_of(c, &b);

	if (rc != SG_OK)
		return rc;
	if (d[1] % (b * b) != 0)
		return net_bad_shape(
		    c, "%lld channels in blocks of %lld", (long long)d[1], (long long)b);
	return net_set_out(
	    c, 0, c->in[0]->type, 4, (int64_t[]){d[0], d[1] / (b * b), d[2] * b, d[3] * b});
}

int
net_depthtospace_run(struct net_call *c)
{
	const int64_t *d = c->in[0]->dims;
	int crd = strcmp(net_attr_str(c->n, "mode", "DCR"), "CRD") == 0;
	int64_t b, plane = d[2] * d[3], cc;

	if (block_of(c, &b) != SG_OK)
		return SG_EINPUT;
	cc = d[1] / (b * b);
	gather(c->out[0]->data, 6, (int64_t[]){d[0], cc, d[2], b, d[3], b}, c->in[0]->data,
	    (int64_t[]){d[1] * plane, (crd ? b * b : 1) * plane, d[3], (crd ? b : b * cc) * plane,
		1, (crd ? 1 : cc) * plane},
	    sg_net_type_size(c->in[0]->type));
	return SG_OK;
}

int
net_spacetodepth_shape(struct net_call *c)
{
	const int64_t *d = c->in[0]->dims;
	int64_t b;
	int rc = block_of(c, &b);

	if (rc != SG_OK)
		return rc;
	if (d[2] % b != 0 || d[3] % b != 0)
		return net_bad_shape(c, "its sides are no multiples of %lld", (long long)b);
	return net_set_out(
	    c, 0, c->in[0]->type, 4, (int64_t[]){d[0], d[1] * b * b, d[2] / b, d[3] / b});
}

int
net_spacetodepth_run(struct net_call *c)
{
	const int64_t *d = c->in[0]->dims;
	int64_t b;

	if (block_of(c, &b) != SG_OK)
		return SG_EINPUT;
	gather(c->out[0]->data, 6, (int64_t[]){d[0], b, b, d[1], d[2] / b, d[3] / b},
	    c->in[0]->data, (int64_t[]){d[1] * d[2] * d[3], d[3], 1, d[2] * d[3], b * d[3], b},
	    sg_net_type_size(c->in[0]->type));
	return SG_OK;
}
