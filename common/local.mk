# The shared ground. libsegcommon.a: what every program may use, with neither PostgreSQL nor
# Redis; libsegportal.a: the services (database, doorbell, blob store), only with the portal.

noinst_LIBRARIES += libsegcommon.a
libsegcommon_a_SOURCES = \
	common/arena.c common/arena.h \
	common/buf.c common/buf.h \
	common/clock.c common/clock.h \
	common/conf.c common/conf.h \
	common/err.c common/err.h \
	common/hash.c common/hash.h \
	common/id.c common/id.h \
	common/json.c common/json.h \
	common/log.c common/log.h \
	common/sniff.c common/sniff.h

if PORTAL
noinst_LIBRARIES += libsegportal.a
libsegportal_a_SOURCES = \
	common/db.c common/db.h common/db_rows.c common/db_rows.h \
	common/password.c common/password.h \
	common/queue.c common/queue.h \
	common/store.c common/store.h common/store_impl.h \
	common/store_local.c common/store_remote.c \
	common/tls_relay.c common/tls_relay.h
nodist_libsegportal_a_SOURCES =
libsegportal_a_CFLAGS = $(AM_CFLAGS) $(PQ_CFLAGS) $(HIREDIS_CFLAGS) $(CURL_CFLAGS) $(SSL_CFLAGS) $(SODIUM_CFLAGS)
endif
