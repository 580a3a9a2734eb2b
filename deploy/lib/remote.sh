# shellcheck shell=bash
# Workers on other hosts: PostgreSQL, Redis and the blobs over TLS, each side with a certificate
# of the internal authority. Nothing of this listens unless --remote was given.

remote_prepare() {
	local names
	tls_authority
	names=$(tls_name "$REMOTE")
	tls_signed postgres serverAuth "$names" "$DIR/tls/internal/postgres.crt" "$DIR/tls/internal/postgres.key" segward-db
	tls_signed redis serverAuth "$names" "$DIR/tls/internal/redis.crt" "$DIR/tls/internal/redis.key" segward-db
	tls_signed store serverAuth "$names" "$DIR/tls/internal/store.crt" "$DIR/tls/internal/store.key" root
	[ -n "$REMOTE_DB_PORT" ] || REMOTE_DB_PORT=$(free_port "$REMOTE")
	[ -n "$REMOTE_REDIS_PORT" ] || REMOTE_REDIS_PORT=$(free_port "$REMOTE")
	[ -n "$REMOTE_STORE_PORT" ] || REMOTE_STORE_PORT=$(free_port "$REMOTE")
}

# A folder to carry to the other host: certificate, key, Redis password, configuration.
remote_worker() { # NAME OUT
	local name=$1 out
	[ -n "$REMOTE" ] || die "this stack was not started with --remote"
	case $name in '' | *[!a-z0-9-]*) die "a worker's name is made of a-z, 0-9 and -" ;; esac
	out=$(realpath -m "$2")
	mkdir -p "$out"
	chown segward-worker:segward "$out"
	chmod 0700 "$out"
	tls_signed "worker-$name" clientAuth "" "$out/worker.crt" "$out/worker.key" segward-worker
	install -m 0444 "$DIR/tls/internal/ca.crt" "$out/ca.crt"
	install -m 0400 -o segward-worker "$DIR/secrets/redis-worker" "$out/redis-worker"
	cat >"$out/worker.conf" <<END
# A worker on another host. Move these files anywhere and change the paths.
worker_name = worker-$name
store_url = https://$REMOTE:$REMOTE_STORE_PORT/internal/blobs
tls_cert = $out/worker.crt
tls_key = $out/worker.key
tls_ca = $out/ca.crt
db = host=$REMOTE port=$REMOTE_DB_PORT dbname=segward user=sg_worker connect_timeout=5 sslmode=verify-full sslrootcert=$out/ca.crt sslcert=$out/worker.crt sslkey=$out/worker.key tcp_user_timeout=15000
redis = tls://$REMOTE:$REMOTE_REDIS_PORT
redis_user = worker
redis_password_file = $out/redis-worker
END
	chown segward-worker: "$out/worker.conf"
	chmod 0400 "$out/worker.conf"
}
