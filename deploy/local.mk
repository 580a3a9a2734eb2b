# What puts the programs on a machine: nginx, systemd, the private stack, set-up and backup.

EXTRA_DIST += deploy/packages.txt deploy/packages-test.txt
EXTRA_DIST += deploy/stack deploy/lib deploy/nginx
EXTRA_DIST += deploy/up deploy/check deploy/systemd

# The test programs alone, without running them: each of deploy/check's builds makes them.
.PHONY: check-programs
check-programs: $(check_PROGRAMS)
