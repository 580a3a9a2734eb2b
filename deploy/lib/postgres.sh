# shellcheck shell=bash
# PostgreSQL: a private cluster on a unix socket; who may be which role is decided by the Unix
# account (peer). Its log keeps no statement and no value, since those hold patients' data.

postgres_bin() {
	ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -n | tail -1 | grep . ||
		die "PostgreSQL is not installed (deploy/packages.txt)"
}

as_db() { setpriv --reuid=segward-db --regid=segward-db --clear-groups -- "$@"; }

postgres_port() { echo "${REMOTE_DB_PORT:-5432}"; }

# The part of a libpq connection string that all programs share.
postgres_conninfo() { echo "host=$RUN/db port=$(postgres_port) dbname=segward connect_timeout=5"; }

sql() { # ARGUMENTS of psql, as superuser
	"$(postgres_bin)/psql" -X -q -v ON_ERROR_STOP=1 -h "$RUN/db" -p "$(postgres_port)" -U postgres "$@"
}

postgres_make() {
	if [ -e "$DIR/pg/PG_VERSION" ]; then return; fi
	as_db "$(postgres_bin)/initdb" -D "$DIR/pg" -U postgres -A peer -E UTF8 --locale=C.UTF-8 \
		--data-checksums --no-sync --no-instructions >"$DIR/log/initdb.log" 2>&1 ||
		die "initdb failed: see $DIR/log/initdb.log"
	echo "include 'segward.conf'" >>"$DIR/pg/postgresql.conf"
	as_db sync -f "$DIR/pg"
}

postgres_configure() {
	cat >"$DIR/pg/segward.conf" <<END
# Written by deploy/stack at each start.
listen_addresses = '${REMOTE}'
port = $(postgres_port)
unix_socket_directories = '$RUN/db'
unix_socket_permissions = 0770
max_connections = 200
shared_buffers = '128MB'
jit = off
fsync = on
synchronous_commit = on
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %u %e '
log_statement = 'none'
log_min_error_statement = panic
log_error_verbosity = terse
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_checkpoints = off
idle_in_transaction_session_timeout = '60s'
END
	cat >"$DIR/pg/pg_hba.conf" <<'END'
local all all peer map=segward
END
	cat >"$DIR/pg/pg_ident.conf" <<'END'
# map      Unix account     role
segward    segward-web      sg_api
segward    segward-worker   sg_worker
segward    segward-db       postgres
segward    root             postgres
segward    root             sg_migrate
segward    root             sg_audit
segward    root             sg_backup
END
	if [ -n "$REMOTE" ]; then
		cat >>"$DIR/pg/segward.conf" <<END
ssl = on
ssl_min_protocol_version = 'TLSv1.3'
ssl_cert_file = '$DIR/tls/internal/postgres.crt'
ssl_key_file = '$DIR/tls/internal/postgres.key'
ssl_ca_file = '$DIR/tls/internal/ca.crt'
END
		echo "hostssl segward sg_worker all cert map=remote" >>"$DIR/pg/pg_hba.conf"
		echo "remote /^worker-[a-z0-9-]+\$ sg_worker" >>"$DIR/pg/pg_ident.conf"
	fi
}

postgres_ready() { # the server writes its state as the eighth line of this file
	local line
	proc_alive postgres || return 1
	line=$(sed -n 8p "$DIR/pg/postmaster.pid" 2>/dev/null) || return 1
	case $line in ready*) ;; *) return 1 ;; esac
}

postgres_start() {
	if proc_alive postgres; then return; fi
	fresh=yes
	postgres_make
	postgres_configure
	rm -f "$DIR/pg/postmaster.pid"
	proc_start postgres segward-db "$(postgres_bin)/postgres" -D "$DIR/pg"
	poll 30 postgres_ready || die "PostgreSQL does not start: see $DIR/log/postgres.log"
}

postgres_roles() {
	sql -v db=segward -d postgres -f "$top/sql/roles.sql" >>"$DIR/log/roles.log" 2>&1 ||
		die "sql/roles.sql failed: see $DIR/log/roles.log"
}
