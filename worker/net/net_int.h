/* What net.c and plan.c share: the inside of a loaded model and of a plan. */
#ifndef SG_NET_INT_H
#define SG_NET_INT_H

#include <pthread.h>

#include "worker/net/backend.h"

#define NET_KINDS 512 /* operators told apart in reports; real models have some 30 */
#define NET_PORTS 64  /* inputs or outputs of a model that may run */

struct net_step {
	struct net_call call;
	int native;
	int64_t work; /* share of the run, for progress */
};

struct sg_plan {
	struct sg_net *net;
	struct sg_arena *a; /* the plan's graph, constants, steps; holds this struct too */
	const struct net_backend *be;
	struct net_dev *dev;
	struct net_bplan *bplan;
	struct net_graph *g;
	struct net_step *step;
	int nstep;
	void *arena;
	size_t arena_bytes;
	struct sg_tensor in[NET_PORTS], out[NET_PORTS];		/* data: inside the arena */
	struct sg_tensor pub_in[NET_PORTS], pub_out[NET_PORTS]; /* data NULL */
	int nin, nout;
	struct sg_plan_info info;
	enum net_precision precision;
	int cached;	      /* shapes alone make its key */
	struct sg_plan *next; /* in the cache of idle plans, newest first */
};

struct sg_net {
	struct sg_arena *a;
	struct net_graph *g;
	struct sg_net_limits lim;
	struct sg_net_port *in, *out;
	struct net_kind {
		const char *op;
		int nodes;
	} * kind; /* operators in use */
	int nkind;
	int64_t params;
	size_t weight_bytes;
	void *map; /* a file mapped by sg_net_open() */
	size_t map_bytes;
	pthread_mutex_t lock; /* idle */
	struct sg_plan *idle;
};

void net_plan_destroy(struct sg_plan *p);

#endif
