/* The structured log: one JSON object a line, one write(2) a line. */
#include "config.h"

#include "common/log.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"

static const char *const level_names[SG__LOG_LEVELS] = {"debug", "info", "warn", "error"};

static char program_name[32] = "segward";
static enum sg_log_level least_level = SG_LOG_INFO;
static _Thread_local char context_id[64];

void
sg_log_open(const char *program, enum sg_log_level least)
{
	snprintf(program_name, sizeof program_name, "%s", program);
	least_level = least;
}

void
sg_log_context(const char *id)
{
	snprintf(context_id, sizeof context_id, "%s", id != NULL ? id : "");
}

int
sg_log_level_from(const char *name)
{
	int i;

	for (i = 0; i < SG__LOG_LEVELS; i++)
		if (strcmp(name, level_names[i]) == 0)
			return i;
	return -1;
}

/* Nobody can be told when the log itself cannot be written, so a short write is let go. */
static void
write_line(const char *p, size_t n)
{
	ssize_t put;

	do
		put = write(STDERR_FILENO, p, n);
	while (put < 0 && errno == EINTR);
}

static void
write_object(json_t *o)
{
	static const char lost[] = "{\"level\":\"error\",\"event\":\"log.no_memory\"}\n";
	char *text = json_dumps(o, JSON_COMPACT), *line = NULL;
	size_t n;

	if (text != NULL && (line = realloc(text, strlen(text) + 2)) != NULL) {
		n = strlen(line);
		line[n] = '\n';
		write_line(line, n + 1);
		free(line);
		return;
	}
	free(text);
	write_line(lost, sizeof lost - 1);
}

/* Takes fields over (may be NULL). */
static void
emit(enum sg_log_level level, const char *event, json_t *fields)
{
	char at[SG_TIME_TEXT];
	json_t *o;

	sg_now_text(at);
	o = json_pack("{s:s, s:s, s:s, s:s, s:i}", "at", at, "level", level_names[level], "event",
	    event, "program", program_name, "pid", (int)getpid());
	if (o != NULL && context_id[0] != '\0')
		json_object_set_new(o, "context", json_string(context_id));
	if (o != NULL && fields != NULL)
		json_object_update(o, fields);
	write_object(o);
	json_decref(fields);
	json_decref(o);
}

void
sg_log(enum sg_log_level level, const char *event, const char *fields, ...)
{
	json_t *v = NULL;
	json_error_t why;
	va_list ap;

	if (level < least_level)
		return;
	if (fields != NULL) {
		va_start(ap, fields);
		v = json_vpack_ex(&why, 0, fields, ap);
		va_end(ap);
		if (v == NULL)
			v = json_pack("{s:b}", "fields_lost", 1);
	}
	emit(level, event, v);
}

void
sg_log_err(enum sg_log_level level, const char *event, const struct sg_err *e)
{
	sg_log(level, event, "{s:i, s:s, s:s}", "code", (int)e->code, "id", e->id, "text", e->msg);
}
