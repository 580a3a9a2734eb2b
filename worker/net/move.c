/* The one loop that copies boxes of elements. */
#include "config.h"

#include <string.h>

#include "worker/net/move.h"

/* One run along the innermost dimension. */
static void
move_run(char *to, int64_t to_step, const char *from, int64_t from_step, int64_t n, size_t size)
{
	int64_t a = to_step * (int64_t)size, b = from_step * (int64_t)size;

	if (to_step == 1 && from_step == 1) {
		memcpy(to, from, (size_t)n * size);
		return;
	}
	/* A constant size lets the compiler turn each copy into one load and one store. */
	switch (size) {
	case 1:
		for (int64_t i = 0; i < n; i++, to += a, from += b)
			*to = *from;
		break;
	case 4:
		for (int64_t i = 0; i < n; i++, to += a, from += b)
			memcpy(to, from, 4);
		break;
	default:
		for (int64_t i = 0; i < n; i++, to += a, from += b)
			memcpy(to, from, size);
		break;
	}
}

void
net_move(void *to, const int64_t *to_step, const void *from, const int64_t *from_step,
    const int64_t *dims, int rank, size_t size)
{
	int64_t at[NET_MOVE_RANK] = {0};
	char *p = to;
	const char *q = from;
	int last = rank - 1, k;

	for (int i = 0; i < rank; i++)
		if (dims[i] == 0)
			return;
	if (rank == 0) {
		memcpy(to, from, size);
		return;
	}
	for (;;) {
		move_run(p, to_step[last], q, from_step[last], dims[last], size);
		for (k = last - 1; k >= 0; k--) {
			p += to_step[k] * (int64_t)size;
			q += from_step[k] * (int64_t)size;
			if (++at[k] < dims[k])
				break;
			p -= dims[k] * to_step[k] * (int64_t)size;
			q -= dims[k] * from_step[k] * (int64_t)size;
			at[k] = 0;
		}
		if (k < 0)
			return;
	}
}
