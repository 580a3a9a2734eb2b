/* The way of one request: route, session, permission, parameters, handler, audit, commit. */
#ifndef FCGI_DISPATCH_H
#define FCGI_DISPATCH_H

#include "fcgi/req.h"

/* Works a started request through and leaves the answer in r->reply; never fails itself. */
void dispatch(struct req *r);

#endif
