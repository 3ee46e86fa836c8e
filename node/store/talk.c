#include "node/store/talk.h"

#include <stdio.h>
#include <string.h>

#include "node/base/mem.h"
#include "node/store/closing.h"
#include "node/store/feeds.h"
#include "node/store/past.h"
#include "node/store/rejoin.h"
#include "node/store/talk_priv.h"
#include "proto/message_codec.h"

void talk_init(struct talk *t, struct store *store, uint16_t peer, bool knows_peer, bool stays,
	       const uint8_t *token, struct send_signer signer, const struct talk_ops *ops)
{
	memset(t, 0, sizeof(*t));
	session_init(&t->session, !store->info.is_centre, stays, knows_peer && token == NULL);
	send_init(&t->send, peer, signer);
	t->store = store;
	t->ops = *ops;
	t->peer = peer;
	t->has_token = token != NULL;
	if (token != NULL) {
		memcpy(t->token, token, TOKEN_LEN);
	}
}

void talk_fini(struct talk *t)
{
	send_fini(&t->send);
	t->session.state = SESSION_CLOSED;
}

/*
 * The centre: whether the peer's office was closed, before the conversation or
 * during it. Then the peer is told so - if its key is the office's: who only says
 * that it is that office learns nothing. In a transaction.
 */
static bool turn_away_closed(struct talk *t)
{
	const struct office_info *o = catalog_office(t->store->catalog, t->peer);
	char text[CLOSING_TEXT_MAX], whole[CLOSING_TEXT_MAX];

	if (!t->store->info.is_centre || !t->session.knows_peer || o == NULL || !o->is_closed) {
		return false;
	}
	closing_text(o, text);
	(void)snprintf(whole, sizeof(whole),
		       "%.300s; what the centre has confirmed is kept, for the rest ask its "
		       "administrator",
		       text);
	talk_drop(t, RC_DENIED, REFUSAL_CLOSED, whole);
	return true;
}

/* Steps with an event that tells where this node stands now. */
static void step_placed(struct talk *t, struct session_event *e, struct bytes frame)
{
	struct session_place places[PLACES_MAX];
	struct kv_txn *txn = NULL;
	enum rc rc = store_begin(t->store, false, &txn);

	e->places = places;
	if (rc == RC_OK && turn_away_closed(t)) {
		store_end(t->store, txn);
		return;
	}
	if (rc == RC_OK && !t->store->info.is_centre) {
		rc = places_get(t->store, txn, places, &e->places_count);
	}
	if (rc == RC_OK && !t->store->info.is_centre) {
		rc = rejoin_owes(txn, &e->owes);
	}
	if (rc == RC_OK && t->session.knows_peer) {
		rc = talk_find_wants(t, txn, &e->wants);
	}
	e->has_gifts = send_has_gifts(&t->send);
	send_set_waits(&t->send, t->session.wanting || e->wants);
	e->awaits = !t->store->info.is_centre && t->awaits != 0 &&
		    t->awaits == t->store->info.centre_incarnation;
	if (rc == RC_OK) {
		rc = places_start(t->store, txn, NULL, &t->send);
	}
	e->has_more = rc == RC_OK && send_has_more(&t->send, txn) &&
		      (e->type != SESSION_OPENED || send_is_small(&t->send, txn));
	store_end(t->store, txn);
	if (rc != RC_OK) {
		talk_fail_here(t, rc);
		return;
	}
	talk_step_with(t, e, frame);
}

void talk_opened(struct talk *t)
{
	struct session_event e = { .type = SESSION_OPENED };

	step_placed(t, &e, bytes_at(NULL, 0));
}

/* A chunk is known by its first byte; the writer decodes it. One without runs has
 * no more than its length. */
enum { EMPTY_CHUNK_LEN = 2 };

static bool is_chunk(struct bytes frame)
{
	return frame.len > 0 && frame.p[0] == 0x12;
}

static void note_heads(struct talk *t, const struct hello *h)
{
	uint32_t i;

	if (t->store->info.is_centre && !t->session.knows_peer) {
		t->peer = t->send.peer = h->office;
	}
	t->peer_time_ms = h->time_ms;
	t->peer_heads_count = 0;
	for (i = 0; i < h->scopes_count && t->peer_heads_count < PLACES_MAX; i++) {
		const struct scope_head *s = &h->scopes[i];

		if (s->scope == 0 && s->office_incarnation != 0) {
			t->peer_incarnation = s->office_incarnation;
		}
		if (s->office_seq > 0) {
			t->peer_heads[t->peer_heads_count++] =
				(struct dot){ feed_pack(t->peer, s->scope, s->office_incarnation),
					      s->office_seq };
		}
	}
}

/* An office: the centre has less than it had. */
static void note_behind(struct talk *t, const struct hello *h)
{
	struct kv_txn *txn = NULL;

	if (t->store->info.is_centre || store_begin(t->store, false, &txn) != RC_OK) {
		return;
	}
	if (past_is_behind(t->store, txn, h)) {
		t->awaits = t->store->info.centre_incarnation;
	}
	store_end(t->store, txn);
}

/* The peer's hello is judged before the session sees it. */
static enum rc judge_hello(struct talk *t, const struct hello *h)
{
	struct kv_txn *txn = NULL;
	enum rc rc = RC_OK;

	if (h->protocol != MESSAGE_PROTOCOL) {
		return RC_VERSION;
	}
	rc = store_begin(t->store, false, &txn);
	if (rc == RC_OK && memcmp(h->system, t->store->info.system, SYSTEM_LEN) != 0) {
		rc = RC_SYSTEM;
	}
	if (rc == RC_OK && (!t->store->info.is_centre || t->session.knows_peer)) {
		rc = places_check(t->store, txn, t->peer, h);
	}
	store_end(t->store, txn);
	return rc;
}

static const char *text_of(enum rc rc)
{
	switch (rc) {
	case RC_SYSTEM:
		return "the other side belongs to another system";
	case RC_DENIED:
		return "the other side is not the office that its key belongs to";
	case RC_FORK:
		return "the histories do not fit: the centre was restored";
	case RC_VERSION:
		return "the other side speaks another protocol version";
	case RC_OK:
	case RC_NOMEM:
	case RC_LIMIT:
	case RC_NOTFOUND:
	case RC_EXISTS:
	case RC_INVALID:
	case RC_CORRUPT:
	case RC_BADSIG:
	case RC_GAP:
	case RC_FULL:
	case RC_IO:
	case RC_BUSY:
	case RC_TIMEOUT:
	case RC_CLOSED:
	case RC_UNREACHED:
	case RC_UNKNOWN:
		break;
	}
	return rc_text(rc);
}

static void on_refused(struct talk *t, const struct message *m)
{
	char text[440];
	size_t len = m->text.len < sizeof(text) - 1 ? m->text.len : sizeof(text) - 1;
	struct session_event e = { .type = SESSION_MESSAGE, .message = m };
	struct session_actions actions;

	if (len > 0) {
		memcpy(text, m->text.p, len);
	}
	text[len] = '\0';
	t->was_refused = true;
	session_step(&t->session, &e, &actions);
	if (actions.count > 0) {
		talk_drop(t, actions.items[0].rc, 0, text);
	}
}

/* Copies a frame's message out of reach of the store's arena, which every
 * step of the session empties. */
struct inbox {
	struct arena arena;
	struct message message;
};

static enum rc read_frame(struct bytes frame, struct inbox *in)
{
	enum rc rc = mem_arena_open(&in->arena, 64 * LIMIT_FRAME_BYTES_MAX);

	return rc == RC_OK ? message_decode(frame, &in->arena, &in->message) : rc;
}

void talk_frame(struct talk *t, struct bytes frame)
{
	static const struct message chunk = { .type = MESSAGE_CHUNK, .chunk = { .runs_count = 1 } };
	static const struct message end = { .type = MESSAGE_CHUNK };
	struct session_event e = { .type = SESSION_MESSAGE,
				   .message = frame.len > EMPTY_CHUNK_LEN ? &chunk : &end };
	struct inbox in = { .message = { .type = MESSAGE_BYE } };
	enum rc rc = RC_OK;

	if (is_chunk(frame)) {
		talk_step_with(t, &e, frame);
		return;
	}
	rc = read_frame(frame, &in);
	if (rc == RC_OK && in.message.type == MESSAGE_HELLO) {
		rc = judge_hello(t, &in.message.hello);
	}
	if (rc != RC_OK) {
		talk_drop(t, rc, talk_refusal_of(rc), text_of(rc));
	} else if (in.message.type == MESSAGE_REFUSE) {
		on_refused(t, &in.message);
	} else {
		e.message = &in.message;
		if (in.message.type == MESSAGE_HELLO) {
			note_heads(t, &in.message.hello);
			note_behind(t, &in.message.hello);
		}
		step_placed(t, &e, frame);
	}
	mem_arena_close(&in.arena);
}

/* As turn_away_closed, in a transaction of its own. */
static bool is_closed(struct talk *t)
{
	struct kv_txn *txn = NULL;
	bool closed = store_begin(t->store, false, &txn) == RC_OK && turn_away_closed(t);

	store_end(t->store, txn);
	return closed;
}

void talk_stored(struct talk *t, enum rc rc, const struct receive_result *r)
{
	struct session_event e = { .type = SESSION_STORED };

	if (t->session.state == SESSION_CLOSED) {
		return;
	}
	t->entries_received += r->entries;
	t->changes_received += r->changes;
	if (rc == RC_DENIED && is_closed(t)) {
		return;
	}
	t->healed += r->healed;
	if (rc != RC_OK) {
		talk_fail_here(t, rc);
		return;
	}
	/* The other one of two that run this office wrote meanwhile. */
	if (r->want.feed != 0 && !dot_equal(r->want, t->wanted)) {
		t->wanted = r->want;
		talk_send_want(t, &r->want, 1);
	}
	step_placed(t, &e, bytes_at(NULL, 0));
}

void talk_issued(struct talk *t, enum rc rc)
{
	struct session_event e = { .type = SESSION_ISSUED };

	if (t->session.state == SESSION_CLOSED) {
		return;
	}
	if (rc != RC_OK) {
		talk_fail_here(t, rc);
		return;
	}
	step_placed(t, &e, bytes_at(NULL, 0));
}

void talk_turn_away(struct talk *t, const char *text)
{
	if (t->session.state != SESSION_CLOSED) {
		talk_drop(t, RC_DENIED, REFUSAL_KEY, text);
	}
}

void talk_admitted(struct talk *t, enum rc rc)
{
	struct session_event e = { .type = SESSION_ADMITTED };

	if (rc != RC_OK && rc != RC_NOTFOUND && rc != RC_DENIED) {
		talk_fail_here(t, rc);
		return;
	}
	if (rc != RC_OK) {
		talk_drop(
			t, rc, REFUSAL_TOKEN,
			"this key is not known here, and the invitation was used or is not valid");
		return;
	}
	step_placed(t, &e, bytes_at(NULL, 0));
}

void talk_moved(struct talk *t)
{
	struct session_event e = { .type = SESSION_MOVED };

	step_placed(t, &e, bytes_at(NULL, 0));
}

void talk_writable(struct talk *t)
{
	struct session_event e = { .type = SESSION_WRITABLE };

	talk_step_with(t, &e, bytes_at(NULL, 0));
}

void talk_full(struct talk *t)
{
	struct session_event e = { .type = SESSION_FULL };

	talk_step_with(t, &e, bytes_at(NULL, 0));
}

void talk_ask(struct talk *t, uint64_t ask)
{
	talk_send_simple(t, MESSAGE_ASK, 0, ask);
}

bool talk_is_heard(struct talk *t)
{
	struct kv_txn *txn = NULL;
	bool heard = store_begin(t->store, false, &txn) == RC_OK;
	uint32_t i;

	for (i = 0; i < t->peer_heads_count && heard; i++) {
		struct feed_state state;

		heard = feeds_get(txn, t->peer_heads[i].feed, &state) == RC_OK &&
			state.applied >= t->peer_heads[i].seq;
	}
	store_end(t->store, txn);
	return heard;
}

bool talk_lacks_own(struct talk *t)
{
	struct feed_state own = { .head = 0 };
	struct kv_txn *txn = NULL;
	bool lacks = t->wanted.feed != 0 && store_begin(t->store, false, &txn) == RC_OK;

	if (lacks) {
		(void)feeds_get(txn, t->wanted.feed, &own);
		lacks = own.applied <= t->wanted.seq;
	}
	store_end(t->store, txn);
	return lacks;
}
