#include "node/store/reissue.h"

#include <stdlib.h>
#include <string.h>

#include "node/store/apply_priv.h"
#include "node/store/author.h"
#include "node/store/replaced.h"
#include "node/store/setaside.h"
#include "proto/entry_codec.h"

/* One entry that was set aside, and what stands for it. */
struct issue_item {
	uint64_t commit;
	struct dot old, new;
	uint64_t changes;
};

/* A feed of which entries were set aside: its history ends before `first`. */
struct issue_fork {
	uint64_t feed, first;
};

struct issue {
	struct work *work;
	struct issue_item *items; /* by commit */
	uint32_t count, max;
	struct issue_fork *forks;
	uint32_t forks_count;
};

static int order_items(const void *a, const void *b)
{
	const struct issue_item *x = a, *y = b;

	if (x->commit != y->commit) {
		return x->commit < y->commit ? -1 : 1;
	}
	return dot_compare(x->old, y->old);
}

static enum rc add_item(struct issue *s, const struct setaside_entry *e)
{
	struct issue_item *wider = NULL;

	if (s->count == s->max) {
		uint32_t max = s->max == 0 ? 64 : 2 * s->max;

		wider = realloc(s->items, max * sizeof(*wider));
		if (wider == NULL) {
			return RC_NOMEM;
		}
		s->items = wider;
		s->max = max;
	}
	s->items[s->count++] = (struct issue_item){ e->commit, e->dot, { 0, 0 }, e->changes };
	return RC_OK;
}

static enum rc add_fork(struct issue *s, struct dot d)
{
	struct issue_fork *wider = NULL;

	if (s->forks_count > 0 && s->forks[s->forks_count - 1].feed == d.feed) {
		return RC_OK;
	}
	wider = realloc(s->forks, (s->forks_count + 1U) * sizeof(*wider));
	if (wider == NULL) {
		return RC_NOMEM;
	}
	s->forks = wider;
	s->forks[s->forks_count++] = (struct issue_fork){ d.feed, d.seq };
	return RC_OK;
}

/* Lists what is to be issued, and where histories part; rows come by feed and
 * seq. */
static enum rc collect(struct issue *s)
{
	struct setaside_entry e = { .dot = { 0, 0 } };
	struct dot at = { 0, 0 };
	enum rc rc = RC_OK;

	while (rc == RC_OK) {
		rc = setaside_next(s->work->txn, at, &e);
		at = (struct dot){ e.dot.feed, e.dot.seq + 1 };
		if (rc == RC_OK) {
			rc = add_fork(s, e.dot);
		}
		if (rc == RC_OK && !e.is_issued) {
			rc = add_item(s, &e);
		}
	}
	if (rc == RC_NOTFOUND && s->count > 1) {
		qsort(s->items, s->count, sizeof(*s->items), order_items);
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static const struct issue_fork *find_fork(const struct issue *s, uint64_t feed)
{
	uint32_t i;

	for (i = 0; i < s->forks_count; i++) {
		if (s->forks[i].feed == feed) {
			return &s->forks[i];
		}
	}
	return NULL;
}

/* --- what the new feeds continue ------------------------------------------- */

/* A list of what is continued, while it is made. */
struct issue_list {
	struct cut items[LIMIT_FOLLOWS_MAX];
	uint32_t count;
};

static enum rc add_follow(const struct issue *s, struct issue_list *l, struct dot d)
{
	struct cut c = { .feed = d.feed, .seq = d.seq };
	uint32_t i;
	enum rc rc = RC_OK;

	for (i = 0; i < l->count && l->items[i].feed != d.feed; i++) {
	}
	if (i == LIMIT_FOLLOWS_MAX || (i < l->count && l->items[i].seq >= d.seq)) {
		return RC_OK;
	}
	rc = feeds_hash_at(s->work->txn, d, s->work->store->crypto, c.hash);
	if (rc == RC_NOTFOUND) {
		return RC_OK; /* below the floor: records of the base are proposals anyway */
	}
	if (rc == RC_OK) {
		l->count += i == l->count;
		l->items[i] = c;
	}
	return rc;
}

/* Names a feed up to seq, or only as far as its history is common; of a feed
 * without any common entry, what it continued. */
static enum rc follow(const struct issue *s, struct issue_list *l, struct dot d, uint32_t depth)
{
	const struct issue_fork *fork = find_fork(s, d.feed);
	struct arena *a = s->work->arena;
	struct feed_state state;
	struct genesis g;
	uint32_t i;
	enum rc rc = RC_OK;

	if (fork == NULL || fork->first > d.seq) {
		return add_follow(s, l, d);
	}
	if (fork->first > 1) {
		return add_follow(s, l, (struct dot){ d.feed, fork->first - 1 });
	}
	rc = feeds_get(s->work->txn, d.feed, &state);
	if (rc == RC_OK) {
		rc = entry_decode_genesis(state.genesis, a, &g);
	}
	for (i = 0; rc == RC_OK && depth > 0 && i < g.follows_count; i++) {
		rc = follow(s, l, (struct dot){ g.follows[i].feed, g.follows[i].seq }, depth - 1);
	}
	return rc;
}

/* What the other one of two that run this office issued again of the branch was
 * seen, too. */
static enum rc follow_issued(const struct issue *s, struct issue_list *l, uint64_t feed)
{
	struct setaside_entry e = { .dot = { feed, 0 } };
	struct dot at = { feed, 0 }, by;
	enum rc rc = RC_OK;

	while (rc == RC_OK) {
		rc = setaside_next(s->work->txn, at, &e);
		if (rc != RC_OK || e.dot.feed != feed) {
			break;
		}
		at.seq = e.dot.seq + 1;
		if (e.is_issued && replaced_by(s->work->txn, e.dot, &by) == RC_OK &&
		    feed_incarnation(by.feed) != s->work->store->info.incarnation) {
			rc = add_follow(s, l, by);
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* The author's hook: what was seen by those who wrote what is issued again. */
static enum rc list_follows(void *ctx, uint16_t scope, struct arena *a, struct cut **out,
			    uint32_t *count)
{
	struct issue *s = ctx;
	struct issue_list *l = arena_take_zeroed(a, 1, sizeof(*l));
	enum rc rc = l == NULL ? RC_NOMEM : RC_OK;
	uint32_t i;

	for (i = 0; i < s->forks_count && rc == RC_OK; i++) {
		if (feed_scope(s->forks[i].feed) == scope) {
			rc = follow(s, l, (struct dot){ s->forks[i].feed, s->forks[i].first },
				    LIMIT_FOLLOWS_MAX);
			if (rc == RC_OK) {
				rc = follow_issued(s, l, s->forks[i].feed);
			}
		}
	}
	*out = l == NULL ? NULL : l->items;
	*count = l == NULL ? 0 : l->count;
	return rc;
}

/* --- what a form had seen -------------------------------------------------- */

/* What stands for the entries of a forked feed up to d; seq 0: nothing does. */
static struct dot stand_in(const struct issue *s, struct dot d)
{
	struct dot best = { 0, 0 };
	uint32_t i;

	for (i = 0; i < s->count; i++) {
		const struct issue_item *item = &s->items[i];

		if (item->old.feed == d.feed && item->old.seq <= d.seq &&
		    item->new.seq > best.seq) {
			best = item->new;
		}
	}
	return best;
}

/* A form that was opened on the branch names entries of it: past the fork they
 * are others now. */
static enum rc translate(const struct issue *s, struct vv *form)
{
	struct vv out = { .max = 2 * form->count + 1 };
	uint32_t i;
	enum rc rc = RC_OK;

	out.dots = arena_take(s->work->arena, out.max * sizeof(*out.dots));
	if (out.dots == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < form->count && rc == RC_OK; i++) {
		const struct issue_fork *fork = find_fork(s, form->dots[i].feed);
		struct dot d = form->dots[i], by = { 0, 0 };

		if (fork != NULL && d.seq >= fork->first) {
			by = stand_in(s, d);
			d.seq = fork->first - 1;
		}
		rc = d.seq > 0 ? vv_raise(&out, d) : RC_OK;
		if (rc == RC_OK && by.seq > 0) {
			rc = vv_raise(&out, by);
		}
	}
	*form = out;
	return rc;
}

static bool names_fork(const struct issue *s, const struct vv *form)
{
	uint32_t i;

	for (i = 0; i < form->count; i++) {
		const struct issue_fork *fork = find_fork(s, form->dots[i].feed);

		if (fork != NULL && form->dots[i].seq >= fork->first) {
			return true;
		}
	}
	return false;
}

/* The bytes of a change as they are issued: the same, but for its form. */
static enum rc take_change(const struct issue *s, const struct entry *e, uint32_t place,
			   struct bytes *out, bool *touches)
{
	struct arena *a = s->work->arena;
	struct bytes_writer w;
	struct change c;
	void *room = NULL;
	enum rc rc = entry_decode_change(e, place, a, &c);

	*out = e->changes[place];
	*touches = rc == RC_OK && c.life != LIFE_NONE;
	if (rc != RC_OK || !c.has_form || !names_fork(s, &c.form)) {
		return rc == RC_NOMEM ? rc : RC_OK; /* a bad one stays as bad as it is */
	}
	rc = translate(s, &c.form);
	room = arena_take(a, LIMIT_ENTRY_BYTES_MAX);
	if (rc != RC_OK || room == NULL) {
		return rc == RC_OK ? RC_NOMEM : rc;
	}
	w = bytes_writer_init(room, LIMIT_ENTRY_BYTES_MAX);
	entry_encode_change(&c, -1, &w);
	*out = bytes_written(&w);
	return w.rc;
}

/* --- writing --------------------------------------------------------------- */

static enum rc load(const struct issue *s, const struct issue_item *item, struct entry *e)
{
	struct setaside_entry row;
	struct bytes copy;
	enum rc rc = setaside_next(s->work->txn, item->old, &row);

	if (rc != RC_OK) {
		return rc;
	}
	copy = arena_copy(s->work->arena, row.bytes);
	return copy.p == NULL ? RC_NOMEM : entry_decode(copy, s->work->arena, e);
}

static enum rc replaced_of(const struct issue *s, const struct issue_item *item, struct cut *out)
{
	struct setaside_entry row;
	enum rc rc = setaside_next(s->work->txn, item->old, &row);

	out->feed = item->old.feed;
	out->seq = item->old.seq;
	if (rc == RC_OK) {
		memcpy(out->hash, row.hash, HASH_LEN);
	}
	return rc;
}

static enum rc write_entry(struct issue *s, struct author *a, struct issue_item *item,
			   const struct entry *e)
{
	struct author_scope *scope = NULL;
	struct cut old;
	uint32_t i;
	enum rc rc = replaced_of(s, item, &old);

	if (rc == RC_OK) {
		rc = author_open(a, feed_scope(item->old.feed), &scope);
	}
	if (rc == RC_OK) {
		scope->seen_centre = e->header.seen_centre;
		/* Whoever holds the first one of a chain must know this one. */
		rc = author_replace(a, scope, e->header.has_replaces ? &e->header.replaces : &old,
				    &item->new);
	}
	for (i = 0; rc == RC_OK && i < e->changes_count; i++) {
		struct bytes change;
		struct dot d;
		bool touches = false;
		uint32_t place = 0;

		rc = take_change(s, e, i, &change, &touches);
		if (rc == RC_OK) {
			rc = author_add(a, scope, change, touches, false, &d, &place);
		}
	}
	return rc;
}

static enum rc mark_issued(const struct issue *s, const struct issue_item *item)
{
	struct cut old;
	enum rc rc = replaced_of(s, item, &old);

	if (rc == RC_OK) {
		rc = replaced_stand(s->work, &old, item->new);
	}
	return rc == RC_OK ? setaside_mark_issued(s->work, item->old, old.hash) : rc;
}

/* One commit: items from `first` up to `end`. */
static enum rc write_commit(struct issue *s, uint32_t first, uint32_t end)
{
	struct author a;
	struct entry e;
	uint32_t i;
	enum rc rc = load(s, &s->items[first], &e);

	if (rc == RC_OK) {
		rc = author_begin(&a, s->work, e.header.author, e.header.reason);
	}
	if (rc != RC_OK) {
		return rc;
	}
	author_act_for(&a, &e.header);
	a.follows = list_follows;
	a.follows_ctx = s;
	for (i = first; i < end && rc == RC_OK; i++) {
		rc = load(s, &s->items[i], &e);
		if (rc == RC_OK) {
			rc = write_entry(s, &a, &s->items[i], &e);
		}
	}
	if (rc == RC_OK) {
		rc = author_finish(&a);
	}
	for (i = first; i < end && rc == RC_OK; i++) {
		rc = apply_own(s->work, s->items[i].new);
		if (rc == RC_OK) {
			rc = mark_issued(s, &s->items[i]);
		}
	}
	return rc;
}

static enum rc write_all(struct issue *s, uint64_t *changes)
{
	uint32_t i = 0;
	enum rc rc = life_renew(s->work);

	while (rc == RC_OK && i < s->count) {
		uint32_t end = i;

		while (end < s->count && s->items[end].commit == s->items[i].commit) {
			*changes += s->items[end++].changes;
		}
		if (work_is_large(s->work)) {
			rc = work_flush(s->work);
		}
		if (rc == RC_OK) {
			rc = write_commit(s, i, end);
		}
		i = end;
	}
	return rc;
}

enum rc reissue_all(struct work *w, uint64_t *changes)
{
	struct issue s = { .work = w };
	enum rc rc = collect(&s);

	*changes = 0;
	if (rc == RC_OK && s.count > 0) {
		rc = write_all(&s, changes);
	}
	free(s.items);
	free(s.forks);
	return rc;
}
