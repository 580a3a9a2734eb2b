/*
 * segward-admin account. A password is read from a file or from standard input, never from an
 * argument, which other users of the machine could see.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/password.h"
#include "common/queue.h"
#include "sql/queries.h"
#include "worker/admin/admin.h"

#define INPUT_LIMIT 4096 /* bytes; the password is the first line */

struct account {
	int64_t id;
	const char *public_id, *state;
};

static int
find_account(
    struct account *out, struct admin *a, struct sg_db *db, const char *login, struct sg_err *e)
{
	struct sg_rows *r;
	int rc = sg_db_run(db, a->arena, &r, e, &sg_q_admin_account_find, "s", login);

	if (rc != SG_OK)
		return rc;
	if (sg_rows_count(r) == 0)
		return sg_fail(e, SG_EABSENT, "account_absent", "There is no such account.");
	out->id = sg_rows_int(r, 0, 0);
	out->public_id = sg_rows_str(r, 0, 1);
	out->state = sg_rows_str(r, 0, 2);
	return SG_OK;
}

/* Read all of fd, without showing it when a person types. */
static int
read_quietly(struct sg_buf *b, int fd)
{
	struct termios as_it_was, quiet;
	int typed = tcgetattr(fd, &as_it_was) == 0, rc = 0;

	if (!typed)
		return sg_buf_read_fd(b, fd);
	fprintf(stderr, "New password: ");
	quiet = as_it_was;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fd, TCSAFLUSH, &quiet);
	for (;;) { /* one line is enough */
		char c;

		if (read(fd, &c, 1) != 1 || c == '\n')
			break;
		if ((rc = sg_buf_append(b, &c, 1)) != SG_OK)
			break;
	}
	tcsetattr(fd, TCSAFLUSH, &as_it_was);
	fprintf(stderr, "\n");
	return rc;
}

/* The hash of the new password in file (NULL: standard input). */
static int
read_password(char hash[SG_PASSWORD_HASH], const char *file, const char *login, struct sg_err *e)
{
	struct sg_buf b;
	int fd = file != NULL ? open(file, O_RDONLY | O_CLOEXEC) : STDIN_FILENO, rc;
	char *line;

	if (fd < 0)
		return sg_fail(e, SG_EABSENT, "file_absent", "The password's file cannot be read.");
	sg_buf_init(&b, INPUT_LIMIT);
	rc = read_quietly(&b, fd);
	if (file != NULL)
		close(fd);
	if (rc != 0 || sg_buf_append(&b, "", 1) != 0) {
		rc = sg_fail(e, SG_EINPUT, "password_weak", "No password could be read.");
	} else {
		line = (char *)b.data;
		line[strcspn(line, "\r\n")] = '\0';
		if ((rc = sg_password_fit(line, login, e)) == SG_OK)
			rc = sg_password_hash(hash, line, e);
	}
	if (b.data != NULL)
		explicit_bzero(b.data, b.len);
	sg_buf_free(&b);
	return rc;
}

/* Sessions that ended are taken out of the cache; where it cannot be reached they run out. */
static void
forget_sessions(struct admin *a, const struct sg_rows *hashes)
{
	struct sg_queue *q = sg_rows_count(hashes) > 0 ? sg_queue_new(&a->conf) : NULL;
	char key[96];
	int i;

	for (i = 0; q != NULL && i < sg_rows_count(hashes); i++) {
		snprintf(key, sizeof key, "session:%s", sg_rows_str(hashes, i, 0));
		sg_queue_del(q, key, NULL);
	}
	sg_queue_free(q);
}

/* The table's own rule, told in words. */
static int
check_login(const char *login, struct sg_err *e)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	static const char rest[] = "abcdefghijklmnopqrstuvwxyz0123456789._@-";
	size_t n = strlen(login);

	if (n < 2 || n > 64 || strchr(first, login[0]) == NULL || strspn(login, rest) != n)
		return sg_fail(e, SG_EINPUT, "login_bad",
		    "A log-in name has 2 to 64 small letters, digits or . _ @ - and begins with a "
		    "letter or digit.");
	return SG_OK;
}

int
admin_account_add(struct admin *a, int argc, char **argv, struct sg_err *e)
{
	const char *login[1], *name = NULL, *post = "", *role = NULL, *department = NULL,
			      *file = NULL;
	const struct admin_option options[] = {{"name", &name, NULL}, {"post", &post, NULL},
	    {"role", &role, NULL}, {"department", &department, NULL},
	    {"password-file", &file, NULL}, {NULL, NULL, NULL}};
	char hash[SG_PASSWORD_HASH];
	struct sg_rows *r;
	struct sg_db *db;
	int rc;

	if ((rc = admin_options(argc, argv, options, login, 1, 1, e)) != SG_OK)
		return rc;
	if (role == NULL || department == NULL)
		return admin_usage(e, "--role and --department are needed.");
	if (strcmp(role, "doctor") != 0 && strcmp(role, "researcher") != 0 &&
	    strcmp(role, "admin") != 0)
		return admin_usage(e, "A role is doctor, researcher or admin.");
	if ((rc = check_login(login[0], e)) != SG_OK ||
	    (rc = read_password(hash, file, login[0], e)) != SG_OK)
		return rc;
	if ((db = admin_db(a, "sg_migrate", e)) == NULL)
		return e->code;
	if ((rc = sg_db_begin(db, NULL, e)) != SG_OK ||
	    (rc = sg_db_run(db, a->arena, &r, e, &sg_q_admin_account_add, "ssssss", login[0],
		 name != NULL ? name : login[0], post, role, department, hash)) != SG_OK)
		return rc;
	if (sg_rows_count(r) == 0)
		return sg_fail(e, SG_ECONFLICT, "account_refused",
		    "The log-in name is taken, or there is no department of that name.");
	if ((rc = admin_audit(a, db, "account.create", "account", sg_rows_str(r, 0, 0), e)) !=
		SG_OK ||
	    (rc = sg_db_commit(db, e)) != SG_OK)
		return rc;
	printf("%s\n", sg_rows_str(r, 0, 0));
	return SG_OK;
}

int
admin_account_list(struct admin *a, int argc, char **argv, struct sg_err *e)
{
	const char *state = NULL;
	const struct admin_option options[] = {{"state", &state, NULL}, {NULL, NULL, NULL}};
	struct sg_rows *r;
	struct sg_db *db;
	int rc;

	if ((rc = admin_options(argc, argv, options, NULL, 0, 0, e)) != SG_OK)
		return rc;
	if ((db = admin_db(a, "sg_migrate", e)) == NULL)
		return e->code;
	if ((rc = sg_db_run(db, a->arena, &r, e, &sg_q_admin_account_list, "s", state)) != SG_OK)
		return rc;
	return admin_print(a, r, a->json ? ADMIN_JSON : ADMIN_TABLE, e);
}

/* approve, disable, enable: argv[0] says which. */
int
admin_account_state(struct admin *a, int argc, char **argv, struct sg_err *e)
{
	static const struct change {
		const char *verb, *from[2], *to, *action, *refusal;
	} changes[] = {
	    {"approve", {"pending", NULL}, "active", "account.approve",
		"Only an account that waits for approval can be approved."},
	    {"disable", {"active", "pending"}, "disabled", "account.disable",
		"The account is disabled already."},
	    {"enable", {"disabled", NULL}, "active", "account.enable",
		"Only a disabled account can be enabled."},
	};
	const struct change *c = changes;
	const char *login[1];
	struct account who;
	struct sg_rows *ended;
	struct sg_db *db;
	int rc;

	while (strcmp(c->verb, argv[0]) != 0)
		c++;
	if ((rc = admin_options(argc, argv, NULL, login, 1, 1, e)) != SG_OK)
		return rc;
	if ((db = admin_db(a, "sg_migrate", e)) == NULL)
		return e->code;
	if ((rc = sg_db_begin(db, NULL, e)) != SG_OK ||
	    (rc = find_account(&who, a, db, login[0], e)) != SG_OK)
		return rc;
	if (strcmp(who.state, c->from[0]) != 0 &&
	    (c->from[1] == NULL || strcmp(who.state, c->from[1]) != 0))
		return sg_fail(e, SG_ECONFLICT, "account_state", "%s", c->refusal);
	if ((rc = sg_db_run(db, a->arena, &ended, e, &sg_q_admin_account_set_state, "ss",
		 who.public_id, c->to)) != SG_OK ||
	    (rc = admin_audit(a, db, c->action, "account", who.public_id, e)) != SG_OK ||
	    (rc = sg_db_commit(db, e)) != SG_OK)
		return rc;
	forget_sessions(a, ended);
	return SG_OK;
}

int
admin_account_password(struct admin *a, int argc, char **argv, struct sg_err *e)
{
	const char *login[1], *file = NULL;
	const struct admin_option options[] = {{"password-file", &file, NULL}, {NULL, NULL, NULL}};
	char hash[SG_PASSWORD_HASH];
	struct account who;
	struct sg_rows *ended;
	struct sg_db *db;
	int rc;

	if ((rc = admin_options(argc, argv, options, login, 1, 1, e)) != SG_OK)
		return rc;
	if ((db = admin_db(a, "sg_migrate", e)) == NULL)
		return e->code;
	if ((rc = find_account(&who, a, db, login[0], e)) != SG_OK ||
	    (rc = read_password(hash, file, login[0], e)) != SG_OK ||
	    (rc = sg_db_begin(db, NULL, e)) != SG_OK ||
	    (rc = sg_db_run(db, a->arena, &ended, e, &sg_q_admin_account_password, "ls", who.id,
		 hash)) != SG_OK ||
	    (rc = admin_audit(a, db, "account.password", "account", who.public_id, e)) != SG_OK ||
	    (rc = sg_db_commit(db, e)) != SG_OK)
		return rc;
	forget_sessions(a, ended);
	return SG_OK;
}
