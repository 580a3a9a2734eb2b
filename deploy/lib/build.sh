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

# By web/local.mk, only when something is newer than what it made; npm runs no code of a package.
build_pages() {
	local made=$top/web/dist/index.html
	if [ -e "$made" ] && [ -z "$(find "$top/web" \( -name node_modules -o -name dist \) -prune -o \
		-type f -newer "$made" -print -quit)" ]; then
		return
	fi
	step "build: web pages"
	quietly "$build/web.log" make -C "$build" web || die "the web build failed"
}
