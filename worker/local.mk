# The engine (libsegengine.a: volume/, net/, mask/, job/infer) and the programs on it: segward,
# segward-parse, and with the portal segward-worker and segward-admin.
# Programs: bin_PROGRAMS += segward; segward_SOURCES = ...; segward_LDADD = $(ENGINE_LIBS)
# The sandboxed helper: pkglibexec_PROGRAMS += segward-parse (found by SG_LIBEXECDIR).
# Those of the portal stand between `if PORTAL` and `endif` and link $(ENGINE_LIBS) $(PORTAL_LIBS).

noinst_LIBRARIES += libsegengine.a
libsegengine_a_SOURCES =

# Voxels, the parser sandbox, masks.
libsegengine_a_SOURCES += \
	worker/volume/bytes.h \
	worker/volume/confine.c worker/volume/confine.h \
	worker/volume/parse.c worker/volume/parse.h \
	worker/volume/parsed.c \
	worker/volume/phantom.c worker/volume/phantom.h \
	worker/volume/phantom_cells.c \
	worker/volume/phantom_int.h \
	worker/volume/phantom_liver.c \
	worker/volume/png.h \
	worker/volume/png_read.c \
	worker/volume/png_write.c \
	worker/volume/sandbox.c worker/volume/sandbox.h \
	worker/volume/view.c worker/volume/view.h \
	worker/volume/volume.c worker/volume/volume.h \
	worker/volume/zygote.c worker/volume/zygote.h \
	worker/mask/component.c \
	worker/mask/mask.c worker/mask/mask.h \
	worker/mask/metric.c worker/mask/metric.h \
	worker/job/infer.c worker/job/infer.h \
	worker/job/infer_input.c \
	worker/job/infer_int.h \
	worker/job/infer_window.c

# The command line: one file a subcommand.
bin_PROGRAMS += segward
segward_SOURCES = \
	worker/cli/cli.h \
	worker/cli/common.c \
	worker/cli/compare.c \
	worker/cli/demo_model.c \
	worker/cli/devices.c \
	worker/cli/info.c \
	worker/cli/inspect.c \
	worker/cli/main.c \
	worker/cli/phantom.c \
	worker/cli/segment.c
segward_LDADD = $(ENGINE_LIBS)

# The sandboxed helper links the parsing alone: no network library, no engine.
pkglibexec_PROGRAMS += segward-parse
segward_parse_SOURCES = worker/volume/parse_main.c
segward_parse_LDADD = libsegengine.a libsegcommon.a $(PNG_LIBS) $(Z_LIBS) $(SECCOMP_LIBS) \
	$(JANSSON_LIBS) $(CRYPTO_LIBS) -lpthread -lm

if PORTAL
# What an administrator types. worker/admin: one file per noun.
bin_PROGRAMS += segward-admin
segward_admin_SOURCES = \
	worker/admin/account.c \
	worker/admin/admin.c worker/admin/admin.h \
	worker/admin/conf.c \
	worker/admin/department.c \
	worker/admin/job.c \
	worker/admin/main.c \
	worker/admin/migrate.c \
	worker/admin/model.c \
	worker/admin/print.c \
	worker/admin/report.c \
	worker/admin/verify.c \
	sql/migration.h
nodist_segward_admin_SOURCES = sql/migrations.c
segward_admin_CFLAGS = $(AM_CFLAGS) $(PQ_CFLAGS)
segward_admin_LDADD = $(ENGINE_LIBS) $(PORTAL_LIBS)
$(segward_admin_OBJECTS): sql/queries.h

# The worker: takes jobs from the queue. libsegworker.a is all of it but main, for tests.
noinst_LIBRARIES += libsegworker.a
libsegworker_a_SOURCES = \
	worker/beat.c worker/beat.h \
	worker/cache.c worker/cache.h \
	worker/claim.c worker/claim.h \
	worker/fate.c worker/fate.h \
	worker/janitor.c worker/janitor.h \
	worker/loop.c worker/loop.h \
	worker/model.c worker/model.h \
	worker/sweep.c worker/sweep.h \
	worker/job/export.c \
	worker/job/figures.c worker/job/figures.h \
	worker/job/ingest.c \
	worker/job/job.h \
	worker/job/segment.c \
	worker/job/work.c
bin_PROGRAMS += segward-worker
segward_worker_SOURCES = worker/main.c
segward_worker_LDADD = libsegworker.a $(ENGINE_LIBS) $(PORTAL_LIBS)
endif

# The engine: ONNX <-> graph, passes, plan, backends. A list of its own, for the fuzz target.
NET_SOURCES = \
	worker/net/backend.h worker/net/backend_ref.c \
	worker/net/cpu.c worker/net/cpu.h \
	worker/net/cpu_dnnl.c \
	worker/net/cpu_own.c \
	worker/net/graph.c worker/net/graph.h \
	worker/net/memory.c worker/net/memory.h \
	worker/net/net.c worker/net/net.h worker/net/net_int.h \
	worker/net/onnx.h worker/net/onnx_in.h \
	worker/net/onnx_read.c \
	worker/net/onnx_tensor.c \
	worker/net/onnx_write.c \
	worker/net/op.c worker/net/op.h \
	worker/net/op_elem.c \
	worker/net/op_form.c \
	worker/net/op_move.c \
	worker/net/op_norm.c \
	worker/net/op_reduce.c \
	worker/net/op_window.c \
	worker/net/pass.h \
	worker/net/pass_batchnorm.c \
	worker/net/pass_clean.c \
	worker/net/pass_fuse.c \
	worker/net/pass_layout.c \
	worker/net/plan.c \
	worker/net/resolve.c \
	worker/net/run.c \
	worker/net/tensor.c worker/net/tensor.h \
	worker/net/wire.h
libsegengine_a_SOURCES += $(NET_SOURCES) worker/net/demo_model.c worker/net/demo_model.h

# What must be known to run a model, beside its graph.
libsegengine_a_SOURCES += \
	worker/net/meta.c worker/net/meta.h worker/net/meta_int.h \
	worker/net/meta_bioimage.c \
	worker/net/meta_json.c \
	worker/net/meta_write.c
