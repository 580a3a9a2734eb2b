# The engine (libsegengine.a: volume/, net/, mask/, job/infer) and the programs on it: segward,
# segward-parse, and with the portal segward-worker and segward-admin.
# Programs: bin_PROGRAMS += segward; segward_SOURCES = ...; segward_LDADD = $(ENGINE_LIBS)
# The sandboxed helper: pkglibexec_PROGRAMS += segward-parse (found by SG_LIBEXECDIR).
# Those of the portal stand between `if PORTAL` and `endif` and link $(ENGINE_LIBS) $(PORTAL_LIBS).

noinst_LIBRARIES += libsegengine.a
libsegengine_a_SOURCES =
