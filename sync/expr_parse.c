/*
 * Reads an expression by recursive descent: or, and, not, test. The sticky
 * error is `rc`; functions that give a node give NULL after it.
 */
#include <string.h>

#include "sync/expr_lex.h"
#include "sync/expr_refuse.h"
#include "sync/expr_tree.h"
#include "sync/expr_value.h"
#include "sync/nearest.h"

struct parser {
	const struct schema_kind *kind;
	struct arena *arena;
	struct expr_lex lex;
	uint32_t nodes, depth;
	enum rc rc;
	struct expr_error *error;
};

static struct expr *parse_chain(struct parser *p, enum expr_type type);

/* Remembers what a refusal returned. */
static struct expr *fail(struct parser *p, enum rc rc)
{
	p->rc = rc;
	return NULL;
}

#define FAIL_AT(p, at, ...) fail(p, EXPR_REFUSE((p)->error, at, __VA_ARGS__))
#define FAIL(p, ...)        FAIL_AT(p, (p)->lex.at, __VA_ARGS__)

static bool take_word(struct parser *p, const char *word)
{
	bool is_there = expr_lex_is_word(&p->lex, word);

	if (is_there) {
		expr_lex_next(&p->lex);
	}
	return is_there;
}

static bool take_token(struct parser *p, enum expr_token token)
{
	bool is_there = p->lex.token == token;

	if (is_there) {
		expr_lex_next(&p->lex);
	}
	return is_there;
}

/* Counts nodes; what an `in` lists counts too. */
static bool has_room(struct parser *p, uint32_t count)
{
	if (count > LIMIT_EXPR_NODES_MAX - p->nodes) {
		FAIL(p, "the expression is too large: at most 256 tests, values and groups");
		p->rc = RC_LIMIT;
		return false;
	}
	p->nodes += count;
	return true;
}

static void *take_memory(struct parser *p, uint32_t count, size_t size)
{
	void *memory = arena_take_zeroed(p->arena, count, size);

	if (memory == NULL) {
		FAIL(p, "there is no memory left for the expression");
		p->rc = RC_NOMEM;
	}
	return memory;
}

static struct expr *add_node(struct parser *p, enum expr_type type,
			     const struct schema_field *field)
{
	struct expr *x = has_room(p, 1) ? take_memory(p, 1, sizeof(*x)) : NULL;

	if (x != NULL) {
		x->type = type;
		x->field = field;
	}
	return x;
}

/* --- tests --------------------------------------------------------------- */

static const struct schema_field *parse_field(struct parser *p)
{
	const struct schema_field *field = NULL;

	if (p->lex.token == EXPR_TOKEN_END) {
		FAIL(p,
		     p->lex.all.len == 0 ? "the expression is empty" : "the expression ends here",
		     ", but a field was expected");
	} else if (p->lex.token == EXPR_TOKEN_UNCLOSED) {
		FAIL(p, "the text that begins here has no closing quote");
	} else if (p->lex.token != EXPR_TOKEN_WORD || expr_lex_is_keyword(&p->lex)) {
		FAIL(p, "a field was expected, not ", EXPR_SHOW(p->lex.text));
	} else {
		field = schema_field_by_name(p->kind, p->lex.text);
		if (field == NULL) {
			p->rc = expr_refuse_field(p->error, p->lex.at, p->kind, p->lex.text, NULL);
		}
	}
	if (field != NULL) {
		expr_lex_next(&p->lex);
	}
	return field;
}

/* Reads one value into x->values, which has room for it. */
static bool parse_value(struct parser *p, struct expr *x, struct bytes *out)
{
	enum rc rc = expr_value_parse(&p->lex, x->field, p->arena, out, p->error);

	if (rc != RC_OK) {
		fail(p, rc);
		return false;
	}
	x->values_count++;
	expr_lex_next(&p->lex);
	return true;
}

static bool lists(const struct expr *x, struct bytes value)
{
	uint32_t i = 0;

	while (i < x->values_count && !bytes_equal(x->values[i], value)) {
		i++;
	}
	return i < x->values_count;
}

/* What counts as a code equals it, too. These values are the schema's, not the
 * author's: an expression stays valid when codes are closed. */
static struct expr *widen_codes(struct parser *p, struct expr *x)
{
	const struct schema_codes *list = x->field->codes;
	struct bytes *values = NULL;
	uint32_t i, count = x->values_count;

	if (list == NULL || !schema_codes_follow(list)) {
		return x;
	}
	values = take_memory(p, count + list->codes_count, sizeof(*values));
	if (values == NULL) {
		return NULL;
	}
	memcpy(values, x->values, count * sizeof(*values));
	for (i = 0; i < list->codes_count; i++) {
		struct bytes code = bytes_of(list->codes[i].code);

		if (list->codes[i].successor != NULL && !lists(x, code) &&
		    lists(x, schema_code_current(list, code))) {
			values[count++] = code;
		}
	}
	x->values = values;
	x->values_count = count;
	return x;
}

static struct expr *parse_compare(struct parser *p, struct expr *x)
{
	struct bytes *value;

	if (x == NULL || !has_room(p, 1)) {
		return NULL;
	}
	value = take_memory(p, 1, sizeof(*value));
	x->values = value;
	return value != NULL && parse_value(p, x, value) ? widen_codes(p, x) : NULL;
}

static struct expr *parse_equal(struct parser *p, const struct schema_field *field, bool negate)
{
	struct expr *x = add_node(p, EXPR_ANY, field);

	expr_lex_next(&p->lex);
	if (x != NULL) {
		x->negate = negate;
	}
	return parse_compare(p, x);
}

/* Text is ordered by its bytes, which is of use; codes and links have no order
 * that means anything. */
static bool has_order(const struct schema_field *field)
{
	switch (field->type) {
	case VALUE_TEXT:
	case VALUE_INT:
	case VALUE_DECIMAL:
	case VALUE_DATE:
	case VALUE_PDATE:
	case VALUE_TIME:
		return field->merge != MERGE_SET;
	case VALUE_BOOL:
	case VALUE_CODE:
	case VALUE_LINK:
	case VALUE_BYTES:
		return false;
	}
	return false;
}

static struct expr *parse_order(struct parser *p, const struct schema_field *field, unsigned orders)
{
	struct expr *x;

	if (!has_order(field)) {
		return FAIL(p, "field ", field->name, " is a ",
			    field->merge == MERGE_SET ? "set" : value_type_text(field->type),
			    ", which has no order: use = != or in");
	}
	expr_lex_next(&p->lex);
	x = add_node(p, EXPR_ORDER, field);
	if (x != NULL) {
		x->orders = (uint8_t)orders;
	}
	return parse_compare(p, x);
}

/* The commas up to the bracket that closes, and one. */
static uint32_t count_values(struct expr_lex ahead)
{
	uint32_t count = 1;

	while (ahead.token != EXPR_TOKEN_CLOSE && ahead.token != EXPR_TOKEN_END) {
		count += ahead.token == EXPR_TOKEN_COMMA;
		expr_lex_next(&ahead);
	}
	return count;
}

static struct expr *parse_in(struct parser *p, const struct schema_field *field, bool negate)
{
	struct expr *x = add_node(p, EXPR_ANY, field);
	uint32_t max = 0;
	struct bytes *values;

	if (x == NULL) {
		return NULL;
	}
	if (!take_token(p, EXPR_TOKEN_OPEN)) {
		return FAIL(p, "a ( was expected after in, as in: ", field->name, " in (A, B)");
	}
	max = count_values(p->lex);
	values = has_room(p, max) ? take_memory(p, max, sizeof(*values)) : NULL;
	x->negate = negate;
	x->values = values;
	while (values != NULL && parse_value(p, x, &values[x->values_count])) {
		if (take_token(p, EXPR_TOKEN_CLOSE)) {
			return widen_codes(p, x);
		}
		if (!take_token(p, EXPR_TOKEN_COMMA)) {
			return FAIL(p, "a , or ) was expected in the list of values");
		}
	}
	return NULL;
}

static struct expr *parse_is(struct parser *p, const struct schema_field *field)
{
	bool negate = take_word(p, "not");
	struct expr *x;

	if (!take_word(p, "set")) {
		return FAIL(p, "after is stands set or not set; to compare, write =");
	}
	x = add_node(p, EXPR_SET, field);
	if (x != NULL) {
		x->negate = negate;
	}
	return x;
}

/* A field without a comparison: whether the bool is true. */
static struct expr *parse_bare(struct parser *p, const struct schema_field *field, size_t at)
{
	static const uint8_t TRUE[] = { 1 };
	struct expr *x;
	struct bytes *value;

	if (p->lex.token == EXPR_TOKEN_WORD && !expr_lex_is_keyword(&p->lex)) {
		return FAIL(p, "between field ", field->name, " and ", EXPR_SHOW(p->lex.text),
			    " stands = != < <= > >= or in");
	}
	if (field->type != VALUE_BOOL || field->merge != MERGE_REGISTER) {
		return FAIL_AT(p, at, "field ", field->name,
			       " cannot stand alone, as it is no bool: compare it, or write ",
			       field->name, " is set");
	}
	x = add_node(p, EXPR_ANY, field);
	value = x != NULL ? take_memory(p, 1, sizeof(*value)) : NULL;
	if (value == NULL) {
		return NULL;
	}
	*value = bytes_at(TRUE, sizeof(TRUE));
	x->values = value;
	x->values_count = 1;
	return x;
}

/* The orders that a comparison allows; 0 for other tokens. */
static unsigned read_orders(enum expr_token token)
{
	switch (token) {
	case EXPR_TOKEN_EQUAL:
		return EXPR_SAME;
	case EXPR_TOKEN_UNEQUAL:
		return EXPR_LESS | EXPR_MORE;
	case EXPR_TOKEN_LESS:
		return EXPR_LESS;
	case EXPR_TOKEN_LESS_EQUAL:
		return EXPR_LESS | EXPR_SAME;
	case EXPR_TOKEN_MORE:
		return EXPR_MORE;
	case EXPR_TOKEN_MORE_EQUAL:
		return EXPR_MORE | EXPR_SAME;
	case EXPR_TOKEN_END:
	case EXPR_TOKEN_WORD:
	case EXPR_TOKEN_QUOTED:
	case EXPR_TOKEN_OPEN:
	case EXPR_TOKEN_CLOSE:
	case EXPR_TOKEN_COMMA:
	case EXPR_TOKEN_UNCLOSED:
	case EXPR_TOKEN_STRAY:
		return 0;
	}
	return 0;
}

static struct expr *parse_test(struct parser *p)
{
	size_t at = p->lex.at;
	const struct schema_field *field = parse_field(p);
	unsigned orders = read_orders(p->lex.token);

	if (field == NULL) {
		return NULL;
	}
	if (take_word(p, "is")) {
		return parse_is(p, field);
	}
	if (field->merge == MERGE_LOG) {
		return FAIL_AT(p, at, "field ", field->name,
			       " is a log; of it only is set or is not set can be asked");
	}
	if (take_word(p, "in")) {
		return parse_in(p, field, false);
	}
	if (take_word(p, "not")) {
		return take_word(p, "in") ?
			       parse_in(p, field, true) :
			       FAIL(p, "in was expected: ", field->name, " not in (A, B)");
	}
	if (orders == EXPR_SAME || orders == (EXPR_LESS | EXPR_MORE)) {
		return parse_equal(p, field, orders != EXPR_SAME);
	}
	return orders != 0 ? parse_order(p, field, orders) : parse_bare(p, field, at);
}

/* --- what joins them ----------------------------------------------------- */

static struct expr *parse_group(struct parser *p)
{
	size_t at = p->lex.at;
	struct expr *x;

	expr_lex_next(&p->lex);
	x = parse_chain(p, EXPR_OR);
	if (x != NULL && !take_token(p, EXPR_TOKEN_CLOSE)) {
		return p->lex.token == EXPR_TOKEN_END ?
			       FAIL_AT(p, at, "the ( that stands here has no )") :
			       FAIL(p, "and, or or ) was expected, not ", EXPR_SHOW(p->lex.text));
	}
	return x;
}

/* Negations and groups go one level down; tests are the ground. */
static struct expr *parse_part(struct parser *p)
{
	bool is_negation = expr_lex_is_word(&p->lex, "not");
	struct expr *x;

	if (!is_negation && p->lex.token != EXPR_TOKEN_OPEN) {
		return parse_test(p);
	}
	if (p->depth == LIMIT_EXPR_DEPTH_MAX) {
		FAIL(p, "the expression is nested too deeply: at most 32 times ( and not");
		return fail(p, RC_LIMIT);
	}
	p->depth++;
	if (is_negation) {
		expr_lex_next(&p->lex);
		x = parse_part(p);
		if (x != NULL) {
			x->negate = !x->negate;
		}
	} else {
		x = parse_group(p);
	}
	p->depth--;
	return x;
}

/* One part, or a node over several that `or` (`and`) joins. */
static struct expr *parse_chain(struct parser *p, enum expr_type type)
{
	bool is_or = type == EXPR_OR;
	struct expr *part = is_or ? parse_chain(p, EXPR_AND) : parse_part(p);
	struct expr *chain = NULL;

	while (part != NULL && take_word(p, is_or ? "or" : "and")) {
		if (chain == NULL) {
			chain = add_node(p, type, NULL);
			if (chain == NULL) {
				return NULL;
			}
			chain->first = part;
		}
		part->next = is_or ? parse_chain(p, EXPR_AND) : parse_part(p);
		part = part->next;
	}
	return part == NULL || chain == NULL ? part : chain;
}

/* Something stands behind a complete expression. */
static void refuse_rest(struct parser *p)
{
	struct nearest n = nearest_init(p->lex.text);

	nearest_offer(&n, "and", "and");
	nearest_offer(&n, "or", "or");
	if (p->lex.token == EXPR_TOKEN_CLOSE) {
		FAIL(p, "this ) closes nothing");
	} else if (p->lex.token == EXPR_TOKEN_WORD && n.found != NULL) {
		FAIL(p, "and or or was expected, not ", EXPR_SHOW(p->lex.text), "; did you mean ",
		     n.found, "?");
	} else {
		FAIL(p, "and or or was expected, not ", EXPR_SHOW(p->lex.text));
	}
}

enum rc expr_parse(const struct schema *s, const struct schema_kind *kind, struct bytes text,
		   struct arena *a, const struct expr **out, struct expr_error *e)
{
	struct parser p = { .kind = kind, .arena = a, .rc = RC_OK, .error = e };
	struct expr *x;

	(void)s; /* fields know their code lists */
	if (!value_is_text(text)) {
		return EXPR_REFUSE(e, 0, "the expression is not valid UTF-8");
	}
	p.lex = expr_lex_init(text);
	x = parse_chain(&p, EXPR_OR);
	if (x != NULL && p.lex.token != EXPR_TOKEN_END) {
		refuse_rest(&p);
	}
	if (p.rc == RC_OK) {
		*out = x;
	}
	return p.rc;
}
