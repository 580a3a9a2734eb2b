/* Random names and their spellings. */
#include "config.h"

#include "common/id.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void
sg_random(void *p, size_t n)
{
	uint8_t *at = p;

	while (n > 0) {
		ssize_t got = getrandom(at, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			abort(); /* no kernel that we run on does this; guessable ids would be worse
				  */
		at += got;
		n -= (size_t)got;
	}
}

void
sg_hex(char *out, const void *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *b = p;
	size_t i;

	for (i = 0; i < n; i++) {
		*out++ = digits[b[i] >> 4];
		*out++ = digits[b[i] & 15];
	}
	*out = '\0';
}

void
sg_uuid_new(char text[SG_UUID_TEXT])
{
	uint8_t b[16];
	char hex[33];

	sg_random(b, sizeof b);
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	sg_hex(hex, b, sizeof b);
	snprintf(text, SG_UUID_TEXT, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
	    hex + 20);
}

int
sg_uuid_valid(const char *text)
{
	int i;

	for (i = 0; i < SG_UUID_TEXT - 1; i++) {
		char c = text[i];

		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (c != '-')
				return 0;
		} else if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
			return 0;
		}
	}
	return text[i] == '\0';
}

void
sg_base64url(char *out, const void *p, size_t n)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const uint8_t *b = p;
	size_t i;

	for (i = 0; i < n; i += 3) {
		size_t left = n - i;
		uint32_t v = (uint32_t)b[i] << 16;

		if (left > 1)
			v |= (uint32_t)b[i + 1] << 8;
		if (left > 2)
			v |= b[i + 2];
		*out++ = digits[v >> 18];
		*out++ = digits[v >> 12 & 63];
		if (left > 1)
			*out++ = digits[v >> 6 & 63];
		if (left > 2)
			*out++ = digits[v & 63];
	}
	*out = '\0';
}

static int
digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

long
sg_base64_decode(uint8_t *out, size_t cap, const char *text, size_t n)
{
	size_t i, len = 0, pad = 0;
	uint32_t bits = 0;
	int have = 0; /* bits waiting in `bits` */

	while (n > 0 && pad < 2 && text[n - 1] == '=') {
		n--;
		pad++;
	}
	if (n % 4 == 1 || (pad > 0 && (n + pad) % 4 != 0))
		return -1;
	for (i = 0; i < n; i++) {
		int v = digit_value(text[i]);

		if (v < 0)
			return -1;
		bits = bits << 6 | (uint32_t)v;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		if (len == cap)
			return -1;
		out[len++] = (uint8_t)(bits >> have);
		bits &= (1u << have) - 1;
	}
	return bits == 0 ? (long)len : -1; /* one spelling for one value: left-over bits are 0 */
}
