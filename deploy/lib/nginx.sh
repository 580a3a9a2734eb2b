# shellcheck shell=bash
# nginx: the templates of deploy/nginx filled in, and its ports.

# problems.list as error_page lines and one internal location each.
nginx_problems() {
	local seen status title code detail retry
	while IFS='|' read -r seen status title code detail; do
		case $seen in '#'*) continue ;; esac
		retry=
		case $status in 429 | 503 | 504) retry='add_header Retry-After 2 always; ' ;; esac
		cat <<END
error_page $seen =$status /-/problem/$seen;
location = /-/problem/$seen {
	internal;
	client_max_body_size 0;
	include $DIR/nginx/headers-data.conf;
	${retry}default_type application/problem+json;
	return $status '{"type":"about:blank","title":"$title","status":$status,"code":"$code","detail":"$detail","request":"\$request_id"}';
}
END
	done <"$here/nginx/problems.list"
}

nginx_configure() {
	local template name
	nginx_problems >"$DIR/nginx/problems.conf"
	for template in "$here"/nginx/*.conf.in; do
		name=${template##*/}
		name=${name%.in}
		if [ "$name" = internal.conf ] && [ -z "$REMOTE" ]; then
			rm -f "$DIR/nginx/$name"
			continue
		fi
		fill "$template" "$DIR/nginx/$name" DIR="$DIR" RUN="$RUN" LISTEN="$LISTEN" \
			HOST="$HOST" PORT="$PORT" HTTP_PORT="$HTTP_PORT" ORIGIN="$(origin)" \
			LOGIN_RATE="$LOGIN_RATE" PROCESSES="$(nproc)" REMOTE="$REMOTE" \
			REMOTE_STORE_PORT="$REMOTE_STORE_PORT"
	done
}

nginx_up() { ! proc_alive nginx || [ -s "$RUN/nginx.pid" ]; }

# Ports are taken by nginx itself, so a free one may be gone by then: a few tries, unless the
# port was asked for. Once used, a port is kept for the next start.
nginx_start() {
	local tries asked=$PORT asked_http=$HTTP_PORT
	if proc_alive nginx; then return; fi
	for tries in 1 2 3 4 5; do
		PORT=${asked:-$(free_port "$LISTEN")}
		HTTP_PORT=${asked_http:-$(free_port "$LISTEN")}
		nginx_configure
		rm -f "$RUN/nginx.pid"
		proc_start nginx root nginx -c "$DIR/nginx/nginx.conf" -e "$DIR/log/nginx-error.log"
		poll 10 nginx_up || true
		if proc_alive nginx && [ -s "$RUN/nginx.pid" ]; then
			origin >"$DIR/url"
			return
		fi
		if [ -n "$asked" ] && [ -n "$asked_http" ]; then break; fi
	done
	die "nginx does not start (port $PORT): see $DIR/log/nginx.log"
}

nginx_answers() {
	curl -sf --max-time 2 --cacert "$DIR/tls/portal.crt" --resolve "$HOST:$PORT:$LISTEN" \
		-o "$DIR/log/health.json" "$(origin)/healthz"
}

nginx_healthy() {
	poll 20 nginx_answers || die "the portal does not answer at $(origin)/healthz: see $DIR/log"
}
