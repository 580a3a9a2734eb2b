/*
 * Rows that move elements about and compute nothing: Transpose, Concat, Split, Slice, Expand,
 * Tile, DepthToSpace, SpaceToDepth. Each finds the steps of its view and lets net_move() copy.
 */
#include "config.h"

#include <string.h>

#include "worker/net/move.h"
#include "worker/net/op.h"
#include "worker/net/tensor.h"

/* The element at an offset of a tensor's data. */
static void *
at(const struct sg_tensor *t, int64_t offset)
{
	return (char *)t->data + offset * (int64_t)sg_net_type_size(t->type);
}

static int
permutation(struct net_call *c, int perm[SG_NET_RANK])
{
	int n, rank = c->in[0]->rank, seen = 0;
	const int64_t *p = net_attr_ints(c->n, "perm", &n);

	if (p != NULL && n != rank)
		return net_bad_shape(c, "its 'perm' has %d numbers for %d dimensions", n, rank);
	for (int i = 0; i < rank; i++) {
		int64_t from = p != NULL ? p[i] : rank - 1 - i;

		if (from < 0 || from >= rank || (seen & 1 << from))
			return net_bad_shape(c, "its 'perm' is not a permutation");
		seen |= 1 << from;
		perm[i] = (int)from;
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
	const struct sg_tensor *x = c->in[0], *y = c->out[0];
	int64_t to[SG_NET_RANK], plain[SG_NET_RANK], from[SG_NET_RANK];
	int perm[SG_NET_RANK], rc = permutation(c, perm);

	if (rc != SG_OK)
		return rc;
	net_strides(plain, x->dims, x->rank);
	net_strides(to, y->dims, y->rank);
	for (int i = 0; i < x->rank; i++)
		from[i] = plain[perm[i]];
	net_move(y->data, to, x->data, from, y->dims, y->rank, sg_net_type_size(x->type));
	return SG_OK;
}

int
net_concat_shape(struct net_call *c)
{
	const struct sg_tensor *first = c->in[0];
	int64_t dims[SG_NET_RANK];
	int axis, rc = net_axis(c, net_attr_int(c->n, "axis", 1), first->rank, &axis);

	if (rc != SG_OK)
		return rc;
	memcpy(dims, first->dims, sizeof(dims));
	for (int i = 1; i < c->nin; i++) {
		const struct sg_tensor *t = c->in[i];

		if (t == NULL || t->rank != first->rank || t->type != first->type)
			return net_bad_shape(
			    c, "its input %d is of another kind than the first", i);
		for (int k = 0; k < t->rank; k++)
			if (k != axis && t->dims[k] != first->dims[k])
				return net_bad_shape(c,
				    "dimension %d is %lld in its first input and %lld in input %d",
				    k, (long long)first->dims[k], (long long)t->dims[k], i);
		dims[axis] += t->dims[axis];
	}
	return net_set_out(c, 0, first->type, first->rank, dims);
}

int
net_concat_run(struct net_call *c)
{
	const struct sg_tensor *y = c->out[0];
	int64_t to[SG_NET_RANK], from[SG_NET_RANK], offset = 0;
	int axis, rc = net_axis(c, net_attr_int(c->n, "axis", 1), y->rank, &axis);

	if (rc != SG_OK)
		return rc;
	net_strides(to, y->dims, y->rank);
	for (int i = 0; i < c->nin; i++) {
		const struct sg_tensor *x = c->in[i];

		net_strides(from, x->dims, x->rank);
		net_move(
		    at(y, offset), to, x->data, from, x->dims, x->rank, sg_net_type_size(x->type));
		offset += x->dims[axis] * to[axis];
	}
	return SG_OK;
}

int
net_split_shape(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0];
	int64_t parts[NET_MAX_OUT], dims[SG_NET_RANK], all = 0;
	int axis, n, rc = net_axis(c, net_attr_int(c->n, "axis", 0), x->rank, &axis);

	if (rc != SG_OK || (rc = net_ints(c, "split", 1, parts, NET_MAX_OUT, &n)) != SG_OK)
		return rc;
	if (n < 0) { /* equal parts; where they do not come out even the last is smaller */
		int64_t each = (x->dims[axis] + c->nout - 1) / (c->nout > 0 ? c->nout : 1);

		n = c->nout;
		for (int i = 0; i < n; i++) {
			int64_t left = x->dims[axis] - i * each;

			parts[i] = left < 0 ? 0 : left < each ? left : each;
		}
	}
	if (n != c->nout)
		return net_bad_shape(c, "%d parts for %d outputs", n, c->nout);
	memcpy(dims, x->dims, sizeof(dims));
	for (int i = 0; i < n; i++) {
		if (parts[i] < 0 || parts[i] > x->dims[axis])
			return net_bad_shape(c, "a part has %lld elements", (long long)parts[i]);
		dims[axis] = parts[i];
		all += parts[i];
		if ((rc = net_set_out(c, i, x->type, x->rank, dims)) != SG_OK)
			return rc;
	}
	if (all != x->dims[axis])
		return net_bad_shape(c, "its parts have %lld elements of %lld", (long long)all,
		    (long long)x->dims[axis]);
	return SG_OK;
}

/* Parts that nobody reads have no memory; their sizes still move the offset on. */
int
net_split_run(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0];
	int64_t from[SG_NET_RANK], to[SG_NET_RANK], parts[NET_MAX_OUT], offset = 0;
	int axis, n, rc = net_axis(c, net_attr_int(c->n, "axis", 0), x->rank, &axis);

	if (rc != SG_OK || (rc = net_ints(c, "split", 1, parts, NET_MAX_OUT, &n)) != SG_OK)
		return rc;
	net_strides(from, x->dims, x->rank);
	for (int i = 0; i < c->nout; i++) {
		const struct sg_tensor *y = c->out[i];
		int64_t each = (x->dims[axis] + c->nout - 1) / c->nout;

		if (y != NULL && y->data != NULL) {
			net_strides(to, y->dims, y->rank);
			net_move(y->data, to, at(x, offset), from, y->dims, y->rank,
			    sg_net_type_size(x->type));
		}
		offset += (n < 0 ? each : parts[i]) * from[axis];
	}
	return SG_OK;
}

/* What Slice takes of each dimension: the first element, the step, and how many. */
struct slice {
	int64_t start[SG_NET_RANK], step[SG_NET_RANK], count[SG_NET_RANK];
};

static int64_t
clamp(int64_t v, int64_t lo, int64_t hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

static void
slice_axis(struct slice *s, int k, int64_t dim, int64_t start, int64_t end, int64_t step)
{
	int64_t lo = step > 0 ? 0 : -1, hi = step > 0 ? dim : dim - 1;

	/* Ends such as INT64_MAX mean "as far as there is"; adding dim to a negative is safe. */
	start = clamp(start < 0 ? start + dim : start, step > 0 ? 0 : 0, step > 0 ? dim : dim - 1);
	end = clamp(end < 0 ? end + dim : end, lo, hi);
	s->start[k] = start;
	s->step[k] = step;
	if (step > 0)
		s->count[k] = end > start ? (end - start - 1) / step + 1 : 0;
	else
		s->count[k] = start > end ? (start - end - 1) / -step + 1 : 0;
	if (dim == 0)
		s->count[k] = 0;
}

static int
slice_of(struct net_call *c, struct slice *s)
{
	const struct sg_tensor *x = c->in[0];
	int64_t starts[SG_NET_RANK], ends[SG_NET_RANK], axes[SG_NET_RANK], steps[SG_NET_RANK];
	int n, nends, naxes, nsteps, rc, k;

	if ((rc = net_ints(c, "starts", 1, starts, SG_NET_RANK, &n)) != SG_OK ||
	    (rc = net_ints(c, "ends", 2, ends, SG_NET_RANK, &nends)) != SG_OK ||
	    (rc = net_ints(c, "axes", 3, axes, SG_NET_RANK, &naxes)) != SG_OK ||
	    (rc = net_ints(c, NULL, 4, steps, SG_NET_RANK, &nsteps)) != SG_OK)
		return rc;
	if (n < 0 || nends != n || (naxes >= 0 && naxes != n) || (nsteps >= 0 && nsteps != n) ||
	    n > x->rank)
		return net_bad_shape(c, "its starts, ends, axes and steps do not go together");
	for (k = 0; k < x->rank; k++)
		slice_axis(s, k, x->dims[k], 0, x->dims[k], 1);
	for (int i = 0; i < n; i++) {
		int64_t step = nsteps >= 0 ? steps[i] : 1;

		if ((rc = net_axis(c, naxes >= 0 ? axes[i] : i, x->rank, &k)) != SG_OK)
			return rc;
		if (step == 0 || step < -INT32_MAX || step > INT32_MAX)
			return net_bad_shape(c, "its step is %lld", (long long)step);
		slice_axis(s, k, x->dims[k], starts[i], ends[i], step);
	}
	return SG_OK;
}

int
net_slice_shape(struct net_call *c)
{
	struct slice s;
	int rc = slice_of(c, &s);

	return rc == SG_OK ? net_set_out(c, 0, c->in[0]->type, c->in[0]->rank, s.count) : rc;
}

int
net_slice_run(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0], *y = c->out[0];
	int64_t from[SG_NET_RANK], to[SG_NET_RANK], offset = 0;
	struct slice s;
	int rc = slice_of(c, &s);

	if (rc != SG_OK)
		return rc;
	net_strides(from, x->dims, x->rank);
	net_strides(to, y->dims, y->rank);
	for (int k = 0; k < x->rank; k++) {
		offset += s.start[k] * from[k];
		from[k] *= s.step[k];
	}
	if (sg_tensor_count(y) > 0)
		net_move(
		    y->data, to, at(x, offset), from, y->dims, y->rank, sg_net_type_size(x->type));
	return SG_OK;
}

int
net_expand_shape(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0];
	int64_t want[SG_NET_RANK], dims[SG_NET_RANK];
	int n, rank, rc = net_ints(c, NULL, 1, want, SG_NET_RANK, &n);

	if (rc != SG_OK)
		return rc;
	rank = n > x->rank ? n : x->rank;
	for (int i = 0; i < rank; i++) {
		int64_t have = i >= rank - x->rank ? x->dims[i - (rank - x->rank)] : 1;
		int64_t to = i >= rank - n ? want[i - (rank - n)] : 1;

		if (to < 0 || (have != to && have != 1 && to != 1))
			return net_bad_shape(
			    c, "%lld elements cannot become %lld", (long long)have, (long long)to);
		dims[i] = have == 1 ? to : have;
	}
	return net_set_out(c, 0, x->type, rank, dims);
}

int
net_expand_run(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0], *y = c->out[0];
	int64_t plain[SG_NET_RANK], from[SG_NET_RANK], to[SG_NET_RANK];

	net_strides(plain, x->dims, x->rank);
	net_strides(to, y->dims, y->rank);
	for (int i = 0; i < y->rank; i++) {
		int k = i - (y->rank - x->rank);

		from[i] = k < 0 || x->dims[k] == 1 ? 0 : plain[k];
	}
	net_move(y->data, to, x->data, from, y->dims, y->rank, sg_net_type_size(x->type));
	return SG_OK;
}

int
net_tile_shape(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0];
	int64_t times[SG_NET_RANK], dims[SG_NET_RANK];
	int n, rc = net_ints(c, NULL, 1, times, SG_NET_RANK, &n);

	if (rc != SG_OK)
		return rc;
	if (n != x->rank)
		return net_bad_shape(c, "%d repeats for %d dimensions", n, x->rank);
	for (int i = 0; i < n; i++) {
		if (times[i] < 0 || times[i] > INT32_MAX)
			return net_bad_shape(c, "a repeat is %lld", (long long)times[i]);
		dims[i] = x->dims[i] * times[i];
	}
	return net_set_out(c, 0, x->type, n, dims);
}

/* Each dimension is seen as two: how often, and the element. */
int
net_tile_run(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0], *y = c->out[0];
	int64_t plain[SG_NET_RANK], dims[NET_MOVE_RANK], from[NET_MOVE_RANK], to[NET_MOVE_RANK];

	net_strides(plain, x->dims, x->rank);
	for (int i = 0; i < x->rank; i++) {
		dims[2 * i] = x->dims[i] > 0 ? y->dims[i] / x->dims[i] : 0;
		dims[2 * i + 1] = x->dims[i];
		from[2 * i] = 0;
		from[2 * i + 1] = plain[i];
	}
	net_strides(to, dims, 2 * x->rank);
	net_move(y->data, to, x->data, from, dims, 2 * x->rank, sg_net_type_size(x->type));
	return SG_OK;
}

/* Both block operators, as [n][c][h][w] to [n][c'][h'][w'] with a block of b x b pixels. */
static int
block_of(struct net_call *c, int64_t *b)
{
	const struct sg_tensor *x = c->in[0];

	*b = net_attr_int(c->n, "blocksize", 0);
	if (x->rank != 4)
		return net_bad_shape(c, "its input has %d dimensions", x->rank);
	if (*b < 1 || *b > 1024)
		return net_bad_shape(c, "its 'blocksize' is %lld", (long long)*b);
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
		return net_bad_shape(c, "%lld channels do not fill blocks", (long long)d[1]);
	return net_set_out(
	    c, 0, c->in[0]->type, 4, (int64_t[]){d[0], d[1] / (b * b), d[2] * b, d[3] * b});
}

int
net_depthtospace_run(struct net_call *c)
{
	const int64_t *d = c->in[0]->dims;
	int64_t b = net_attr_int(c->n, "blocksize", 1), area = d[2] * d[3], k = d[1] / (b * b);
	int crd = strcmp(net_attr_str(c->n, "mode", "DCR"), "CRD") == 0;
	/* Out as [n][k][h][b][w][b]; where each of these lies in the input. */
	int64_t dims[6] = {d[0], k, d[2], b, d[3], b}, to[6];
	int64_t by = (crd ? b : b * k) * area, bx = (crd ? 1 : k) * area;
	int64_t from[6] = {d[1] * area, (crd ? b * b : 1) * area, d[3], by, 1, bx};

	net_strides(to, dims, 6);
	net_move(
	    c->out[0]->data, to, c->in[0]->data, from, dims, 6, sg_net_type_size(c->in[0]->type));
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
		return net_bad_shape(
		    c, "%lldx%lld pixels do not fill blocks", (long long)d[2], (long long)d[3]);
	return net_set_out(
	    c, 0, c->in[0]->type, 4, (int64_t[]){d[0], d[1] * b * b, d[2] / b, d[3] / b});
}

int
net_spacetodepth_run(struct net_call *c)
{
	const int64_t *d = c->in[0]->dims;
	int64_t b = net_attr_int(c->n, "blocksize", 1);
	/* Out as [n][b][b][c][h'][w']. */
	int64_t dims[6] = {d[0], b, b, d[1], d[2] / b, d[3] / b}, to[6];
	int64_t from[6] = {d[1] * d[2] * d[3], d[3], 1, d[2] * d[3], b * d[3], b};

	net_strides(to, dims, 6);
	net_move(
	    c->out[0]->data, to, c->in[0]->data, from, dims, 6, sg_net_type_size(c->in[0]->type));
	return SG_OK;
}
