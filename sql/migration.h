/* The migrations of sql/migrations, embedded at build time, in the order they apply. */
#ifndef SG_MIGRATION_H
#define SG_MIGRATION_H

struct sg_migration {
	const char *name; /* NNNN_noun */
	const char *sql;  /* the file, byte for byte; its SHA-256 is kept in sg.schema_migration */
};

extern const struct sg_migration sg_migrations[]; /* name is NULL at the end */

#endif
