#include "node/cmd/sibling.h"

static bool is_before(const struct schema_field *f, const struct item *a, const struct item *b)
{
	int order = 0;

	if (a->cleared || b->cleared) {
		return a->cleared && !b->cleared;
	}
	order = value_compare(f->type, a->value, b->value);
	return order == 0 ? bytes_compare(a->value, b->value) < 0 : order < 0;
}

uint32_t sibling_number(const struct schema_field *f, const struct field_view *v, uint32_t i)
{
	uint32_t k, number = 1;

	for (k = 0; k < v->count; k++) {
		number += is_before(f, v->items[k], v->items[i]);
	}
	return number;
}

bool sibling_is_shown(const struct field_view *v, uint32_t i)
{
	return i == v->shown || (v->shown == v->count && v->items[i]->cleared);
}

uint32_t sibling_find(const struct schema_field *f, const struct field_view *v, uint64_t number)
{
	uint32_t i = 0;

	while (i < v->count && sibling_number(f, v, i) != number) {
		i++;
	}
	return i;
}
