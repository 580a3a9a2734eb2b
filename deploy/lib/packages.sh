# shellcheck shell=bash
# Debian packages: installs what is missing of a list, and sees to it that a service which comes
# with a new package (Debian's own PostgreSQL, Redis, nginx) neither starts now nor at the next
# boot: Segward runs its own. Services that were there before are left alone.

packages_wanted() { # LIST-FILE
	sed 's/#.*//; s/[[:space:]]//g; /^$/d' "$1"
}

package_there() {
	case $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) in installed) return 0 ;; esac
	case $1 in # node from elsewhere will do
	nodejs) command -v node >/dev/null ;;
	npm) command -v npm >/dev/null ;;
	*) return 1 ;;
	esac
}

packages_install() { # LIST-FILE
	local package missing=() all=0
	while read -r package; do
		all=$((all + 1))
		package_there "$package" || missing+=("$package")
	done < <(packages_wanted "$1")
	if [ ${#missing[@]} = 0 ]; then
		step "packages: all $all of ${1##*/} are installed"
		return
	fi
	command -v apt-get >/dev/null || die "missing packages (${missing[*]}), and there is no apt-get"
	step "packages: installing ${missing[*]}"
	packages_guard
	trap packages_unguard EXIT
	export DEBIAN_FRONTEND=noninteractive
	local log=/tmp/segward-packages.$$.log
	if ! quietly "$log" packages_apt "${missing[@]}"; then
		step "packages: reading the package lists anew"
		quietly "$log" apt-get update || die "apt-get update failed"
		quietly "$log" packages_apt "${missing[@]}" || die "apt-get install failed"
	fi
	rm -f "$log"
	packages_unguard
	trap - EXIT
	step "packages: installed"
}

packages_apt() {
	[ -n "$(ls /var/lib/apt/lists/*_Packages* 2>/dev/null)" ] || apt-get update
	apt-get -y -o DPkg::Lock::Timeout=600 --no-install-recommends install "$@"
}

GUARDED="nginx redis-server postgresql"
guard_rc='' guard_pg='' guard_new=''

packages_guard() {
	local service
	for service in $GUARDED; do
		case $service in
		nginx) dpkg-query -W -f '${Version}' nginx-common >/dev/null 2>&1 || guard_new="$guard_new nginx" ;;
		postgresql) dpkg-query -W -f '${Version}' postgresql-common >/dev/null 2>&1 || guard_new="$guard_new postgresql" ;;
		*) dpkg-query -W -f '${Version}' "$service" >/dev/null 2>&1 || guard_new="$guard_new $service" ;;
		esac
	done
	case $guard_new in
	*postgresql*)
		guard_pg=/etc/postgresql-common/createcluster.d/segward.conf
		mkdir -p "${guard_pg%/*}"
		echo "create_main_cluster = false" >"$guard_pg"
		;;
	esac
	if [ -n "$guard_new" ] && [ ! -e /usr/sbin/policy-rc.d ]; then
		guard_rc=/usr/sbin/policy-rc.d
		cat >$guard_rc <<END
#!/bin/sh
# Until deploy/up has installed its packages: the new ones' services do not start.
for new in$guard_new; do
	case \$1 in \$new | \$new@* | \$new.service) exit 101 ;; esac
done
exit 0
END
		chmod 0755 $guard_rc
	fi
}

packages_unguard() {
	local service
	rm -f ${guard_rc:+"$guard_rc"} ${guard_pg:+"$guard_pg"}
	if command -v systemctl >/dev/null; then
		for service in $guard_new; do systemctl disable "$service" >/dev/null 2>&1 || true; done
	elif command -v update-rc.d >/dev/null; then
		for service in $guard_new; do update-rc.d "$service" disable >/dev/null 2>&1 || true; done
	fi
	guard_rc='' guard_pg='' guard_new=''
}
