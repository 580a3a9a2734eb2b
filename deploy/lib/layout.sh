# shellcheck shell=bash
# The folders of a stack, who owns each, and the settings that are remembered.
#
#   stack.conf      settings, in bash        segward.conf  for segward-admin, run by root
#   bin/ www/       programs, web pages      conf/         of web and of each worker
#   pg/ redis/      of segward-db            nginx/        its configuration
#   store/          blobs, group segward     uploads/ body/  of segward-web, same file system
#   run/db run/web  unix sockets             tls/ secrets/   0400 files by account
#   log/ pids/      of root                  url           the address

# One start or stop at a time in a folder.
layout_open() {
	if [ -d "$DIR" ] && [ ! -e "$DIR/stack.conf" ] && [ -n "$(ls -A "$DIR")" ]; then
		die "$DIR is not empty and no stack's folder"
	fi
	mkdir -p "$DIR"
	exec 8>"$DIR/.lock"
	flock -w 120 8 || die "another start or stop in $DIR does not end"
}

layout_load() {
	if [ -e "$DIR/stack.conf" ]; then
		# shellcheck source=/dev/null
		. "$DIR/stack.conf"
	fi
	RUN=$(readlink -f "$DIR/run" || true)
}

layout_save() {
	declare -p BUILD WORKERS SERVICES LISTEN HOST PORT HTTP_PORT LOGIN_RATE SETTINGS ENVIRONMENT \
		REMOTE REMOTE_DB_PORT REMOTE_REDIS_PORT REMOTE_STORE_PORT |
		sed 's/^declare -/declare -g -/' >"$DIR/stack.conf.new" # -g: read inside a function
	mv "$DIR/stack.conf.new" "$DIR/stack.conf"
}

# A unix socket's path has 107 letters at most: for a folder too deep, the sockets live in /run.
layout_run() {
	if [ ${#DIR} -le 75 ]; then
		RUN=$DIR/run
		mkdir -p "$RUN"
	else
		RUN=/run/segward-$(printf '%s' "$DIR" | sha256sum | cut -c1-16)
		mkdir -p "$RUN"
		ln -sfn "$RUN" "$DIR/run"
	fi
}

folder() { # MODE OWNER GROUP PATH...
	install -d -m "$1" -o "$2" -g "$3" "${@:4}"
}

layout_make() {
	[ -n "$HOST" ] || HOST=$LISTEN
	accounts_make
	chmod 0755 "$DIR"
	setpriv --reuid=segward-db --regid=segward-db --clear-groups test -x "$DIR" ||
		die "the account segward-db cannot reach $DIR: use a folder whose parents all may enter"
	layout_run
	folder 0755 root root "$DIR"/{bin,conf,nginx,tls,secrets,pids}
	folder 0750 root segward "$DIR/log" "$DIR/www"
	folder 2750 segward-db segward "$RUN/db"
	folder 0750 segward-web segward "$RUN/web"
	folder 0700 segward-db segward-db "$DIR/pg" "$DIR/redis"
	folder 2770 root segward "$DIR/store"
	folder 0770 segward-web segward "$DIR/uploads" "$DIR/body" # the worker's janitor takes old files
}

# secret NAME OWNER: a random password in a file only OWNER may read; kept when it exists.
secret() {
	if [ ! -e "$DIR/secrets/$1" ]; then
		(umask 077; random_hex 32 >"$DIR/secrets/$1.new"; echo >>"$DIR/secrets/$1.new")
		chown "$2:" "$DIR/secrets/$1.new"
		chmod 0400 "$DIR/secrets/$1.new"
		mv "$DIR/secrets/$1.new" "$DIR/secrets/$1"
	fi
}

# fill TEMPLATE TARGET NAME=VALUE...: replace each @NAME@.
fill() {
	local from=$1 to=$2 pair script=
	shift 2
	for pair in "$@"; do
		script+="s|@${pair%%=*}@|${pair#*=}|g;"
	done
	sed "$script" "$from" >"$to.new"
	if grep -n '@[A-Z_]\+@' "$to.new" >&2; then die "$from: not all is filled in"; fi
	mv "$to.new" "$to"
}
