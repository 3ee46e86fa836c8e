/*
 * What the files of schema_check share: its context, and the checks that each
 * file holds. Not for others; they call schema_check of sync/schema.h.
 *
 * Every check returns RC_OK, or RC_INVALID with the error filled in, or
 * RC_NOMEM (scratch exhausted).
 */
#ifndef KERWEN_SCHEMA_CHECK_H
#define KERWEN_SCHEMA_CHECK_H

#include "sync/schema.h"

struct schema_check {
	const struct schema *schema; /* borrowed */
	struct arena *scratch;       /* borrowed; given back by who took */
	struct schema_error *error;  /* borrowed */
};

/* Names are 1..LIMIT_NAME_BYTES_MAX of A-Z a-z 0-9 _, a letter first, and no
 * word of the expression language. `what` names the sort: "kind", "field";
 * kind is the field's, else NULL. */
enum rc schema_check_name(const struct schema_check *c, const struct schema_kind *kind,
			  const char *what, const char *name);

enum rc schema_check_codes(const struct schema_check *c, const struct schema_codes *list);
enum rc schema_check_kind(const struct schema_check *c, const struct schema_kind *kind);
enum rc schema_check_field(const struct schema_check *c, const struct schema_kind *kind,
			   const struct schema_field *field);
enum rc schema_check_figure(const struct schema_check *c, const struct schema_figure *figure);

#endif
