# shellcheck shell=bash
# Programs by autotools in build/, pages by npm in web/dist.

build_programs() {
	step "build: programs"
	mkdir -p "$build"
	if [ ! -e "$top/configure" ]; then
		(cd "$top" && quietly "$build/autoreconf.log" autoreconf -fi) || die "autoreconf failed"
	fi
	if [ ! -e "$build/Makefile" ]; then
		(cd "$build" && quietly "$build/configure.log" "$top/configure" --enable-werror) ||
			die "configure failed"
	fi
	quietly "$build/make.log" make -C "$build" -j"$(nproc)" || die "make failed"
}

# newer_than TARGET PATH...: is something below PATH newer than TARGET, or TARGET missing?
newer_than() {
	[ -e "$1" ] || return 0
	[ -n "$(find "${@:2}" -newer "$1" -type f -print -quit 2>/dev/null)" ]
}

build_pages() {
	local web=$top/web stamp=$top/web/node_modules/.package-lock.json
	if newer_than "$stamp" "$web/package-lock.json"; then
		step "build: web tools (npm ci)"
		(cd "$web" && quietly "$build/npm.log" npm ci --no-audit --no-fund) || die "npm ci failed"
		touch "$stamp"
	fi
	if newer_than "$web/dist/index.html" "$web/src" "$web/public" "$web/index.html" "$web/package-lock.json"; then
		step "build: web pages"
		(cd "$web" && quietly "$build/web.log" npm run build) || die "the web build failed"
	fi
}
