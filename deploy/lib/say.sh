# shellcheck shell=bash
# Talking to the person in front, and small checks of arguments.

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

die() {
	say "$*"
	exit 1
}

number() { # OPTION VALUE: prints it when it is a whole number
	case $2 in
	'' | *[!0-9]*) say "$1 needs a whole number, not '$2'"; exit 2 ;;
	esac
	printf '%s' "$2"
}

random_hex() { # BYTES
	od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'
}

# poll SECONDS COMMAND...: until it succeeds, looking 50 times a second; fails after SECONDS.
poll() {
	local tries=$(($1 * 50))
	shift
	while ! "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.02
	done
}

# A TCP port of an address that nobody listens on now. Below the range that the kernel hands out
# to outgoing connections, so that none of those takes it between here and its use.
free_port() { # ADDRESS
	local port tries=200
	while [ $((tries -= 1)) -gt 0 ]; do
		port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
		if ! (exec 3<>"/dev/tcp/$1/$port") 2>/dev/null; then
			echo "$port"
			return
		fi
	done
	die "no free port on $1"
}

# One line of progress with the time since the start.
step() { printf '[%3d s] %s\n' "$SECONDS" "$*"; }

# quietly LOG COMMAND...: output to a file; its end is shown when the command fails.
quietly() {
	local log=$1 rc=0
	shift
	"$@" >"$log" 2>&1 </dev/null || rc=$?
	if [ $rc != 0 ]; then
		say "failed: $*"
		tail -40 "$log" >&2
		say "all of it: $log"
	fi
	return $rc
}
