/* Cookies, the CSRF token, and the check of where a request comes from. */
#include "config.h"

#include <string.h>

#include "fcgi/session.h"
#include "tests/unit/check.h"

#define TOKEN "AAAAAAAAAABBBBBBBBBBCCCCCCCCCC-_________123"

static void
cookies_are_found_and_checked(void)
{
	char token[44] = "";

	CHECK(session_cookie("__Host-sg=" TOKEN, token));
	CHECK_STR(token, TOKEN);
	CHECK(session_cookie("a=b; __Host-sg=" TOKEN "; c=d", token));
	CHECK(session_cookie("a=b;__Host-sg=" TOKEN " ", token));
	CHECK(!session_cookie(NULL, token));
	CHECK(!session_cookie("", token));
	CHECK(!session_cookie(";;; ; ", token));
	CHECK(!session_cookie("__Host-sg=", token));
	CHECK(!session_cookie("__Host-sg", token));
	CHECK(!session_cookie("__Host-sg=" TOKEN "x", token));
	CHECK(!session_cookie("x__Host-sg=" TOKEN, token));
	CHECK(!session_cookie("__Host-sgx=" TOKEN, token));
	CHECK(!session_cookie("__Host-sg=" TOKEN "; __Host-sg=" TOKEN, token));
	CHECK(!session_cookie("__Host-sg=AAAAAAAAAABBBBBBBBBBCCCCCCCCCC+/________123", token));
	CHECK(!session_cookie("__Host-sg=\"" TOKEN "\"", token));
	CHECK(!session_cookie("__Host-sg=short", token));
}

/* base64url(SHA-256("csrf" || token)), computed apart with openssl. */
static void
csrf_is_bound_to_the_token(void)
{
	char one[45], other[45];

	session_csrf(TOKEN, one);
	CHECK_INT(strlen(one), 43);
	CHECK_STR(one, "nMOoYcKeSH06A9mqOTfSfBzpD5rKzWzk3OGoa8_aNBY");
	session_csrf("AAAAAAAAAABBBBBBBBBBCCCCCCCCCC-_________124", other);
	CHECK(strcmp(one, other) != 0);
}

static const char *
origin(char *env[], int csrf)
{
	static struct sg_err e;
	struct sg_conf conf = {.origin = "https://portal:8443"};
	struct web web = {.conf = &conf};
	struct lane lane = {.web = &web};
	struct req r = {.lane = &lane, .env = env};

	session_csrf(TOKEN, r.session.csrf);
	sg_err_clear(&e);
	session_same_origin(&r, csrf, &e);
	return e.id;
}

static void
requests_of_other_sites_are_refused(void)
{
	static char csrf_header[64];
	char good[] = "HTTP_ORIGIN=https://portal:8443",
	     evil[] = "HTTP_ORIGIN=https://portal:8443.evil";
	char null[] = "HTTP_ORIGIN=null", http[] = "HTTP_ORIGIN=http://portal:8443";
	char same[] = "HTTP_SEC_FETCH_SITE=same-origin", site[] = "HTTP_SEC_FETCH_SITE=same-site";
	char bad_csrf[] = "HTTP_X_CSRF_TOKEN=x", csrf[45];

	session_csrf(TOKEN, csrf);
	snprintf(csrf_header, sizeof csrf_header, "HTTP_X_CSRF_TOKEN=%s", csrf);
	CHECK_STR(origin((char *[]){good, NULL}, 0), "");
	CHECK_STR(origin((char *[]){same, NULL}, 0), "");
	CHECK_STR(origin((char *[]){good, same, csrf_header, NULL}, 1), "");
	CHECK_STR(origin((char *[]){NULL}, 0), "origin");
	CHECK_STR(origin((char *[]){evil, NULL}, 0), "origin");
	CHECK_STR(origin((char *[]){evil, same, NULL}, 0), "origin");
	CHECK_STR(origin((char *[]){null, NULL}, 0), "origin");
	CHECK_STR(origin((char *[]){http, NULL}, 0), "origin");
	CHECK_STR(origin((char *[]){good, site, NULL}, 0), "origin");
	CHECK_STR(origin((char *[]){good, NULL}, 1), "csrf");
	CHECK_STR(origin((char *[]){good, bad_csrf, NULL}, 1), "csrf");
}

int
main(void)
{
	RUN(cookies_are_found_and_checked);
	RUN(csrf_is_bound_to_the_token);
	RUN(requests_of_other_sites_are_refused);
	return check_end();
}
