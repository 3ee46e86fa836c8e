#include "node/store/receive.h"

#include <string.h>

#include "proto/entry_codec.h"

bool receive_is_refusal(enum rc rc)
{
	switch (rc) {
	case RC_CORRUPT:
	case RC_BADSIG:
	case RC_DENIED:
	case RC_GAP:
	case RC_FORK:
	case RC_SYSTEM:
	case RC_LIMIT:
	case RC_INVALID:
		return true;
	case RC_OK:
	case RC_NOMEM:
	case RC_NOTFOUND:
	case RC_EXISTS:
	case RC_FULL:
	case RC_IO:
	case RC_BUSY:
	case RC_TIMEOUT:
	case RC_CLOSED:
	case RC_UNREACHED:
	case RC_VERSION:
	case RC_UNKNOWN:
		return false;
	}
	return false;
}

/* Whether this peer may send this feed to this node. */
static enum rc check_sender(const struct work *w, uint16_t from, uint64_t feed)
{
	const struct store *s = w->store;
	uint16_t author = feed_office(feed);

	if (s->info.is_centre) {
		const struct office_info *o = catalog_office(s->catalog, from);

		if (o != NULL && o->is_closed) {
			return RC_DENIED;
		}
		/* In the nation only the centre speaks. */
		return author == from && author != 0 && feed_scope(feed) != 0 &&
				       catalog_is_member(s->catalog, 0, feed_scope(feed)) ?
			       RC_OK :
			       RC_DENIED;
	}
	if (from != 0 || !catalog_is_member(s->catalog, s->info.number, feed_scope(feed))) {
		return RC_DENIED;
	}
	return author != 0 || feed_incarnation(feed) == s->info.centre_incarnation ? RC_OK :
										     RC_DENIED;
}

/*
 * The key that a feed's genesis must name; NULL: any. An office takes the
 * feeds of others from its centre, whose cuts vouch for them by their hash:
 * an office that got a new key has older feeds under the old one.
 */
static enum rc find_key(const struct work *w, uint16_t author, const uint8_t **key)
{
	const struct office_info *o = catalog_office(w->store->catalog, author);

	*key = author == 0 ? w->store->info.centre_key : NULL;
	if (author == 0 || !w->store->info.is_centre) {
		return author == 0 || o != NULL ? RC_OK : RC_GAP;
	}
	*key = o == NULL ? NULL : o->key;
	return o != NULL && o->has_key ? RC_OK : RC_GAP;
}

/* The state of a feed that begins with this run. */
static enum rc begin_feed(const struct work *w, const struct run *run, const uint8_t *key,
			  struct feed_state *state)
{
	struct genesis g;
	enum rc rc = entry_decode_genesis(run->genesis, w->arena, &g);

	if (run->first_seq != 1 || run->genesis.len == 0) {
		return RC_GAP;
	}
	if (run->genesis.len > FEEDS_GENESIS_MAX) {
		return RC_LIMIT;
	}
	if (rc != RC_OK) {
		return rc;
	}
	if (memcmp(g.system, w->store->info.system, SYSTEM_LEN) != 0) {
		return RC_SYSTEM;
	}
	if (g.feed != run->feed || (key != NULL && memcmp(g.key, key, KEY_LEN) != 0)) {
		return RC_BADSIG;
	}
	memset(state, 0, sizeof(*state));
	state->feed = run->feed;
	state->genesis = run->genesis;
	memcpy(state->key, g.key, KEY_LEN);
	feed_chain_first(w->store->crypto, run->genesis, state->hash);
	return RC_OK;
}

static enum rc find_feed(const struct work *w, const struct run *run, struct feed_state *state)
{
	const uint8_t *key = NULL;
	enum rc rc = find_key(w, feed_office(run->feed), &key);

	if (rc != RC_OK) {
		return rc;
	}
	rc = feeds_get(w->txn, run->feed, state);
	if (rc == RC_NOTFOUND) {
		return begin_feed(w, run, key, state);
	}
	if (rc == RC_OK) {
		state->genesis = arena_copy(w->arena, state->genesis);
		rc = state->genesis.p == NULL ? RC_NOMEM : RC_OK;
	}
	return rc == RC_OK && key != NULL && memcmp(state->key, key, KEY_LEN) != 0 ? RC_BADSIG : rc;
}

/* The header of the feed's head, to which the next entry must fit. */
static enum rc load_before(struct work *w, const struct feed_state *state, struct entry *e)
{
	struct feed_entry stored;
	struct bytes copy;
	enum rc rc = feeds_get_entry(w->txn, (struct dot){ state->feed, state->head }, &stored);

	if (rc != RC_OK) {
		return rc;
	}
	copy = arena_copy(w->arena, stored.bytes);
	return copy.p == NULL ? RC_NOMEM : entry_decode(copy, w->arena, e);
}

/* Verifies the entries from `skip` on; fills in what is to be stored. state
 * moves to the end of the run. */
static enum rc check_entries(struct work *w, const struct run *run, uint32_t skip,
			     struct feed_state *state, struct feed_entry *stored)
{
	struct entry e, last;
	enum rc rc = state->head == 0 ? RC_OK : load_before(w, state, &last);
	uint32_t i;

	for (i = skip; i < run->entries_count && rc == RC_OK; i++) {
		struct feed_entry *s = &stored[i - skip];

		rc = entry_decode(run->entries[i], w->arena, &e);
		if (rc != RC_OK) {
			break;
		}
		if (e.header.feed != run->feed || e.header.seq != state->head + 1) {
			return RC_CORRUPT;
		}
		rc = apply_check_header(&e.header, state->head == 0 ? NULL : &last.header);
		entry_chain(w->store->crypto, &e, state->hash, state->hash);
		state->head++;
		state->changes += e.header.touches;
		s->dot = (struct dot){ run->feed, state->head };
		s->changes = state->changes;
		s->commit = e.header.commit;
		memcpy(s->hash, state->hash, HASH_LEN);
		s->bytes = run->entries[i];
		last = e;
	}
	return rc;
}

static enum rc check_seal(const struct work *w, const struct run *run,
			  const struct feed_state *state)
{
	uint8_t text[FEED_SEAL_TEXT_LEN];

	feed_seal_text(w->store->info.system, run->feed, state->head, state->hash, text);
	return w->store->crypto->verify(state->key, bytes_at(text, sizeof(text)), run->seal) ?
		       RC_OK :
		       RC_BADSIG;
}

static enum rc store_run(struct work *w, const struct run *run, const struct feed_state *state,
			 const struct feed_entry *stored, uint32_t count)
{
	struct dot last = { state->feed, state->head };
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < count && rc == RC_OK; i++) {
		rc = feeds_put_entry(w->txn, &stored[i]);
	}
	if (rc == RC_OK) {
		rc = feeds_put(w->txn, state);
	}
	return rc == RC_OK ? feeds_put_seal(w->txn, last, run->seal) : rc;
}

static enum rc receive_run(struct work *w, uint16_t from, const struct run *run,
			   struct receive_result *out)
{
	struct feed_state state;
	struct feed_entry *stored = NULL;
	uint64_t changes = 0, skip = 0;
	uint32_t count = 0;
	enum rc rc = check_sender(w, from, run->feed);

	if (rc == RC_OK && (run->entries_count == 0 || run->first_seq == 0)) {
		rc = RC_CORRUPT;
	}
	if (rc == RC_OK) {
		rc = find_feed(w, run, &state);
	}
	if (rc != RC_OK) {
		return rc;
	}
	if (run->first_seq > state.head + 1) {
		return RC_GAP;
	}
	skip = state.head + 1 - run->first_seq;
	if (skip >= run->entries_count) {
		return RC_OK; /* nothing that is not here */
	}
	count = run->entries_count - (uint32_t)skip;
	changes = state.changes;
	stored = arena_take(w->arena, count * sizeof(*stored));
	rc = stored == NULL ? RC_NOMEM : check_entries(w, run, (uint32_t)skip, &state, stored);
	if (rc == RC_OK) {
		rc = check_seal(w, run, &state);
	}
	if (rc != RC_OK) {
		return rc;
	}
	out->entries += count;
	out->changes += state.changes - changes;
	return store_run(w, run, &state, stored, count);
}

/* What fails while applying is this node's trouble, whatever its code says of
 * input: nothing of the work may stay. */
static enum rc fail_work(struct work *w, enum rc rc)
{
	if (w->rc == RC_OK) {
		w->rc = rc;
	}
	return receive_is_refusal(rc) ? RC_IO : rc;
}

enum rc receive_chunk(struct work *w, uint16_t from, const struct chunk *c, struct apply_cuts *cuts,
		      struct receive_result *out)
{
	enum rc refused = RC_OK, rc = RC_OK;
	uint32_t i;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < c->runs_count && refused == RC_OK; i++) {
		refused = receive_run(w, from, &c->runs[i], out);
		out->feed = c->runs[i].feed;
		if (refused != RC_OK && !receive_is_refusal(refused)) {
			return refused;
		}
		/* What the nation says must be in force for what follows it. */
		if (refused == RC_OK && feed_scope(c->runs[i].feed) == 0) {
			rc = apply_centre(w);
			if (rc != RC_OK) {
				return fail_work(w, rc);
			}
		}
	}
	rc = w->store->info.is_centre ? apply_office(w, from, cuts) : apply_centre(w);
	return rc == RC_OK ? refused : fail_work(w, rc);
}
