/* common/db.c; started by db.test, which brings PostgreSQL and a script that stops it and starts it
 */
#include "config.h"

#include "common/db.h"

#include <pthread.h>

#include "common/clock.h"
#include "tests/unit/check.h"

static const struct sg_query q_one = {"t_one", "select 1", 0};
static const struct sg_query q_types = {"t_types",
    "select $1::text, $2::int, $3::bigint, $4::float8, $5::bool, $6::bytea, $7::bytea", 7};
static const struct sg_query q_who = {"t_who",
    "select current_setting('sg.account', true), current_setting('sg.department', true),"
    " current_setting('sg.role', true)",
    0};
static const struct sg_query q_add = {"t_add", "insert into t (n) values ($1)", 1};
static const struct sg_query q_count = {"t_count", "select count(*) from t", 0};
static const struct sg_query q_raise = {"t_raise", "select raise_it($1, $2, $3)", 3};
static const struct sg_query q_bad = {"t_bad", "select nothing from nowhere", 0};
static const struct sg_query q_uuid = {"t_uuid", "select $1::uuid", 1};
static const struct sg_query q_text = {"t_text", "select $1::text", 1};
static const struct sg_query q_pid = {"t_pid", "select pg_backend_pid()", 0};
static const struct sg_query q_kill = {"t_kill", "select pg_terminate_backend($1)", 1};
static const struct sg_query q_sleep = {"t_sleep", "select pg_sleep($1)", 1};
static const struct sg_query q_star = {"t_star", "select * from t limit 1", 0};
static const struct sg_query q_big = {"t_big", "select repeat('x', $1)", 1};

static const char script[] =
    "create table t (n int primary key, check (n >= 0), late int references t deferrable initially"
    " deferred);"
    "create function raise_it(state text, id text, sentence text) returns int language plpgsql as"
    " $$ begin raise exception using errcode = state, message = id, detail = sentence; end $$;";

static struct sg_db *db;
static struct sg_arena *arena;
static struct sg_rows *rows;
static struct sg_err err;
static const struct sg_who who = {42, 7, "doctor"};

static int64_t
one_number(struct sg_db *d, const struct sg_query *q)
{
	sg_err_clear(&err);
	if (sg_db_run(d, arena, &rows, &err, q, "") != SG_OK)
		return -1;
	return sg_rows_int(rows, 0, 0);
}

static void
connects_at_first_use(void)
{
	CHECK_INT(sg_db_up(db), 0);
	CHECK_INT(sg_db_connects(db), 0);
	CHECK_INT(one_number(db, &q_one), 1);
	CHECK_INT(one_number(db, &q_one), 1); /* prepared now */
	CHECK_INT(sg_db_up(db), 1);
	CHECK_INT(sg_db_connects(db), 1);
}

static void
parameters_of_all_types(void)
{
	struct sg_sha256 h, back;

	sg_err_clear(&err);
	sg_sha256_of(&h, "abc", 3);
	REQUIRE(sg_db_run(db, arena, &rows, &err, &q_types, "sildbhx", "it's \"$1\" \\ é", -5,
		    INT64_MIN, 0.1, 1, &h, "\0\1\2", (size_t)3) == SG_OK);
	CHECK_INT(sg_rows_count(rows), 1);
	CHECK_INT(sg_rows_fields(rows), 7);
	CHECK_STR(sg_rows_name(rows, 0), "text");
	CHECK_STR(sg_rows_str(rows, 0, 0), "it's \"$1\" \\ é");
	CHECK_INT(sg_rows_int(rows, 0, 1), -5);
	CHECK_INT(sg_rows_int(rows, 0, 2), INT64_MIN);
	CHECK(sg_rows_num(rows, 0, 3) == 0.1);
	CHECK_INT(sg_rows_bool(rows, 0, 4), 1);
	CHECK_INT(sg_rows_sha256(rows, 0, 5, &back), 1);
	CHECK(memcmp(&h, &back, sizeof h) == 0);
	CHECK_STR(sg_rows_str(rows, 0, 6), "\\x000102");

	REQUIRE(sg_db_run(db, arena, &rows, &err, &q_types, "sildbhx", (char *)NULL, 0, (int64_t)0,
		    -1e300, 0, (struct sg_sha256 *)NULL, (void *)NULL, (size_t)0) == SG_OK);
	CHECK(sg_rows_str(rows, 0, 0) == NULL);
	CHECK(sg_rows_num(rows, 0, 3) == -1e300);
	CHECK_INT(sg_rows_bool(rows, 0, 4), 0);
	CHECK_INT(sg_rows_sha256(rows, 0, 5, &back), 0);
	CHECK(sg_rows_str(rows, 0, 6) == NULL);
	CHECK_INT(sg_rows_int(rows, 0, 0), 0);
}

static void
who_acts_only_inside(void)
{
	sg_err_clear(&err);
	REQUIRE(sg_db_run_as(db, &who, arena, &rows, &err, &q_who, "") == SG_OK);
	CHECK_STR(sg_rows_str(rows, 0, 0), "42");
	CHECK_STR(sg_rows_str(rows, 0, 1), "7");
	CHECK_STR(sg_rows_str(rows, 0, 2), "doctor");
	REQUIRE(sg_db_run(db, arena, &rows, &err, &q_who, "") == SG_OK);
	CHECK(sg_rows_str(rows, 0, 0) == NULL || sg_rows_str(rows, 0, 0)[0] == '\0');
	REQUIRE(sg_db_begin(db, &who, &err) == SG_OK);
	REQUIRE(sg_db_run(db, arena, &rows, &err, &q_who, "") == SG_OK);
	CHECK_STR(sg_rows_str(rows, 0, 0), "42");
	REQUIRE(sg_db_commit(db, &err) == SG_OK);
	REQUIRE(sg_db_begin(db, NULL, &err) == SG_OK);
	REQUIRE(sg_db_run(db, arena, &rows, &err, &q_who, "") == SG_OK);
	CHECK(sg_rows_str(rows, 0, 2) == NULL || sg_rows_str(rows, 0, 2)[0] == '\0');
	sg_db_rollback(db);
	CHECK_INT(sg_db_connects(db), 1);
}

static void
transactions_commit_and_roll_back(void)
{
	sg_err_clear(&err);
	REQUIRE(sg_db_begin(db, NULL, &err) == SG_OK);
	CHECK_INT(sg_db_run(db, NULL, NULL, &err, &q_add, "i", 1), SG_OK);
	sg_db_rollback(db);
	CHECK_INT(one_number(db, &q_count), 0);
	REQUIRE(sg_db_begin(db, NULL, &err) == SG_OK);
	CHECK_INT(sg_db_run(db, NULL, NULL, &err, &q_add, "i", 1), SG_OK);
	CHECK_INT(sg_db_commit(db, &err), SG_OK);
	CHECK_INT(one_number(db, &q_count), 1);
	CHECK_INT(sg_db_run_as(db, &who, NULL, NULL, &err, &q_add, "i", 2), SG_OK);
	CHECK_INT(one_number(db, &q_count), 2);

	/* after an error nothing of it stays, and commit says so */
	REQUIRE(sg_db_begin(db, NULL, &err) == SG_OK);
	CHECK_INT(sg_db_run(db, NULL, NULL, &err, &q_add, "i", 3), SG_OK);
	CHECK_INT(sg_db_run(db, NULL, NULL, &err, &q_add, "i", 3), SG_ECONFLICT);
	CHECK_STR(err.id, "exists");
	sg_err_clear(&err);
	CHECK(sg_db_run(db, NULL, NULL, &err, &q_add, "i", 4) != SG_OK);
	sg_err_clear(&err);
	CHECK(sg_db_commit(db, &err) != SG_OK);
	CHECK_INT(one_number(db, &q_count), 2);
	sg_db_rollback(db);
	sg_db_rollback(db);
	CHECK_INT(sg_db_connects(db), 1);
}

static void
errors_have_their_code(void)
{
	static const struct {
		const char *state;
		enum sg_code code;
		const char *id;
	} t[] = {{"SG400", SG_EINPUT, "my_id"}, {"SG403", SG_EDENIED, "my_id"},
	    {"SG404", SG_EABSENT, "my_id"}, {"SG409", SG_ECONFLICT, "my_id"},
	    {"SG422", SG_ENOTSUP, "my_id"}, {"SG429", SG_ELIMIT, "my_id"},
	    {"40001", SG_EBUSY, "db_retry"}, {"40P01", SG_EBUSY, "db_retry"},
	    {"55P03", SG_EBUSY, "db_retry"}, {"57014", SG_EBUSY, "db_retry"},
	    {"53100", SG_EBUSY, "db_full"}, {"22P02", SG_EINPUT, "value_bad"},
	    {"XX000", SG_EINTERNAL, "db_error"}, {"42501", SG_EINTERNAL, "db_error"}};
	size_t i;

	for (i = 0; i < sizeof t / sizeof t[0]; i++) {
		sg_err_clear(&err);
		CHECK_INT(sg_db_run_as(db, &who, arena, &rows, &err, &q_raise, "sss", t[i].state,
			      "my_id", "A sentence."),
		    t[i].code);
		CHECK_STR(err.id, t[i].id);
		if (t[i].state[0] == 'S')
			CHECK_STR(err.msg, "A sentence.");
	}
	sg_err_clear(&err);
	CHECK_INT(sg_db_run(db, arena, &rows, &err, &q_raise, "sss", "SG404", "No Plain Id", "x"),
	    SG_EINTERNAL);
	sg_err_clear(&err);
	CHECK_INT(sg_db_run(db, arena, &rows, &err, &q_bad, ""), SG_EINTERNAL);
	CHECK_STR(err.id, "db_error");
	sg_err_clear(&err);
	CHECK_INT(sg_db_run(db, arena, &rows, &err, &q_bad, ""), SG_EINTERNAL);
	CHECK_INT(one_number(db, &q_one), 1); /* and the connection lives */
	CHECK_INT(sg_db_connects(db), 1);
}

static void
hostile_values_are_input_errors(void)
{
	sg_err_clear(&err);
	CHECK_INT(
	    sg_db_run(db, arena, &rows, &err, &q_uuid, "s", "'; drop table t; --"), SG_EINPUT);
	CHECK_STR(err.id, "value_bad");
	sg_err_clear(&err);
	CHECK_INT(sg_db_run_as(db, &who, arena, &rows, &err, &q_text, "s", "\xff\xfe"), SG_EINPUT);
	sg_err_clear(&err);
	REQUIRE(sg_db_run(db, arena, &rows, &err, &q_text, "s", "'; drop table t; --") == SG_OK);
	CHECK_STR(sg_rows_str(rows, 0, 0), "'; drop table t; --");
	CHECK_INT(one_number(db, &q_count), 2);
}

static void
large_answers_come_whole(void)
{
	sg_err_clear(&err);
	REQUIRE(sg_db_run_as(db, &who, arena, &rows, &err, &q_big, "i", 5000000) == SG_OK);
	CHECK_INT(strlen(sg_rows_str(rows, 0, 0)), 5000000);
}

/* The server ends an idle connection: the next statement finds a new one by itself. */
static void
ended_connection_is_replaced(void)
{
	struct sg_db *other = sg_db_new(getenv("SG_TEST_DB"));
	int64_t pid = one_number(db, &q_pid);

	sg_err_clear(&err);
	REQUIRE(sg_db_run(other, arena, &rows, &err, &q_kill, "l", pid) == SG_OK);
	sg_sleep_ms(200);
	CHECK_INT(one_number(db, &q_one), 1);
	CHECK_INT(sg_db_connects(db), 2);
	CHECK(one_number(db, &q_pid) != pid);
	sg_db_free(other);
}

static int64_t victim;

static void *
kill_soon(void *arg)
{
	struct sg_arena *a = sg_arena_new(1 << 20);
	struct sg_db *other = sg_db_new(getenv("SG_TEST_DB"));
	struct sg_err e = {0};

	(void)arg;
	sg_sleep_ms(200);
	sg_db_run(other, NULL, NULL, &e, &q_kill, "l", victim);
	sg_db_free(other);
	sg_arena_free(a);
	return NULL;
}

static void
connection_lost_in_a_transaction(void)
{
	pthread_t t;

	victim = one_number(db, &q_pid);
	sg_err_clear(&err);
	REQUIRE(sg_db_begin(db, &who, &err) == SG_OK);
	CHECK_INT(sg_db_run(db, NULL, NULL, &err, &q_add, "i", 100), SG_OK);
	REQUIRE(pthread_create(&t, NULL, kill_soon, NULL) == 0);
	CHECK_INT(sg_db_run(db, NULL, NULL, &err, &q_sleep, "d", 20.0), SG_EBUSY);
	CHECK_STR(err.id, "db_lost");
	pthread_join(t, NULL);
	sg_err_clear(&err);
	CHECK_INT(
	    sg_db_run(db, NULL, NULL, &err, &q_add, "i", 101), SG_EBUSY); /* no new one in here */
	sg_db_rollback(db);
	CHECK_INT(one_number(db, &q_count), 2);
}

static void
migration_under_a_prepared_statement(void)
{
	struct sg_db *other = sg_db_new(getenv("SG_TEST_DB"));

	sg_err_clear(&err);
	REQUIRE(sg_db_run(db, arena, &rows, &err, &q_star, "") == SG_OK);
	CHECK_INT(sg_rows_fields(rows), 2);
	REQUIRE(sg_db_script(other, "alter table t add more int; select 1", &err) == SG_OK);
	CHECK_INT(sg_db_run(db, arena, &rows, &err, &q_star, ""), SG_EBUSY);
	CHECK_STR(err.id, "db_retry");
	sg_err_clear(&err);
	REQUIRE(sg_db_run(db, arena, &rows, &err, &q_star, "") == SG_OK);
	CHECK_INT(sg_rows_fields(rows), 3);
	CHECK_INT(
	    sg_db_script(other, "select 1; alter table nowhere add x int", &err), SG_EINTERNAL);
	CHECK_STR(err.id, "db_script");
	CHECK(strstr(err.msg, "nowhere") != NULL);
	sg_err_clear(&err);
	CHECK_INT(
	    sg_db_script(other, "begin; delete from t", &err), SG_OK); /* left open: rolled back */
	CHECK_INT(one_number(other, &q_count), 2);
	sg_db_free(other);
}

static void
deferred_constraint_fails_at_commit(void)
{
	static const struct sg_query q = {"t_late", "insert into t (n, late) values ($1, 999)", 1};

	sg_err_clear(&err);
	CHECK(sg_db_run_as(db, &who, NULL, NULL, &err, &q, "i", 50) != SG_OK);
	CHECK_INT(one_number(db, &q_count), 2);
	REQUIRE(sg_db_begin(db, NULL, &err) == SG_OK);
	CHECK_INT(sg_db_run(db, NULL, NULL, &err, &q, "i", 51), SG_OK);
	CHECK(sg_db_commit(db, &err) != SG_OK);
	CHECK_INT(one_number(db, &q_count), 2);
}

static int
control(const char *verb)
{
	char command[300];

	snprintf(command, sizeof command, "'%s' %s", getenv("SG_TEST_CTL"), verb);
	return system(command);
}

static void
server_down_and_up_again(void)
{
	unsigned connects = sg_db_connects(db);
	int64_t began;
	int i;

	REQUIRE(control("stop") == 0);
	began = sg_now_ms();
	for (i = 0; i < 50; i++) {
		sg_err_clear(&err);
		CHECK_INT(sg_db_run(db, arena, &rows, &err, &q_one, ""), SG_EBUSY);
		CHECK_STR(err.id, "db_lost");
	}
	CHECK(sg_now_ms() - began < 2000); /* no waiting while it is down */
	CHECK_INT(sg_db_up(db), 0);
	REQUIRE(control("start") == 0);
	for (i = 0; i < 100 && one_number(db, &q_one) != 1; i++)
		sg_sleep_ms(100);
	CHECK(i < 100);
	CHECK_INT(sg_db_connects(db), connects + 1);
	CHECK_INT(one_number(db, &q_count), 2);
}

int
main(void)
{
	if (getenv("SG_TEST_DB") == NULL) {
		fputs("probe_db: SG_TEST_DB is not set; run tests/run unit/db\n", stderr);
		return 2;
	}
	arena = sg_arena_new((size_t)64 << 20);
	db = sg_db_new(getenv("SG_TEST_DB"));
	{
		struct sg_db *first = sg_db_new(getenv("SG_TEST_DB"));

		if (sg_db_script(first, script, &err) != SG_OK) {
			fprintf(stderr, "%s\n", err.msg);
			return 1;
		}
		sg_db_free(first);
	}
	RUN(connects_at_first_use);
	RUN(parameters_of_all_types);
	RUN(who_acts_only_inside);
	RUN(transactions_commit_and_roll_back);
	RUN(errors_have_their_code);
	RUN(hostile_values_are_input_errors);
	RUN(large_answers_come_whole);
	RUN(ended_connection_is_replaced);
	RUN(connection_lost_in_a_transaction);
	RUN(migration_under_a_prepared_statement);
	RUN(deferred_constraint_fails_at_commit);
	RUN(server_down_and_up_again);
	sg_db_free(db);
	sg_arena_free(arena);
	return check_end();
}
