/* worker/fate.c */
#include "config.h"

#include "worker/fate.h"

#include "common/err.h"
#include "tests/unit/check.h"

static const struct sg_fate *
fate(enum sg_code code, const char *id)
{
	struct sg_err e = {0};

	if (code != SG_OK)
		sg_fail(&e, code, id, "x");
	return sg_fate_of((int)code, &e);
}

static void
a_persons_data_fail_the_job(void)
{
	CHECK_INT(fate(SG_EINPUT, "image_corrupt")->kind, SG_FATE_FAIL);
	CHECK_INT(fate(SG_EINPUT, "parse_limit")->kind, SG_FATE_FAIL);
	CHECK_INT(fate(SG_ELIMIT, "onnx_too_large")->kind, SG_FATE_FAIL);
	CHECK_INT(fate(SG_ENOTSUP, "onnx_op")->kind, SG_FATE_FAIL);
}

static void
passing_trouble_gives_the_job_back_uncounted(void)
{
	const struct sg_fate *f = fate(SG_EBUSY, "store_full");

	CHECK_INT(f->kind, SG_FATE_RETURN);
	CHECK_INT(f->counted, 0);
	CHECK(f->delay_s > 0);
	CHECK_INT(f->restart, 0);
}

static void
a_lost_sandbox_asks_for_a_fresh_process(void)
{
	const struct sg_fate *f = fate(SG_EBUSY, "sandbox_lost");

	CHECK_INT(f->kind, SG_FATE_RETURN);
	CHECK_INT(f->counted, 0);
	CHECK_INT(f->restart, 1);
}

static void
an_absent_blob_counts(void)
{
	const struct sg_fate *f = fate(SG_EABSENT, "blob_absent");

	CHECK_INT(f->kind, SG_FATE_RETURN);
	CHECK_INT(f->counted, 1);
}

static void
our_faults_count_as_crashes(void)
{
	CHECK_INT(fate(SG_EINTERNAL, "parse_crashed")->kind, SG_FATE_CRASH);
	CHECK_INT(fate(SG_EINTERNAL, "net_backend")->kind, SG_FATE_CRASH);
	CHECK_INT(fate(SG_EINTERNAL, "result_shape")->kind, SG_FATE_CRASH);
}

static void
damaged_files_are_dead_at_once(void)
{
	CHECK_INT(fate(SG_EINTERNAL, "model_hash")->kind, SG_FATE_DEAD);
	CHECK_INT(fate(SG_EINTERNAL, "input_hash")->kind, SG_FATE_DEAD);
	CHECK_INT(fate(SG_EDENIED, "job_bad")->kind, SG_FATE_DEAD);
}

static void
told_to_stop_is_no_error(void)
{
	CHECK_INT(fate(SG_ECONFLICT, "cancelled")->kind, SG_FATE_HALTED);
	CHECK_INT(fate(SG_EBUSY, "net_cancelled")->kind, SG_FATE_HALTED);
	CHECK_INT(fate(SG_ECONFLICT, "exists")->kind, SG_FATE_DEAD);
}

static void
every_code_has_a_fate(void)
{
	int code;

	CHECK_INT(fate(SG_OK, NULL)->kind, SG_FATE_SUCCEED);
	for (code = SG_OK + 1; code < SG__ECODES; code++) {
		const struct sg_fate *f = fate((enum sg_code)code, "none_of_the_named");

		CHECK(f != NULL && f->kind != SG_FATE_SUCCEED);
		CHECK_INT(f->code, code);
	}
	/* A code from outside the list is treated as a fault of ours. */
	CHECK_INT(sg_fate_of(99, NULL)->kind, SG_FATE_CRASH);
}

int
main(void)
{
	RUN(a_persons_data_fail_the_job);
	RUN(passing_trouble_gives_the_job_back_uncounted);
	RUN(a_lost_sandbox_asks_for_a_fresh_process);
	RUN(an_absent_blob_counts);
	RUN(our_faults_count_as_crashes);
	RUN(damaged_files_are_dead_at_once);
	RUN(told_to_stop_is_no_error);
	RUN(every_code_has_a_fate);
	return check_end();
}
