# What the SQL tests share: TAP, a database with two departments, and ways to speak in it.
# Each test has its own private PostgreSQL.
set -u
SG_SRCDIR=${SG_SRCDIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
. "$SG_SRCDIR/tests/lib/pg.sh"
trap pg_stop EXIT
failed=0

ok() { echo "ok - $1"; }
not_ok() { echo "not ok - $1 # $(printf '%s' "$2" | tr '\n' ' ')"; failed=1; }

is() {	# NAME EXPECTED ACTUAL
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "expected '$2', got '$3'"; fi
}

sql() {	# ROLE SQL...: rows as text, a|b; several arguments are several statements
	local role=$1 s args=()
	shift
	for s in "$@"; do args+=(-c "$s"); done
	pg_sql "$role" "${args[@]}" 2>&1
}

# as ROLE ACCOUNT DEPARTMENT WHO SQL...: the same in one transaction, with somebody acting
as() {
	local role=$1 account=$2 department=$3 who=$4 s args=()
	shift 4
	for s in "$@"; do args+=(-c "$s"); done
	pg_sql "$role" -c "begin" \
	    -c "set local sg.account = '$account'; set local sg.department = '$department'; set local sg.role = '$who'" \
	    "${args[@]}" -c commit 2>&1
}
anna() { as sg_api 1 1 doctor "$@"; }	# doctor, Radiology
ben() { as sg_api 2 2 doctor "$@"; }	# doctor, Surgery
cleo() { as sg_api 3 1 researcher "$@"; }
root() { as sg_api 4 1 admin "$@"; }

refused() {	# NAME ID ACTUAL: the answer is an error of that id or SQLSTATE
	case $3 in
	*ERROR:*"$2"*) ok "$1" ;;
	*) not_ok "$1" "expected the error $2, got '$3'" ;;
	esac
}

sha() { printf "decode(repeat('%s',32),'hex')" "$1"; }	# sha 01: a blob's name
hex() { printf "%s" "$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1"; }

# Two departments, four accounts, a study and a ready scan in each, an approved model.
start() {
	pg_start && pg_migrate || { echo "not ok - private PostgreSQL # did not start"; exit 1; }
	sql sg_migrate "
	insert into sg.department (name) values ('Radiology'), ('Surgery');
	insert into sg.account (login, name, role, department_id, state, password_hash) values
	  ('anna', 'Anna', 'doctor', 1, 'active', 'x'), ('ben', 'Ben', 'doctor', 2, 'active', 'x'),
	  ('cleo', 'Cleo', 'researcher', 1, 'active', 'x'), ('root', 'Root', 'admin', 1, 'active', 'x');
	insert into sg.blob select decode(repeat(lpad(to_hex(n), 2, '0'), 32), 'hex'), 100, 'png' from generate_series(1, 9) n;
	insert into sg.model (name, dimension) values ('cells', 2);
	insert into sg.version (model_id, number, state, onnx_sha, meta) values
	  (1, 1, 'approved', $(sha 02), '{}'), (1, 2, 'draft', $(sha 03), '{}');
	insert into sg.patient (department_id, code, name, created_by) values (1, 'p1', 'One', 1), (2, 'p2', 'Two', 2);
	insert into sg.study (patient_id, department_id, description, created_by) values (1, 1, 's1', 1), (2, 2, 's2', 2);
	insert into sg.scan (study_id, department_id, state, file_name, original_sha, volume_sha, width, height, depth, created_by)
	  values (1, 1, 'ready', 'a.png', $(sha 01), $(sha 04), 8, 8, 1, 1), (2, 2, 'ready', 'b.png', $(sha 01), $(sha 04), 8, 8, 1, 2);"
}

# A segment job of an account: enqueue_as ACCOUNT DEPARTMENT KEY [SCAN [PRIORITY [CLASS]]] -> id|fresh
enqueue_as() {
	as sg_api "$1" "$2" doctor "select id, fresh from sg.enqueue('segment', '$3', null, ${4:-1}, 1, null, $(sha 04), $(sha 02), ${5:-5}, ${6:-null}, null)"
}
claim() {	# CLASS [WORKER [LEASE [CAP]]] -> id|token|attempt|account
	sql sg_worker "select id, token, attempt, account_id from sg.claim('$1', '${2:-w1}', '${3:-30 s}', ${4:-1000})"
}
RESULT="{\"software\": \"test\", \"input_sha\": \"$(hex 04)\", \"model_sha\": \"$(hex 02)\", \"figures\": {\"n\": 1}, \"blobs\": {\"mask\": \"$(hex 05)\"}}"
finish() {	# JOB TOKEN STATE: with the segmentation of a success in the same transaction
	if [ "$3" = succeeded ]; then
		pg_sql sg_worker 2>&1 <<-S
		begin;
		set local sg.department = '1';
		select sg.finish($1, $2, 'succeeded', null, null, 'w1', '$RESULT') as said \gset
		\echo :said
		select :'said' = 'ok' as won \gset
		\if :won
		insert into sg.segmentation (job_id, scan_id, version_id, department_id, probability_sha, histogram,
		  threshold, mask_sha, mask_threshold, labels, device, precision, time_ms)
		values ($1, 1, 1, 1, $(sha 05), array_fill(0, array[256]), 0.5, $(sha 05), 0.5, '[]', 'cpu', 'f32', 1);
		\endif
		commit;
		S
	else
		sql sg_worker "select sg.finish($1, $2, '$3', $([ "$3" = cancelled ] && echo null || echo "'bad_type'"), 'text', 'w1', null)"
	fi
}
state() { sql sg_migrate "select state from sg.job where id = $1"; }
expire() { sql sg_migrate "update sg.job set lease_expires_at = clock_timestamp() - interval '1 s' where state = 'running'"; }
ready() { sql sg_migrate "update sg.job set run_after = now() where state = 'queued'"; }
sweep() { sql sg_worker "select id, class from sg.sweep('${1:-cpu}', '0.05 s')"; }
promises() {	# NAME [DRAINED [CAP]]: every invariant holds
	is "$1: invariants hold" "" "$(sql sg_audit "select name, violations from sg.invariants(${2:-false}, ${3:-null}) where violations > 0")"
}
done_testing() { exit $failed; }
