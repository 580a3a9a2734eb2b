/* segward-admin: the table of its subcommands, and the way into them. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "worker/admin/admin.h"

#define ARENA_LIMIT  ((size_t)3 << 30) /* a model's file may be 2 GiB */
#define DEFAULT_CONF "/etc/segward/segward.conf"

static const struct admin_command commands[] = {
    {"migrate", NULL, admin_migrate, "", "bring the database's tables and functions up to date"},
    {"department", "add", admin_department_add, "NAME", "a new department"},
    {"department", "list", admin_department_list, "", "all departments"},
    {"account", "add", admin_account_add,
	"LOGIN --role doctor|researcher|admin --department NAME [--name NAME] [--post POST] "
	"[--password-file FILE]",
	"a new active account; its password comes from the file or standard input"},
    {"account", "list", admin_account_list, "[--state pending|active|disabled]", "accounts"},
    {"account", "approve", admin_account_state, "LOGIN", "let a registered person in"},
    {"account", "disable", admin_account_state, "LOGIN", "shut an account, end its sessions"},
    {"account", "enable", admin_account_state, "LOGIN", "open a disabled account again"},
    {"account", "password", admin_account_password, "LOGIN [--password-file FILE]",
	"a new password, from the file or standard input; ends the account's sessions"},
    {"model", "add", admin_model_add,
	"NAME --onnx FILE [--meta FILE] [--organ O] [--modality M] [--dimension 2|3] "
	"[--description D] [--threshold T]",
	"the next version of a model (the first makes the model), as a draft"},
    {"model", "list", admin_model_list, "", "models and their versions"},
    {"model", "approve", admin_model_state, "NAME NUMBER", "let a version run on patients"},
    {"model", "withdraw", admin_model_state, "NAME NUMBER", "stop a version from running"},
    {"job", "list", admin_job_list, "[--state STATE] [--limit N]", "the newest jobs"},
    {"job", "retry", admin_job_retry, "ID", "a failed, cancelled or dead job once more"},
    {"report", NULL, admin_report, "[NAME [--from TIME] [--to TIME] [--csv]]",
	"run a report; without a name, list them"},
    {"verify", NULL, admin_verify, "[--no-blobs]",
	"check the queue's promises, every blob's hash and the audit chain"},
    {"conf", NULL, admin_conf, "", "the keys of the configuration file"},
};

#define NCOMMANDS (sizeof commands / sizeof commands[0])

static void
print_command(FILE *to, const struct admin_command *c)
{
	fprintf(to, "  segward-admin [--config FILE] %s%s%s %s\n        %s\n", c->noun,
	    c->verb != NULL ? " " : "", c->verb != NULL ? c->verb : "", c->args, c->does);
}

static void
print_help(FILE *to)
{
	size_t i;

	fprintf(to, "usage: segward-admin [--config FILE] [--json] COMMAND ...\n\n");
	for (i = 0; i < NCOMMANDS; i++)
		print_command(to, &commands[i]);
	fprintf(to, "\n--config FILE   default $SEGWARD_CONF, else " DEFAULT_CONF "\n"
		    "--json          lists and reports as JSON\n"
		    "Exit status: 0 done, 1 refused or something was found, 2 wrong usage.\n");
}

static const struct admin_command *
find_command(int argc, char **argv, int *words)
{
	size_t i;

	for (i = 0; i < NCOMMANDS; i++) {
		const struct admin_command *c = &commands[i];

		if (argc < 1 || strcmp(c->noun, argv[0]) != 0)
			continue;
		if (c->verb != NULL && (argc < 2 || strcmp(c->verb, argv[1]) != 0))
			continue;
		*words = c->verb != NULL ? 2 : 1;
		return c;
	}
	return NULL;
}

static int
finish(const struct admin_command *c, const struct admin *a, int rc, const struct sg_err *e)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "segward-admin: cannot write to standard output\n");
		return 1;
	}
	if (rc == SG_OK)
		return a->found ? 1 : 0;
	fprintf(stderr, "segward-admin: %s (%s)\n", e->msg, e->id);
	if (strcmp(e->id, "usage") != 0)
		return 1;
	if (c != NULL)
		print_command(stderr, c);
	else
		fprintf(stderr, "segward-admin --help lists the commands\n");
	return 2;
}

/* The options before the command; *at is where the command begins. */
static int
read_globals(
    struct admin *a, int argc, char **argv, const char **conf, int *at, int *help, struct sg_err *e)
{
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			*help = 1;
		else if (strcmp(argv[i], "--json") == 0)
			a->json = 1;
		else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			*conf = argv[++i];
		else if (strncmp(argv[i], "--config=", 9) == 0)
			*conf = argv[i] + 9;
		else
			return admin_usage(e, "There is no option %.60s here.", argv[i]);
	}
	*at = i;
	return SG_OK;
}

/* --json and --config are taken after the command, too: shells are typed from left to right. */
static int
take_late_globals(struct admin *a, int argc, char **argv, const char **conf)
{
	int i, n = 0;

	for (i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			a->json = 1;
		else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			*conf = argv[++i];
		else
			argv[n++] = argv[i];
	}
	argv[n] = NULL;
	return n;
}

int
main(int argc, char **argv)
{
	struct admin a = {0};
	struct sg_err e = {0};
	const struct admin_command *c = NULL;
	const char *conf = getenv("SEGWARD_CONF");
	int at = 0, words = 0, help = 0, rc, status;

	if (conf == NULL)
		conf = DEFAULT_CONF;
	sg_log_open("segward-admin", SG_LOG_ERROR);
	if ((rc = read_globals(&a, argc, argv, &conf, &at, &help, &e)) != SG_OK)
		return finish(NULL, &a, rc, &e);
	if (help) {
		print_help(stdout);
		return finish(NULL, &a, SG_OK, &e);
	}
	argc = take_late_globals(&a, argc - at, argv + at, &conf);
	argv += at;
	c = find_command(argc, argv, &words);
	if (c == NULL) {
		rc = admin_usage(
		    &e, "%s", argc < 1 ? "A command is missing." : "There is no such command.");
		return finish(NULL, &a, rc, &e);
	}
	if (argc > words && strcmp(argv[words], "--help") == 0) {
		print_command(stdout, c);
		return 0;
	}
	a.arena = sg_arena_new(ARENA_LIMIT);
	if (a.arena == NULL)
		rc = sg_fail(&e, SG_EBUSY, "no_memory", "There is no memory now.");
	else if (c->run == admin_conf)
		rc = admin_conf(&a, argc - words + 1, argv + words - 1, &e); /* needs no file */
	else if ((rc = sg_conf_load(&a.conf, conf, &e)) == SG_OK)
		rc = c->run(&a, argc - words + 1, argv + words - 1, &e);
	status = finish(c, &a, rc, &e);
	sg_arena_free(a.arena);
	sg_conf_free(&a.conf);
	return status;
}
