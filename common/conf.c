/* Configuration: the table of keys, and the reader of the file. */
#include "config.h"

#include "common/conf.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"

#define FILE_LIMIT ((size_t)64 * 1024) /* bytes of a configuration file */

enum type { TEXT, NUMBER, LEVEL };

#define AT(field) offsetof(struct sg_conf, field)

static const struct key {
	const char *name;
	enum type type;
	size_t at;
	const char *otherwise; /* default, as it would stand in the file */
	int64_t least, most;   /* of a NUMBER */
	const char *meaning;
} keys[] = {
    {"store_dir", TEXT, AT(store_dir), "/var/lib/segward/store", 0, 0,
	"root of the blob store on this host"},
    {"store_url", TEXT, AT(store_url), "", 0, 0,
	"https://HOST:PORT/internal/blobs of another host's store; empty: store_dir is used"},
    {"upload_dir", TEXT, AT(upload_dir), "/var/lib/segward/uploads", 0, 0,
	"unfinished uploads, on the store's file system"},
    {"body_dir", TEXT, AT(body_dir), "/var/lib/segward/body", 0, 0,
	"where nginx puts request bodies, on the store's file system"},
    {"tls_cert", TEXT, AT(tls_cert), "", 0, 0,
	"PEM certificate of a remote worker, for the store and Redis"},
    {"tls_key", TEXT, AT(tls_key), "", 0, 0, "PEM key of that certificate"},
    {"tls_ca", TEXT, AT(tls_ca), "", 0, 0,
	"PEM certificate of the authority that signed the other side's"},

    {"db", TEXT, AT(db), "dbname=segward", 0, 0,
	"libpq connection string; a password stands in its passfile"},
    {"redis", TEXT, AT(redis), "unix:/run/segward/redis.sock", 0, 0,
	"unix:PATH, or tls://HOST:PORT"},
    {"redis_user", TEXT, AT(redis_user), "", 0, 0, "ACL account; empty: the default account"},
    {"redis_password_file", TEXT, AT(redis_password_file), "", 0, 0,
	"0400 file with that account's password; empty: none"},

    {"origin", TEXT, AT(origin), "https://localhost", 0, 0,
	"https://HOST[:PORT] as browsers see it; requests from elsewhere are refused"},
    {"web_socket", TEXT, AT(web_socket), "/run/segward/web.sock", 0, 0,
	"unix socket between nginx and segward-web"},
    {"web_threads", NUMBER, AT(web_threads), "16", 1, 256, "requests answered at a time"},
    {"session_idle_s", NUMBER, AT(session_idle_s), "1200", 30, 86400,
	"seconds without a request after which a session ends"},
    {"session_absolute_s", NUMBER, AT(session_absolute_s), "43200", 60, 604800,
	"seconds after log-in at which a session ends"},
    {"upload_max_bytes", NUMBER, AT(upload_max_bytes), "4294967296", 1, INT64_C(1) << 44,
	"largest file that is taken, in bytes"},

    {"worker_name", TEXT, AT(worker_name), "", 0, 0,
	"unique among running workers; empty: host name and process id"},
    {"worker_class", TEXT, AT(worker_class), "cpu", 0, 0, "cpu or gpu"},
    {"worker_slots", NUMBER, AT(worker_slots), "1", 1, 64, "jobs of one worker at a time"},
    {"worker_threads", NUMBER, AT(worker_threads), "0", 0, 1024,
	"computing threads of one slot; 0: the cores there are, divided by the slots"},
    {"job_cap", NUMBER, AT(job_cap), "2", 1, 1000, "jobs of one account running at a time"},
    {"lease_s", NUMBER, AT(lease_s), "30", 3, 3600,
	"seconds a job stays with a silent worker, which beats six times as often; the same for "
	"every worker of one portal. Tests shorten it"},

    {"quota_queued", NUMBER, AT(quota_queued), "100", 1, 100000,
	"jobs an account may have waiting"},
    {"image_max_pixels", NUMBER, AT(image_max_pixels), "100000000", 1, INT64_C(1) << 40,
	"largest image that is taken, width times height"},

    {"log_level", LEVEL, AT(log_level), "info", 0, 0, "debug, info, warn or error"},
};

#define NKEYS (sizeof keys / sizeof keys[0])

static int
bad(struct sg_err *e, int line, const char *key, const char *why)
{
	if (line == 0)
		return sg_fail(e, SG_EINPUT, "conf_bad", "Configuration: %s.", why);
	return sg_fail(e, SG_EINPUT, "conf_bad", "Configuration line %d%s%.40s: %s.", line,
	    key[0] != '\0' ? ", " : "", key, why);
}

static int
set_number(int64_t *to, const struct key *k, const char *value, int line, struct sg_err *e)
{
	char *end, why[80];
	long long v;

	errno = 0;
	v = strtoll(value, &end, 10);
	if (errno != 0 || end == value || *end != '\0')
		return bad(e, line, k->name, "this must be a whole number");
	if (v < k->least || v > k->most) {
		snprintf(why, sizeof why, "this must be between %lld and %lld", (long long)k->least,
		    (long long)k->most);
		return bad(e, line, k->name, why);
	}
	*to = v;
	return SG_OK;
}

static int
set(struct sg_conf *c, const struct key *k, const char *value, int line, struct sg_err *e)
{
	char *place = (char *)c + k->at;

	if (k->type == TEXT) {
		char *copy = strdup(value), **text = (char **)(void *)place;

		if (copy == NULL)
			return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory now.");
		free(*text);
		*text = copy;
		return SG_OK;
	}
	if (k->type == LEVEL) {
		int level = sg_log_level_from(value);

		if (level < 0)
			return bad(e, line, k->name, "this must be debug, info, warn or error");
		*(enum sg_log_level *)(void *)place = (enum sg_log_level)level;
		return SG_OK;
	}
	return set_number((int64_t *)(void *)place, k, value, line, e);
}

static char *
trim(char *s)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	end = s + strlen(s);
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return s;
}

static int
set_line(struct sg_conf *c, char *text, int line, char seen[NKEYS], struct sg_err *e)
{
	char *name = trim(text), *value = strchr(name, '=');
	size_t i;

	if (name[0] == '\0' || name[0] == '#')
		return SG_OK;
	if (value == NULL)
		return bad(e, line, "", "`key = value` is expected");
	*value++ = '\0';
	name = trim(name);
	value = trim(value);
	for (i = 0; i < NKEYS; i++) {
		if (strcmp(keys[i].name, name) != 0)
			continue;
		if (seen[i])
			return bad(e, line, name, "this key stands twice");
		seen[i] = 1;
		return set(c, &keys[i], value, line, e);
	}
	return bad(e, line, name, "there is no such key");
}

/* Rules that hold between a value and the program rather than within its type. */
static int
check(const struct sg_conf *c, struct sg_err *e)
{
	if (strcmp(c->worker_class, "cpu") != 0 && strcmp(c->worker_class, "gpu") != 0)
		return bad(e, 0, "", "worker_class must be cpu or gpu");
	if (strncmp(c->redis, "unix:/", 6) != 0 && strncmp(c->redis, "tls://", 6) != 0)
		return bad(e, 0, "", "redis must be unix:PATH or tls://HOST:PORT");
	if (c->store_url[0] != '\0' && strncmp(c->store_url, "https://", 8) != 0)
		return bad(e, 0, "", "store_url must begin with https://");
	if (strncmp(c->origin, "https://", 8) != 0 || strchr(c->origin + 8, '/') != NULL)
		return bad(e, 0, "", "origin must be https://HOST[:PORT] with nothing after it");
	return SG_OK;
}

static int
load_file(struct sg_conf *c, const char *path, struct sg_err *e)
{
	char seen[NKEYS] = {0}, *line, *rest;
	struct sg_buf b;
	int fd, number = 0, rc = SG_OK;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return sg_fail(e, SG_EINPUT, "conf_bad",
		    "The configuration file cannot be read: %s.", strerror(errno));
	sg_buf_init(&b, FILE_LIMIT);
	if (sg_buf_read_fd(&b, fd) != 0)
		rc = bad(e, 0, "", "the file cannot be read or is larger than 64 KiB");
	else if (b.len > 0 && memchr(b.data, '\0', b.len) != NULL)
		rc = bad(e, 0, "", "the file holds a NUL byte");
	else if (b.len == FILE_LIMIT)
		rc = bad(e, 0, "", "the file is larger than 64 KiB");
	else
		sg_buf_append(&b, "", 1);
	close(fd);
	for (rest = rc == SG_OK ? (char *)b.data : NULL; rest != NULL && rc == SG_OK;) {
		line = strsep(&rest, "\n");
		rc = set_line(c, line, ++number, seen, e);
	}
	sg_buf_free(&b);
	return rc;
}

int
sg_conf_load(struct sg_conf *c, const char *path, struct sg_err *e)
{
	int rc = SG_OK;
	size_t i;

	memset(c, 0, sizeof *c);
	for (i = 0; i < NKEYS && rc == SG_OK; i++)
		rc = set(c, &keys[i], keys[i].otherwise, 0, e);
	if (rc == SG_OK && path != NULL)
		rc = load_file(c, path, e);
	if (rc == SG_OK)
		rc = check(c, e);
	if (rc != SG_OK)
		sg_conf_free(c);
	return rc;
}

void
sg_conf_free(struct sg_conf *c)
{
	size_t i;

	for (i = 0; i < NKEYS; i++)
		if (keys[i].type == TEXT)
			free(*(char **)(void *)((char *)c + keys[i].at));
	memset(c, 0, sizeof *c);
}

void
sg_conf_doc(FILE *to)
{
	size_t i;

	fputs("| key | default | meaning |\n|---|---|---|\n", to);
	for (i = 0; i < NKEYS; i++) {
		const struct key *k = &keys[i];
		const char *tick = k->otherwise[0] != '\0' ? "`" : "";

		fprintf(
		    to, "| `%s` | %s%s%s | %s |\n", k->name, tick, k->otherwise, tick, k->meaning);
	}
}

int
sg_conf_secret(char *out, size_t cap, const char *path, struct sg_err *e)
{
	struct sg_buf b;
	struct stat st;
	size_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return sg_fail(e, SG_EINPUT, "conf_secret", "A secret's file cannot be read: %s.",
		    strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_mode & 0777 & ~0440u) != 0) {
		close(fd);
		return sg_fail(e, SG_EINPUT, "conf_secret",
		    "A secret's file must be a plain file of mode 0400 or 0440.");
	}
	sg_buf_init(&b, 4096);
	if (sg_buf_read_fd(&b, fd) != 0)
		b.len = 0;
	close(fd);
	for (n = 0; n < b.len && b.data[n] != '\n' && b.data[n] != '\0'; n++)
		;
	if (n > 0 && n < cap) {
		memcpy(out, b.data, n);
		out[n] = '\0';
	}
	if (b.data != NULL)
		explicit_bzero(b.data, b.cap);
	sg_buf_free(&b);
	if (n == 0 || n >= cap)
		return sg_fail(e, SG_EINPUT, "conf_secret",
		    "A secret's file is empty or its first line is too long.");
	return SG_OK;
}
