# A private PostgreSQL for tests: a temporary folder, a unix socket, no port, trust inside it.
# Source it, call pg_start, and pg_stop (also from a trap). Runs the server as an unprivileged
# account when root calls. Gives:
#   pg_start            makes and starts it, with roles and the empty database segward
#   pg_migrate          applies sql/migrations in order, each as one transaction
#   pg_sql ROLE [psql arguments]   psql as ROLE on segward: no frills, stops at errors
#   pg_stop             stops it and takes its folder away
#   PG_DIR PG_SOCK      the folder, and the folder of its socket

PG_SRC=${SG_SRCDIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
PG_BIN=${PG_BIN:-$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)}

pg_as() {	# run a command as the server's account
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$@"
	else
		"$@"
	fi
}

pg_start() {
	PG_DIR=$(mktemp -d /tmp/sgpg.XXXXXX)
	PG_SOCK=$PG_DIR/sock
	mkdir "$PG_SOCK"
	if [ "$(id -u)" = 0 ]; then
		chown -R nobody:nogroup "$PG_DIR"
	fi
	chmod 755 "$PG_DIR" "$PG_SOCK"
	cd "$PG_DIR" || return 1
	pg_as "$PG_BIN/initdb" -D "$PG_DIR/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync \
	    >"$PG_DIR/initdb.log" 2>&1 || { cat "$PG_DIR/initdb.log" >&2; return 1; }
	pg_as "$PG_BIN/pg_ctl" -D "$PG_DIR/data" -l "$PG_DIR/log" -w -s \
	    -o "-c listen_addresses='' -c unix_socket_directories='$PG_SOCK' -c fsync=off -c max_connections=60" \
	    start >&2 || { cat "$PG_DIR/log" >&2; return 1; }
	cd "$OLDPWD" || return 1
	psql -X -q -h "$PG_SOCK" -U postgres -v ON_ERROR_STOP=1 -v db=segward -f "$PG_SRC/sql/roles.sql" postgres >&2
}

pg_migrate() {
	local f
	for f in "$PG_SRC"/sql/migrations/[0-9]*.sql; do
		pg_sql sg_migrate -1 -c 'set role sg_owner' -f "$f" || return 1
	done
}

pg_sql() {
	local role=$1
	shift
	psql -X -q -A -t -h "$PG_SOCK" -U "$role" -d segward -v ON_ERROR_STOP=1 -v VERBOSITY=verbose "$@"
}

pg_stop() {
	if [ -n "${PG_DIR:-}" ] && [ -d "$PG_DIR" ]; then
		(cd "$PG_DIR" && pg_as "$PG_BIN/pg_ctl" -D "$PG_DIR/data" -m immediate -s -w stop) >/dev/null 2>&1
		rm -rf "$PG_DIR"
	fi
}
