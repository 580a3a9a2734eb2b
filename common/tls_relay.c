/*
 * The relay. One thread, two sockets that do not block, one buffer a direction: a direction reads
 * only when its buffer is empty, so neither side can pile up memory. The thread alone touches
 * the SSL object; sg_tls_relay_free() ends it by shutting the socket pair down.
 */
#include "config.h"

#include "common/tls_relay.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"

#define BUFFER		16384
#define SILENT_LIMIT_MS 15000 /* unacknowledged bytes for so long: the peer is gone */

struct flow {
	uint8_t byte[BUFFER];
	size_t at, len; /* bytes at..len wait to be written */
};

struct sg_tls_relay {
	pthread_t thread;
	int plain, net; /* our end of the pair; the TCP socket */
	int waker;	/* a copy of the pair's end for sg_tls_relay_free */
	SSL_CTX *ctx;
	SSL *ssl;
	struct flow out, in; /* to the server, from it */
	int want_write;	     /* SSL waits until the network takes more */
};

/* Does what can be done without waiting on the TLS side; *moved when bytes went either way.
 * 0 when the connection is over. */
static int
turn_tls(struct sg_tls_relay *r, int *moved)
{
	int n, why;

	r->want_write = 0;
	while (r->out.at < r->out.len) {
		n = SSL_write(r->ssl, r->out.byte + r->out.at, (int)(r->out.len - r->out.at));
		if (n > 0) {
			r->out.at += (size_t)n;
			*moved = 1;
			continue;
		}
		why = SSL_get_error(r->ssl, n);
		if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
			return 0;
		r->want_write |= why == SSL_ERROR_WANT_WRITE;
		break;
	}
	if (r->in.at == r->in.len) {
		n = SSL_read(r->ssl, r->in.byte, BUFFER);
		if (n <= 0) {
			why = SSL_get_error(r->ssl, n);
			r->want_write |= why == SSL_ERROR_WANT_WRITE;
			return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
		}
		r->in.at = 0;
		r->in.len = (size_t)n;
		*moved = 1;
	}
	return 1;
}

/* The same on the plain side. */
static int
turn_plain(struct sg_tls_relay *r, int *moved)
{
	ssize_t n;

	while (r->in.at < r->in.len) {
		n = send(r->plain, r->in.byte + r->in.at, r->in.len - r->in.at, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		r->in.at += (size_t)n;
		*moved = 1;
	}
	if (r->out.at == r->out.len) {
		do
			n = read(r->plain, r->out.byte, BUFFER);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return errno == EAGAIN;
		if (n == 0)
			return 0;
		r->out.at = 0;
		r->out.len = (size_t)n;
		*moved = 1;
	}
	return 1;
}

static void *
carry(void *arg)
{
	struct sg_tls_relay *r = arg;

	for (;;) {
		struct pollfd p[2] = {{.fd = r->plain}, {.fd = r->net}};
		int moved = 0;

		/* Wait only when neither side moves: what OpenSSL has buffered shows in no poll. */
		if (!turn_plain(r, &moved) || !turn_tls(r, &moved))
			break;
		if (moved)
			continue;
		p[0].events = (short)((r->out.at == r->out.len ? POLLIN : 0) |
				      (r->in.at < r->in.len ? POLLOUT : 0));
		p[1].events = (short)((r->in.at == r->in.len ? POLLIN : 0) |
				      (r->want_write ? POLLOUT : 0));
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			break;
		/* With nothing asked of it, a closed side still says so: else this loop would spin.
		 */
		if ((p[0].revents | p[1].revents) & (POLLHUP | POLLERR) &&
		    !((p[0].revents | p[1].revents) & (POLLIN | POLLOUT)))
			break;
	}
	SSL_shutdown(r->ssl);
	close(r->net);
	close(r->plain);
	return NULL;
}

static int
finish_connect(int fd, int64_t until_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	socklen_t n = sizeof(int);
	int64_t left;
	int why, got;

	do {
		left = until_ms - sg_now_ms();
		got = left > 0 ? poll(&p, 1, (int)left) : 0;
	} while (got < 0 && errno == EINTR);
	return got > 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &n) == 0 && why == 0;
}

static int
tcp_connect(const char *host, const char *port, int64_t until_ms)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *all = NULL, *one;
	unsigned silent = SILENT_LIMIT_MS;
	int fd = -1, on = 1;

	if (getaddrinfo(host, port, &hints, &all) != 0)
		return -1;
	for (one = all; one != NULL; one = one->ai_next) {
		fd = socket(one->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (fd < 0)
			continue;
		if (connect(fd, one->ai_addr, one->ai_addrlen) == 0 ||
		    (errno == EINPROGRESS && finish_connect(fd, until_ms)))
			break;
		close(fd);
		fd = -1;
	}
	freeaddrinfo(all);
	if (fd >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
		setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silent, sizeof silent);
	}
	return fd;
}

static int
given(const char *path)
{
	return path != NULL && path[0] != '\0';
}

static SSL_CTX *
make_context(const struct sg_tls_files *f)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	int ok;

	if (ctx == NULL)
		return NULL;
	ok = SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1;
	if (given(f->ca))
		ok = ok && SSL_CTX_load_verify_locations(ctx, f->ca, NULL) == 1;
	else
		ok = ok && SSL_CTX_set_default_verify_paths(ctx) == 1;
	if (given(f->cert))
		ok = ok && SSL_CTX_use_certificate_chain_file(ctx, f->cert) == 1 &&
		     SSL_CTX_use_PrivateKey_file(ctx, f->key, SSL_FILETYPE_PEM) == 1;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if (ok)
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

/* The certificate must be for this host, which may be an address. */
static int
expect_host(SSL *ssl, const char *host)
{
	X509_VERIFY_PARAM *p = SSL_get0_param(ssl);

	if (X509_VERIFY_PARAM_set1_ip_asc(p, host) == 1)
		return 1;
	return SSL_set_tlsext_host_name(ssl, host) == 1 && SSL_set1_host(ssl, host) == 1;
}

static int
shake_hands(SSL *ssl, int fd, int64_t until_ms)
{
	int rc;

	ERR_clear_error(); /* what another library left in this thread would be taken for ours */
	while ((rc = SSL_connect(ssl)) != 1) {
		struct pollfd p = {.fd = fd};
		int64_t left = until_ms - sg_now_ms();

		switch (SSL_get_error(ssl, rc)) {
		case SSL_ERROR_WANT_READ:
			p.events = POLLIN;
			break;
		case SSL_ERROR_WANT_WRITE:
			p.events = POLLOUT;
			break;
		default:
			return 0;
		}
		if (left <= 0 || (poll(&p, 1, (int)left) < 0 && errno != EINTR))
			return 0;
	}
	return 1;
}

/* The thread takes no signals: they belong to the program's own threads. */
static int
start(struct sg_tls_relay *r)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&r->thread, NULL, carry, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == 0;
}

static int
set_up(struct sg_tls_relay *r, int *fd, const char *host, const char *port,
    const struct sg_tls_files *files, int timeout_ms, struct sg_err *e)
{
	int64_t until_ms = sg_now_ms() + timeout_ms;
	int pair[2];

	r->ctx = make_context(files);
	if (r->ctx == NULL)
		return sg_fail(
		    e, SG_EINTERNAL, "tls_files", "A TLS certificate or key cannot be used.");
	r->net = tcp_connect(host, port, until_ms);
	r->ssl = r->net >= 0 ? SSL_new(r->ctx) : NULL;
	if (r->ssl == NULL || !expect_host(r->ssl, host) || SSL_set_fd(r->ssl, r->net) != 1 ||
	    !shake_hands(r->ssl, r->net, until_ms))
		return sg_fail(
		    e, SG_EBUSY, "tls_lost", "A service cannot be reached over TLS now.");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return sg_fail(e, SG_EBUSY, "tls_lost", "There are no descriptors left now.");
	r->plain = pair[0];
	r->waker = fcntl(pair[0], F_DUPFD_CLOEXEC, 0);
	if (r->waker < 0 || fcntl(pair[0], F_SETFL, O_NONBLOCK) != 0 || !start(r)) {
		close(pair[1]);
		return sg_fail(
		    e, SG_EBUSY, "tls_lost", "There are no descriptors or threads left now.");
	}
	*fd = pair[1];
	return SG_OK;
}

static void
release(struct sg_tls_relay *r)
{
	SSL_free(r->ssl);
	SSL_CTX_free(r->ctx);
	if (r->waker >= 0)
		close(r->waker);
	free(r);
	ERR_clear_error();
}

int
sg_tls_relay_open(struct sg_tls_relay **out, int *fd, const char *host, const char *port,
    const struct sg_tls_files *files, int timeout_ms, struct sg_err *e)
{
	struct sg_tls_relay *r = calloc(1, sizeof *r);
	int rc;

	if (r == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory now.");
	r->plain = r->net = r->waker = -1;
	rc = set_up(r, fd, host, port, files, timeout_ms, e);
	if (rc != SG_OK) {
		if (r->net >= 0)
			close(r->net);
		if (r->plain >= 0)
			close(r->plain);
		release(r);
		return rc;
	}
	*out = r;
	return SG_OK;
}

void
sg_tls_relay_free(struct sg_tls_relay *r)
{
	if (r == NULL)
		return;
	shutdown(r->waker, SHUT_RDWR);
	pthread_join(r->thread, NULL);
	release(r);
}
