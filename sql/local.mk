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

# Reports, for the web and segward-admin; migrations, for segward-admin alone.
sql_report_files = $(sort $(wildcard $(srcdir)/sql/reports/*.sql))
sql_migration_files = $(sort $(wildcard $(srcdir)/sql/migrations/*.sql))
libsegportal_a_SOURCES += sql/report.h
nodist_libsegportal_a_SOURCES += sql/reports.c
CLEANFILES += sql/reports.c sql/migrations.c

sql/reports.c: $(srcdir)/sql/embed-reports.awk $(srcdir)/sql/reports $(sql_report_files)
	@$(MKDIR_P) sql
	$(AM_V_GEN)$(AWK) -f $(srcdir)/sql/embed-reports.awk $(sql_report_files) </dev/null >$@.new
	$(AM_V_at)mv $@.new $@
sql/migrations.c: $(srcdir)/sql/embed-migrations.awk $(srcdir)/sql/migrations $(sql_migration_files)
	@$(MKDIR_P) sql
	$(AM_V_GEN)$(AWK) -f $(srcdir)/sql/embed-migrations.awk $(sql_migration_files) </dev/null >$@.new
	$(AM_V_at)mv $@.new $@
endif

EXTRA_DIST += sql/embed.awk sql/embed-reports.awk sql/embed-migrations.awk sql/roles.sql \
	sql/migrations sql/queries sql/reports sql/dump sql/schema.sql
