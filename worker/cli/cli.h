/*
 * The `segward` command: what its subcommands share. One file a subcommand, one table of them
 * (main.c). Exit statuses: 0 done, 1 input refused (code and sentence on standard error, or one
 * object on standard output with --json), 2 wrong usage.
 */
#ifndef SG_CLI_H
#define SG_CLI_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"
#include "worker/volume/parse.h"
#include "worker/volume/volume.h"

enum { SG_EXIT_DONE = 0, SG_EXIT_REFUSED = 1, SG_EXIT_USAGE = 2 };

struct sg_command {
	const char *name;
	const char *does;		   /* one line of `segward --help` */
	const char *usage;		   /* the whole text of `segward NAME --help` */
	int (*run)(int argc, char **argv); /* argv[0] is the subcommand's name */
};

int sg_cmd_segment(int argc, char **argv);
int sg_cmd_phantom(int argc, char **argv);
int sg_cmd_compare(int argc, char **argv);
int sg_cmd_info(int argc, char **argv);
int sg_cmd_inspect(int argc, char **argv);
int sg_cmd_demo_model(int argc, char **argv);
int sg_cmd_devices(int argc, char **argv);

/* "segward NAME: sentence" and where help is found, on standard error; SG_EXIT_USAGE. */
int sg_cli_usage(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The error for a person, or with json as one object {"error":{"code","text"}};
 * SG_EXIT_REFUSED. */
int sg_cli_refuse(const char *name, int json, const struct sg_err *e);
/* v as one line on standard output; takes v. Returns SG_EXIT_DONE, or refuses when v is NULL. */
int sg_cli_print(const char *name, json_t *v);

/* A number in a range; 1, or 0 when s is none. */
int sg_cli_number(long long *v, const char *s, long long least, long long most);
/* "0.35" to thousandths; at most three decimals, 0..1. 1, or 0 when s is none. */
int sg_cli_milli(int *milli, const char *s);

/* The bytes of a file ("-" is standard input) as a read-only descriptor that can be mapped. */
int sg_cli_open(int *fd, const char *path, struct sg_err *e);
/* A whole file, mapped. */
int sg_cli_map(
    const uint8_t **p, size_t *n, struct sg_arena *a, const char *path, struct sg_err *e);
/* An image file through the sandboxed parser. The first scan is volumes[0]. */
int sg_cli_parse(struct sg_parsed **out, struct sg_arena *a, const char *path, struct sg_err *e);
/* A label map from a PNG file, stored values kept. */
int sg_cli_labels(struct sg_volume **out, struct sg_arena *a, const char *path, struct sg_err *e);
/* Write a whole file under a temporary name and rename it; "-" is standard output. */
int sg_cli_write(const char *path, const void *p, size_t n, struct sg_err *e);

#endif
