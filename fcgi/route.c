/* Every address of this server. */
#include "config.h"

#include "fcgi/route.h"

#include <string.h>

#include "common/id.h"
#include "common/password.h"
#include "fcgi/handlers.h"
#include "fcgi/reply.h"

#define END_ARGS \
	{ \
		NULL, PARAM_TEXT, 0, 0, NULL \
	}
#define END_FIELDS \
	{ \
		NULL, PARAM_TEXT, 0, 0, 0, NULL \
	}

static const struct param args_page[] = {
    {"after", PARAM_UUID, 0, 0, NULL},
    {"limit", PARAM_INT, 1, 200, NULL},
    END_ARGS,
};
static const struct param args_search[] = {
    {"q", PARAM_TEXT, 1, 100, NULL},
    {"after", PARAM_UUID, 0, 0, NULL},
    {"limit", PARAM_INT, 1, 200, NULL},
    END_ARGS,
};
static const struct param args_accounts[] = {
    {"state", PARAM_ENUM, 0, 0, "pending|active|disabled"},
    END_ARGS,
};
static const struct param args_jobs[] = {
    {"since", PARAM_INT, 0, 999999999999999999, NULL},
    END_ARGS,
};
static const struct param args_report[] = {
    {"from", PARAM_DATE, 0, 0, NULL},
    {"to", PARAM_DATE, 0, 0, NULL},
    {"format", PARAM_ENUM, 0, 0, "json|csv"},
    END_ARGS,
};

static const struct field body_register[] = {
    {"login", PARAM_TEXT, 1, 2, 64, NULL},
    {"password", PARAM_SECRET, 1, 1, SG_PASSWORD_MAX, NULL},
    {"name", PARAM_TEXT, 1, 1, 120, NULL},
    {"post", PARAM_TEXT, 0, 0, 120, NULL},
    {"department", PARAM_UUID, 1, 0, 0, NULL},
    {"role", PARAM_ENUM, 1, 0, 0, "doctor|researcher"},
    END_FIELDS,
};
static const struct field body_login[] = {
    {"login", PARAM_TEXT, 1, 1, 64, NULL},
    {"password", PARAM_SECRET, 1, 1, SG_PASSWORD_MAX, NULL},
    END_FIELDS,
};
static const struct field body_me[] = {
    {"language", PARAM_ENUM, 1, 0, 0, "en|zh-CN|ru"},
    END_FIELDS,
};
static const struct field body_password[] = {
    {"old", PARAM_SECRET, 1, 1, SG_PASSWORD_MAX, NULL},
    {"new", PARAM_SECRET, 1, 1, SG_PASSWORD_MAX, NULL},
    END_FIELDS,
};
static const struct field body_patient[] = {
    {"code", PARAM_TEXT, 1, 1, 64, NULL},
    {"name", PARAM_TEXT, 1, 1, 200, NULL},
    {"birth_date", PARAM_DATE, 0, 0, 0, NULL},
    {"sex", PARAM_ENUM, 0, 0, 0, "female|male|other"},
    END_FIELDS,
};
static const struct field body_study[] = {
    {"description", PARAM_TEXT, 1, 0, 200, NULL},
    {"study_date", PARAM_DATE, 0, 0, 0, NULL},
    END_FIELDS,
};
static const struct field body_scan[] = {
    {"upload", PARAM_UUID, 1, 0, 0, NULL},
    END_FIELDS,
};
static const struct field body_job[] = {
    {"kind", PARAM_ENUM, 1, 0, 0, "segment"},
    {"scan", PARAM_UUID, 1, 0, 0, NULL},
    {"version", PARAM_UUID, 1, 0, 0, NULL},
    {"threshold", PARAM_NUMBER, 0, 0, 1, NULL},
    {"priority", PARAM_INT, 0, 1, 9, NULL},
    END_FIELDS,
};
static const struct field body_threshold[] = {
    {"threshold", PARAM_NUMBER, 1, 0, 1, NULL},
    END_FIELDS,
};

#define NOBODY \
	{ \
		ROLE_NOBODY, OBJECT_NONE \
	}
#define ANY \
	{ \
		ROLE_ANY, OBJECT_NONE \
	}
#define ADMIN \
	{ \
		ROLE_ADMIN, OBJECT_NONE \
	}
#define DOCTOR \
	{ \
		ROLE_DOCTOR, OBJECT_NONE \
	}
#define SENDER \
	{ \
		ROLE_DOCTOR | ROLE_RESEARCHER, OBJECT_NONE \
	}
#define HOST \
	{ \
		ROLE_HOST, OBJECT_NONE \
	}
#define PATIENT \
	{ \
		ROLE_DOCTOR, OBJECT_PATIENT \
	}
#define STUDY \
	{ \
		ROLE_DOCTOR, OBJECT_STUDY \
	}
#define SCAN \
	{ \
		ROLE_DOCTOR, OBJECT_SCAN \
	}
#define SEGM \
	{ \
		ROLE_DOCTOR, OBJECT_SEGMENTATION \
	}
#define JOB \
	{ \
		ROLE_ANY, OBJECT_JOB \
	}
#define UPLOAD \
	{ \
		ROLE_DOCTOR | ROLE_RESEARCHER, OBJECT_UPLOAD \
	}
#define ACCOUNT \
	{ \
		ROLE_ADMIN, OBJECT_ACCOUNT \
	}
#define RAW_TX (ROUTE_RAW_BODY | ROUTE_NO_TX)

/* clang-format off */
const struct route routes[] = {
	{ "GET", "/healthz", NOBODY, "", ROUTE_NO_TX, NULL, NULL, h_health },
	{ "GET", "/api/departments", NOBODY, "", 0, NULL, NULL, h_departments },

	{ "POST", "/api/register", NOBODY, "account.register", ROUTE_NO_CSRF | ROUTE_NO_TX, NULL, body_register, h_register },
	{ "POST", "/api/login", NOBODY, "login.ok", ROUTE_NO_CSRF | ROUTE_NO_TX, NULL, body_login, h_login },
	{ "POST", "/api/logout", ANY, "logout", 0, NULL, NULL, h_logout },
	{ "POST", "/api/logout-everywhere", ANY, "logout.everywhere", 0, NULL, NULL, h_logout_everywhere },
	{ "GET", "/api/me", ANY, "", 0, NULL, NULL, h_me },
	{ "PATCH", "/api/me", ANY, "account.change", 0, NULL, body_me, h_me_change },
	{ "PUT", "/api/me/password", ANY, "account.password", ROUTE_NO_TX, NULL, body_password, h_me_password },

	{ "GET", "/api/accounts", ADMIN, "account.list", 0, args_accounts, NULL, h_accounts },
	{ "POST", "/api/accounts/{id}/approve", ACCOUNT, "account.approve", 0, NULL, NULL, h_account_enable },
	{ "POST", "/api/accounts/{id}/enable", ACCOUNT, "account.enable", 0, NULL, NULL, h_account_enable },
	{ "POST", "/api/accounts/{id}/disable", ACCOUNT, "account.disable", 0, NULL, NULL, h_account_disable },

	{ "GET", "/api/patients", DOCTOR, "patient.list", 0, args_search, NULL, h_patients },
	{ "POST", "/api/patients", DOCTOR, "patient.create", 0, NULL, body_patient, h_patient_new },
	{ "GET", "/api/patients/{id}", PATIENT, "patient.view", 0, NULL, NULL, h_patient },
	{ "DELETE", "/api/patients/{id}", PATIENT, "patient.delete", 0, NULL, NULL, h_patient_delete },
	{ "POST", "/api/patients/{id}/studies", PATIENT, "study.create", 0, NULL, body_study, h_study_new },

	{ "GET", "/api/studies", DOCTOR, "study.list", 0, args_page, NULL, h_studies },
	{ "GET", "/api/studies/{id}", STUDY, "study.view", 0, NULL, NULL, h_study },
	{ "DELETE", "/api/studies/{id}", STUDY, "study.delete", 0, NULL, NULL, h_study_delete },
	{ "POST", "/api/studies/{id}/scans", STUDY, "scan.create", 0, NULL, body_scan, h_scan_new },

	{ "GET", "/api/scans/{id}", SCAN, "scan.view", 0, NULL, NULL, h_scan },
	{ "DELETE", "/api/scans/{id}", SCAN, "scan.delete", 0, NULL, NULL, h_scan_delete },
	{ "GET", "/api/scans/{id}/image", SCAN, "scan.image", 0, NULL, NULL, h_scan_image },
	{ "GET", "/api/scans/{id}/thumbnail", SCAN, "scan.thumbnail", 0, NULL, NULL, h_scan_thumbnail },
	{ "GET", "/api/scans/{id}/original", SCAN, "scan.download", 0, NULL, NULL, h_scan_original },

	{ "OPTIONS", "/uploads", NOBODY, "", ROUTE_READ_ONLY | RAW_TX, NULL, NULL, h_upload_options },
	{ "POST", "/uploads", SENDER, "upload.create", ROUTE_RAW_BODY, NULL, NULL, h_upload_new },
	{ "HEAD", "/uploads/{id}", UPLOAD, "", 0, NULL, NULL, h_upload_head },
	{ "PATCH", "/uploads/{id}", UPLOAD, "upload.receive", RAW_TX, NULL, NULL, h_upload_patch },
	{ "DELETE", "/uploads/{id}", UPLOAD, "upload.delete", 0, NULL, NULL, h_upload_delete },

	{ "POST", "/api/jobs", DOCTOR, "job.create", 0, NULL, body_job, h_job_new },
	{ "GET", "/api/jobs", ANY, "", ROUTE_NO_TX | ROUTE_POLL, args_jobs, NULL, h_jobs },
	{ "GET", "/api/jobs/{id}", JOB, "", ROUTE_POLL, NULL, NULL, h_job },
	{ "POST", "/api/jobs/{id}/cancel", JOB, "job.cancel", 0, NULL, NULL, h_job_cancel },
	{ "POST", "/api/jobs/{id}/retry", JOB, "job.retry", 0, NULL, NULL, h_job_retry },

	{ "GET", "/api/models", ANY, "model.list", 0, NULL, NULL, h_models },

	{ "GET", "/api/segmentations/{id}", SEGM, "segmentation.view", 0, NULL, NULL, h_segmentation },
	{ "PUT", "/api/segmentations/{id}/threshold", SEGM, "segmentation.threshold", 0, NULL, body_threshold, h_segmentation_threshold },
	{ "GET", "/api/segmentations/{id}/probability", SEGM, "segmentation.probability", 0, NULL, NULL, h_segmentation_probability },
	{ "GET", "/api/segmentations/{id}/mask", SEGM, "segmentation.mask", 0, NULL, NULL, h_segmentation_mask },

	{ "GET", "/api/reports", ADMIN, "report.list", 0, NULL, NULL, h_reports },
	{ "GET", "/api/reports/{name}", ADMIN, "report.run", ROUTE_NO_TX, args_report, NULL, h_report },

	{ "GET", "/internal/blobs/{sha256}", HOST, "", ROUTE_NO_TX, NULL, NULL, h_blob_get },
	{ "HEAD", "/internal/blobs/{sha256}", HOST, "", ROUTE_NO_TX, NULL, NULL, h_blob_head },
	{ "PUT", "/internal/blobs/{sha256}", HOST, "", RAW_TX, NULL, NULL, h_blob_put },
};
/* clang-format on */

const int routes_count = (int)(sizeof(routes) / sizeof(routes[0]));

/* Does a path segment fit what stands in the braces? Anything else is no such address. */
static int
fits(const char *brace, size_t brace_len, const char *text, size_t n)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
	char copy[72];

	if (n == 0 || n >= sizeof(copy))
		return 0;
	memcpy(copy, text, n);
	copy[n] = '\0';
	if (brace_len == 4 && memcmp(brace, "{id}", 4) == 0)
		return sg_uuid_valid(copy);
	if (brace_len == 8 && memcmp(brace, "{sha256}", 8) == 0)
		return n == 64 && strspn(copy, "0123456789abcdef") == 64;
	return strspn(copy, name) == n;
}

int
route_match(
    const char *pattern, const char *path, const char *value[REQ_PATH_PARAMS], struct sg_arena *a)
{
	int found = 0;

	for (;;) {
		size_t want = strcspn(pattern, "/"), n = strcspn(path, "/");

		if (pattern[0] == '{') {
			if (found == REQ_PATH_PARAMS || !fits(pattern, want, path, n))
				return 0;
			if ((value[found++] = sg_strndup(a, path, n)) == NULL)
				return 0;
		} else if (want != n || memcmp(pattern, path, n) != 0) {
			return 0;
		}
		pattern += want;
		path += n;
		if (*pattern != *path)
			return 0;
		if (*pattern == '\0')
			return 1;
		pattern++;
		path++;
	}
}

int
route_complete(const struct route *t)
{
	int has_id = strstr(t->path, "/{id}") != NULL;

	return t->may.roles != 0 && t->may.object != OBJECT_UNSET &&
	       has_id == (t->may.object != OBJECT_NONE) && t->audit != NULL && t->handle != NULL;
}

int
route_find(struct req *r, struct sg_err *e)
{
	const struct route *get = NULL;
	char allow[96] = "";
	size_t used = 0;

	for (int i = 0; i < routes_count; i++) {
		const struct route *t = &routes[i];
		const char *value[REQ_PATH_PARAMS] = {NULL};

		if (!route_match(t->path, r->path, value, r->a))
			continue;
		memcpy(r->param, value, sizeof(value));
		if (strcmp(t->method, r->method) == 0) {
			r->route = t;
			return SG_OK;
		}
		if (strcmp(t->method, "GET") == 0)
			get = t;
		used += (size_t)snprintf(
		    allow + used, sizeof(allow) - used, "%s%s", used > 0 ? ", " : "", t->method);
		if (used >= sizeof(allow))
			used = sizeof(allow) - 1;
	}
	if (get != NULL && strcmp(r->method, "HEAD") == 0) {
		r->route = get;
		return SG_OK;
	}
	if (allow[0] == '\0')
		return sg_fail(e, SG_EABSENT, "not_found", "There is nothing here.");
	reply_headerf(r, "Allow", "%s%s", allow,
	    get != NULL && strstr(allow, "HEAD") == NULL ? ", HEAD" : "");
	return sg_fail(
	    e, SG_EINPUT, "method_not_allowed", "This address does not take that method.");
}

static void
print_roles(FILE *to, unsigned roles)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = {
	    {ROLE_NOBODY, "nobody"},
	    {ROLE_DOCTOR, "doctor"},
	    {ROLE_RESEARCHER, "researcher"},
	    {ROLE_ADMIN, "admin"},
	    {ROLE_HOST, "host"},
	};
	const char *comma = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (roles & names[i].bit) {
			fprintf(to, "%s\"%s\"", comma, names[i].name);
			comma = ", ";
		}
}

static void
print_limits(FILE *to, enum param_type type, long long lo, long long hi, const char *words)
{
	fprintf(to, "\"type\": \"%s\"", param_type_name(type));
	if (words != NULL)
		fprintf(to, ", \"words\": \"%s\"", words);
	if (type == PARAM_INT || type == PARAM_NUMBER || type == PARAM_TEXT || type == PARAM_SECRET)
		fprintf(to, ", \"lo\": %lld, \"hi\": %lld", lo, hi);
}

void
routes_print(FILE *to)
{
	fputs("[\n", to);
	for (int i = 0; i < routes_count; i++) {
		const struct route *t = &routes[i];
		const char *comma = "";

		fprintf(
		    to, "{\"method\": \"%s\", \"path\": \"%s\", \"roles\": [", t->method, t->path);
		print_roles(to, t->may.roles);
		fprintf(to,
		    "], \"object\": \"%s\", \"audit\": \"%s\", \"csrf\": %s, \"poll\": %s, "
		    "\"raw\": %s",
		    authz_rule_name(t->may.object), t->audit,
		    t->flags & (ROUTE_NO_CSRF | ROUTE_READ_ONLY) || (t->may.roles & ROLE_HOST) ||
			    strcmp(t->method, "GET") == 0 || strcmp(t->method, "HEAD") == 0
			? "false"
			: "true",
		    t->flags & ROUTE_POLL ? "true" : "false",
		    t->flags & ROUTE_RAW_BODY ? "true" : "false");
		fputs(", \"args\": [", to);
		for (const struct param *p = t->args; p != NULL && p->name != NULL; p++) {
			fprintf(to, "%s{\"name\": \"%s\", ", comma, p->name);
			print_limits(to, p->type, p->lo, p->hi, p->words);
			fputc('}', to);
			comma = ", ";
		}
		fputs("], \"body\": ", to);
		fputs(t->fields != NULL ? "[" : "null", to);
		comma = "";
		for (const struct field *f = t->fields; f != NULL && f->name != NULL; f++) {
			fprintf(to, "%s{\"name\": \"%s\", \"required\": %s, ", comma, f->name,
			    f->required ? "true" : "false");
			print_limits(to, f->type, f->lo, f->hi, f->words);
			fputc('}', to);
			comma = ", ";
		}
		fprintf(
		    to, "%s}%s\n", t->fields != NULL ? "]" : "", i + 1 < routes_count ? "," : "");
	}
	fputs("]\n", to);
}
