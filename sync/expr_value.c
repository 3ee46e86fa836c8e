#include "sync/expr_value.h"

#include "sync/expr_refuse.h"
#include "sync/nearest.h"

/* The canonical form is no longer than the text, or than this. */
enum { SHORT_MAX = 16 };

/* What a field takes, for people. */
static const char *describe(const struct schema_field *field)
{
	switch (field->type) {
	case VALUE_TEXT:
		return "a text in quotes";
	case VALUE_INT:
		return "a whole number";
	case VALUE_DECIMAL:
		return "a number with a point, like 12.5";
	case VALUE_BOOL:
		return "true or false";
	case VALUE_DATE:
		return "a date like 2016-12-09";
	case VALUE_PDATE:
		return "a date like 2016-12-09, 2016-12 or 2016";
	case VALUE_TIME:
		return "a time like 2016-12-09T08:30:00Z";
	case VALUE_CODE:
		return "a code";
	case VALUE_LINK:
		return "a record id";
	case VALUE_BYTES:
		return "hexadecimal digits";
	}
	return "a value";
}

static enum rc refuse_code(const struct expr_lex *lex, const struct schema_field *field,
			   struct expr_error *e)
{
	const struct schema_codes *list = field->codes;
	struct nearest n = nearest_init(lex->text);
	uint32_t i, k;

	for (i = 0; i < list->codes_count; i++) {
		nearest_offer(&n, list->codes[i].code, list->codes[i].code);
		for (k = 0; k < SCHEMA_LABELS; k++) {
			const char *label = schema_code_label(&list->codes[i], k);

			if (label != NULL) {
				nearest_offer(&n, label, list->codes[i].code);
			}
		}
	}
	if (n.found != NULL) {
		return EXPR_REFUSE(e, lex->at, "field ", field->name, ": ", EXPR_SHOW(lex->text),
				   " is no code of ", list->name, "; did you mean ", n.found, "?");
	}
	return EXPR_REFUSE(e, lex->at, "field ", field->name, ": ", EXPR_SHOW(lex->text),
			   " is no code of ", list->name);
}

/* Whether a value stands here, in the form that the field's type asks for. */
static enum rc check_token(const struct expr_lex *lex, const struct schema_field *field,
			   struct expr_error *e)
{
	if (lex->token == EXPR_TOKEN_QUOTED) {
		return RC_OK;
	}
	if (lex->token == EXPR_TOKEN_UNCLOSED) {
		return EXPR_REFUSE(e, lex->at, "the text that begins here has no closing quote");
	}
	if (lex->token == EXPR_TOKEN_END) {
		return EXPR_REFUSE(e, lex->at, "the expression ends here, but field ", field->name,
				   " is compared with ", describe(field));
	}
	if (lex->token != EXPR_TOKEN_WORD || expr_lex_is_keyword(lex)) {
		return EXPR_REFUSE(e, lex->at, "field ", field->name, " is compared with ",
				   describe(field), ", not ", EXPR_SHOW(lex->text));
	}
	/* A bare word may be meant as another field, which cannot be compared. */
	if (field->type == VALUE_TEXT) {
		return EXPR_REFUSE(e, lex->at, "field ", field->name,
				   " takes a text, which stands in quotes: \"",
				   EXPR_SHOW(lex->text), "\"");
	}
	return RC_OK;
}

static enum rc refuse_value(enum rc rc, const struct expr_lex *lex,
			    const struct schema_field *field, struct expr_error *e)
{
	const char digits[] = { (char)('0' + field->scale), '\0' };

	if (lex->text.len == 0) {
		EXPR_REFUSE(e, lex->at, "field ", field->name,
			    " is never empty; to ask for no value, write ", field->name,
			    " is not set");
	} else if (rc == RC_LIMIT) {
		EXPR_REFUSE(e, lex->at, "field ", field->name, ": ", EXPR_SHOW(lex->text),
			    " is too long or out of range");
	} else if (field->type == VALUE_DECIMAL) {
		EXPR_REFUSE(e, lex->at, "field ", field->name, " takes a number with at most ",
			    digits, " digits after the point, not ", EXPR_SHOW(lex->text));
	} else {
		EXPR_REFUSE(e, lex->at, "field ", field->name, " takes ", describe(field), ", not ",
			    EXPR_SHOW(lex->text));
	}
	return rc;
}

enum rc expr_value_parse(const struct expr_lex *lex, const struct schema_field *field,
			 struct arena *a, struct bytes *out, struct expr_error *e)
{
	size_t max = lex->text.len + SHORT_MAX;
	struct bytes_writer w = bytes_writer_init(NULL, max);
	enum rc rc = check_token(lex, field, e);

	if (rc != RC_OK) {
		return rc;
	}
	w.p = arena_take(a, max);
	if (w.p == NULL) {
		EXPR_REFUSE(e, lex->at, "there is no memory left for the expression");
		return RC_NOMEM;
	}
	rc = value_parse(field->type, field->scale, lex->text, &w);
	if (rc != RC_OK) {
		return refuse_value(rc, lex, field, e);
	}
	*out = bytes_written(&w);
	if (field->codes != NULL && schema_code_find(field->codes, *out) == NULL) {
		return refuse_code(lex, field, e);
	}
	return RC_OK;
}
