# What puts the programs on a machine: nginx, systemd, the private stack, set-up and backup.

EXTRA_DIST += deploy/packages.txt deploy/packages-test.txt
EXTRA_DIST += deploy/stack deploy/lib deploy/nginx
