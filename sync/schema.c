#include "sync/schema.h"

#include <string.h>

static bool is_named(const char *name, struct bytes wanted)
{
	return bytes_equal(bytes_of(name), wanted);
}

const struct schema_kind *schema_kind_by_name(const struct schema *s, struct bytes name)
{
	uint32_t i;

	for (i = 0; i < s->kinds_count; i++) {
		if (is_named(s->kinds[i].name, name)) {
			return &s->kinds[i];
		}
	}
	return NULL;
}

const struct schema_kind *schema_kind_by_number(const struct schema *s, uint16_t number)
{
	uint32_t i;

	for (i = 0; i < s->kinds_count; i++) {
		if (s->kinds[i].number == number) {
			return &s->kinds[i];
		}
	}
	return NULL;
}

const struct schema_field *schema_field_by_name(const struct schema_kind *k, struct bytes name)
{
	uint32_t i;

	for (i = 0; i < k->fields_count; i++) {
		if (is_named(k->fields[i].name, name)) {
			return &k->fields[i];
		}
	}
	return NULL;
}

const struct schema_field *schema_field_by_number(const struct schema_kind *k, uint16_t number)
{
	uint32_t i;

	/* Without closed or late fields the number is the place. */
	if (number > 0 && number <= k->fields_count && k->fields[number - 1].number == number) {
		return &k->fields[number - 1];
	}
	for (i = 0; i < k->fields_count; i++) {
		if (k->fields[i].number == number) {
			return &k->fields[i];
		}
	}
	return NULL;
}

const struct schema_codes *schema_codes_by_name(const struct schema *s, struct bytes name)
{
	uint32_t i;

	for (i = 0; i < s->codes_count; i++) {
		if (is_named(s->codes[i].name, name)) {
			return &s->codes[i];
		}
	}
	return NULL;
}

const char *schema_code_label(const struct schema_code *c, uint32_t language)
{
	const char *const labels[SCHEMA_LABELS] = { c->label, c->label_tk, c->label_ru };

	return labels[language] == NULL || labels[language][0] == '\0' ? NULL : labels[language];
}

const struct schema_code *schema_code_find(const struct schema_codes *c, struct bytes code)
{
	uint32_t i;

	for (i = 0; i < c->codes_count; i++) {
		if (is_named(c->codes[i].code, code)) {
			return &c->codes[i];
		}
	}
	return NULL;
}

/* The successor of a code; length 0: it has none. Few codes have one, so that
 * the others are passed over without a look at their text. */
static struct bytes find_successor(const struct schema_codes *c, struct bytes code)
{
	uint32_t i;

	for (i = 0; i < c->codes_count; i++) {
		if (c->codes[i].successor != NULL && is_named(c->codes[i].code, code)) {
			return bytes_of(c->codes[i].successor);
		}
	}
	return bytes_at(NULL, 0);
}

struct bytes schema_code_current(const struct schema_codes *c, struct bytes code)
{
	struct bytes next = find_successor(c, code);
	uint32_t steps = 0;

	/* A checked schema has no circle; no other keeps us either. */
	while (next.len > 0 && steps++ < c->codes_count) {
		code = next;
		next = find_successor(c, code);
	}
	return code;
}

bool schema_codes_follow(const struct schema_codes *c)
{
	uint32_t i = 0;

	while (i < c->codes_count && c->codes[i].successor == NULL) {
		i++;
	}
	return i < c->codes_count;
}

bool schema_code_is_closed(const struct schema_code *code, int32_t today)
{
	return code->valid_to != 0 ? today > code->valid_to : code->successor != NULL;
}

const struct schema_figure *schema_figure_by_name(const struct schema *s, struct bytes name)
{
	uint32_t i;

	for (i = 0; i < s->figures_count; i++) {
		if (is_named(s->figures[i].name, name)) {
			return &s->figures[i];
		}
	}
	return NULL;
}

static const struct schema_field *field_at(const struct schema_kind *k, uint16_t place)
{
	return k->doubles.is_set && place < k->fields_count ? &k->fields[place] : NULL;
}

const struct schema_field *schema_doubles_key(const struct schema_kind *k)
{
	return field_at(k, k->doubles.key);
}

const struct schema_field *schema_doubles_same(const struct schema_kind *k)
{
	return field_at(k, k->doubles.same);
}

const struct schema_field *schema_doubles_different(const struct schema_kind *k)
{
	return field_at(k, k->doubles.different);
}

const char *schema_reach_text(enum reach reach)
{
	switch (reach) {
	case REACH_OFFICE:
		return "office";
	case REACH_CENTRE:
		return "centre";
	case REACH_REGION:
		return "region";
	case REACH_NATION:
		return "nation";
	}
	return "?";
}

const char *schema_merge_text(enum merge merge)
{
	switch (merge) {
	case MERGE_REGISTER:
		return "register";
	case MERGE_SET:
		return "set";
	case MERGE_COUNTER:
		return "counter";
	case MERGE_LOG:
		return "log";
	}
	return "?";
}

const char *schema_figure_type_text(enum figure_type type)
{
	switch (type) {
	case FIGURE_FLOW:
		return "flow";
	case FIGURE_STOCK:
		return "stock";
	case FIGURE_RUN:
		return "run";
	case FIGURE_CONTROL:
		return "control";
	}
	return "?";
}

static void put_text(struct bytes_writer *w, const char *text)
{
	bytes_put(w, text, strlen(text));
}

static void put_flow(const struct schema_field *f, struct bytes_writer *w)
{
	uint32_t i;

	put_text(w, "flow(");
	for (i = 0; i < f->ranks_count; i++) {
		if (i > 0) {
			put_text(w, f->ranks[i].rank == f->ranks[i - 1].rank ? "|" : "<");
		}
		put_text(w, f->ranks[i].value);
	}
	put_text(w, ")");
}

void schema_policy_format(const struct schema_field *f, struct bytes_writer *w)
{
	switch (f->policy) {
	case POLICY_ASK:
		put_text(w, "ask");
		return;
	case POLICY_LATEST:
		put_text(w, "latest");
		return;
	case POLICY_FIXED:
		put_text(w, "fixed");
		return;
	case POLICY_CENTRE:
		put_text(w, "centre");
		return;
	case POLICY_MIN:
		put_text(w, "min");
		return;
	case POLICY_MAX:
		put_text(w, "max");
		return;
	case POLICY_FLOW:
		put_flow(f, w);
		return;
	}
}

const char *schema_derive_text(const struct schema_field *f, char buffer[SCHEMA_DERIVE_TEXT_MAX])
{
	struct bytes_writer w = bytes_writer_init(buffer, SCHEMA_DERIVE_TEXT_MAX - 1);
	uint32_t i;

	for (i = 0; i < SCHEMA_DERIVE_FROM_MAX && f->derive_from[i] != NULL; i++) {
		put_text(&w, i > 0 ? ", " : "");
		put_text(&w, f->derive_from[i]);
	}
	buffer[w.len] = '\0';
	return buffer;
}

static uint16_t greater(uint16_t a, uint16_t b)
{
	return a > b ? a : b;
}

uint16_t schema_last_number(const struct schema *s)
{
	uint16_t last = 0;
	uint32_t i, k;

	for (i = 0; i < s->kinds_count; i++) {
		last = greater(last, s->kinds[i].number);
		for (k = 0; k < s->kinds[i].fields_count; k++) {
			last = greater(last, s->kinds[i].fields[k].number);
		}
	}
	for (i = 0; i < s->figures_count; i++) {
		last = greater(last, s->figures[i].number);
	}
	return last;
}
