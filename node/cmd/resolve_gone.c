#include "node/cmd/resolve_gone.h"

#include <string.h>

#include "node/cmd/show_history.h"
#include "node/cmd/sibling.h"
#include "node/store/draft.h"
#include "node/store/records.h"

/* The history as the commit found it. */
static enum rc read_history(struct edit *e, const struct record *r, struct show_step **steps,
			    uint32_t *count)
{
	struct show s;

	show_begin(&s, e->c->out, e->node.store, e->commit.work->txn);
	s.record = *r;
	return show_history(&s, steps, count);
}

/* The last step that wrote the field's value, and whether that settled it. */
static const struct show_step *find_writer(const struct show_step *steps, uint32_t count,
					   const struct schema_field *f, bool *settled)
{
	uint32_t i, k;

	for (i = count; i > 0; i--) {
		for (k = 0; k < steps[i - 1].changes_count; k++) {
			const struct show_change *c = &steps[i - 1].changes[k];

			if (c->field == f) {
				*settled = c->replaced > 1;
				return &steps[i - 1];
			}
		}
	}
	return NULL;
}

static int tell(struct edit *e, const char *what, const char *did, const struct origin *o,
		const char *hint)
{
	struct bytes author = o->author, office = o->office;

	return cmd_fail(e->c, CMD_FAILED, hint, "%s: no conflict is open: %s by %.*s, %.*s, at %s",
			what, did, (int)author.len, (const char *)author.p, (int)office.len,
			(const char *)office.p, origin_time(o->time_ms).text);
}

/* No decision is due; whether the first value may be given here, or by others only. */
static int tell_unset(struct edit *e, const struct record *r, const char *what)
{
	struct draft_result judged;
	struct draft_plan plan;
	struct draft d = e->draft;

	d.ops = e->ops.items;
	d.ops_count = e->ops.count;
	if (draft_judge(e->commit.work, &d, r, &plan, &judged) == RC_DENIED) {
		return cmd_fail(e->c, CMD_FAILED, judged.hint, "%s", judged.text);
	}
	return cmd_fail(e->c, CMD_FAILED, "`kerwen set` gives it one",
			"%s: no conflict is open: it never had a value", what);
}

/* Who wrote the value that is shown, while others stand beside it. RC_NOTFOUND:
 * none does. */
static enum rc find_shown(struct edit *e, const struct record *r, const struct schema_field *f,
			  struct origin *out)
{
	struct work *w = e->commit.work;
	struct records_stamps stamps = { w->txn, w->store->info.centre_incarnation, w->arena };
	struct view_source source = records_source(&stamps);
	struct field_view v;
	uint32_t i = 0;
	enum rc rc = view_field(r, f, &source, w->arena, &v);

	if (rc != RC_OK || v.count < 2) {
		return rc == RC_OK ? RC_NOTFOUND : rc;
	}
	while (i + 1 < v.count && !sibling_is_shown(&v, i)) {
		i++;
	}
	return origin_get(w->store, w->txn, v.items[i]->dot, w->arena, out);
}

int resolve_gone_field(struct edit *e, const struct record *r, const struct schema_field *f)
{
	char what[2 * LIMIT_NAME_BYTES_MAX + 2];
	struct show_step *steps = NULL;
	const struct show_step *found = NULL;
	struct origin shown;
	uint32_t count = 0;
	bool settled = false;
	enum rc rc = read_history(e, r, &steps, &count);

	if (rc != RC_OK) {
		return open_fail(e->c, rc, "it cannot be read");
	}
	(void)snprintf(what, sizeof(what), "%s.%s", r->kind->name, f->name);
	if (view_life(r).deleted && count > 0) {
		return tell(e, what, "deleted", &steps[count - 1].origin,
			    "`kerwen restore` brings the record back, with all values");
	}
	rc = find_shown(e, r, f, &shown);
	if (rc != RC_NOTFOUND) {
		return rc != RC_OK ?
			       open_fail(e->c, rc, "it cannot be read") :
			       tell(e, what, "the value shown is", &shown,
				    "see `kerwen show ID`; `kerwen set` replaces all its values");
	}
	found = find_writer(steps, count, f, &settled);
	if (found == NULL) {
		return tell_unset(e, r, what);
	}
	return tell(e, what, settled ? "settled" : "last written", &found->origin,
		    "see `kerwen show ID --history`; `kerwen set` changes it");
}

int resolve_gone_life(struct edit *e, const struct record *r)
{
	struct show_step *steps = NULL;
	uint32_t count = 0;
	enum rc rc = read_history(e, r, &steps, &count);
	bool deleted = view_life(r).deleted;

	if (rc != RC_OK || count == 0) {
		return open_fail(e->c, rc == RC_OK ? RC_CORRUPT : rc, "it cannot be read");
	}
	return tell(e, "deleted, but edited", deleted ? "deleted" : "kept, and last changed",
		    &steps[count - 1].origin,
		    deleted ? "see `kerwen show ID --history`; `kerwen restore` brings it back" :
			      "see `kerwen show ID --history`; `kerwen delete` deletes it");
}
