# Tests. C unit tests: one line `UNIT_TESTS += tests/unit/test_X` with its _SOURCES and _LDADD; the
# program prints TAP (tests/unit/check.h). Other suites: drop an executable
# tests/<suite>/<name>.test that prints TAP; tests/run finds it, nothing is listed here.

UNIT_TESTS =

# of common/
UNIT_TESTS += tests/unit/test_arena tests/unit/test_buf tests/unit/test_conf tests/unit/test_err \
	tests/unit/test_hash tests/unit/test_id tests/unit/test_json tests/unit/test_log \
	tests/unit/test_sniff tests/unit/test_clock
tests_unit_test_arena_SOURCES = tests/unit/test_arena.c tests/unit/check.h
tests_unit_test_arena_LDADD = $(COMMON_LIBS)
tests_unit_test_buf_SOURCES = tests/unit/test_buf.c
tests_unit_test_buf_LDADD = $(COMMON_LIBS)
tests_unit_test_clock_SOURCES = tests/unit/test_clock.c
tests_unit_test_clock_LDADD = $(COMMON_LIBS)
tests_unit_test_conf_SOURCES = tests/unit/test_conf.c
tests_unit_test_conf_LDADD = $(COMMON_LIBS)
tests_unit_test_err_SOURCES = tests/unit/test_err.c
tests_unit_test_err_LDADD = $(COMMON_LIBS)
tests_unit_test_hash_SOURCES = tests/unit/test_hash.c
tests_unit_test_hash_LDADD = $(COMMON_LIBS)
tests_unit_test_id_SOURCES = tests/unit/test_id.c
tests_unit_test_id_LDADD = $(COMMON_LIBS)
tests_unit_test_json_SOURCES = tests/unit/test_json.c
tests_unit_test_json_LDADD = $(COMMON_LIBS)
tests_unit_test_log_SOURCES = tests/unit/test_log.c
tests_unit_test_log_LDADD = $(COMMON_LIBS)
tests_unit_test_sniff_SOURCES = tests/unit/test_sniff.c
tests_unit_test_sniff_LDADD = $(COMMON_LIBS)

if PORTAL
UNIT_TESTS += tests/unit/test_store tests/unit/test_password
tests_unit_test_password_SOURCES = tests/unit/test_password.c
tests_unit_test_password_LDADD = $(PORTAL_LIBS)
tests_unit_test_store_SOURCES = tests/unit/test_store.c
tests_unit_test_store_LDADD = $(PORTAL_LIBS)

# Started by tests/unit/db.test, queue.test and store_remote.test, which bring a private service.
check_PROGRAMS += tests/unit/probe_db tests/unit/probe_queue tests/unit/probe_store_remote
tests_unit_probe_db_SOURCES = tests/unit/probe_db.c
tests_unit_probe_db_LDADD = $(PORTAL_LIBS)
tests_unit_probe_queue_SOURCES = tests/unit/probe_queue.c
tests_unit_probe_queue_LDADD = $(PORTAL_LIBS)
tests_unit_probe_store_remote_SOURCES = tests/unit/probe_store_remote.c
tests_unit_probe_store_remote_LDADD = $(PORTAL_LIBS)
endif

# of worker/, the process
if PORTAL
UNIT_TESTS += tests/unit/test_cache tests/unit/test_fate
tests_unit_test_cache_SOURCES = tests/unit/test_cache.c
tests_unit_test_cache_LDADD = libsegworker.a $(COMMON_LIBS)
tests_unit_test_fate_SOURCES = tests/unit/test_fate.c
tests_unit_test_fate_LDADD = libsegworker.a $(COMMON_LIBS)
endif

# of worker/volume and worker/mask
UNIT_TESTS += tests/unit/test_volume tests/unit/test_mask tests/unit/test_phantom \
	tests/unit/test_infer tests/volume/test_sandbox tests/volume/test_png_corpus
tests_unit_test_infer_SOURCES = tests/unit/test_infer.c
tests_unit_test_infer_LDADD = $(ENGINE_LIBS)
tests_unit_test_volume_SOURCES = tests/unit/test_volume.c
tests_unit_test_volume_LDADD = $(ENGINE_LIBS)
tests_unit_test_mask_SOURCES = tests/unit/test_mask.c
tests_unit_test_mask_LDADD = $(ENGINE_LIBS)
tests_unit_test_phantom_SOURCES = tests/unit/test_phantom.c
tests_unit_test_phantom_LDADD = $(ENGINE_LIBS)
tests_volume_test_sandbox_SOURCES = tests/volume/test_sandbox.c
tests_volume_test_sandbox_LDADD = $(ENGINE_LIBS)
tests_volume_test_png_corpus_SOURCES = tests/volume/test_png_corpus.c
tests_volume_test_png_corpus_LDADD = $(ENGINE_LIBS)

# Started by test_sandbox through the zygote, in place of segward-parse.
check_PROGRAMS += tests/volume/confine_probe
tests_volume_confine_probe_SOURCES = tests/volume/confine_probe.c
tests_volume_confine_probe_LDADD = $(ENGINE_LIBS)

# Fuzz targets are built with the checks whatever the rest is built with, so they compile the
# sources they reach themselves.
FUZZ_CC = $(AM_CFLAGS) -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
FUZZ_LD = $(AM_LDFLAGS) -fsanitize=address,undefined
check_PROGRAMS += tests/fuzz/fuzz_png
tests_fuzz_fuzz_png_SOURCES = tests/fuzz/fuzz_png.c tests/fuzz/driver.c common/arena.c common/buf.c \
	common/err.c common/json.c common/sniff.c worker/volume/parse.c worker/volume/parsed.c \
	worker/volume/png_read.c worker/volume/png_write.c worker/volume/view.c worker/volume/volume.c
tests_fuzz_fuzz_png_CFLAGS = $(FUZZ_CC)
tests_fuzz_fuzz_png_LDFLAGS = $(FUZZ_LD)
tests_fuzz_fuzz_png_LDADD = $(PNG_LIBS) $(Z_LIBS) $(JANSSON_LIBS) -lm

# of fcgi/
if PORTAL
WEB_TESTS = tests/unit/test_param tests/unit/test_reply tests/unit/test_route tests/unit/test_session \
	tests/unit/test_tus
UNIT_TESTS += $(WEB_TESTS)
WEB_TEST_LIBS = libsegweb.a $(PORTAL_LIBS) $(FCGI_LIBS)
tests_unit_test_param_SOURCES = tests/unit/test_param.c
tests_unit_test_param_LDADD = $(WEB_TEST_LIBS)
tests_unit_test_reply_SOURCES = tests/unit/test_reply.c
tests_unit_test_reply_LDADD = $(WEB_TEST_LIBS)
tests_unit_test_route_SOURCES = tests/unit/test_route.c
tests_unit_test_route_LDADD = $(WEB_TEST_LIBS)
tests_unit_test_session_SOURCES = tests/unit/test_session.c
tests_unit_test_session_LDADD = $(WEB_TEST_LIBS)
tests_unit_test_tus_SOURCES = tests/unit/test_tus.c
tests_unit_test_tus_LDADD = $(WEB_TEST_LIBS)

check_PROGRAMS += tests/fuzz/fuzz_web
tests_fuzz_fuzz_web_SOURCES = tests/fuzz/fuzz_web.c tests/fuzz/driver.c common/arena.c common/buf.c \
	common/err.c common/hash.c common/id.c common/json.c fcgi/csv.c fcgi/param.c fcgi/tus.c
tests_fuzz_fuzz_web_CFLAGS = $(FUZZ_CC)
tests_fuzz_fuzz_web_LDFLAGS = $(FUZZ_LD)
tests_fuzz_fuzz_web_LDADD = $(JANSSON_LIBS) $(CRYPTO_LIBS) -lm
endif

# of worker/net, what is kept of a model's metadata
UNIT_TESTS += tests/unit/test_meta_write
tests_unit_test_meta_write_SOURCES = tests/unit/test_meta_write.c
tests_unit_test_meta_write_LDADD = $(ENGINE_LIBS)

check_PROGRAMS += $(UNIT_TESTS)

# `make check SUITES="unit style"`: some suites only
SUITES =
check-local:
	$(srcdir)/tests/run --build $(abs_builddir) $(SUITES)

EXTRA_DIST += tests

# of worker/net: conform is run by tests/net/conform.test
check_PROGRAMS += tests/net/conform
tests_net_conform_SOURCES = tests/net/conform.c
tests_net_conform_LDADD = $(ENGINE_LIBS)

# The CPU backend against the reference; tests/net/cpu_isa.test runs these on older processors too.
UNIT_TESTS += tests/unit/test_net_cpu
tests_unit_test_net_cpu_SOURCES = tests/unit/test_net_cpu.c tests/unit/net_build.h
tests_unit_test_net_cpu_LDADD = $(ENGINE_LIBS)
check_PROGRAMS += tests/net/nuclei tests/net/hostile
tests_net_nuclei_SOURCES = tests/net/nuclei.c
tests_net_nuclei_LDADD = $(ENGINE_LIBS)
tests_net_hostile_SOURCES = tests/net/hostile.c
tests_net_hostile_LDADD = $(ENGINE_LIBS)
UNIT_TESTS += tests/unit/test_net_graph
tests_unit_test_net_graph_SOURCES = tests/unit/test_net_graph.c tests/unit/net_build.h
tests_unit_test_net_graph_LDADD = $(ENGINE_LIBS)
check_PROGRAMS += tests/fuzz/fuzz_onnx
tests_fuzz_fuzz_onnx_SOURCES = tests/fuzz/fuzz_onnx.c tests/fuzz/driver.c common/arena.c common/buf.c \
	common/err.c $(NET_SOURCES) $(KERNEL_SOURCES)
tests_fuzz_fuzz_onnx_CFLAGS = $(FUZZ_CC)
tests_fuzz_fuzz_onnx_LDFLAGS = $(FUZZ_LD)
tests_fuzz_fuzz_onnx_LDADD = $(DNNL_LIBS) -lpthread -lm
# The same in every form; run on older instruction sets too by tests/net/cpu_isa.test.
UNIT_NET = tests/net/against.c tests/net/against.h tests/net/maker.c tests/net/maker.h
UNIT_TESTS += tests/unit/test_backend_cpu tests/unit/test_backend_cpu_more
tests_unit_test_backend_cpu_SOURCES = tests/unit/test_backend_cpu.c $(UNIT_NET)
tests_unit_test_backend_cpu_LDADD = $(ENGINE_LIBS)
tests_unit_test_backend_cpu_more_SOURCES = tests/unit/test_backend_cpu_more.c $(UNIT_NET)
tests_unit_test_backend_cpu_more_LDADD = $(ENGINE_LIBS)

# by hand: how long networks take
check_PROGRAMS += tests/net/bench_cpu
tests_net_bench_cpu_SOURCES = tests/net/bench_cpu.c tests/net/maker.c tests/net/maker.h
tests_net_bench_cpu_LDADD = $(ENGINE_LIBS)
