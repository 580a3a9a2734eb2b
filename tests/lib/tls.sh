# Certificates for tests, and a free port. Source it.
#   tls_make DIR   ca.pem, server.pem/.key for localhost and 127.0.0.1, client.pem/.key, and
#                  other_ca.pem, an authority that signed none of them
#   free_port      prints a TCP port that was free on 127.0.0.1 a moment ago

tls_make() {
	local d=$1 who
	for who in ca other_ca; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=test $who" \
		    -keyout "$d/$who.key" -out "$d/$who.pem" 2>/dev/null || return 1
	done
	for who in server client; do
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=test $who" \
		    -keyout "$d/$who.key" -out "$d/$who.csr" 2>/dev/null || return 1
		openssl x509 -req -days 2 -in "$d/$who.csr" -CA "$d/ca.pem" -CAkey "$d/ca.key" -CAcreateserial \
		    -extfile <(echo 'subjectAltName=DNS:localhost,IP:127.0.0.1') -out "$d/$who.pem" 2>/dev/null || return 1
	done
}

free_port() {
	local p
	while :; do
		p=$((20000 + RANDOM % 30000))
		(exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { echo "$p"; return; }
	done
}
