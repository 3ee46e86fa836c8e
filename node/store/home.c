#include "node/store/home.h"

#include "node/store/feeds.h"
#include "node/store/key.h"
#include "node/store/parts.h"
#include "node/store/work_priv.h"
#include "sync/view.h"

static bool puts_home(const struct change *c)
{
	uint32_t i = 0;

	while (i < c->ops_count && c->ops[i].field != FIELD_HOME) {
		i++;
	}
	return i < c->ops_count;
}

static const struct part_field *find_home(const struct record *r, uint16_t scope)
{
	uint32_t i;

	for (i = 0; i < r->parts_count; i++) {
		if (r->parts[i].scope == scope) {
			return part_find(&r->parts[i].part, FIELD_HOME, CLASS_REGISTER);
		}
	}
	return NULL;
}

/* Whether what entry d says has its place already. */
static enum rc has_place(struct work *w, struct dot d, bool *out)
{
	uint16_t office = feed_office(d.feed);
	struct feed_cut cut;
	enum rc rc = RC_OK;

	if (office != 0 && office == w->store->info.number) {
		rc = feeds_cut_of(w->txn, d, &cut);
	}
	*out = rc == RC_OK;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Whether the part that is stored may have a home of somebody else; mostly there
 * is none, or one change of the author made it. A record that this work touched
 * is looked at itself. */
static enum rc may_be_taken(struct work *w, const struct change *c, struct dot e, bool *out)
{
	struct key k = key_part(c->kind, c->id, feed_scope(e.feed));
	struct bytes v;
	struct dot d;
	enum rc rc = RC_OK;

	*out = true;
	if (work_find(w, c->kind, c->id) == NULL) {
		rc = kv_get(w->txn, KV_RECORD, key_bytes(&k), &v);
		*out = rc == RC_OK &&
		       !(parts_is_reference(v, &d) && feed_office(d.feed) == feed_office(e.feed));
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc home_is_taken(struct work *w, const struct change *c, struct dot e, bool *out)
{
	uint16_t office = feed_office(e.feed);
	const struct part_field *homes = NULL;
	const struct record *r = NULL;
	bool look = false;
	enum rc rc = RC_OK;
	uint32_t i;

	*out = false;
	if (office != 0 && puts_home(c)) {
		rc = may_be_taken(w, c, e, &look);
	}
	if (rc != RC_OK || !look) {
		return rc;
	}
	r = work_record(w, c->kind, c->id);
	if (r == NULL) {
		return w->rc;
	}
	homes = find_home(r, feed_scope(e.feed));
	for (i = 0; homes != NULL && i < homes->items_count && rc == RC_OK && !*out; i++) {
		if (feed_office(homes->items[i].dot.feed) != office) {
			rc = has_place(w, homes->items[i].dot, out);
		}
	}
	return rc;
}
