/* Random names and their spellings. */
#ifndef SG_ID_H
#define SG_ID_H

#include <stddef.h>
#include <stdint.h>

#define SG_UUID_TEXT 37 /* characters of 8-4-4-4-12 with its NUL */

void sg_random(void *p, size_t n);		 /* from the kernel; never fails */
void sg_uuid_new(char text[SG_UUID_TEXT]);	 /* version 4 (RFC 9562), 122 random bits */
int sg_uuid_valid(const char *text);		 /* 1: lower-case 8-4-4-4-12 hex */
void sg_hex(char *out, const void *p, size_t n); /* 2n digits and a NUL */
/* base64url without padding (RFC 4648 section 5); out holds 4*(n+2)/3 + 1 characters. */
void sg_base64url(char *out, const void *p, size_t n);
/* Decodes plain or url base64, padded or not; bytes written, or -1. */
long sg_base64_decode(uint8_t *out, size_t cap, const char *text, size_t n);

#endif
