/* common/log.c */
#include "config.h"

#include "common/log.h"

#include <jansson.h>
#include <pthread.h>
#include <unistd.h>

#include "common/err.h"
#include "tests/unit/check.h"

#define THREADS 4
#define LINES	200

static char text[1 << 20];

/* Run fn with standard error in a file; what it wrote is in text. */
static void
capture(void (*fn)(void))
{
	FILE *to = tmpfile();
	int before = dup(STDERR_FILENO);
	size_t n;

	dup2(fileno(to), STDERR_FILENO);
	fn();
	dup2(before, STDERR_FILENO);
	close(before);
	rewind(to);
	n = fread(text, 1, sizeof text - 1, to);
	text[n] = '\0';
	fclose(to);
}

static json_t *
only_line(void)
{
	json_error_t why;

	CHECK(text[0] != '\0' && strchr(text, '\n') == text + strlen(text) - 1);
	return json_loads(text, 0, &why);
}

static void
write_one(void)
{
	sg_log_open("test", SG_LOG_INFO);
	sg_log_context("req-1");
	sg_log(SG_LOG_DEBUG, "below.the.level", NULL);
	sg_log(SG_LOG_WARN, "job.claim", "{s:I, s:i}", "job", (json_int_t)7, "attempt", 2);
	sg_log_context(NULL);
}

static void
line_is_one_json_object(void)
{
	json_t *o;

	capture(write_one);
	o = only_line();
	REQUIRE(o != NULL);
	CHECK_STR(json_string_value(json_object_get(o, "event")), "job.claim");
	CHECK_STR(json_string_value(json_object_get(o, "level")), "warn");
	CHECK_STR(json_string_value(json_object_get(o, "context")), "req-1");
	CHECK_STR(json_string_value(json_object_get(o, "program")), "test");
	CHECK_INT(json_integer_value(json_object_get(o, "job")), 7);
	CHECK_INT(json_integer_value(json_object_get(o, "attempt")), 2);
	json_decref(o);
}

static void
write_error(void)
{
	struct sg_err e = {0};

	sg_fail(&e, SG_EBUSY, "db_lost", "line one\nline \"two\"");
	sg_log_err(SG_LOG_ERROR, "x", &e);
}

static void
line_breaks_in_values_are_escaped(void)
{
	json_t *o;

	capture(write_error);
	o = only_line();
	REQUIRE(o != NULL);
	CHECK_STR(json_string_value(json_object_get(o, "text")), "line one\nline \"two\"");
	CHECK_STR(json_string_value(json_object_get(o, "id")), "db_lost");
	CHECK_INT(json_integer_value(json_object_get(o, "code")), SG_EBUSY);
	json_decref(o);
}

static void
write_broken(void)
{
	sg_log(SG_LOG_ERROR, "x", "{s:s}", "text", "\xff\xfe");
}

static void
unfit_fields_still_give_a_line(void)
{
	json_t *o;

	capture(write_broken);
	o = only_line();
	REQUIRE(o != NULL);
	CHECK(json_is_true(json_object_get(o, "fields_lost")));
	json_decref(o);
}

static void *
talk(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < LINES; i++)
		sg_log(SG_LOG_INFO, "thread.talks", "{s:i}", "line", i);
	return NULL;
}

static void
write_threads(void)
{
	pthread_t t[THREADS];
	int i;

	for (i = 0; i < THREADS; i++)
		if (pthread_create(&t[i], NULL, talk, NULL) != 0)
			abort();
	for (i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
}

static void
threads_do_not_mix_lines(void)
{
	char *rest = text, *line;
	int n = 0;

	capture(write_threads);
	while ((line = strsep(&rest, "\n")) != NULL && line[0] != '\0') {
		json_t *o = json_loads(line, 0, NULL);

		REQUIRE(o != NULL);
		json_decref(o);
		n++;
	}
	CHECK_INT(n, THREADS * LINES);
}

static void
level_names(void)
{
	CHECK_INT(sg_log_level_from("debug"), SG_LOG_DEBUG);
	CHECK_INT(sg_log_level_from("error"), SG_LOG_ERROR);
	CHECK_INT(sg_log_level_from("Error"), -1);
	CHECK_INT(sg_log_level_from(""), -1);
}

int
main(void)
{
	RUN(line_is_one_json_object);
	RUN(line_breaks_in_values_are_escaped);
	RUN(unfit_fields_still_give_a_line);
	RUN(threads_do_not_mix_lines);
	RUN(level_names);
	return check_end();
}
