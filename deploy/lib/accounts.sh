# shellcheck shell=bash
# Unix accounts: web (nginx's workers and segward-web) and worker share the group segward, which
# the store belongs to. The database's account is no member: it reaches only its own folders.

account() { # NAME GROUP
	if ! id -u "$1" >/dev/null 2>&1; then
		useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin \
			--gid "$2" "$1" 2>/dev/null || id -u "$1" >/dev/null
	fi
}

group() { # NAME
	getent group "$1" >/dev/null || groupadd --system "$1" 2>/dev/null || getent group "$1" >/dev/null
}

accounts_make() {
	group segward
	group segward-db
	account segward-web segward
	account segward-worker segward
	account segward-db segward-db
}
