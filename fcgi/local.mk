# segward-web: the FastCGI program behind nginx. Only with the portal. All but its main file is a
# library, so that unit tests can use it.

if PORTAL
bin_PROGRAMS += segward-web
segward_web_SOURCES = fcgi/main.c
segward_web_LDADD = libsegweb.a $(PORTAL_LIBS) $(FCGI_LIBS)

noinst_LIBRARIES += libsegweb.a
libsegweb_a_SOURCES = \
	fcgi/answer.c fcgi/answer.h \
	fcgi/authz.c fcgi/authz.h \
	fcgi/body.c fcgi/body.h \
	fcgi/csv.c fcgi/csv.h \
	fcgi/dispatch.c fcgi/dispatch.h \
	fcgi/enqueue.c fcgi/enqueue.h \
	fcgi/h_account.c \
	fcgi/h_blob.c \
	fcgi/h_health.c \
	fcgi/h_job.c \
	fcgi/h_login.c \
	fcgi/h_model.c \
	fcgi/h_patient.c \
	fcgi/h_report.c \
	fcgi/h_scan.c \
	fcgi/h_segmentation.c \
	fcgi/h_study.c \
	fcgi/h_upload.c \
	fcgi/handlers.h \
	fcgi/login.c fcgi/login.h \
	fcgi/param.c fcgi/param.h \
	fcgi/reply.c fcgi/reply.h \
	fcgi/req.c fcgi/req.h \
	fcgi/route.c fcgi/route.h \
	fcgi/server.c fcgi/server.h \
	fcgi/session.c fcgi/session.h \
	fcgi/supervisor.c fcgi/supervisor.h \
	fcgi/tus.c fcgi/tus.h \
	fcgi/upload_file.c fcgi/upload_file.h
endif
