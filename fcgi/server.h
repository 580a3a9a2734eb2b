/* The serving process: threads on FCGX_Accept_r, and an orderly end. */
#ifndef FCGI_SERVER_H
#define FCGI_SERVER_H

#include "common/conf.h"
#include "common/err.h"

/*
 * Serve requests from the listening socket until SIGTERM; requests under way are finished first.
 * Returns SG_OK after such an end. Call it once in a process, before any other thread.
 */
int server_run(const struct sg_conf *conf, int listen_fd, struct sg_err *e);

#endif
