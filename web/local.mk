# The browser part: TypeScript, built with npm into web/dist by `make web`. Not part of `make`,
# so a machine without node builds the engine.  The name is also a folder: keep `.PHONY: web`.
