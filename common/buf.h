/*
 * A growing byte buffer with an upper limit. After a failed append it stays failed (buf->err),
 * so a writer may append freely and look once at the end.
 */
#ifndef SG_BUF_H
#define SG_BUF_H

#include <stddef.h>
#include <stdint.h>

struct sg_buf {
	uint8_t *data;
	size_t len, cap, limit; /* bytes */
	int err;		/* not 0: an append did not fit, data is incomplete */
};

void sg_buf_init(struct sg_buf *b, size_t limit);
void sg_buf_free(struct sg_buf *b);
void sg_buf_clear(struct sg_buf *b); /* length 0, memory kept, err cleared */
int sg_buf_append(struct sg_buf *b, const void *p, size_t n);
int sg_buf_str(struct sg_buf *b, const char *s);
int sg_buf_printf(struct sg_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* n more bytes to be filled by the caller; NULL when they do not fit. */
void *sg_buf_grow(struct sg_buf *b, size_t n);
/* The whole of an open file, at most b->limit bytes in all. */
int sg_buf_read_fd(struct sg_buf *b, int fd);

#endif
