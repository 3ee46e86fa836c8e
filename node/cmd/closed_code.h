/*
 * What is said of a code that was closed, or that counts as another: it is
 * kept as it was typed, and marked wherever it is shown.
 */
#ifndef KERWEN_CLOSED_CODE_H
#define KERWEN_CLOSED_CODE_H

#include "node/cmd/out.h"
#include "node/store/store.h"
#include "sync/view.h"

/* Today in UTC, as a packed date. */
int32_t closed_code_today(const struct store *s);

/* " (closed 2026-11-01, counts as TM-L-03)" behind text, in the arena; text as
 * it is when there is nothing to say. RC_NOMEM. */
enum rc closed_code_mark(const struct schema_field *f, struct bytes value, int32_t today,
			 struct arena *a, struct bytes *text);

/* The cell of a field of codes, as value_out_cell, with its marks. */
enum rc closed_code_cell(const struct record *r, const struct schema_field *f,
			 const struct view_source *src, int32_t today, struct arena *a,
			 struct bytes *out);

/* Sets "closed" (its last day) and "successor" (what it counts as) of an
 * object, as far as there is anything to say. Not 0: out of memory. */
int closed_code_put_json(const struct schema_field *f, struct bytes value, json_t *object);

/* {"field","code","closed","successor"} for each such code that the record
 * shows. Gives; NULL when there is none. */
enum rc closed_code_list_json(const struct record *r, const struct view_source *src,
			      struct arena *a, json_t **out);

#endif
