# segward-web: the FastCGI program behind nginx. Only with the portal.
#   bin_PROGRAMS += segward-web; segward_web_SOURCES = ...;
#   segward_web_LDADD = $(PORTAL_LIBS) $(FCGI_LIBS)
