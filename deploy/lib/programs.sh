# shellcheck shell=bash
# Our own programs: copied into the stack's folder (so that a rebuild does not change what runs,
# and accounts need not reach the source tree), configured, and started.

PROGRAMS="segward-web segward-worker segward-admin segward-parse segward"

# Copies what is new, and stops what runs of it: the caller starts it again.
programs_install() {
	local program changed=no
	for program in $PROGRAMS; do
		[ -e "$BUILD/$program" ] || continue
		cmp -s "$BUILD/$program" "$DIR/bin/$program" && continue
		install -m 0755 "$BUILD/$program" "$DIR/bin/.new"
		mv "$DIR/bin/.new" "$DIR/bin/$program"
		changed=yes
	done
	if [ $changed = yes ]; then
		fresh=yes
		proc_stop_all no "$(ls "$DIR/pids" | grep -e '^web$' -e '^worker-' || true)"
	fi
	pages_install
}

pages_install() {
	[ -d "$top/web/dist" ] || return 0
	if diff -rq "$top/web/dist" "$DIR/www" >/dev/null 2>&1; then return 0; fi
	rm -rf "$DIR/www.new"
	cp -r "$top/web/dist" "$DIR/www.new"
	chown -R root:segward "$DIR/www.new"
	chmod -R u=rwX,g=rX,o= "$DIR/www.new"
	rm -rf "$DIR/www"
	mv "$DIR/www.new" "$DIR/www"
}

program() { # NAME: its path, or an end with a plain sentence
	[ -x "$DIR/bin/$1" ] || die "$1 is not built: $BUILD/$1 is missing"
	echo "$DIR/bin/$1"
}

program_conf() { # FILE OWNER ROLE REDIS-ACCOUNT LINES...
	local line
	{
		echo "# Written by deploy/stack at each start."
		echo "store_dir = $DIR/store"
		echo "upload_dir = $DIR/uploads"
		echo "body_dir = $DIR/body"
		echo "db = $(postgres_conninfo) user=$3"
		echo "redis = unix:$RUN/db/redis.sock"
		echo "redis_user = $4"
		echo "redis_password_file = $DIR/secrets/redis-$4"
		for line in "${@:5}" "${SETTINGS[@]}"; do echo "${line%%=*} = ${line#*=}"; done
	} >"$1.new"
	chown "$2:" "$1.new"
	chmod 0400 "$1.new"
	mv "$1.new" "$1"
}

origin() {
	if [ "$PORT" = 443 ]; then echo "https://$HOST"; else echo "https://$HOST:${PORT:-0}"; fi
}

programs_configure() {
	program_conf "$DIR/segward.conf" root sg_migrate admin
	program_conf "$DIR/conf/web.conf" segward-web sg_api web \
		"origin=$(origin)" "web_socket=$RUN/web/web.sock"
}

programs_migrate() {
	local path
	path=$(program segward-admin)
	"$path" --config "$DIR/segward.conf" migrate >>"$DIR/log/migrate.log" 2>&1 ||
		die "segward-admin migrate failed: see $DIR/log/migrate.log"
}

programs_web() {
	local path
	if proc_alive web; then return; fi
	path=$(program segward-web)
	rm -f "$RUN/web/web.sock"
	proc_start web segward-web env "${ENVIRONMENT[@]}" "$path" --config "$DIR/conf/web.conf"
	poll 20 web_listens || die "segward-web does not start: see $DIR/log/web.log"
}

web_listens() { proc_alive web && [ -S "$RUN/web/web.sock" ]; }

programs_worker() { # worker-N
	local path
	if proc_alive "$1"; then return; fi
	path=$(program segward-worker)
	program_conf "$DIR/conf/$1.conf" segward-worker sg_worker worker "worker_name=$1"
	# Threads of the network that wait give their core away: others work on this host, too.
	proc_start "$1" segward-worker env OMP_WAIT_POLICY=passive "${ENVIRONMENT[@]}" "$path" \
		--config "$DIR/conf/$1.conf"
}
