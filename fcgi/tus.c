/* The header texts of tus. */
#include "config.h"

#include "fcgi/tus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/id.h"
#include "fcgi/param.h"

int64_t
tus_number(const char *text)
{
	size_t n = text != NULL ? strlen(text) : 0;

	if (n < 1 || n > 18 || strspn(text, "0123456789") != n)
		return -1;
	return strtoll(text, NULL, 10);
}

int
tus_checksum(struct tus_checksum *c, const char *header, struct sg_err *e)
{
	static const struct {
		const char *name;
		enum sg_hash_kind kind;
		size_t len;
	} kinds[] = {
	    {"sha1 ", SG_HASH_SHA1, 20},
	    {"sha256 ", SG_HASH_SHA256, 32},
	};

	memset(c, 0, sizeof(*c));
	if (header == NULL)
		return SG_OK;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t n = strlen(kinds[i].name);

		if (strncmp(header, kinds[i].name, n) != 0)
			continue;
		c->given = 1;
		c->kind = kinds[i].kind;
		c->len = kinds[i].len;
		if (sg_base64_decode(c->want, sizeof(c->want), header + n, strlen(header + n)) ==
		    (long)c->len)
			return SG_OK;
	}
	return sg_fail(e, SG_EINPUT, "checksum_bad",
	    "Upload-Checksum has to be sha1 or sha256 and the digest in base64.");
}

/* Marks that change the direction of writing: LRM, RLM, ALM, LRE..RLO, LRI..PDI. */
static int
turns_direction(const unsigned char *s)
{
	return (s[0] == 0xe2 && s[1] == 0x80 &&
		   (s[2] == 0x8e || s[2] == 0x8f || (s[2] >= 0xaa && s[2] <= 0xae))) ||
	       (s[0] == 0xe2 && s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9) ||
	       (s[0] == 0xd8 && s[1] == 0x9c);
}

static int
check_name(const char *name, size_t n, struct sg_err *e)
{
	if (strlen(name) != n || strpbrk(name, "/\\") != NULL || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0 ||
	    param_check("file name", PARAM_TEXT, 1, TUS_NAME_MAX, NULL, name, NULL) != SG_OK)
		goto bad;
	for (size_t i = 0; i < n; i++)
		if (turns_direction((const unsigned char *)name + i))
			goto bad;
	return SG_OK;
bad:
	return sg_fail(e, SG_EINPUT, "bad_name",
	    "The file's name cannot be used: rename it to at most 255 plain characters.");
}

int
tus_file_name(char name[4 * TUS_NAME_MAX + 1], const char *metadata, struct sg_err *e)
{
	static const char key[] = "filename";
	const char *p = metadata != NULL ? metadata : "";

	while (*p != '\0') {
		size_t key_len, n;
		long got;

		p += strspn(p, " ");
		n = strcspn(p, ",");
		key_len = strcspn(p, " ,");
		if (key_len == sizeof(key) - 1 && memcmp(p, key, key_len) == 0) {
			const char *value = p + key_len + strspn(p + key_len, " ");
			size_t len = n > (size_t)(value - p) ? n - (size_t)(value - p) : 0;

			got = sg_base64_decode((uint8_t *)name, 4 * TUS_NAME_MAX, value, len);
			if (got < 0)
				return sg_fail(e, SG_EINPUT, "bad_name",
				    "The file's name is too long or not written in base64.");
			name[got] = '\0';
			return check_name(name, (size_t)got, e);
		}
		p += n;
		p += *p == ',';
	}
	return sg_fail(
	    e, SG_EINPUT, "metadata_bad", "Upload-Metadata has to name the file as filename.");
}

void
tus_date(char text[40], int64_t unix_s)
{
	time_t t = (time_t)unix_s;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, 40, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}
