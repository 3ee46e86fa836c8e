#include "node/store/talk.h"

#include <stdio.h>
#include <string.h>

#include "node/base/mem.h"
#include "node/store/closing.h"
#include "node/store/feeds.h"
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

static enum rc send_message(struct talk *t, const struct message *m)
{
	struct arena *a = &t->store->arena;
	size_t mark = arena_mark(a);
	uint8_t *buffer = arena_take(a, LIMIT_FRAME_BYTES_MAX);
	struct bytes_writer w = bytes_writer_init(buffer, LIMIT_FRAME_BYTES_MAX);

	if (buffer == NULL) {
		return RC_NOMEM;
	}
	message_encode(m, a, &w);
	if (w.rc == RC_OK) {
		t->ops.send(t->ops.ctx, bytes_written(&w));
	}
	arena_release(a, mark);
	return w.rc;
}

static void tell(struct talk *t, enum refusal refusal, const char *text)
{
	struct message m = { .type = MESSAGE_REFUSE, .refusal = refusal, .text = bytes_of(text) };

	(void)send_message(t, &m);
}

static void drop(struct talk *t, enum rc rc, enum refusal refusal, const char *text)
{
	t->session.state = SESSION_CLOSED;
	if (refusal != 0) {
		tell(t, refusal, text);
	}
	t->ops.drop(t->ops.ctx, rc, text);
}

/* What a failure of ours or a refusal tells the peer. */
static enum refusal refusal_of(enum rc rc)
{
	switch (rc) {
	case RC_SYSTEM:
		return REFUSAL_SYSTEM;
	case RC_DENIED:
		return REFUSAL_KEY;
	case RC_FORK:
		return REFUSAL_FORK;
	case RC_VERSION:
		return REFUSAL_PROTOCOL;
	case RC_BUSY:
		return REFUSAL_BUSY;
	case RC_FULL:
		return REFUSAL_FULL;
	case RC_CORRUPT:
	case RC_BADSIG:
	case RC_GAP:
	case RC_LIMIT:
	case RC_INVALID:
		return REFUSAL_INPUT;
	case RC_OK:
	case RC_NOMEM:
	case RC_NOTFOUND:
	case RC_EXISTS:
	case RC_IO:
	case RC_TIMEOUT:
	case RC_CLOSED:
	case RC_UNREACHED:
	case RC_UNKNOWN:
		break;
	}
	return REFUSAL_INTERNAL;
}

/* A failure of this node's own: the peer hears whose it is. */
static void fail_here(struct talk *t, enum rc rc)
{
	char text[128];
	enum refusal refusal = refusal_of(rc);

	if (refusal != REFUSAL_FULL && refusal != REFUSAL_INTERNAL) {
		drop(t, rc, refusal, rc_text(rc));
		return;
	}
	(void)snprintf(text, sizeof(text), "the %s cannot store anything: %s",
		       t->store->info.is_centre ? "centre" : "office",
		       rc == RC_FULL ? "its disk is full, or its max_size reached" : rc_text(rc));
	tell(t, refusal, text);
	t->session.state = SESSION_CLOSED;
	t->ops.drop(t->ops.ctx, rc,
		    rc == RC_FULL ? "this node's disk is full, or its max_size reached" :
				    rc_text(rc));
}

static void say_hello(struct talk *t)
{
	struct message m = { .type = MESSAGE_HELLO };
	struct kv_txn *txn = NULL;
	enum rc rc = store_begin(t->store, false, &txn);

	if (rc == RC_OK) {
		rc = places_hello(t->store, txn, t->peer, &m.hello);
	}
	if (rc == RC_OK) {
		m.hello.time_ms = t->store->world->now_ms();
		m.hello.has_token = t->has_token;
		memcpy(m.hello.token, t->token, TOKEN_LEN);
		rc = send_message(t, &m);
	}
	store_end(t->store, txn);
	if (rc != RC_OK) {
		fail_here(t, rc);
	}
}

static void send_simple(struct talk *t, enum message_type type, uint32_t credit, uint64_t ask)
{
	struct message m = { .type = type, .credit = credit, .ask = ask };

	mem_arena_reset(&t->store->arena);
	(void)send_message(t, &m); /* small: always fits */
}

static uint64_t count_changes(struct kv_txn *txn, const struct run *run)
{
	struct dot last = { run->feed, run->first_seq + run->entries_count - 1 };
	struct dot before = { run->feed, run->first_seq - 1 };
	struct feed_entry a = { .changes = 0 }, b = { .changes = 0 };

	(void)feeds_get_entry(txn, last, &b);
	if (before.seq > 0) {
		(void)feeds_get_entry(txn, before, &a);
	}
	return b.changes - a.changes;
}

static void step(struct talk *t, struct session_event *e);

/* Sends the next chunk and reports it. */
static void send_chunk(struct talk *t)
{
	struct message m = { .type = MESSAGE_CHUNK };
	struct session_event sent = { .type = SESSION_SENT };
	struct kv_txn *txn = NULL;
	enum rc rc = store_begin(t->store, false, &txn);
	uint32_t i;

	if (rc == RC_OK) {
		rc = send_next(&t->send, t->store, txn, &m.chunk);
	}
	if (rc == RC_OK && m.chunk.runs_count > 0) {
		for (i = 0; i < m.chunk.runs_count; i++) {
			t->entries_sent += m.chunk.runs[i].entries_count;
			t->changes_sent += count_changes(txn, &m.chunk.runs[i]);
		}
		rc = send_message(t, &m);
	} else if (rc == RC_OK) {
		t->session.credit++;
	}
	sent.has_more = rc == RC_OK && m.chunk.runs_count > 0 && send_has_more(&t->send, txn);
	store_end(t->store, txn);
	if (rc != RC_OK) {
		fail_here(t, rc);
		return;
	}
	step(t, &sent);
}

/* The peer's hello was accepted: from where to send to it. */
static void start(struct talk *t, const struct hello *hello)
{
	struct session_event ready = { .type = SESSION_SENT };
	struct kv_txn *txn = NULL;
	enum rc rc = store_begin(t->store, false, &txn);

	if (rc == RC_OK) {
		rc = places_start(t->store, txn, hello, &t->send);
		ready.has_more = rc == RC_OK && send_has_more(&t->send, txn);
	}
	store_end(t->store, txn);
	if (rc != RC_OK) {
		fail_here(t, rc);
		return;
	}
	step(t, &ready);
}

static void carry_out(struct talk *t, const struct session_action *a, const struct session_event *e,
		      struct bytes frame)
{
	switch (a->type) {
	case SESSION_DO_HELLO:
		say_hello(t);
		break;
	case SESSION_DO_ADMIT:
		/* Lanes are set for whom it says it is; nothing goes out before
		 * that is judged. */
		start(t, &e->message->hello);
		t->ops.admit(t->ops.ctx, &e->message->hello);
		break;
	case SESSION_DO_START:
		if (e->message != NULL) {
			start(t, &e->message->hello);
		}
		break;
	case SESSION_DO_STORE:
		t->ops.store(t->ops.ctx, frame);
		break;
	case SESSION_DO_SEND:
		send_chunk(t);
		break;
	case SESSION_DO_ANSWER:
		send_simple(t, MESSAGE_ANSWER, a->credit, 0);
		break;
	case SESSION_DO_ASK:
		send_simple(t, MESSAGE_ASK, 0, a->ask);
		break;
	case SESSION_DO_DONE:
		t->ops.done(t->ops.ctx, a->ask);
		break;
	case SESSION_DO_BYE:
		send_simple(t, MESSAGE_BYE, 0, 0);
		t->session.state = SESSION_CLOSED;
		t->ops.drop(t->ops.ctx, RC_OK, "");
		break;
	case SESSION_DO_DROP:
		drop(t, a->rc, a->refusal, a->rc == RC_OK ? "" : rc_text(a->rc));
		break;
	}
}

static void step_with(struct talk *t, struct session_event *e, struct bytes frame)
{
	struct session_actions actions;
	uint32_t i;

	session_step(&t->session, e, &actions);
	for (i = 0; i < actions.count; i++) {
		bool last = actions.items[i].type == SESSION_DO_DROP;

		if (t->session.state == SESSION_CLOSED && !last &&
		    actions.items[i].type != SESSION_DO_BYE) {
			break;
		}
		carry_out(t, &actions.items[i], e, frame);
	}
}

static void step(struct talk *t, struct session_event *e)
{
	step_with(t, e, bytes_at(NULL, 0));
}

/*
 * The centre: whether the peer's office was closed, before the conversation or
 * during it. Then the peer is told so. In a transaction.
 */
static bool turn_away_closed(struct talk *t)
{
	const struct office_info *o = catalog_office(t->store->catalog, t->peer);
	char text[CLOSING_TEXT_MAX], whole[CLOSING_TEXT_MAX];

	if (!t->store->info.is_centre || t->peer == 0 || o == NULL || !o->is_closed) {
		return false;
	}
	closing_text(o, text);
	(void)snprintf(whole, sizeof(whole),
		       "%.300s; what the centre has confirmed is kept, for the rest ask its "
		       "administrator",
		       text);
	drop(t, RC_DENIED, REFUSAL_CLOSED, whole);
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
	if (rc == RC_OK && e->type == SESSION_OPENED) {
		rc = places_start(t->store, txn, NULL, &t->send);
	}
	e->has_more = rc == RC_OK && send_has_more(&t->send, txn) &&
		      (e->type != SESSION_OPENED || send_is_small(&t->send, txn));
	store_end(t->store, txn);
	if (rc != RC_OK) {
		fail_here(t, rc);
		return;
	}
	step_with(t, e, frame);
}

void talk_opened(struct talk *t)
{
	struct session_event e = { .type = SESSION_OPENED };

	step_placed(t, &e, bytes_at(NULL, 0));
}

/* A chunk is known by its first byte; the writer decodes it. */
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

		if (s->office_seq > 0) {
			t->peer_heads[t->peer_heads_count++] =
				(struct dot){ feed_pack(t->peer, s->scope, s->office_incarnation),
					      s->office_seq };
		}
	}
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
		return "the histories do not fit: one side was restored or cloned";
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
		drop(t, actions.items[0].rc, 0, text);
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
	static const struct message chunk = { .type = MESSAGE_CHUNK };
	struct session_event e = { .type = SESSION_MESSAGE, .message = &chunk };
	struct inbox in = { .message = { .type = MESSAGE_BYE } };
	enum rc rc = RC_OK;

	if (is_chunk(frame)) {
		step_with(t, &e, frame);
		return;
	}
	rc = read_frame(frame, &in);
	if (rc == RC_OK && in.message.type == MESSAGE_HELLO) {
		rc = judge_hello(t, &in.message.hello);
	}
	if (rc != RC_OK) {
		drop(t, rc, refusal_of(rc), text_of(rc));
	} else if (in.message.type == MESSAGE_REFUSE) {
		on_refused(t, &in.message);
	} else {
		e.message = &in.message;
		if (in.message.type == MESSAGE_HELLO) {
			note_heads(t, &in.message.hello);
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
	if (rc != RC_OK) {
		fail_here(t, rc);
		return;
	}
	step_placed(t, &e, bytes_at(NULL, 0));
}

void talk_turn_away(struct talk *t, const char *text)
{
	if (t->session.state != SESSION_CLOSED) {
		drop(t, RC_DENIED, REFUSAL_KEY, text);
	}
}

void talk_admitted(struct talk *t, enum rc rc)
{
	struct session_event e = { .type = SESSION_ADMITTED };

	if (rc != RC_OK && rc != RC_NOTFOUND && rc != RC_DENIED) {
		fail_here(t, rc);
		return;
	}
	if (rc != RC_OK) {
		drop(t, rc, REFUSAL_TOKEN,
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

	step(t, &e);
}

void talk_full(struct talk *t)
{
	struct session_event e = { .type = SESSION_FULL };

	step(t, &e);
}

void talk_ask(struct talk *t, uint64_t ask)
{
	send_simple(t, MESSAGE_ASK, 0, ask);
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
