# shellcheck shell=bash
# Processes of a stack: one file a process in DIR/pids with its id and its start time, so that
# a later process that happens to get the same id is never touched.

start_time() { # PID: clock ticks since boot, 22nd field of stat; nothing when it is gone
	local stat
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
	stat=${stat##*) }
	set -- $stat
	case $1 in Z | X) return 1 ;; esac
	echo "${20}"
}

proc_pid() { # NAME
	local pid since
	read -r pid since <"$DIR/pids/$1" && echo "$pid"
}

proc_alive() { # NAME
	local pid since
	[ -e "$DIR/pids/$1" ] || return 1
	read -r pid since <"$DIR/pids/$1" || return 1
	[ "$(start_time "$pid")" = "$since" ]
}

STARTED= # names of what this call started

# proc_start NAME ACCOUNT COMMAND...: in its own session, as ACCOUNT ("root" keeps root),
# without new privileges, with nothing inherited but its log.
proc_start() {
	local name=$1 account=$2 log=$DIR/log/$1.log pid
	shift 2
	[ -e "$log" ] || install -m 0640 -o root -g segward /dev/null "$log"
	(
		exec </dev/null >>"$log" 2>&1
		for fd in /proc/self/fd/*; do
			fd=${fd##*/}
			if [ "$fd" -gt 2 ]; then eval "exec $fd>&-"; fi
		done
		cd /
		umask 0007
		if [ "$account" = root ]; then
			exec setsid env -i PATH="$PATH" LANG=C.UTF-8 "$@"
		fi
		exec setsid env -i PATH="$PATH" LANG=C.UTF-8 setpriv --reuid="$account" \
			--regid="$(id -gn "$account")" --clear-groups --inh-caps=-all --no-new-privs -- "$@"
	) &
	pid=$!
	echo "$pid $(start_time "$pid")" >"$DIR/pids/$name"
	disown "$pid"
	STARTED="$STARTED $name"
}

proc_gone() { ! proc_alive "$1"; }

# What is left of a process's session after its leader ended (helpers of a killed worker).
session_rest() { # PID
	local stat pid
	for stat in /proc/[0-9]*/stat; do
		{ read -r line <"$stat"; } 2>/dev/null || continue
		pid=${line%% *}
		line=${line##*) }
		set -- "$1" $line
		if [ "$5" = "$1" ] && [ "$2" != Z ]; then echo "$pid"; fi
	done
}

proc_signal() { # NAME NOW: which signal asks this process to end
	case $1:$2 in
	postgres:yes) echo QUIT ;;
	postgres:no) echo INT ;;
	*:yes) echo KILL ;;
	*) echo TERM ;;
	esac
}

proc_stop_all() { # NOW NAMES: ask all to end, then wait for each, then make sure
	local name pid
	for name in $2; do
		if proc_alive "$name"; then kill -"$(proc_signal "$name" "$1")" "$(proc_pid "$name")" 2>/dev/null || true; fi
	done
	for name in $2; do
		pid=$(proc_pid "$name") || continue
		if ! poll 70 proc_gone "$name"; then
			say "$name did not end within 70 s and is killed"
			kill -KILL "$pid" 2>/dev/null || true
			poll 10 proc_gone "$name" || true
		fi
		for pid in $(session_rest "$pid"); do kill -KILL "$pid" 2>/dev/null || true; done
		rm -f "$DIR/pids/$name"
	done
}
