# Turns the files of sql/reports into C. Use: awk -f embed-reports.awk FILE... >reports.c
# A report begins with the header lines `-- Title:`, `-- Reads:`, `-- Note:` and `-- Columns:`,
# then one statement with $1 (from) and $2 (to) that ends in its `order by`. The limit on rows
# is added here, so that no report can be without it.

function refuse(why)
{
	print FILENAME ":" FNR ": " why > "/dev/stderr"
	failed = 1
	exit 1
}

function quote(s)
{
	gsub(/\\/, "\\\\&", s)
	gsub(/"/, "\\\"", s)
	gsub(/\t/, "\\t", s)
	return "\"" s "\""
}

function finish(    n, i, column)
{
	if (name == "")
		return
	if (head["Title"] == "" || head["Reads"] == "" || head["Note"] == "" || head["Columns"] == "")
		refuse(name " lacks a Title, Reads, Note or Columns line")
	if (text !~ /\$1/ || text !~ /\$2/ || text ~ /;/)
		refuse(name " must be one statement with $1 and $2 and without a semicolon")
	n = split(head["Columns"], column, /, */)
	printf "\nstatic const char *const columns_%s[] = {", name
	for (i = 1; i <= n; i++)
		printf "%s, ", quote(column[i])
	print "NULL};"
	table = table "\t{\"" name "\", " quote(head["Title"]) ",\n\t " quote(head["Reads"]) ",\n\t " \
	    quote(head["Note"]) ",\n\t columns_" name ",\n\t {\"report_" name "\",\n" text \
	    "\t\"limit 10000\", 2}},\n"
}

BEGIN {
	print "/* Made from sql/reports by sql/embed-reports.awk: do not edit. */"
	print "#include \"config.h\"\n\n#include \"sql/report.h\"\n\n#include <stddef.h>"
}

FNR == 1 {
	finish()
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/\.sql$/, "", name)
	if (name !~ /^[a-z][a-z0-9_]*$/)
		refuse("a report's name is lower-case letters, digits and _")
	split("", head)
	text = ""
}

/^-- [A-Z][a-z]+: / {
	key = $2
	sub(/:$/, "", key)
	value = $0
	sub(/^-- [A-Z][a-z]+: +/, "", value)
	head[key] = value
	next
}

/^[ \t]*--/ || /^[ \t]*$/ {
	next
}

{
	line = quote($0)
	sub(/"$/, "\\n\"", line)
	text = text "\t" line "\n"
}

END {
	if (failed)
		exit 1
	finish()
	if (failed)
		exit 1
	print "\nconst struct sg_report sg_reports[] = {\n" table "\t{.name = NULL},\n};"
}
