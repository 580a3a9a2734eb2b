/*
 * Giving up every right but computing: what segward-parse does before it looks at a byte.
 *
 * Afterwards the process can use the memory it has and may ask for, write to SG_PARSE_OUT and
 * SG_PARSE_REPORT, and end. Any other system call kills it (SIGSYS): no file can be opened, no
 * process started, no signal sent, no network reached, no memory made executable. The input must
 * be mapped before.
 */
#ifndef SG_CONFINE_H
#define SG_CONFINE_H

#include <stdint.h>

#include "common/err.h"

struct sg_confine_limits {
	int64_t memory_bytes; /* address space, all of it */
	int64_t out_bytes;    /* of each file written: SIGXFSZ beyond */
	int cpu_s;	      /* processor time: SIGXCPU beyond */
};

/* Closes all descriptors above SG_PARSE_REPORT, too. Cannot be undone. Call from a process with
 * one thread. Errors: SG_EINTERNAL "confine"; the caller must then end. */
int sg_confine(const struct sg_confine_limits *limits, struct sg_err *e);

#endif
