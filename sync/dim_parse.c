#include <string.h>

#include "sync/expr_lex.h"
#include "sync/expr_refuse.h"
#include "sync/nearest.h"

enum { WIDTH_MAX = 200, NUMBER_MAX = 10 };

struct parser {
	const struct schema_kind *kind;
	struct expr_lex lex;
	struct expr_error *error;
};

#define REFUSE_HERE(p, ...) EXPR_REFUSE((p)->error, (p)->lex.at, __VA_ARGS__)

static const struct function {
	const char *name;
	enum dim_type type;
} FUNCTIONS[] = {
	{ "year", DIM_YEAR }, { "quarter", DIM_QUARTER }, { "month", DIM_MONTH }, { "age", DIM_AGE }
};

enum { FUNCTIONS_COUNT = sizeof(FUNCTIONS) / sizeof(FUNCTIONS[0]) };

static bool take_token(struct parser *p, enum expr_token token)
{
	bool is_there = p->lex.token == token;

	if (is_there) {
		expr_lex_next(&p->lex);
	}
	return is_there;
}

/* A field itself: one whose values make sense as cells, or office. */
static enum rc parse_field(struct parser *p, struct bytes name, struct dim *out)
{
	const struct schema_field *f = schema_field_by_name(p->kind, name);

	if (f == NULL && bytes_equal(name, bytes_of("office"))) {
		out->type = DIM_OFFICE;
		return RC_OK;
	}
	if (f == NULL) {
		return expr_refuse_field(p->error, 0, p->kind, name, "office");
	}
	if (f->merge == MERGE_LOG || f->merge == MERGE_COUNTER || f->type == VALUE_BYTES) {
		return EXPR_REFUSE(p->error, 0, "field ", f->name, " is a ",
				   f->type == VALUE_BYTES ? "field of bytes" :
							    schema_merge_text(f->merge),
				   ", which cannot be a dimension");
	}
	out->type = DIM_FIELD;
	out->field = f;
	out->follows = f->codes != NULL && schema_codes_follow(f->codes);
	return RC_OK;
}

/* A date of which each record has one at most. */
static enum rc parse_date(struct parser *p, const struct schema_field **out)
{
	const struct schema_field *f;

	if (p->lex.token != EXPR_TOKEN_WORD) {
		return REFUSE_HERE(p, "a date field was expected here");
	}
	f = schema_field_by_name(p->kind, p->lex.text);
	if (f == NULL) {
		return expr_refuse_field(p->error, p->lex.at, p->kind, p->lex.text, NULL);
	}
	if ((f->type != VALUE_DATE && f->type != VALUE_PDATE) || f->merge != MERGE_REGISTER) {
		return REFUSE_HERE(p, "field ", f->name,
				   " is no date; year, quarter, month and age need one");
	}
	*out = f;
	expr_lex_next(&p->lex);
	return RC_OK;
}

static enum rc parse_width(struct parser *p, uint32_t *out)
{
	uint8_t buffer[NUMBER_MAX];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));
	int64_t width = 0;

	if (p->lex.token == EXPR_TOKEN_WORD &&
	    value_parse(VALUE_INT, 0, p->lex.text, &w) == RC_OK) {
		width = value_number(VALUE_INT, bytes_written(&w));
	}
	if (width < 1 || width > WIDTH_MAX) {
		return REFUSE_HERE(p, "the years of a class, 1 to 200, were expected here");
	}
	*out = (uint32_t)width;
	expr_lex_next(&p->lex);
	return RC_OK;
}

/* age(f, on, width), from the first comma on. */
static enum rc parse_age(struct parser *p, struct dim *out)
{
	enum rc rc;

	if (!take_token(p, EXPR_TOKEN_COMMA)) {
		return REFUSE_HERE(p, "age takes three things: age(BIRTH, ON, YEARS)");
	}
	rc = parse_date(p, &out->on);
	if (rc != RC_OK) {
		return rc;
	}
	if (!take_token(p, EXPR_TOKEN_COMMA)) {
		return REFUSE_HERE(p, "age takes three things: age(BIRTH, ON, YEARS)");
	}
	return parse_width(p, &out->width);
}

static enum rc refuse_function(struct parser *p, struct bytes name)
{
	struct nearest n = nearest_init(name);
	size_t i;

	for (i = 0; i < FUNCTIONS_COUNT; i++) {
		nearest_offer(&n, FUNCTIONS[i].name, FUNCTIONS[i].name);
	}
	if (n.found != NULL) {
		return EXPR_REFUSE(p->error, 0, EXPR_SHOW(name),
				   "( is none of year, quarter, month, age; did you mean ", n.found,
				   "?");
	}
	return EXPR_REFUSE(p->error, 0, EXPR_SHOW(name), "( is none of year, quarter, month, age");
}

static enum rc parse_function(struct parser *p, struct bytes name, struct dim *out)
{
	enum rc rc;
	size_t i = 0;

	while (i < FUNCTIONS_COUNT && !bytes_equal(name, bytes_of(FUNCTIONS[i].name))) {
		i++;
	}
	if (i == FUNCTIONS_COUNT) {
		return refuse_function(p, name);
	}
	out->type = FUNCTIONS[i].type;
	rc = parse_date(p, &out->field);
	if (rc == RC_OK && out->type == DIM_AGE) {
		rc = parse_age(p, out);
	}
	if (rc == RC_OK && !take_token(p, EXPR_TOKEN_CLOSE)) {
		rc = REFUSE_HERE(p, "a ) was expected here");
	}
	return rc;
}

enum rc dim_parse(const struct schema_kind *kind, const char *text, struct dim *out,
		  struct expr_error *e)
{
	struct parser p = { .kind = kind, .error = e };
	struct dim dim = { .type = DIM_FIELD, .text = text };
	struct bytes name;
	enum rc rc;

	if (!value_is_text(bytes_of(text))) {
		return EXPR_REFUSE(e, 0, "the dimension is not valid UTF-8");
	}
	p.lex = expr_lex_init(bytes_of(text));
	name = p.lex.text;
	if (!take_token(&p, EXPR_TOKEN_WORD)) {
		return REFUSE_HERE(&p, "a dimension begins with a field, office, year, quarter, "
				       "month or age");
	}
	rc = take_token(&p, EXPR_TOKEN_OPEN) ? parse_function(&p, name, &dim) :
					       parse_field(&p, name, &dim);
	if (rc == RC_OK && p.lex.token != EXPR_TOKEN_END) {
		rc = REFUSE_HERE(&p, "the dimension should end before ", EXPR_SHOW(p.lex.text));
	}
	if (rc == RC_OK) {
		*out = dim;
	}
	return rc;
}
