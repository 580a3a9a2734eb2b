/*
 * What becomes of a job whose work ended in an error: one table from codes to fates. Who can
 * mend it decides (common/err.h): a person's data fail the job for good, a passing trouble of
 * ours puts it back, a fault of ours counts, and the second time an administrator looks.
 */
#ifndef SG_FATE_H
#define SG_FATE_H

#include "common/err.h"

enum sg_fate_kind {
	SG_FATE_SUCCEED,
	SG_FATE_FAIL,	/* failed: the sentence tells the person what to do */
	SG_FATE_RETURN, /* given back to the queue after delay_s */
	SG_FATE_CRASH,	/* counted; back to the queue once, then dead */
	SG_FATE_DEAD,	/* dead at once: trying again gives the same */
	SG_FATE_HALTED	/* it stopped because it was told to: the slot's halt says why */
};

struct sg_fate {
	enum sg_code code;
	const char *id; /* NULL: any other id of this code */
	enum sg_fate_kind kind;
	int counted; /* SG_FATE_RETURN: this try is used up; else one more is allowed */
	int delay_s; /* SG_FATE_RETURN */
	int restart; /* the worker needs a fresh process afterwards */
};

/* Always finds one. rc: what the work returned, e: why. */
const struct sg_fate *sg_fate_of(int rc, const struct sg_err *e);

#endif
