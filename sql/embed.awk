# Turns the files of sql/queries into C. Use: awk -v as=c|h -f embed.awk FILE...
# A file NAME.sql holds one statement with $1, $2 .. parameters, after a first line that is a
# `--` comment. It becomes `const struct sg_query sg_q_NAME`; comment lines are left out, and the
# number of parameters is the highest $n. All of them together are sg_queries[], NULL at the end.

function refuse(why)
{
	print FILENAME ":" FNR ": " why > "/dev/stderr"
	failed = 1
	exit 1
}

function finish()
{
	if (name == "")
		return
	if (text == "") {
		print file ": no statement" > "/dev/stderr"
		failed = 1
		exit 1
	}
	sub(/[ \t]*;?[ \t]*\\n"\n$/, "\"\n", text)
	if (as == "c")
		printf "\nconst struct sg_query sg_q_%s = {\n\t\"%s\",\n%s\t, %d\n};\n", name, name,
		    text, params
	else
		printf "extern const struct sg_query sg_q_%s;\n", name
	names[++count] = name
}

BEGIN {
	print "/* Made from sql/queries by sql/embed.awk: do not edit. */"
	if (as == "c")
		print "#include \"config.h\"\n\n#include \"sql/queries.h\"\n\n#include <stddef.h>"
	else
		print "#ifndef SG_QUERIES_H\n#define SG_QUERIES_H\n\n#include \"common/db.h\"\n"
}

FNR == 1 {
	finish()
	file = FILENAME
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/\.sql$/, "", name)
	text = ""
	params = 0
	if (name !~ /^[a-z][a-z0-9_]*$/ || length(name) > 60)
		refuse("a query's name is lower-case letters, digits and _, 60 at most")
	if ($0 !~ /^--/)
		refuse("the first line must be a -- comment that says what the query does")
}

/^[ \t]*--/ || /^[ \t]*$/ {
	next
}

{
	if (text ~ /;[ \t]*\\n"\n$/)
		refuse("more than one statement")
	rest = $0
	while (match(rest, /\$[0-9]+/)) {
		n = substr(rest, RSTART + 1, RLENGTH - 1) + 0
		if (n > params)
			params = n
		rest = substr(rest, RSTART + RLENGTH)
	}
	line = $0
	gsub(/\\/, "\\\\&", line)
	gsub(/"/, "\\\"", line)
	gsub(/\t/, "\\t", line)
	text = text "\t\"" line "\\n\"\n"
}

END {
	if (failed)
		exit 1
	finish()
	if (as == "c") {
		print "\nconst struct sg_query *const sg_queries[] = {"
		for (i = 1; i <= count; i++)
			print "\t&sg_q_" names[i] ","
		print "\tNULL\n};"
	} else {
		print "\n/* all of them, NULL at the end */"
		print "extern const struct sg_query *const sg_queries[];\n\n#endif"
	}
}
