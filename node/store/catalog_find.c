/* Looking things up in a catalog (catalog.h); catalog.c reads it. */
#include "node/store/catalog.h"

const struct office_info *catalog_office(const struct catalog *c, uint16_t number)
{
	uint32_t low = 0, high = c->offices_count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (c->offices[mid].number < number) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	return low < c->offices_count && c->offices[low].number == number ? &c->offices[low] : NULL;
}

const struct office_info *catalog_office_by_name(const struct catalog *c, struct bytes name)
{
	uint32_t i;

	for (i = 0; i < c->offices_count; i++) {
		if (bytes_equal(bytes_of(c->offices[i].name), name)) {
			return &c->offices[i];
		}
	}
	return NULL;
}

const struct scope_info *catalog_scope(const struct catalog *c, uint16_t scope)
{
	uint32_t low = 0, high = c->scopes_count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (c->scopes[mid].scope < scope) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	return low < c->scopes_count && c->scopes[low].scope == scope ? &c->scopes[low] : NULL;
}

uint16_t catalog_region_scope(const struct catalog *c, struct bytes region)
{
	uint32_t i;

	for (i = 0; i < c->offices_count; i++) {
		if (bytes_equal(bytes_of(c->offices[i].region), region)) {
			return c->offices[i].scope_region;
		}
	}
	return 0;
}

enum rc catalog_scope_of(const struct catalog *c, enum reach reach, uint16_t home,
			 uint16_t region_scope, uint16_t *out)
{
	const struct office_info *o = catalog_office(c, home);

	*out = 0;
	if (reach == REACH_NATION) {
		return RC_OK;
	}
	if (home == 0) {
		return RC_INVALID;
	}
	if (o == NULL) {
		return RC_NOTFOUND;
	}
	switch (reach) {
	case REACH_OFFICE:
		*out = o->scope_office;
		break;
	case REACH_CENTRE:
		*out = o->scope_centre;
		break;
	case REACH_REGION:
	case REACH_NATION:
		*out = region_scope;
		break;
	}
	return RC_OK;
}

bool catalog_is_member(const struct catalog *c, uint16_t office, uint16_t scope)
{
	const struct scope_info *s = catalog_scope(c, scope);
	const struct office_info *o = catalog_office(c, office);

	if (scope == 0) {
		return true;
	}
	if (office == 0) {
		return s != NULL && s->reach != REACH_OFFICE;
	}
	return o != NULL &&
	       (scope == o->scope_office || scope == o->scope_centre || scope == o->scope_region);
}

bool catalog_counts_on(const struct office_info *o, int32_t day)
{
	return !o->is_closed || (!o->is_revoked && o->closed_on > day);
}

const char *catalog_office_name(const struct catalog *c, uint16_t number)
{
	const struct office_info *o = catalog_office(c, number);

	if (number == 0) {
		return "centre";
	}
	return o == NULL ? NULL : o->name;
}
