/*
 * Carries a plain socket over TLS. hiredis of Debian 12 knows no TLS, so it talks to one end of
 * a socket pair and a small thread carries the bytes between the other end and the server.
 */
#ifndef SG_TLS_RELAY_H
#define SG_TLS_RELAY_H

#include "common/err.h"

struct sg_tls_relay;

struct sg_tls_files { /* PEM files; empty or NULL: none, or the system's authorities */
	const char *cert, *key, *ca;
};

/*
 * Connect to host:port, shake hands (TLS 1.2 or later, the server's certificate must be for
 * host), start the thread. *fd is the plain end: closing it ends the relay, which is then
 * released by sg_tls_relay_free(). timeout_ms bounds connecting and shaking hands.
 * Errors: SG_EBUSY "tls_lost"; SG_EINTERNAL "tls_files" (a PEM file is unusable).
 */
int sg_tls_relay_open(struct sg_tls_relay **out, int *fd, const char *host, const char *port,
    const struct sg_tls_files *files, int timeout_ms, struct sg_err *e);
/* Ends the thread and waits for it, a moment at the most. NULL is fine. */
void sg_tls_relay_free(struct sg_tls_relay *r);

#endif
