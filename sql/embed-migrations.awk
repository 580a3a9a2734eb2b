# Turns the files of sql/migrations into C. Use: awk -f embed-migrations.awk FILE... >migrations.c
# The text is embedded byte for byte, so that its hash is the file's.

function finish()
{
	if (name != "")
		print "\t},"
}

BEGIN {
	print "/* Made from sql/migrations by sql/embed-migrations.awk: do not edit. */"
	print "#include \"config.h\"\n\n#include \"sql/migration.h\"\n\n#include <stddef.h>"
	print "\nconst struct sg_migration sg_migrations[] = {"
}

FNR == 1 {
	finish()
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/\.sql$/, "", name)
	if (name !~ /^[0-9][0-9][0-9][0-9]_[a-z0-9_]+$/ || $0 !~ /^-- /) {
		print FILENAME ": a migration is NNNN_noun.sql and begins with a -- comment" > "/dev/stderr"
		exit 1
	}
	print "\t{\"" name "\","
}

{
	line = $0
	gsub(/\\/, "\\\\&", line)
	gsub(/"/, "\\\"", line)
	gsub(/\t/, "\\t", line)
	print "\t\"" line "\\n\""
}

END {
	finish()
	print "\t{NULL, NULL},\n};"
}
