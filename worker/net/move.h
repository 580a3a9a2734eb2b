/*
 * Copying a box of elements between two tensors whose steps differ: all of Transpose, Slice,
 * Concat, Expand and their like come down to this.
 */
#ifndef SG_NET_MOVE_H
#define SG_NET_MOVE_H

#include <stddef.h>
#include <stdint.h>

#define NET_MOVE_RANK 16 /* Tile sees every dimension as two */

/*
 * to[sum of i_k * to_step_k] = from[sum of i_k * from_step_k] for all 0 <= i_k < dims_k.
 * size: bytes of one element (1, 2, 4 or 8). Steps are in elements; from_step may be 0
 * (broadcast) or negative (backwards). The two must not overlap.
 */
void net_move(void *to, const int64_t *to_step, const void *from, const int64_t *from_step,
    const int64_t *dims, int rank, size_t size);

#endif
