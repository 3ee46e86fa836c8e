/*
 * Reads a schema file (YAML, see configs/migration.yaml) into a struct schema
 * and judges it with schema_check.
 */
#ifndef KERWEN_SCHEMA_YAML_H
#define KERWEN_SCHEMA_YAML_H

#include "sync/schema.h"

/* Enough arena for any file within the bounds of yamltree.h. */
enum { SCHEMA_YAML_ARENA_BYTES = 33554432 };

/*
 * The schema lives in a, nothing is numbered yet.
 * RC_NOTFOUND, RC_DENIED, RC_IO: the file cannot be read; RC_LIMIT: it is too
 * large; RC_INVALID: an error of form (with line and column) or of meaning
 * (names kind, field or figure); RC_NOMEM. e is filled in for every failure;
 * it names the file only if that could not be read. What out holds then means
 * nothing.
 */
enum rc schema_yaml_load(const char *path, struct arena *a, struct schema *out,
			 struct schema_error *e);

/* The same from memory. */
enum rc schema_yaml_parse(struct bytes text, struct arena *a, struct schema *out,
			  struct schema_error *e);

#endif
