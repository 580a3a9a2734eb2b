/*
 * A large request body that nginx has written to a file of its own (REQUEST_BODY_FILE): opened
 * with care, since a name that came over a socket is never trusted.
 */
#ifndef FCGI_BODY_H
#define FCGI_BODY_H

#include "fcgi/req.h"

struct body {
	int fd;		  /* open for reading; closed with the arena; -1: an empty body */
	const char *path; /* below conf->body_dir; nginx removes it unless it was renamed */
	int64_t bytes;
};

/* Errors: SG_EINPUT "body_short", SG_EINTERNAL "body_handover" (nginx is set up wrongly). */
int body_open(struct body *b, struct req *r, struct sg_err *e);

#endif
