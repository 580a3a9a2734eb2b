/*
 * Structured log: one JSON object a line on standard error, written by one write(2), so lines
 * of several threads and processes never mix.
 *
 *   sg_log(SG_LOG_INFO, "job.claim", "{s:I, s:i}", "job", (json_int_t)id, "attempt", n);
 *   {"at":"2026-...","level":"info","event":"job.claim","pid":12,"job":7,"attempt":1}
 *
 * Only ids, counts, durations, codes and states go in: never names, file names, texts typed by
 * a person, tokens or paths under a patient's name. `fields` is jansson's pack format for an
 * object, or NULL.
 */
#ifndef SG_LOG_H
#define SG_LOG_H

enum sg_log_level { SG_LOG_DEBUG, SG_LOG_INFO, SG_LOG_WARN, SG_LOG_ERROR, SG__LOG_LEVELS };

struct sg_err;

void sg_log_open(const char *program, enum sg_log_level least);
void sg_log(enum sg_log_level level, const char *event, const char *fields, ...);
/* An error value, with its code, id and sentence. */
void sg_log_err(enum sg_log_level level, const char *event, const struct sg_err *e);
/* Request or job id put into every line of this thread until changed; NULL takes it away. */
void sg_log_context(const char *id);
/* "debug".."error" to a level; -1 when it is none of them. */
int sg_log_level_from(const char *name);

#endif
