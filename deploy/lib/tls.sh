# shellcheck shell=bash
# Certificates. The portal's own is self-signed until a hospital puts its own in its place
# (tls/portal.crt and tls/portal.key); those of the internal connections come from an authority
# that lives in tls/internal and signs nothing else.

tls_name() { # HOST: as a subjectAltName
	case $1 in
	*[!0-9.]*) case $1 in *:*) echo "IP:$1" ;; *) echo "DNS:$1" ;; esac ;;
	*) echo "IP:$1" ;;
	esac
}

tls_portal() {
	local names
	if [ -e "$DIR/tls/portal.crt" ]; then return; fi
	names=$(tls_name "$HOST")
	case $LISTEN in 127.*) names="$names,DNS:localhost,IP:127.0.0.1" ;; esac
	(umask 077; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 \
		-days 825 -subj "/CN=$HOST" -addext "subjectAltName=$names" \
		-addext "basicConstraints=critical,CA:FALSE" \
		-addext "keyUsage=critical,digitalSignature" -addext "extendedKeyUsage=serverAuth" \
		-keyout "$DIR/tls/portal.key" -out "$DIR/tls/portal.new" 2>"$DIR/log/tls.log") ||
		die "no certificate: see $DIR/log/tls.log"
	chmod 0644 "$DIR/tls/portal.new"
	mv "$DIR/tls/portal.new" "$DIR/tls/portal.crt"
}

tls_authority() {
	folder 0755 root root "$DIR/tls/internal"
	if [ -e "$DIR/tls/internal/ca.crt" ]; then return; fi
	(umask 077; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 \
		-days 3650 -subj "/CN=Segward internal authority" \
		-addext "basicConstraints=critical,CA:TRUE,pathlen:0" \
		-addext "keyUsage=critical,keyCertSign,cRLSign" \
		-keyout "$DIR/tls/internal/ca.key" -out "$DIR/tls/internal/ca.new" 2>"$DIR/log/tls.log") ||
		die "no internal authority: see $DIR/log/tls.log"
	chmod 0644 "$DIR/tls/internal/ca.new"
	mv "$DIR/tls/internal/ca.new" "$DIR/tls/internal/ca.crt"
}

# tls_signed COMMON-NAME USAGE ALT-NAMES CRT KEY OWNER: a certificate by the internal authority.
tls_signed() {
	local work
	if [ -e "$4" ]; then return; fi
	work=$(mktemp -d)
	{
		echo "basicConstraints=critical,CA:FALSE"
		echo "keyUsage=critical,digitalSignature"
		echo "extendedKeyUsage=$2"
		if [ -n "$3" ]; then echo "subjectAltName=$3"; fi
	} >"$work/ext"
	(
		umask 077
		openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 \
			-subj "/CN=$1" -keyout "$work/key" -out "$work/csr"
		openssl x509 -req -in "$work/csr" -CA "$DIR/tls/internal/ca.crt" \
			-CAkey "$DIR/tls/internal/ca.key" -set_serial "0x$(random_hex 8)" -sha256 \
			-days 825 -extfile "$work/ext" -out "$work/crt"
	) 2>"$DIR/log/tls.log" || die "no certificate for $1: see $DIR/log/tls.log"
	install -m 0400 -o "$6" "$work/key" "$5"
	install -m 0444 -o "$6" "$work/crt" "$4"
	rm -rf "$work"
}
