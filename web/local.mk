# The browser part: TypeScript, built with npm into web/dist by `make web`. Not part of `make`,
# so a machine without node builds the engine.  The name is also a folder: keep `.PHONY: web`.

# The script stands in the source folder, and so does what it builds: node looks for its packages
# beside the sources.
.PHONY: web
web:
	$(srcdir)/web/build
EXTRA_DIST += web/build web/package.json web/package-lock.json web/.npmrc web/tsconfig.json \
	web/vite.config.ts web/index.html web/local.mk web/public web/src

# The README's pictures, from the running portal and the system's Chromium; see the script.
.PHONY: screenshots
screenshots: web
	SG_BUILD=$(abs_builddir) node $(srcdir)/tests/browser/screenshots.mjs
