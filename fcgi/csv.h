/*
 * CSV as RFC 4180 has it, safe to open in a spreadsheet: a text that would be taken for a formula
 * (it starts with = + - @, a tab or a carriage return) gets an apostrophe before it. Numbers stay.
 */
#ifndef FCGI_CSV_H
#define FCGI_CSV_H

#include "common/buf.h"

void csv_field(struct sg_buf *to, const char *text, int first); /* NULL: empty */
void csv_end(struct sg_buf *to);

#endif
