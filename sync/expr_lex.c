#include "sync/expr_lex.h"

#include <string.h>

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_word(uint8_t c)
{
	return c > ' ' && c != 0x7f && strchr("(),=!<>\"'", c) == NULL;
}

/* Takes len bytes as the token. */
static void take(struct expr_lex *lex, enum expr_token token, size_t len)
{
	lex->token = token;
	lex->text = bytes_at(lex->all.p + lex->at, len);
	lex->end = lex->at + len;
}

static void take_word(struct expr_lex *lex)
{
	size_t len = 0;

	while (lex->at + len < lex->all.len && is_word(lex->all.p[lex->at + len])) {
		len++;
	}
	if (len == 0) {
		take(lex, EXPR_TOKEN_STRAY, 1);
	} else {
		take(lex, EXPR_TOKEN_WORD, len);
	}
}

static void take_quoted(struct expr_lex *lex)
{
	const uint8_t *quote = lex->all.p + lex->at;
	size_t left = lex->all.len - lex->at;
	const uint8_t *end = memchr(quote + 1, quote[0], left - 1);

	if (end == NULL) {
		take(lex, EXPR_TOKEN_UNCLOSED, left);
		return;
	}
	take(lex, EXPR_TOKEN_QUOTED, (size_t)(end - quote) + 1);
	lex->text = bytes_at(quote + 1, (size_t)(end - quote) - 1);
}

/* One character, or two when an equals sign follows. */
static void take_sign(struct expr_lex *lex, enum expr_token alone, enum expr_token with_equal)
{
	bool is_two = lex->at + 1 < lex->all.len && lex->all.p[lex->at + 1] == '=';

	take(lex, is_two ? with_equal : alone, is_two ? 2 : 1);
}

static void take_token(struct expr_lex *lex)
{
	switch (lex->all.p[lex->at]) {
	case '(':
		take(lex, EXPR_TOKEN_OPEN, 1);
		return;
	case ')':
		take(lex, EXPR_TOKEN_CLOSE, 1);
		return;
	case ',':
		take(lex, EXPR_TOKEN_COMMA, 1);
		return;
	case '=':
		take(lex, EXPR_TOKEN_EQUAL, 1);
		return;
	case '!':
		take_sign(lex, EXPR_TOKEN_STRAY, EXPR_TOKEN_UNEQUAL);
		return;
	case '<':
		take_sign(lex, EXPR_TOKEN_LESS, EXPR_TOKEN_LESS_EQUAL);
		return;
	case '>':
		take_sign(lex, EXPR_TOKEN_MORE, EXPR_TOKEN_MORE_EQUAL);
		return;
	case '"':
	case '\'':
		take_quoted(lex);
		return;
	default:
		take_word(lex);
		return;
	}
}

struct expr_lex expr_lex_init(struct bytes text)
{
	struct expr_lex lex = { .all = text, .at = 0, .end = 0 };

	expr_lex_next(&lex);
	return lex;
}

void expr_lex_next(struct expr_lex *lex)
{
	lex->at = lex->end;
	while (lex->at < lex->all.len && is_space(lex->all.p[lex->at])) {
		lex->at++;
	}
	if (lex->at < lex->all.len) {
		take_token(lex);
		return;
	}
	lex->token = EXPR_TOKEN_END;
	lex->text = bytes_at(NULL, 0);
	lex->end = lex->at;
}

bool expr_lex_is_word(const struct expr_lex *lex, const char *word)
{
	return lex->token == EXPR_TOKEN_WORD && bytes_equal(lex->text, bytes_of(word));
}

bool expr_lex_is_keyword(const struct expr_lex *lex)
{
	static const char *const WORDS[] = { "and", "or", "not", "in", "is", "set" };
	size_t i;

	for (i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
		if (expr_lex_is_word(lex, WORDS[i])) {
			return true;
		}
	}
	return false;
}
