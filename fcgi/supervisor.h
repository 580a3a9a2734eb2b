/*
 * Keeps a serving process alive. It owns the listening socket, so connections wait instead of
 * failing while the serving process is replaced.
 */
#ifndef FCGI_SUPERVISOR_H
#define FCGI_SUPERVISOR_H

#include "common/conf.h"
#include "common/err.h"

/*
 * Listen on conf->web_socket (0660) and run `program --fd N --config file` until SIGTERM or
 * SIGINT. SIGHUP starts a new one (new program file, new configuration) and then ends the old one,
 * which finishes its requests first. A process that dies is started again, with backoff.
 * Errors: SG_EINTERNAL "listen".
 */
int supervise(const struct sg_conf *conf, const char *program, const char *file, struct sg_err *e);

#endif
