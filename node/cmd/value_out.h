/*
 * Values on their way out: the text for people and CSV, and JSON as the issue
 * of the command line fixes it - ints and counters are numbers, bools true or
 * false, everything else strings (decimals and dates too; times RFC 3339).
 */
#ifndef KERWEN_VALUE_OUT_H
#define KERWEN_VALUE_OUT_H

#include "node/cmd/out.h"
#include "node/store/records.h"

/* One value, canonical, of a field. Gives; NULL when out of memory. */
json_t *value_out_json(const struct schema_field *f, struct bytes v);

/* The text of one value; lives in the arena. RC_NOMEM. */
enum rc value_out_text(const struct schema_field *f, struct bytes v, struct arena *a,
		       struct bytes *out);

/* What a record shows in a field, as one cell: elements of sets and lines of
 * logs are joined by "|", with "|" and "\" in them escaped; empty when unset. Lives in the arena or
 * the record. RC_NOMEM, or what the source returned. */
enum rc value_out_cell(const struct record *r, const struct schema_field *f,
		       const struct view_source *src, struct arena *a, struct bytes *out);

/* The same as JSON: sets and logs are lists. Gives; *out NULL when unset. */
enum rc value_out_field(const struct record *r, const struct schema_field *f,
			const struct view_source *src, struct arena *a, json_t **out);

/* All fields that are set, as one object. Gives. */
enum rc value_out_fields(const struct record *r, const struct view_source *src, struct arena *a,
			 json_t **out);

/* The version of a record, as forms and --if-version carry it; in the arena. */
enum rc value_out_version(const struct record *r, struct arena *a, struct bytes *out);

#endif
