/* The process that starts parsers, and what is said to it; only sandbox.c and zygote.c. */
#ifndef SG_ZYGOTE_H
#define SG_ZYGOTE_H

#include <stdint.h>

/* One request is one message with the descriptors in this order. */
enum { SG_ZF_IN, SG_ZF_OUT, SG_ZF_REPORT, SG_ZF_REPLY, SG__ZFS };

struct sg_zygote_request {
	int64_t memory_bytes, out_bytes, pixels;
	int32_t cpu_s, wall_ms;
};

struct sg_zygote_reply {
	int32_t wait_status; /* of waitpid(2) */
	int32_t timed_out;   /* killed by the guard at wall_ms */
	int64_t ms;
};

/* Serves requests on sock until its other end is closed; helper_fd: the parser's program. */
_Noreturn void sg_zygote_main(int sock, int helper_fd);

#endif
