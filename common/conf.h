/*
 * Configuration: one file, `key = value` a line, '#' comments. Every key is a row of the table
 * in conf.c with its type, default and meaning; `segward-admin conf` prints that table, and a
 * test holds doc/operations.md to it. Secrets are never values here: a key names the 0400 file
 * that holds one.
 */
#ifndef SG_CONF_H
#define SG_CONF_H

#include <stdint.h>
#include <stdio.h>

#include "common/err.h"
#include "common/log.h"

struct sg_conf {
	/* where things are */
	char *store_dir;  /* root of the blob store (local) */
	char *store_url;  /* https://host:port/blobs of a remote store; empty: store_dir is used */
	char *upload_dir; /* unfinished uploads, on the store's file system */
	char *body_dir;	  /* where nginx puts request bodies, on the same file system */
	char *tls_cert, *tls_key, *tls_ca; /* PEM files of a remote worker (store, Redis) */

	/* services */
	char *db;	  /* libpq connection string; a password stands in its passfile */
	char *redis;	  /* unix:PATH, or tls://HOST:PORT */
	char *redis_user; /* ACL account; empty: the default account */
	char *redis_password_file;

	/* web */
	char *origin;	  /* https://host[:port] as browsers see it: cookies, CSRF */
	char *web_socket; /* unix socket nginx talks to */
	int64_t web_threads;
	int64_t session_idle_s, session_absolute_s;
	int64_t upload_max_bytes; /* of one file */

	/* worker */
	char *worker_name;  /* unique among running workers; empty: host and pid */
	char *worker_class; /* cpu or gpu */
	int64_t worker_slots;
	int64_t worker_threads; /* computing threads of one slot; 0: the cores there are / slots */
	int64_t job_cap;	/* jobs of one account running at a time */
	int64_t lease_s;	/* seconds a job stays with a silent worker; a beat is a sixth */

	/* limits */
	int64_t quota_queued; /* jobs an account may have waiting */
	int64_t image_max_pixels;

	enum sg_log_level log_level;
};

/* Defaults first, then the file. Errors: SG_EINPUT "conf_bad" with the line number and key. */
int sg_conf_load(struct sg_conf *c, const char *path, struct sg_err *e);
void sg_conf_free(struct sg_conf *c);
/* The table of keys as Markdown, for doc/operations.md. */
void sg_conf_doc(FILE *to);
/* The first line of a secret's file, newline cut; needs mode 0400 or 0440 at the widest. */
int sg_conf_secret(char *out, size_t cap, const char *path, struct sg_err *e);

#endif
