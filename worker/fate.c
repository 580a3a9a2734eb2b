/* The table of fates; see fate.h. The first row that fits holds. */
#include "config.h"

#include "worker/fate.h"

#include <stddef.h>
#include <string.h>

static const struct sg_fate fates[] = {
    {SG_OK, NULL, SG_FATE_SUCCEED, 0, 0, 0},

    /* computing and parsing polled the halt flag */
    {SG_ECONFLICT, "cancelled", SG_FATE_HALTED, 0, 0, 0},
    {SG_EBUSY, "net_cancelled", SG_FATE_HALTED, 0, 0, 0},

    /* the person's file, model or wish */
    {SG_EINPUT, NULL, SG_FATE_FAIL, 0, 0, 0},
    {SG_ELIMIT, NULL, SG_FATE_FAIL, 0, 0, 0},
    {SG_ENOTSUP, NULL, SG_FATE_FAIL, 0, 0, 0},

    /* passing: no memory, no disk, a service away */
    {SG_EBUSY, "sandbox_lost", SG_FATE_RETURN, 0, 0, 1},
    {SG_EBUSY, NULL, SG_FATE_RETURN, 0, 5, 0},

    /* what rows name must be there; another host's store may be late, so not dead at once */
    {SG_EABSENT, NULL, SG_FATE_RETURN, 1, 5, 0},

    /* the same bytes or the same row will be there the next time */
    {SG_EINTERNAL, "input_hash", SG_FATE_DEAD, 0, 0, 0},
    {SG_EINTERNAL, "model_hash", SG_FATE_DEAD, 0, 0, 0},
    {SG_EDENIED, NULL, SG_FATE_DEAD, 0, 0, 0},
    {SG_ECONFLICT, NULL, SG_FATE_DEAD, 0, 0, 0},

    /* the parser crashed, the computing library failed, a check of ours found a wrong result */
    {SG_EINTERNAL, NULL, SG_FATE_CRASH, 0, 0, 0},
};

const struct sg_fate *
sg_fate_of(int rc, const struct sg_err *e)
{
	size_t i, n = sizeof fates / sizeof fates[0];

	for (i = 0; i + 1 < n; i++) {
		if ((int)fates[i].code != rc)
			continue;
		if (fates[i].id == NULL || (e != NULL && strcmp(fates[i].id, e->id) == 0))
			break;
	}
	return &fates[i];
}
