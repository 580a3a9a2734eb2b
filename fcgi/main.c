/*
 * segward-web: the portal's HTTP side, behind nginx.
 *
 *   segward-web --config FILE     supervise a serving process (what a service manager starts)
 *   segward-web --routes          print the route table as JSON
 */
#include "config.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "fcgi/route.h"
#include "fcgi/server.h"
#include "fcgi/supervisor.h"

static const char help[] =
    "Usage: segward-web --config FILE\n"
    "       segward-web --routes\n"
    "\n"
    "Serves the portal over FastCGI on the unix socket named by web_socket.\n"
    "  --config FILE  the configuration; its keys stand in doc/operations.md\n"
    "  --routes       print every method and path with its parameters and permission as JSON\n"
    "  --fd N         serve from an open listening socket (used by the supervising process)\n"
    "  --version      print the version\n"
    "\n"
    "Signals: SIGTERM finishes the requests under way and ends; SIGHUP takes a new program\n"
    "file and configuration into use without refusing a request.\n";

static int
run(const char *file, int fd)
{
	struct sg_conf conf;
	struct sg_err e = {0};
	char program[PATH_MAX];
	ssize_t n;
	int rc;

	if (sg_conf_load(&conf, file, &e) != SG_OK) {
		fprintf(stderr, "segward-web: %s\n", e.msg);
		return 2;
	}
	sg_log_open("segward-web", conf.log_level);
	if (fd >= 0) {
		rc = server_run(&conf, fd, &e);
	} else {
		n = readlink("/proc/self/exe", program, sizeof(program) - 1);
		program[n > 0 ? n : 0] = '\0';
		rc = supervise(&conf, program, file, &e);
	}
	if (rc != SG_OK)
		sg_log_err(SG_LOG_ERROR, "web.failed", &e);
	sg_conf_free(&conf);
	return rc == SG_OK ? 0 : 1;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"fd", required_argument, NULL, 'f'},
	    {"routes", no_argument, NULL, 'r'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'v'},
	    {NULL, 0, NULL, 0},
	};
	const char *file = NULL;
	int fd = -1, c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			file = optarg;
			break;
		case 'f':
			fd = atoi(optarg);
			break;
		case 'r':
			routes_print(stdout);
			return fflush(stdout) == 0 ? 0 : 1;
		case 'h':
			fputs(help, stdout);
			return 0;
		case 'v':
			printf("segward-web %s\n", PACKAGE_VERSION);
			return 0;
		default:
			fputs(help, stderr);
			return 2;
		}
	}
	if (file == NULL || optind != argc) {
		fputs(help, stderr);
		return 2;
	}
	return run(file, fd);
}
