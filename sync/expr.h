/*
 * Expressions over one record, and dimensions of figures: the one language of
 * `where` in a schema, `--where` on the command line and the web page.
 *
 *   or      := and { "or" and }            and := not { "and" not }
 *   not     := "not" not | "(" or ")" | test
 *   test    := FIELD [ ("=" "!=" "<" "<=" ">" ">=") VALUE
 *                    | [ "not" ] "in" "(" VALUE { "," VALUE } ")"
 *                    | "is" [ "not" ] "set" ]      a bare FIELD must be a bool
 *   VALUE   := "text" | 'text' | bare word (code, number, date, true, false)
 *
 * An unset field equals nothing: `!=` and `not in` are true, every other
 * comparison false. A set compares true with `=` or `in` when one of its
 * values does, and `!=` is the negation of `=`. Sets, bools, codes and links
 * have no order; of a log only `is set` can be asked. A code that has successors
 * (schema_code_current) equals itself and the code that it counts as. A quoted
 * text may stand for any value; a text must be quoted. Nodes and depth are
 * bounded (LIMIT_EXPR_*).
 */
#ifndef KERWEN_EXPR_H
#define KERWEN_EXPR_H

#include "sync/schema.h"

/* What is wrong, and where: column counts bytes from 1. */
struct expr_error {
	char text[200];
	uint32_t column;
};

/* The values of one field as shown: none means unset; several only for sets. */
struct values {
	const struct bytes *items; /* borrowed */
	uint32_t count;
};

/* The record that an expression looks at. */
struct expr_source {
	void *ctx; /* borrowed */
	/* The field's shown values; counters give one int. Lives until the next
	 * record. field borrows from the schema. */
	struct values (*field)(void *ctx, const struct schema_field *field);
	/* The name of the record's home office; valid like the above. */
	struct bytes (*office)(void *ctx);
};

struct expr; /* in the caller's arena */

/*
 * Parses text for records of a kind. The result lives in a and borrows from
 * the schema. Values are checked against the field's type; an unknown code
 * or field is an error that names the nearest one.
 * RC_INVALID, RC_LIMIT, RC_NOMEM: e is filled in.
 */
enum rc expr_parse(const struct schema *s, const struct schema_kind *kind, struct bytes text,
		   struct arena *a, const struct expr **out, struct expr_error *e);

/* Whether the record fulfils it. Never fails; NULL is always true. */
bool expr_eval(const struct expr *x, const struct expr_source *src);

/* Whether the expression looks at a field; NULL looks at none. */
bool expr_uses(const struct expr *x, const struct schema_field *field);

enum dim_type { DIM_FIELD, DIM_YEAR, DIM_QUARTER, DIM_MONTH, DIM_AGE, DIM_OFFICE };

/* One dimension: a field, year(f), quarter(f), month(f), age(f, on, width) or
 * office. */
struct dim {
	enum dim_type type;
	const struct schema_field *field, *on; /* borrowed; NULL where not used */
	uint32_t width;                        /* DIM_AGE: years a class */
	bool follows;                          /* codes of the field count as others */
	const char *text;                      /* as written; borrowed */
};

/* Parses one dimension of a kind. Functions take dates, `width` is 1 to 200;
 * counters, logs and bytes are no dimensions. RC_INVALID with e. Borrows text. */
enum rc dim_parse(const struct schema_kind *kind, const char *text, struct dim *out,
		  struct expr_error *e);

/*
 * The cells of a record in one dimension: appends up to max values to out,
 * each in the arena, and returns their count; a value of length 0 is
 * *unknown*. A code gives the one that it counts as (schema_code_current). Only
 * a set gives more than one; a set without values gives one unknown. Years,
 * quarters, months and ages are canonical ints: year 2016, quarter
 * 2016*4+0..3, month 2016*12+0..11, age the lower bound of its class (unknown
 * unless both dates are known to the day and in order). max is at least 1. 0
 * only when the arena is exhausted.
 */
uint32_t dim_cells(const struct dim *d, const struct expr_source *src, struct arena *a,
		   struct bytes *out, uint32_t max);

/* Whether a dimension can give several cells for one record. */
bool dim_is_set(const struct dim *d);

/* Appends a cell's text: "2016", "2016-Q1", "2016-03", "15-19", a code ...;
 * links as UUID text, offices as they are. Not for unknown. */
void dim_format(const struct dim *d, struct bytes cell, struct bytes_writer *w);

#endif
