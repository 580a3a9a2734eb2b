# shellcheck shell=bash
# Redis: no TCP port, no files, one ACL account a program. It may be emptied at any moment.

redis_configure() {
	local name owner rules
	secret redis-web segward-web
	secret redis-worker segward-worker
	secret redis-admin root
	{
		echo "user default off"
		for name in web worker admin; do
			rules='~sg:* resetchannels -@all +@read +@write +@connection +multi +exec +discard -@dangerous'
			if [ $name = admin ]; then rules='~* &* +@all'; fi
			echo "user $name on #$(tr -d '\n' <"$DIR/secrets/redis-$name" | sha256sum | cut -d' ' -f1) $rules"
		done
	} >"$DIR/redis/users.acl.new"
	chown segward-db: "$DIR/redis/users.acl.new"
	chmod 0400 "$DIR/redis/users.acl.new"
	mv "$DIR/redis/users.acl.new" "$DIR/redis/users.acl"
	cat >"$DIR/redis/redis.conf" <<END
# Written by deploy/stack at each start.
port 0
unixsocket $RUN/db/redis.sock
unixsocketperm 770
aclfile $DIR/redis/users.acl
dir $DIR/redis
save ""
appendonly no
maxmemory 256mb
maxmemory-policy volatile-ttl
loglevel notice
END
	if [ -n "$REMOTE" ]; then
		cat >>"$DIR/redis/redis.conf" <<END
bind $REMOTE
tls-port $REMOTE_REDIS_PORT
tls-cert-file $DIR/tls/internal/redis.crt
tls-key-file $DIR/tls/internal/redis.key
tls-ca-cert-file $DIR/tls/internal/ca.crt
tls-auth-clients yes
tls-protocols "TLSv1.3"
END
	fi
}

redis_start() {
	if proc_alive redis; then return; fi
	redis_configure
	rm -f "$RUN/db/redis.sock"
	proc_start redis segward-db redis-server "$DIR/redis/redis.conf"
}

redis_listens() { proc_alive redis && [ -S "$RUN/db/redis.sock" ]; }

redis_wait() { poll 20 redis_listens || die "Redis does not start: see $DIR/log/redis.log"; }
