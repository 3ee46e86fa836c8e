/* Carrying out what a session wants: messages, chunks, and the beginning of a
 * conversation. */
#include <stdio.h>
#include <string.h>

#include "node/base/log.h"
#include "node/base/mem.h"
#include "node/store/feeds.h"
#include "node/store/heal.h"
#include "node/store/past.h"
#include "node/store/rejoin.h"
#include "node/store/talk_priv.h"
#include "proto/message_codec.h"

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

void talk_drop(struct talk *t, enum rc rc, enum refusal refusal, const char *text)
{
	t->session.state = SESSION_CLOSED;
	if (refusal != 0) {
		tell(t, refusal, text);
	}
	t->ops.drop(t->ops.ctx, rc, text);
}

/* What a failure of ours or a refusal tells the peer. */
enum refusal talk_refusal_of(enum rc rc)
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
void talk_fail_here(struct talk *t, enum rc rc)
{
	char text[128];
	enum refusal refusal = talk_refusal_of(rc);

	if (refusal != REFUSAL_FULL && refusal != REFUSAL_INTERNAL) {
		talk_drop(t, rc, refusal, rc_text(rc));
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
		talk_fail_here(t, rc);
	}
}

void talk_send_simple(struct talk *t, enum message_type type, uint32_t credit, uint64_t ask)
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
	if (rc == RC_OK && (m.chunk.runs_count > 0 || m.chunk.is_end)) {
		for (i = 0; i < m.chunk.runs_count; i++) {
			t->entries_sent += m.chunk.runs[i].entries_count;
			t->changes_sent += count_changes(txn, &m.chunk.runs[i]);
		}
		rc = send_message(t, &m);
	} else if (rc == RC_OK) {
		session_unsend(&t->session);
	}
	sent.has_more = rc == RC_OK && (m.chunk.runs_count > 0 || m.chunk.is_end) &&
			send_has_more(&t->send, txn);
	store_end(t->store, txn);
	if (rc == RC_CORRUPT) {
		talk_drop(t, rc, REFUSAL_INTERNAL,
			  "an entry that is to be sent is damaged: see `kerwen verify` there");
		return;
	}
	if (rc != RC_OK) {
		talk_fail_here(t, rc);
		return;
	}
	step(t, &sent);
}

/* The office asks for what it lacks of its own. */
void talk_send_want(struct talk *t, const struct dot *wants, uint32_t count)
{
	struct message m = { .type = MESSAGE_WANT, .wants = wants, .wants_count = count };

	mem_arena_reset(&t->store->arena);
	(void)send_message(t, &m);
}

enum rc talk_find_wants(struct talk *t, struct kv_txn *txn, bool *out)
{
	struct span spans[HEAL_SPANS_MAX];
	uint64_t notes = 0;
	uint32_t count = 0;
	enum rc rc = heal_list(t->store, txn, t->peer, spans, &count, &notes);

	*out = rc == RC_OK && count > 0 && notes != t->asked_notes;
	return rc;
}

/* Asks for what is damaged here. */
static void want(struct talk *t)
{
	struct span spans[HEAL_SPANS_MAX];
	struct message m = { .type = MESSAGE_WANT, .spans = spans };
	struct kv_txn *txn = NULL;
	enum rc rc = store_begin(t->store, false, &txn);

	if (rc == RC_OK) {
		rc = heal_list(t->store, txn, t->peer, spans, &m.spans_count, &t->asked_notes);
	}
	if (rc == RC_OK) {
		rc = send_message(t, &m);
	}
	store_end(t->store, txn);
	if (rc != RC_OK) {
		talk_fail_here(t, rc);
	}
}

/* What the hellos together say of the office's feeds. */
static enum rc judge_feeds(struct talk *t, struct kv_txn *txn, const struct hello *hello,
			   struct rejoin_plan *plan)
{
	uint32_t i;
	enum rc rc = t->store->info.is_centre ? rejoin_judge_office(t->store, txn, hello, plan) :
						rejoin_judge(t->store, txn, hello, plan);

	for (i = 0; rc == RC_OK && t->store->info.is_centre && i < plan->torn_count &&
		    t->down.count < RECEIVE_DOWN_MAX;
	     i++) {
		t->down.items[t->down.count++] = plan->torn[i];
		log_warn("office=%u: incarnation %08lx goes on elsewhere than here: the office was "
			 "restored from a copy, or runs in two places; it goes on in a new one",
			 hello->office, (unsigned long)plan->torn[i]);
	}
	return rc;
}

/* The peer's hello was accepted: from where to send to it. */
static void start(struct talk *t, const struct hello *hello)
{
	struct session_event ready = { .type = SESSION_SENT };
	struct rejoin_plan plan = { .wants_count = 0 };
	struct kv_txn *txn = NULL;
	enum rc rc = store_begin(t->store, false, &txn);

	if (rc == RC_OK) {
		rc = judge_feeds(t, txn, hello, &plan);
	}
	t->down.is_restored = rc == RC_OK && t->store->info.is_centre && past_is_ahead(txn, hello);
	if (rc == RC_OK && !t->store->info.is_centre && hello->scopes_count > 0) {
		t->down.centre_life = hello->scopes[0].centre_incarnation;
	}
	if (rc == RC_OK) {
		rc = places_start(t->store, txn, hello, &t->send);
		ready.has_more = rc == RC_OK && send_has_more(&t->send, txn);
	}
	store_end(t->store, txn);
	if (rc != RC_OK) {
		talk_fail_here(t, rc);
		return;
	}
	if (!t->store->info.is_centre && plan.torn_count > 0) {
		t->ops.leave(t->ops.ctx, plan.torn, plan.torn_count);
	}
	if (!t->store->info.is_centre && plan.wants_count > 0) {
		talk_send_want(t, plan.wants, plan.wants_count);
	}
	step(t, &ready);
}

/* The office wants feeds of its own back. */
static void give(struct talk *t, const struct message *m)
{
	struct session_event ready = { .type = SESSION_SENT };
	struct kv_txn *txn = NULL;
	enum rc rc = store_begin(t->store, false, &txn);
	uint32_t i;

	for (i = 0; i < m->wants_count && rc == RC_OK; i++) {
		rc = places_give(t->store, txn, m->wants[i], &t->send);
	}
	for (i = 0; i < m->spans_count && rc == RC_OK; i++) {
		rc = heal_give(t->store, txn, &m->spans[i], &t->send);
	}
	t->send.owes_end = t->send.owes_end || m->spans_count > 0;
	ready.has_more = rc == RC_OK && send_has_more(&t->send, txn);
	store_end(t->store, txn);
	if (rc != RC_OK) {
		talk_drop(t, rc, talk_refusal_of(rc), rc_text(rc));
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
		talk_send_simple(t, MESSAGE_ANSWER, a->credit, 0);
		break;
	case SESSION_DO_ASK:
		talk_send_simple(t, MESSAGE_ASK, 0, a->ask);
		break;
	case SESSION_DO_GIVE:
		give(t, e->message);
		break;
	case SESSION_DO_WANT:
		want(t);
		break;
	case SESSION_DO_ISSUE:
		t->ops.issue(t->ops.ctx);
		break;
	case SESSION_DO_DONE:
		t->ops.done(t->ops.ctx, a->ask);
		break;
	case SESSION_DO_BYE:
		talk_send_simple(t, MESSAGE_BYE, 0, 0);
		t->session.state = SESSION_CLOSED;
		t->ops.drop(t->ops.ctx, RC_OK, "");
		break;
	case SESSION_DO_DROP:
		talk_drop(t, a->rc, a->refusal, a->rc == RC_OK ? "" : rc_text(a->rc));
		break;
	}
}

void talk_step_with(struct talk *t, struct session_event *e, struct bytes frame)
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
	talk_step_with(t, e, bytes_at(NULL, 0));
}
