# Tests. C unit tests: add the program to UNIT_TESTS and its _SOURCES and _LDADD; it prints TAP
# (tests/unit/check.h). Other suites: drop an executable tests/<suite>/<name>.test that prints
# TAP; tests/run finds it, nothing is listed here.

UNIT_TESTS =

check_PROGRAMS += $(UNIT_TESTS)
