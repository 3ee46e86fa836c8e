#include "node/store/claims.h"

#include <string.h>

#include "node/store/conflicts.h"
#include "node/store/react.h"
#include "node/store/records.h"

static enum rc open_claims(const struct record *r, struct arena *a, struct claims *out,
			   struct key **keys, bool **has)
{
	uint32_t count = r->kind == NULL ? 0 : r->kind->uniques_count;

	memset(out, 0, sizeof(*out));
	*keys = arena_take(a, count * sizeof(**keys));
	*has = arena_take_zeroed(a, count, sizeof(**has));
	if (*keys == NULL || *has == NULL) {
		return RC_NOMEM;
	}
	out->keys = *keys;
	out->has = *has;
	out->count = count;
	out->holder.id = r->id;
	return RC_OK;
}

enum rc claims_of_none(const struct record *r, struct arena *a, struct claims *out)
{
	struct key *keys = NULL;
	bool *has = NULL;

	return open_claims(r, a, out, &keys, &has);
}

enum rc claims_of(const struct crypto *c, const struct record *r, const struct view_source *src,
		  const struct unique_known *known, struct arena *a, struct claims *out)
{
	struct key *keys = NULL;
	bool *has = NULL;
	uint16_t region_scope = 0;
	enum rc rc = open_claims(r, a, out, &keys, &has);
	uint32_t i;

	for (i = 0; i < out->count && rc == RC_OK; i++) {
		if (known != NULL && known->number == i) {
			keys[i] = known->key;
			has[i] = true;
			continue;
		}
		rc = unique_key_of(c, r, i, src, a, &keys[i], &has[i]);
	}
	if (out->count > 0) {
		struct record_life life = view_life(r);

		out->holder.deleted = life.deleted || !life.exists;
		(void)view_home(r, &out->holder.office, &region_scope);
	}
	return rc;
}

static bool is_same_holder(const struct unique_holder *a, const struct unique_holder *b)
{
	return a->deleted == b->deleted && a->office == b->office && uuid_equal(a->id, b->id);
}

static bool is_same_claim(const struct claims *a, const struct claims *b, uint32_t i)
{
	return a->has[i] == b->has[i] &&
	       (!a->has[i] || (is_same_holder(&a->holder, &b->holder) &&
			       bytes_equal(key_bytes(&a->keys[i]), key_bytes(&b->keys[i]))));
}

static bool can_share(const struct record *r)
{
	return r->kind->number >= SCHEMA_KIND_FIRST;
}

enum rc claims_share(struct kv_txn *t, const struct record *r, const struct claims *c, bool *out)
{
	struct unique_holder others[2];
	enum rc rc = RC_OK;
	uint32_t i, count = 0;

	*out = false;
	for (i = 0; i < c->count && rc == RC_OK && !*out; i++) {
		if (c->has[i] && !c->holder.deleted && can_share(r)) {
			rc = unique_others(t, &c->keys[i], r->id, NULL, others, &count);
			*out = count > 0;
		}
	}
	return rc;
}

/* One key of one record, around a change of the index. */
struct step {
	struct work *w;
	const struct record *record;
	const struct key *key;
	const struct unique_holder *holder;
	struct unique_holder others[2]; /* living ones; two stand for many */
	uint32_t others_count;
};

static enum rc find_others(struct step *s)
{
	s->others_count = 0;
	return s->holder->deleted || !can_share(s->record) ?
		       RC_OK :
		       unique_others(s->w->txn, s->key, s->record->id, NULL, s->others,
				     &s->others_count);
}

/* A task about all holders names one of them. If that is this record, which may
 * leave them, the task is another one's now - and still its own, if it may be
 * about another key. */
static enum rc pass_on(const struct step *s, bool *passes)
{
	uint16_t kind = s->record->kind_number;
	struct uuid id = s->record->id;

	*passes = react_take_back(s->w, REACT_UNIQUE_ALL, kind, id);
	return *passes && s->record->kind->uniques_count > 1 ?
		       react_ask(s->w, REACT_UNIQUE_ALL, kind, id) :
		       RC_OK;
}

/* What the centre has to look at: one other holder by itself; of more all of
 * them, unless none sees an office come or go. */
static enum rc ask_others(const struct step *s)
{
	struct unique_holder near[2];
	uint32_t count = 0;
	uint16_t kind = s->record->kind_number;
	bool passes = false;
	enum rc rc = RC_OK;

	if (s->others_count == 0 || !s->w->store->info.is_centre) {
		return RC_OK;
	}
	if (s->others_count == 1) {
		return react_ask(s->w, REACT_UNIQUE, kind, s->others[0].id);
	}
	rc = unique_others(s->w->txn, s->key, s->record->id, &s->holder->office, near, &count);
	if (rc == RC_OK) {
		rc = pass_on(s, &passes);
	}
	return rc == RC_OK && (count < 2 || passes) ?
		       react_ask(s->w, REACT_UNIQUE_ALL, kind, s->others[0].id) :
		       rc;
}

/* The one holder that is left: whether it shares another of its keys. */
static enum rc look_again(struct work *w, uint16_t kind, struct uuid id)
{
	struct records_stamps stamps = { w->txn, w->store->info.centre_incarnation, w->arena };
	struct view_source source = records_source(&stamps);
	size_t mark = arena_mark(w->arena);
	struct record r;
	struct claims c;
	bool shares = false;
	enum rc rc = records_get(w->txn, w->store->catalog, kind, id, w->arena, &r);

	if (rc == RC_OK) {
		rc = claims_of(w->store->crypto, &r, &source, NULL, w->arena, &c);
	}
	if (rc == RC_OK) {
		rc = claims_share(w->txn, &r, &c, &shares);
	}
	arena_release(w->arena, mark);
	return rc == RC_OK ? conflicts_mark(w->txn, kind, id, CONFLICTS_SHARED, shares) : rc;
}

static enum rc leave(struct step *s)
{
	uint16_t kind = s->record->kind_number;
	enum rc rc = unique_del(s->w->txn, s->key, s->holder);

	if (rc == RC_OK) {
		rc = find_others(s);
	}
	if (rc == RC_OK && s->others_count == 1) {
		rc = s->record->kind->uniques_count > 1 ?
			     look_again(s->w, kind, s->others[0].id) :
			     conflicts_mark(s->w->txn, kind, s->others[0].id, CONFLICTS_SHARED,
					    false);
	}
	return rc == RC_OK ? ask_others(s) : rc;
}

static enum rc enter(struct step *s, bool *shares)
{
	enum rc rc = find_others(s);

	if (rc == RC_OK) {
		rc = unique_put(s->w->txn, s->key, s->holder);
	}
	if (rc == RC_OK && s->others_count == 1) {
		rc = conflicts_mark(s->w->txn, s->record->kind_number, s->others[0].id,
				    CONFLICTS_SHARED, true);
	}
	*shares = *shares || s->others_count > 0;
	return rc == RC_OK ? ask_others(s) : rc;
}

enum rc claims_move(struct work *w, const struct record *r, const struct claims *before,
		    const struct claims *now, bool *moved, bool *shares)
{
	struct step s = { .w = w, .record = r };
	enum rc rc = RC_OK;
	uint32_t i;

	*moved = *shares = false;
	for (i = 0; i < now->count && rc == RC_OK; i++) {
		if (is_same_claim(before, now, i)) {
			continue;
		}
		*moved = true;
		if (before->has[i]) {
			s.key = &before->keys[i];
			s.holder = &before->holder;
			rc = leave(&s);
		}
		if (now->has[i] && rc == RC_OK) {
			s.key = &now->keys[i];
			s.holder = &now->holder;
			rc = enter(&s, shares);
		}
	}
	/* What it kept may be shared as well. */
	return rc == RC_OK && *moved && !*shares && now->count > 1 ?
		       claims_share(w->txn, r, now, shares) :
		       rc;
}
