#include "node/cmd/duplicates_key.h"

#include <string.h>

#include "sync/feed.h"

struct bytes duplicates_value(const struct duplicates_slice *s, const struct record *r,
			      const struct schema_field *f)
{
	struct values v = { NULL, 0 };

	if (f == NULL || view_values(r, f, &s->source, s->arena, &v) != RC_OK || v.count == 0) {
		return bytes_at(NULL, 0);
	}
	return v.items[0];
}

int32_t duplicates_year(const struct duplicates_slice *s, const struct record *r)
{
	struct bytes date = duplicates_value(s, r, s->date);
	struct bytes year = duplicates_value(s, r, s->year);

	if (date.len > 0) {
		return (int32_t)(value_number(VALUE_PDATE, date) / (16 * 32));
	}
	return year.len > 0 ? (int32_t)value_number(VALUE_INT, year) : 0;
}

bool duplicates_is_unknown(const struct schema_field *f, struct bytes v)
{
	const struct schema_code *c = f == NULL || f->codes == NULL ? NULL :
								      schema_code_find(f->codes, v);

	return v.len == 0 || (c != NULL && (strcmp(c->label, "unknown") == 0 ||
					    strcmp(c->label, "not known") == 0));
}

/* The shown item of a field; NULL when there is none. */
static const struct item *item_of(const struct duplicates_slice *s, const struct record *r,
				  const struct schema_field *f)
{
	struct field_view v = { .count = 0 };

	if (f == NULL || view_field(r, f, &s->source, s->arena, &v) != RC_OK ||
	    v.shown >= v.count) {
		return NULL;
	}
	return v.items[v.shown];
}

/* Whether others wrote the third value after the key was made: who made it may
 * not know. */
static bool may_be_stale(const struct duplicates_slice *s, const struct record *r)
{
	const struct item *key = item_of(s, r, schema_doubles_key(s->kind));
	const struct item *third = item_of(s, r, s->third);
	struct stamp made = { 0 }, said = { 0 };

	if (key == NULL || third == NULL) {
		return false;
	}
	/* Most are of one feed: no stamp need be read. */
	made.office = feed_office(key->dot.feed);
	said.office = feed_office(third->dot.feed);
	return made.office != said.office &&
	       s->source.stamp(s->source.ctx, key->dot, &made) == RC_OK &&
	       s->source.stamp(s->source.ctx, third->dot, &said) == RC_OK &&
	       made.office != said.office && said.time_ms > made.time_ms;
}

bool duplicates_key(const struct duplicates *d, const struct duplicates_slice *s,
		    const struct record *r, uint8_t buffer[SAMEKEY_LEN_MAX], struct samekey *out,
		    bool *stale)
{
	struct samekey_parts parts = { duplicates_value(s, r, s->name),
				       duplicates_value(s, r, s->date),
				       duplicates_value(s, r, s->third) };
	struct bytes made = { NULL, 0 };

	*stale = false;
	if (parts.name.len > 0 &&
	    samekey_make(d->node->store, &parts, s->arena, buffer, &made) == RC_OK &&
	    samekey_read(made, out) && out->same.len > 0) {
		return true;
	}
	*stale = may_be_stale(s, r);
	return samekey_read(duplicates_value(s, r, schema_doubles_key(s->kind)), out);
}
