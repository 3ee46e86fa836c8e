#include "node/store/home.h"

#include "node/store/feeds.h"
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

enum rc home_is_taken(struct work *w, const struct change *c, struct dot e, bool *out)
{
	uint16_t office = feed_office(e.feed);
	const struct part_field *homes = NULL;
	const struct record *r = NULL;
	enum rc rc = RC_OK;
	uint32_t i;

	*out = false;
	if (office == 0 || !puts_home(c)) {
		return RC_OK;
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
