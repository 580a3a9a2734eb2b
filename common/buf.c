/* The growing byte buffer. */
#include "config.h"

#include "common/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
sg_buf_init(struct sg_buf *b, size_t limit)
{
	memset(b, 0, sizeof *b);
	b->limit = limit;
}

void
sg_buf_free(struct sg_buf *b)
{
	free(b->data);
	sg_buf_init(b, b->limit);
}

void
sg_buf_clear(struct sg_buf *b)
{
	b->len = 0;
	b->err = 0;
}

void *
sg_buf_grow(struct sg_buf *b, size_t n)
{
	uint8_t *at;

	if (b->err != 0 || n > b->limit - b->len) {
		b->err = 1;
		return NULL;
	}
	if (n > b->cap - b->len) {
		size_t cap = b->cap < 256 ? 256 : b->cap;
		uint8_t *data;

		while (cap - b->len < n)
			cap = cap > b->limit / 2 ? b->limit : cap * 2;
		if (cap > b->limit)
			cap = b->limit;
		data = realloc(b->data, cap);
		if (data == NULL) {
			b->err = 1;
			return NULL;
		}
		b->data = data;
		b->cap = cap;
	}
	at = b->data != NULL ? b->data + b->len : NULL;
	b->len += n;
	return at;
}

int
sg_buf_append(struct sg_buf *b, const void *p, size_t n)
{
	void *at;

	if (n == 0)
		return b->err;
	at = sg_buf_grow(b, n);
	if (at == NULL)
		return b->err;
	memcpy(at, p, n);
	return 0;
}

int
sg_buf_str(struct sg_buf *b, const char *s)
{
	return sg_buf_append(b, s, strlen(s));
}

int
sg_buf_printf(struct sg_buf *b, const char *fmt, ...)
{
	va_list ap;
	char small[256], *text = small;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof small, fmt, ap);
	va_end(ap);
	if (n < 0)
		return b->err = 1;
	if ((size_t)n >= sizeof small) {
		text = malloc((size_t)n + 1);
		if (text == NULL)
			return b->err = 1;
		va_start(ap, fmt);
		vsnprintf(text, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	sg_buf_append(b, text, (size_t)n);
	if (text != small)
		free(text);
	return b->err;
}

int
sg_buf_read_fd(struct sg_buf *b, int fd)
{
	for (;;) {
		size_t room = b->limit - b->len, n = room < 65536 ? room : 65536;
		uint8_t beyond, *at = n > 0 ? sg_buf_grow(b, n) : &beyond;
		ssize_t got;

		if (b->err != 0)
			return b->err;
		/* At the limit one byte more tells a file that fits from one that does not. */
		do
			got = read(fd, at, n > 0 ? n : 1);
		while (got < 0 && errno == EINTR);
		b->len -= n;
		if (got < 0 || (got > 0 && n == 0))
			return b->err = 1;
		if (got == 0)
			return 0;
		b->len += (size_t)got;
	}
}
