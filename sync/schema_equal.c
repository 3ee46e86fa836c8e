#include "sync/schema.h"

#include <string.h>

static bool is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool is_same_code(const struct schema_code *a, const struct schema_code *b)
{
	return is_same(a->code, b->code) && is_same(a->label, b->label) &&
	       is_same(a->label_tk, b->label_tk) && is_same(a->label_ru, b->label_ru) &&
	       a->valid_to == b->valid_to && is_same(a->successor, b->successor);
}

static bool is_same_list(const struct schema_codes *a, const struct schema_codes *b)
{
	uint32_t i;

	if (!is_same(a->name, b->name) || a->codes_count != b->codes_count) {
		return false;
	}
	for (i = 0; i < a->codes_count; i++) {
		if (!is_same_code(&a->codes[i], &b->codes[i])) {
			return false;
		}
	}
	return true;
}

static bool is_same_flow(const struct schema_field *a, const struct schema_field *b)
{
	uint32_t i;

	if (a->ranks_count != b->ranks_count) {
		return false;
	}
	for (i = 0; i < a->ranks_count; i++) {
		if (!is_same(a->ranks[i].value, b->ranks[i].value) ||
		    a->ranks[i].rank != b->ranks[i].rank) {
			return false;
		}
	}
	return true;
}

static bool is_same_field(const struct schema_field *a, const struct schema_field *b)
{
	uint32_t i;

	for (i = 0; i < SCHEMA_DERIVE_FROM_MAX; i++) {
		if (!is_same(a->derive_from[i], b->derive_from[i])) {
			return false;
		}
	}
	return a->number == b->number && is_same(a->name, b->name) && a->type == b->type &&
	       a->merge == b->merge && a->policy == b->policy && a->reach == b->reach &&
	       a->required == b->required && a->closed == b->closed && a->index == b->index &&
	       a->scale == b->scale &&
	       is_same(a->codes == NULL ? NULL : a->codes->name,
		       b->codes == NULL ? NULL : b->codes->name) &&
	       is_same(a->to, b->to) && is_same_flow(a, b) && a->derive == b->derive &&
	       a->check == b->check;
}

static bool is_same_key(const struct schema_key *a, const struct schema_key *b)
{
	uint32_t i;

	if (a->fields_count != b->fields_count) {
		return false;
	}
	for (i = 0; i < a->fields_count; i++) {
		if (a->fields[i] != b->fields[i]) {
			return false;
		}
	}
	return true;
}

static bool is_same_doubles(const struct schema_doubles *a, const struct schema_doubles *b)
{
	return a->is_set == b->is_set && a->key == b->key && a->same == b->same &&
	       a->different == b->different;
}

static bool is_same_kind(const struct schema_kind *a, const struct schema_kind *b)
{
	uint32_t i;

	if (a->number != b->number || !is_same(a->name, b->name) || a->reach != b->reach ||
	    a->writers != b->writers || a->closed != b->closed ||
	    a->fields_count != b->fields_count || a->uniques_count != b->uniques_count ||
	    !is_same_key(&a->title, &b->title) || !is_same_doubles(&a->doubles, &b->doubles)) {
		return false;
	}
	for (i = 0; i < a->fields_count; i++) {
		if (!is_same_field(&a->fields[i], &b->fields[i])) {
			return false;
		}
	}
	for (i = 0; i < a->uniques_count; i++) {
		if (!is_same_key(&a->uniques[i], &b->uniques[i])) {
			return false;
		}
	}
	return true;
}

static bool is_same_measure(const struct schema_measure *a, const struct schema_measure *b)
{
	uint32_t i;

	if (a->type != b->type || a->negative != b->negative || !is_same(a->field, b->field) ||
	    !is_same(a->of, b->of) || !is_same(a->where, b->where) || a->by_count != b->by_count) {
		return false;
	}
	for (i = 0; i < a->by_count; i++) {
		if (!is_same(a->by[i], b->by[i])) {
			return false;
		}
	}
	return true;
}

static bool is_same_figure(const struct schema_figure *a, const struct schema_figure *b)
{
	uint32_t i;

	if (a->number != b->number || !is_same(a->name, b->name) || a->type != b->type ||
	    a->closed != b->closed || !is_same_measure(&a->measure, &b->measure) ||
	    !is_same(a->from, b->from) || !is_same(a->to, b->to) ||
	    !is_same(a->of_figure, b->of_figure) || !is_same(a->over, b->over) ||
	    a->recorded_count != b->recorded_count ||
	    !is_same_measure(&a->announced, &b->announced) ||
	    !is_same(a->match_recorded, b->match_recorded) ||
	    !is_same(a->match_announced, b->match_announced)) {
		return false;
	}
	for (i = 0; i < a->recorded_count; i++) {
		if (!is_same_measure(&a->recorded[i], &b->recorded[i])) {
			return false;
		}
	}
	return true;
}

bool schema_equal(const struct schema *a, const struct schema *b)
{
	uint32_t i;

	if (!is_same(a->name, b->name) || a->version != b->version ||
	    a->codes_count != b->codes_count || a->kinds_count != b->kinds_count ||
	    a->figures_count != b->figures_count) {
		return false;
	}
	for (i = 0; i < a->codes_count; i++) {
		if (!is_same_list(&a->codes[i], &b->codes[i])) {
			return false;
		}
	}
	for (i = 0; i < a->kinds_count; i++) {
		if (!is_same_kind(&a->kinds[i], &b->kinds[i])) {
			return false;
		}
	}
	for (i = 0; i < a->figures_count; i++) {
		if (!is_same_figure(&a->figures[i], &b->figures[i])) {
			return false;
		}
	}
	return true;
}
