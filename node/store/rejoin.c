#include "node/store/rejoin.h"

#include <inttypes.h>
#include <string.h>

#include "node/base/log.h"
#include "node/store/epoch.h"
#include "node/store/feeds.h"
#include "node/store/follows.h"
#include "node/store/reissue.h"
#include "node/store/replaced.h"
#include "node/store/restored.h"
#include "node/store/setaside.h"

static const char meta_torn[] = "torn";

/* --- what a hello means ---------------------------------------------------- */

static void add_torn(struct rejoin_plan *p, uint32_t incarnation)
{
	uint32_t i;

	for (i = 0; i < p->torn_count && p->torn[i] != incarnation; i++) {
	}
	if (i == p->torn_count && i < REJOIN_TORN_MAX) {
		p->torn[p->torn_count++] = incarnation;
	}
}

/* Whether what a head claims of a feed is what is here. ahead: it claims more. */
static enum rc compare(struct store *s, struct kv_txn *t, struct dot d, const uint8_t *hash,
		       bool *differs, bool *ahead)
{
	uint8_t own[HASH_LEN];
	enum rc rc = RC_OK;

	*differs = *ahead = false;
	if (d.seq == 0) {
		return RC_OK;
	}
	rc = feeds_hash_at(t, d, s->crypto, own);
	*ahead = rc == RC_NOTFOUND;
	*differs = rc == RC_OK && memcmp(own, hash, MESSAGE_HASH_LEN) != 0;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Whether an incarnation has entries that no cut covers, in any shared scope. */
static enum rc has_uncut(struct store *s, struct kv_txn *t, uint32_t incarnation, bool *out)
{
	uint64_t from = feed_pack(s->info.number, 0, 0);
	struct feed_state f;
	enum rc rc = RC_OK;

	*out = false;
	while (rc == RC_OK && !*out) {
		const struct scope_info *scope = NULL;
		struct feed_cut cut = { .seq = 0 };

		rc = feeds_next(t, from, &f);
		if (rc != RC_OK || feed_office(f.feed) != s->info.number) {
			break;
		}
		from = f.feed + 1;
		scope = catalog_scope(s->catalog, feed_scope(f.feed));
		if (feed_incarnation(f.feed) != incarnation ||
		    (scope != NULL && scope->reach == REACH_OFFICE)) {
			continue;
		}
		(void)feeds_cut_last(t, f.feed, &cut);
		*out = f.applied > cut.seq;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc judge_head(struct store *s, struct kv_txn *t, const struct scope_head *p,
			  struct rejoin_plan *out)
{
	struct dot d = { feed_pack(s->info.number, p->scope, p->office_incarnation),
			 p->office_seq };
	struct feed_cut cut = { .seq = 0 };
	bool differs = false, ahead = false, uncut = false;
	enum rc rc = compare(s, t, d, p->office_hash, &differs, &ahead);

	if (rc != RC_OK || (!differs && !ahead)) {
		return rc;
	}
	(void)feeds_cut_last(t, d.feed, &cut);
	if (out->wants_count < LIMIT_SCOPES_PER_SESSION_MAX) {
		out->wants[out->wants_count++] = (struct dot){ d.feed, cut.seq };
	}
	if (p->office_incarnation == s->info.incarnation) {
		if (!s->life.is_left) {
			add_torn(out, p->office_incarnation);
		}
		return RC_OK;
	}
	rc = has_uncut(s, t, p->office_incarnation, &uncut);
	if (rc == RC_OK && uncut) {
		add_torn(out, p->office_incarnation);
	}
	return rc;
}

enum rc rejoin_judge(struct store *s, struct kv_txn *t, const struct hello *h,
		     struct rejoin_plan *out)
{
	enum rc rc = RC_OK;
	uint32_t i;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < h->scopes_count && rc == RC_OK; i++) {
		rc = judge_head(s, t, &h->scopes[i], out);
	}
	return rc;
}

enum rc rejoin_is_other(struct store *s, struct kv_txn *t, struct dot d, const uint8_t *hash,
			bool *out)
{
	struct feed_state state;
	bool differs = false, ahead = false, behind = false;
	enum rc rc = compare(s, t, d, hash, &differs, &ahead);

	if (rc == RC_OK && feeds_get(t, d.feed, &state) == RC_OK) {
		behind = state.head > d.seq;
	}
	*out = differs || behind;
	return rc;
}

enum rc rejoin_judge_office(struct store *s, struct kv_txn *t, const struct hello *h,
			    struct rejoin_plan *out)
{
	enum rc rc = RC_OK;
	uint32_t i;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < h->scopes_count && rc == RC_OK; i++) {
		const struct scope_head *p = &h->scopes[i];
		struct dot d = { feed_pack(h->office, p->scope, p->office_incarnation),
				 p->office_seq };
		bool other = false;

		rc = rejoin_is_other(s, t, d, p->office_hash, &other);
		if (other) {
			add_torn(out, p->office_incarnation);
		}
	}
	return rc;
}

/* --- torn incarnations ----------------------------------------------------- */

static enum rc load_torn(struct kv_txn *t, uint32_t out[REJOIN_TORN_MAX], uint32_t *count)
{
	struct bytes v;
	struct bytes_reader r;
	enum rc rc = kv_get(t, KV_META, bytes_of(meta_torn), &v);

	*count = 0;
	if (rc == RC_OK) {
		r = bytes_reader_init(v);
		while (r.p < r.end && *count < REJOIN_TORN_MAX && r.rc == RC_OK) {
			out[(*count)++] = bytes_get_be32(&r);
		}
		rc = r.rc;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc store_torn(struct kv_txn *t, const uint32_t *torn, uint32_t count)
{
	uint8_t buffer[4 * REJOIN_TORN_MAX];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));
	uint32_t i;

	for (i = 0; i < count; i++) {
		bytes_put_be32(&w, torn[i]);
	}
	return count == 0 ? kv_del(t, KV_META, bytes_of(meta_torn)) :
			    kv_put(t, KV_META, bytes_of(meta_torn), bytes_written(&w));
}

enum rc rejoin_is_torn(struct kv_txn *t, uint32_t incarnation, bool *out)
{
	uint32_t torn[REJOIN_TORN_MAX], i, count = 0;
	enum rc rc = load_torn(t, torn, &count);

	*out = false;
	for (i = 0; i < count; i++) {
		*out = *out || torn[i] == incarnation;
	}
	return rc;
}

enum rc rejoin_owes(struct kv_txn *t, bool *out)
{
	struct restored r;
	enum rc rc = restored_get(t, &r);

	*out = rc == RC_OK && r.settled_ms == 0;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc leave(struct work *w, enum restored_cause cause, const uint32_t *torn,
		     uint32_t count)
{
	struct rejoin_plan all = { .torn_count = 0 };
	struct restored r;
	uint32_t i, before = 0;
	enum rc rc = load_torn(w->txn, all.torn, &all.torn_count);

	before = all.torn_count;
	for (i = 0; i < count && rc == RC_OK; i++) {
		add_torn(&all, torn[i]);
		if (torn[i] == w->store->info.incarnation) {
			rc = life_leave(w);
		}
	}
	if (rc != RC_OK || all.torn_count == before) {
		return rc;
	}
	log_warn("%s; incarnation %08" PRIx32 " is left",
		 cause == RESTORED_COPY ?
			 "the centre knows more, or something else, of what this office wrote: "
			 "this directory was restored from a copy, or runs in two places" :
			 "what this office wrote to is closed",
		 torn[0]);
	rc = restored_open(w->txn, cause, w->store->world->now_ms(), &r);
	if (rc == RC_OK) {
		rc = restored_store(w->txn, &r);
	}
	if (rc == RC_OK) {
		rc = life_note_missing(w);
	}
	return rc == RC_OK ? store_torn(w->txn, all.torn, all.torn_count) : rc;
}

enum rc rejoin_leave(struct work *w, const uint32_t *torn, uint32_t count)
{
	return leave(w, RESTORED_COPY, torn, count);
}

/* Whether a feed of this node goes no further: it was closed, or it is under
 * another key than this node's. */
static enum rc is_over(const struct work *w, const struct feed_state *f, bool *out)
{
	uint64_t last = UINT64_MAX;
	enum rc rc = epoch_closing(w->store, f->feed, NULL, &last);

	*out = last != UINT64_MAX || memcmp(f->key, w->store->info.key, KEY_LEN) != 0;
	return rc;
}

enum rc rejoin_leave_closed(struct work *w)
{
	const struct store *s = w->store;
	const struct office_info *o = catalog_office(s->catalog, s->info.number);
	struct rejoin_plan p = { .torn_count = 0 };
	uint64_t from = feed_pack(s->info.number, 0, 0);
	struct feed_state f;
	enum rc rc = s->info.is_centre || o == NULL || o->is_closed ? RC_NOTFOUND : RC_OK;

	while (rc == RC_OK) {
		bool over = false, open = false, uncut = false;

		rc = feeds_next(w->txn, from, &f);
		if (rc != RC_OK || feed_office(f.feed) != s->info.number) {
			break;
		}
		from = f.feed + 1;
		rc = is_over(w, &f, &over);
		open = feed_incarnation(f.feed) == s->info.incarnation && !s->life.is_left;
		if (rc == RC_OK && over && !open) {
			rc = has_uncut(w->store, w->txn, feed_incarnation(f.feed), &uncut);
		}
		if (rc == RC_OK && over && (open || uncut)) {
			add_torn(&p, feed_incarnation(f.feed));
		}
	}
	rc = rc == RC_NOTFOUND ? RC_OK : rc;
	return rc == RC_OK && p.torn_count > 0 ? leave(w, RESTORED_CLOSED, p.torn, p.torn_count) :
						 rc;
}

/* --- taking back ----------------------------------------------------------- */

/* Whether the incarnation was ever this directory's own. */
static enum rc is_ours(struct work *w, uint32_t incarnation, bool *out)
{
	*out = incarnation == w->store->info.incarnation;
	return *out ? RC_OK : life_knows(w->txn, incarnation, out);
}

/* Whether a story is under way: only then is anything told of. */
static enum rc is_under_way(struct kv_txn *t, struct restored *r)
{
	enum rc rc = restored_get(t, r);

	return rc == RC_OK && r->settled_ms != 0 ? RC_NOTFOUND : rc;
}

enum rc rejoin_meet(struct work *w, uint64_t feed, uint64_t first)
{
	uint32_t incarnation = feed_incarnation(feed);
	struct feed_state s;
	struct feed_cut cut = { .seq = 0 };
	bool differs = false, uncut = false;
	enum rc rc = feeds_get(w->txn, feed, &s);

	differs = rc == RC_OK && first <= s.head;
	(void)feeds_cut_last(w->txn, feed, &cut);
	if (differs && (first <= cut.seq || s.applied < s.head)) {
		return RC_FORK; /* the centre contradicts itself */
	}
	if (rc == RC_NOTFOUND) {
		rc = RC_OK;
	}
	if (rc == RC_OK && !differs && incarnation != w->store->info.incarnation) {
		rc = has_uncut(w->store, w->txn, incarnation, &uncut);
	}
	if (rc == RC_OK && (differs || uncut || incarnation == w->store->info.incarnation)) {
		rc = rejoin_leave(w, &incarnation, 1);
	}
	if (rc == RC_OK && differs) {
		rc = setaside_take(w, feed, first);
		rc = rc == RC_OK ? setaside_take_uncut(w, incarnation) : rc;
	}
	return rc;
}

/* Whether a commit had a part that the centre never has; told once, by the
 * last entry of the first part that it does have. */
static bool lacks_part(const struct work *w, const struct header *h)
{
	bool lacks = false, is_first = false, seen = false;
	uint32_t i;

	for (i = 0; i < h->parts_count; i++) {
		const struct scope_info *s = catalog_scope(w->store->catalog, h->parts[i].scope);

		if (s != NULL && s->reach == REACH_OFFICE) {
			lacks = true;
		} else if (!seen) {
			seen = true;
			is_first = h->parts[i].scope == feed_scope(h->feed) &&
				   h->parts[i].last_seq == h->seq;
		}
	}
	return lacks && is_first;
}

enum rc rejoin_note_return(struct work *w, uint64_t feed, const struct header *h, bool known)
{
	struct restored r;
	bool ours = false;
	enum rc rc = is_ours(w, feed_incarnation(feed), &ours);

	if (rc != RC_OK || !ours || known) {
		return rc;
	}
	rc = is_under_way(w->txn, &r);
	if (rc == RC_OK && w->store->info.is_centre) {
		r.entries++;
		r.returned += h->touches;
		rc = restored_store(w->txn, &r);
	} else if (rc == RC_OK) {
		restored_note_return(&r, h->touches, feed_incarnation(feed), h->commit,
				     lacks_part(w, h));
		rc = restored_store(w->txn, &r);
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc rejoin_note_replaced(struct work *w, const struct header *h)
{
	struct cut old = h->replaces; /* the header goes with a flush */
	struct dot d = { old.feed, old.seq };
	struct feed_state s;
	struct feed_entry e;
	enum rc rc = RC_OK;

	if (w->store->info.is_centre || feed_office(h->feed) != w->store->info.number ||
	    feed_incarnation(h->feed) == w->store->info.incarnation) {
		return RC_OK;
	}
	rc = feeds_get(w->txn, d.feed, &s);
	if (rc == RC_OK) {
		rc = feeds_get_entry(w->txn, d, &e);
	}
	if (rc == RC_OK && memcmp(e.hash, old.hash, HASH_LEN) == 0 && s.applied == s.head) {
		rc = setaside_take(w, d.feed, d.seq);
	}
	rc = rc == RC_NOTFOUND ? RC_OK : rc;
	return rc == RC_OK ? setaside_mark_issued(w, d, old.hash) : rc;
}

enum rc rejoin_prefer(struct work *w, uint64_t feed, uint64_t seq)
{
	struct feed_state s;
	struct feed_cut cut;
	enum rc rc = kv_count(w->txn, KV_REPLACED) == 0 ? RC_NOTFOUND : feeds_get(w->txn, feed, &s);
	struct dot d = { feed, rc == RC_OK ? s.applied : 0 }, by;

	while (rc == RC_OK && d.seq < seq) {
		struct feed_entry e;
		bool skips = false;

		d.seq++;
		rc = feeds_get_entry(w->txn, d, &e);
		if (rc == RC_OK) {
			rc = replaced_skips(w->txn, d, e.hash, &skips);
		}
		if (rc == RC_OK && skips && replaced_by(w->txn, d, &by) == RC_OK &&
		    feeds_cut_of(w->txn, by, &cut) == RC_NOTFOUND) {
			rc = setaside_withdraw_one(w, by);
			rc = rc == RC_OK ? replaced_revoke(w, d, by) : rc;
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* --- issuing again --------------------------------------------------------- */

/* An incarnation that continues what turned out otherwise is torn, too. */
static enum rc find_dependents(struct work *w, struct rejoin_plan *p)
{
	uint64_t from = feed_pack(w->store->info.number, 0, 0);
	struct feed_state f;
	enum rc rc = RC_OK;

	for (;;) {
		rc = feeds_next(w->txn, from, &f);
		if (rc != RC_OK || feed_office(f.feed) != w->store->info.number) {
			break;
		}
		from = f.feed + 1;
		rc = follows_check_held(w->txn, w->store->crypto, f.genesis);
		if (rc == RC_FORK || rc == RC_GAP) {
			bool uncut = false;

			rc = has_uncut(w->store, w->txn, feed_incarnation(f.feed), &uncut);
			if (rc == RC_OK && uncut) {
				add_torn(p, feed_incarnation(f.feed));
			}
		}
		if (rc != RC_OK) {
			break;
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Sets aside all that is torn, and what depends on it, until nothing more does. */
static enum rc set_all_aside(struct work *w, struct rejoin_plan *p)
{
	uint32_t done = 0;
	enum rc rc = RC_OK;

	while (rc == RC_OK && done < p->torn_count) {
		rc = setaside_take_uncut(w, p->torn[done]);
		if (rc == RC_OK && p->torn[done] == w->store->info.incarnation) {
			rc = life_leave(w);
		}
		done++;
		if (rc == RC_OK && done == p->torn_count) {
			rc = find_dependents(w, p);
		}
	}
	return rc;
}

static void tell(const struct restored *r)
{
	char text[RESTORED_TEXT_MAX];

	restored_text(r, r->settled_ms, text);
	if (text[0] != '\0') {
		log_warn("%s", text);
	}
}

enum rc rejoin_issue(struct work *w)
{
	struct rejoin_plan p = { .torn_count = 0 };
	struct restored r;
	uint64_t issued = 0;
	enum rc rc = is_under_way(w->txn, &r);

	if (rc != RC_OK) {
		return rc == RC_NOTFOUND ? RC_OK : rc;
	}
	rc = load_torn(w->txn, p.torn, &p.torn_count);
	if (rc == RC_OK) {
		rc = set_all_aside(w, &p);
	}
	if (rc == RC_OK) {
		rc = reissue_all(w, &issued);
	}
	if (rc == RC_OK) {
		rc = restored_get(w->txn, &r);
	}
	if (rc == RC_OK) {
		int64_t now = w->store->world->now_ms();

		r.issued += issued;
		r.settled_ms = now < 1 ? 1 : now;
		rc = restored_store(w->txn, &r);
	}
	if (rc == RC_OK) {
		rc = store_torn(w->txn, NULL, 0);
	}
	if (rc == RC_OK) {
		tell(&r);
	}
	return rc;
}
