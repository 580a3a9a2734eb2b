/*
 * segward-worker: takes jobs from the queue and does them.
 *
 * Order of a start: first the zygote of the parser sandbox is forked, before any connection,
 * thread or secret exists in this process; then the configuration, the store, and the threads:
 * heartbeat, slots, sweeper, janitor. main itself only waits for signals.
 * Order of an end: claim no more; slots finish what they hold, within a minute, or give it
 * back; the heartbeat goes last, so that leases live as long as somebody works under them.
 */
#include "config.h"

#include <dnnl.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/conf.h"
#include "common/log.h"
#include "common/store.h"
#include "kernels/cpu.h"
#include "worker/beat.h"
#include "worker/cache.h"
#include "worker/janitor.h"
#include "worker/job/job.h"
#include "worker/loop.h"
#include "worker/model.h"
#include "worker/sweep.h"
#include "worker/volume/sandbox.h"

#define FINISH_MS 60000 /* for running jobs after the first signal to end */
#define GIVE_MS	  10000 /* and for giving them back after that */
#define SLICE_MS  100
#define MAX_SLOTS 64

static const char help[] =
    "Usage: segward-worker --config FILE\n"
    "       segward-worker --config FILE --tidy\n"
    "\n"
    "Takes jobs from the queue and does them: reads uploads in a sandbox, runs networks.\n"
    "Any number may run, on any number of hosts.\n"
    "  --config FILE  the configuration; its keys stand in doc/operations.md\n"
    "  --parser FILE  the program that reads uploads, if it is not beside this one\n"
    "  --tidy         do one round of the janitor now, say what it took away, and end\n"
    "  --version      print the version\n"
    "\n"
    "Signals: SIGTERM or SIGINT: claim no more, finish running jobs within 60 s or give them\n"
    "back, end; a second one gives them back at once.\n";

struct process {
	struct sg_conf conf;
	struct sg_worker worker;
	struct sg_run run;
	char name[80], software[80], device[128];
	struct sg_slot *slot[MAX_SLOTS];
	int nslots;
	struct sg_sweeper *sweeper;
	struct sg_janitor *janitor;
};

static void
ask_main(void)
{
	kill(getpid(), SIGUSR1);
}

/* Signals come to main alone, and only when it waits for them. */
static void
block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
}

static int
cores(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

static void
describe(struct process *p)
{
	const dnnl_version_t *v = dnnl_version();
	char host[64] = "host";

	if (p->conf.worker_name[0] != '\0') {
		snprintf(p->name, sizeof p->name, "%.70s", p->conf.worker_name);
	} else {
		gethostname(host, sizeof host - 1);
		snprintf(p->name, sizeof p->name, "%s:%d", host, (int)getpid());
	}
	snprintf(p->software, sizeof p->software, "%s %s, oneDNN %d.%d.%d", PACKAGE_NAME,
	    PACKAGE_VERSION, v->major, v->minor, v->patch);
	kn_cpu_name(p->device, sizeof p->device);
	p->worker.conf = &p->conf;
	p->worker.name = p->name;
	p->worker.software = p->software;
	p->worker.device = p->device;
	p->worker.threads = (int)p->conf.worker_threads;
	if (p->worker.threads == 0)
		p->worker.threads = cores() / (int)p->conf.worker_slots;
	if (p->worker.threads < 1)
		p->worker.threads = 1;
}

static int
start(struct process *p, struct sg_err *e)
{
	int i, rc;

	describe(p);
	p->run.ask = ask_main;
	if ((rc = sg_store_open(&p->worker.store, &p->conf, e)) != SG_OK)
		return rc;
	if ((p->worker.models = sg_models_new(p->worker.store, &p->conf)) == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory to start.");
	rc = sg_beats_start(&p->worker.beats, &p->conf, (int)p->conf.worker_slots, e);
	for (i = 0; rc == SG_OK && i < p->conf.worker_slots; i++) {
		rc = sg_slot_start(&p->slot[i], i, &p->worker, &p->run, e);
		p->nslots += rc == SG_OK;
	}
	if (rc == SG_OK)
		rc = sg_sweeper_start(&p->sweeper, &p->worker, e);
	if (rc == SG_OK && p->conf.store_url[0] == '\0')
		rc = sg_janitor_start(&p->janitor, &p->conf, p->worker.store, e);
	if (rc == SG_OK)
		sg_log(SG_LOG_INFO, "worker.start", "{s:s,s:s,s:i,s:i,s:s,s:s}", "name", p->name,
		    "class", p->conf.worker_class, "slots", p->nslots, "threads", p->worker.threads,
		    "software", p->software, "device", p->device);
	return rc;
}

/* Wait for all slots; 1 when they have ended. Gives up waiting at a signal, too. */
static int
join_slots(struct process *p, const sigset_t *signals, int64_t timeout_ms)
{
	int64_t until = sg_now_ms() + timeout_ms;
	const struct timespec slice = {0, SLICE_MS * 1000000L};
	int i, left, got;

	for (;;) {
		for (i = left = 0; i < p->nslots; i++) {
			if (p->slot[i] != NULL && sg_slot_join(p->slot[i], 0))
				p->slot[i] = NULL;
			left += p->slot[i] != NULL;
		}
		if (left == 0)
			return 1;
		if (sg_now_ms() >= until)
			return 0;
		got = sigtimedwait(signals, NULL, &slice);
		if (got == SIGTERM || got == SIGINT)
			return 0;
	}
}

/* 1: everything has ended and is freed; 0: some slot did not stop. */
static int
stop(struct process *p, const sigset_t *signals)
{
	atomic_store(&p->run.stop, true);
	sg_log(SG_LOG_INFO, "worker.stop", NULL);
	if (!join_slots(p, signals, FINISH_MS)) {
		sg_beats_halt_all(p->worker.beats);
		if (!join_slots(p, signals, GIVE_MS) && !join_slots(p, signals, GIVE_MS))
			return 0;
	}
	sg_janitor_stop(p->janitor);
	sg_sweeper_stop(p->sweeper);
	sg_beats_stop(p->worker.beats);
	sg_cache_free(p->worker.models);
	sg_store_close(p->worker.store);
	sg_sandbox_stop(p->worker.sandbox);
	sg_log(SG_LOG_INFO, "worker.end", NULL);
	return 1;
}

static int
serve(struct process *p)
{
	struct sg_err e = {0};
	sigset_t signals;
	int got, rc;

	block_signals(&signals);
	rc = start(p, &e);
	if (rc != SG_OK) {
		sg_log_err(SG_LOG_ERROR, "worker.failed", &e);
		fprintf(stderr, "segward-worker: %s\n", e.msg);
		_exit(1); /* threads may run already: nothing was claimed that a lease does not free
			   */
	}
	do
		got = sigwaitinfo(&signals, NULL);
	while (got < 0 || (got == SIGUSR1 && !atomic_load(&p->run.restart)));
	if (!stop(p, &signals)) {
		sg_log(SG_LOG_ERROR, "worker.stuck", NULL);
		_exit(1); /* what is held comes back to the queue by its lease */
	}
	return 0;
}

static int
tidy(struct process *p)
{
	struct sg_err e = {0};
	struct sg_tidied t;
	int rc = sg_store_open(&p->worker.store, &p->conf, &e);

	signal(SIGPIPE, SIG_IGN);
	if (rc == SG_OK)
		rc = sg_janitor_round(&t, &p->conf, p->worker.store, &e);
	if (rc != SG_OK) {
		fprintf(stderr, "segward-worker: %s\n", e.msg);
		return 1;
	}
	printf("temporaries %d, blobs %d, uploads %d\n", t.temporaries, t.blobs, t.uploads);
	sg_store_close(p->worker.store);
	return 0;
}

struct options {
	const char *config, *parser;
	int tidy;
};

/* -1: go on; else the exit status. */
static int
read_options(struct options *o, int argc, char **argv)
{
	static const struct option table[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"parser", required_argument, NULL, 'p'},
	    {"tidy", no_argument, NULL, 't'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'v'},
	    {NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->config = optarg;
			break;
		case 'p':
			o->parser = optarg;
			break;
		case 't':
			o->tidy = 1;
			break;
		case 'h':
			fputs(help, stdout);
			return 0;
		case 'v':
			printf("segward-worker %s\n", PACKAGE_VERSION);
			return 0;
		default:
			fputs(help, stderr);
			return 2;
		}
	}
	if (o->config == NULL || optind != argc) {
		fputs(help, stderr);
		return 2;
	}
	return -1;
}

int
main(int argc, char **argv)
{
	static struct process p;
	struct options o = {0};
	struct sg_err e = {0};
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	int status = read_options(&o, argc, argv);

	if (status >= 0)
		return status;
	if ((!o.tidy && sg_sandbox_start(&p.worker.sandbox, o.parser, &e) != SG_OK) ||
	    sg_conf_load(&p.conf, o.config, &e) != SG_OK) {
		fprintf(stderr, "segward-worker: %s\n", e.msg);
		return e.code == SG_EINPUT ? 2 : 1;
	}
	sg_log_open("segward-worker", p.conf.log_level);
	status = o.tidy ? tidy(&p) : serve(&p);
	if (atomic_load(&p.run.restart) && n > 0) {
		/* The sandbox's zygote is gone, and a new one may only be made by a process that
		 * holds nothing yet. */
		self[n] = '\0';
		sg_log(SG_LOG_WARN, "worker.restart", NULL);
		execv(self, argv);
	}
	sg_conf_free(&p.conf);
	return status;
}
