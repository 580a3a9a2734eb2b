# Migrations, reports, and the queries that programs run. Each file of sql/queries is one
# statement; sql/embed.awk turns them all into sql/queries.c and sql/queries.h. A new file is
# found by itself: nothing is listed here.

if PORTAL
sql_query_files = $(sort $(wildcard $(srcdir)/sql/queries/*.sql))
nodist_libsegportal_a_SOURCES += sql/queries.c sql/queries.h
BUILT_SOURCES += sql/queries.h
CLEANFILES += sql/queries.c sql/queries.h sql/queries.stamp

# Depends on the folder too, so that a removed file is noticed.
sql/queries.stamp: $(srcdir)/sql/embed.awk $(srcdir)/sql/queries $(sql_query_files)
	@$(MKDIR_P) sql
	$(AM_V_GEN)$(AWK) -v as=h -f $(srcdir)/sql/embed.awk $(sql_query_files) </dev/null >sql/queries.h.new
	$(AM_V_at)$(AWK) -v as=c -f $(srcdir)/sql/embed.awk $(sql_query_files) </dev/null >sql/queries.c.new
	$(AM_V_at)cmp -s sql/queries.h.new sql/queries.h || cp sql/queries.h.new sql/queries.h
	$(AM_V_at)cmp -s sql/queries.c.new sql/queries.c || cp sql/queries.c.new sql/queries.c
	$(AM_V_at)rm -f sql/queries.h.new sql/queries.c.new
	$(AM_V_at)touch $@
sql/queries.h sql/queries.c: sql/queries.stamp
	@test -f $@ || { rm -f sql/queries.stamp; $(MAKE) $(AM_MAKEFLAGS) sql/queries.stamp; }
endif

EXTRA_DIST += sql/embed.awk sql/queries
