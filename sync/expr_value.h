/*
 * A value inside an expression. Private to expr_*.c.
 */
#ifndef KERWEN_EXPR_VALUE_H
#define KERWEN_EXPR_VALUE_H

#include "sync/expr.h"
#include "sync/expr_lex.h"

/*
 * Reads the token that lex stands on as a value of the field; out gets its
 * canonical bytes, in a. Does not go on to the next token.
 * RC_INVALID, RC_LIMIT (too long, out of range), RC_NOMEM: e is filled in.
 */
enum rc expr_value_parse(const struct expr_lex *lex, const struct schema_field *field,
			 struct arena *a, struct bytes *out, struct expr_error *e);

#endif
