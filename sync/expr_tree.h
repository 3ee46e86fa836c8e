/*
 * An expression as it is evaluated. Private to expr_*.c.
 *
 * `not`, `!=`, `not in` and `is not set` have no nodes of their own: they turn
 * `negate` of the node that they stand before.
 */
#ifndef KERWEN_EXPR_TREE_H
#define KERWEN_EXPR_TREE_H

#include "sync/expr.h"

enum expr_type {
	EXPR_OR,    /* one of the parts */
	EXPR_AND,   /* all of the parts */
	EXPR_ANY,   /* a value of the field is one of `values` */
	EXPR_ORDER, /* the field's value stands to values[0] as `orders` allows */
	EXPR_SET    /* the field has a value */
};

/* Bits of `orders`. */
enum { EXPR_LESS = 1, EXPR_SAME = 2, EXPR_MORE = 4 };

struct expr {
	enum expr_type type;
	bool negate;
	uint8_t orders;
	const struct schema_field *field; /* ANY, ORDER, SET */
	const struct bytes *values;       /* canonical; ANY, ORDER */
	uint32_t values_count;
	struct expr *first; /* OR, AND: its parts, one or more ... */
	struct expr *next;  /* ... in a list */
};

#endif
