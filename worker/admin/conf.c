/* segward-admin conf: every key of the configuration file, from the table that reads it. */
#include "config.h"

#include <stdio.h>

#include "worker/admin/admin.h"

int
admin_conf(struct admin *a, int argc, char **argv, struct sg_err *e)
{
	int rc = admin_options(argc, argv, NULL, NULL, 0, 0, e);

	(void)a;
	if (rc == SG_OK)
		sg_conf_doc(stdout);
	return rc;
}
