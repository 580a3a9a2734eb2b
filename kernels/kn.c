/* Which table of kernels this machine uses. */
#include "config.h"

#include "kernels/kn.h"

const struct kn_table *
kn(void)
{
	return &kn_ref;
}
