/*
 * The tokens of expressions and dimensions. Private to expr_*.c and dim_*.c.
 *
 * A word is what stands between spaces and the characters ( ) , = ! < > " '.
 * So codes, numbers, dates and times are words, and a quoted text is bounded
 * by the other of the two quotes; there are no escapes.
 */
#ifndef KERWEN_EXPR_LEX_H
#define KERWEN_EXPR_LEX_H

#include "sync/bytes.h"

enum expr_token {
	EXPR_TOKEN_END,
	EXPR_TOKEN_WORD,
	EXPR_TOKEN_QUOTED,
	EXPR_TOKEN_OPEN,
	EXPR_TOKEN_CLOSE,
	EXPR_TOKEN_COMMA,
	EXPR_TOKEN_EQUAL,
	EXPR_TOKEN_UNEQUAL,
	EXPR_TOKEN_LESS,
	EXPR_TOKEN_LESS_EQUAL,
	EXPR_TOKEN_MORE,
	EXPR_TOKEN_MORE_EQUAL,
	EXPR_TOKEN_UNCLOSED, /* a quote without its end; the rest of the text */
	EXPR_TOKEN_STRAY     /* a character that belongs to nothing */
};

struct expr_lex {
	struct bytes all; /* borrowed */
	size_t at, end;   /* the token: its bytes in `all`, quotes included */
	enum expr_token token;
	struct bytes text; /* of the token, a quoted one without its quotes */
};

/* Stands on the first token. */
struct expr_lex expr_lex_init(struct bytes text);

/* Goes on to the next token; stays on END. */
void expr_lex_next(struct expr_lex *lex);

/* Whether the token is this bare word. */
bool expr_lex_is_word(const struct expr_lex *lex, const char *word);

/* Whether the token is a bare word of the language: and, or, not, in, is, set. */
bool expr_lex_is_keyword(const struct expr_lex *lex);

#endif
