# shellcheck shell=bash
# The demonstration: a department, three accounts with random passwords, two models made by code,
# and one synthetic image whose truth is known sent through the whole portal.

admin() { "$state/bin/segward-admin" --config "$state/segward.conf" "$@"; }

demo_accounts() {
	local file=$state/secrets/demo-accounts login password
	[ -e "$file" ] && return
	admin department list | grep -q Demonstration || admin department add Demonstration >/dev/null
	(umask 077; : >"$file.new")
	for login in doctor researcher admin; do
		password=$(random_hex 8)
		(umask 077; echo "$password" >"$state/secrets/.password")
		chmod 0400 "$state/secrets/.password"
		# An earlier run may have ended between the account and its line in the file.
		if admin account list | awk -v login="$login" '$1 == login { found = 1 } END { exit !found }'; then
			admin account password "$login" --password-file "$state/secrets/.password" >/dev/null
		else
			admin account add "$login" --role "$login" --department Demonstration \
				--name "Demonstration $login" --password-file "$state/secrets/.password" >/dev/null
		fi
		rm -f "$state/secrets/.password"
		echo "$login $password" >>"$file.new"
	done
	mv "$file.new" "$file"
	step "demonstration accounts (log-in, password; also in $file):"
	sed 's/^/          /' "$file"
}

demo_models() {
	local kind work
	for kind in cells liver; do
		if ! admin model list | grep -qw "demo-$kind"; then
			work=$(mktemp -d)
			"$state/bin/segward" demo-model "$kind" "$work/model.onnx"
			admin model add "demo-$kind" --onnx "$work/model.onnx" --organ "$kind" --dimension 2 \
				--description "Demonstration network, made by code; not for patients" >/dev/null
			rm -rf "$work"
		fi
		# A version that was withdrawn stays so.
		if admin model list | grep -w "demo-$kind" | grep -qw draft; then
			admin model approve "demo-$kind" 1 >/dev/null
			step "model demo-$kind is approved"
		fi
	done
}

demo_segmentation() {
	local work
	work=$(mktemp -d)
	"$state/bin/segward" phantom cells "$work" --n 1 --seed 1 >/dev/null
	step "sending a synthetic image through the portal"
	node "$here/lib/demo.mjs" "$state" "$work/000.png" demo-cells "$work/answer.png"
	"$state/bin/segward" compare "$work/answer.png" "$work/000_mask.png" --json >"$work/compare.json"
	step "Dice against the truth: $(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).metrics.dice.toFixed(4)' "$work/compare.json")"
	rm -rf "$work"
}
