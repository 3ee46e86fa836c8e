/*
 * What is wrong with an expression or dimension: fills an expr_error. Private
 * to expr_*.c and dim_*.c.
 */
#ifndef KERWEN_EXPR_REFUSE_H
#define KERWEN_EXPR_REFUSE_H

#include "sync/expr.h"

/* A piece of an expression as a text, cut to what a message can bear. */
struct expr_shown {
	char text[48];
};

/* Copies b into shown, which ends with a NUL, and returns its text. */
const char *expr_refuse_show(struct expr_shown *shown, struct bytes b);

/* Joins the parts (a list that ends with NULL) into e and returns RC_INVALID.
 * at: where in the text, in bytes from 0. */
enum rc expr_refuse_with(struct expr_error *e, size_t at, const char *const *parts);

/* Says that kind has no field of this name, and which it may have meant; other
 * is one more name that would have been right, or NULL. RC_INVALID. */
enum rc expr_refuse_field(struct expr_error *e, size_t at, const struct schema_kind *kind,
			  struct bytes name, const char *other);

#define EXPR_SHOW(b)            expr_refuse_show(&(struct expr_shown){ "" }, b)
#define EXPR_REFUSE(e, at, ...) expr_refuse_with(e, at, (const char *const[]){ __VA_ARGS__, NULL })

#endif
