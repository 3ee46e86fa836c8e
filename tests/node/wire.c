#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/mem.h"
#include "node/store/rejoin.h"
#include "proto/message_codec.h"

enum { DIRTY_BYTES = 1 << 20, RUBBISH = 0xa5, INBOX_MAX = 256, INBOX_ARENA_BYTES = 16 << 20 };

static void must(bool is_sound, const char *what)
{
	if (!is_sound) {
		(void)fprintf(stderr, "wire: %s\n", what);
		abort();
	}
}

/* One side of an exchange, and the frames on their way to it. */
struct side {
	struct wire_node *node;
	struct store *writer;
	struct talk talk;
	struct side *other;
	struct bytes inbox[INBOX_MAX];
	uint32_t first, count;
	bool is_closed, is_done, issues;
	struct confirm asked;
	enum rc rc;
};

static void on_send(void *ctx, struct bytes frame)
{
	struct side *s = ctx;
	struct side *to = s->other;
	uint8_t *copy = malloc(frame.len + 1);

	must(copy != NULL && to->count < INBOX_MAX, "too many frames on their way");
	memcpy(copy, frame.p, frame.len);
	to->inbox[(to->first + to->count++) % INBOX_MAX] = bytes_at(copy, frame.len);
}

static void on_store(void *ctx, struct bytes frame)
{
	struct side *s = ctx;
	struct apply_cuts cuts = { NULL, 0, 0 };
	struct receive_result r = { .entries = 0 };
	struct arena inbox;
	struct message m;
	struct work w;
	enum rc rc = RC_OK, refused = RC_OK;

	if (s->node->on_turn != NULL) {
		s->node->on_turn(s->node->ctx);
	}
	must(work_begin(s->writer, &w) == RC_OK, "no transaction");
	must(mem_arena_open(&inbox, INBOX_ARENA_BYTES) == RC_OK, "no memory");
	must(message_decode(frame, &inbox, &m) == RC_OK, "a frame that was sent does not decode");
	refused = receive_chunk(&w, s->talk.peer, &s->talk.down, &m.chunk,
				s->writer->info.is_centre ? &cuts : NULL, &r);
	must(refused == RC_OK || receive_is_refusal(refused), rc_text(refused));
	must(apply_write_cuts(&w, &cuts) == RC_OK, "cuts cannot be written");
	rc = work_commit(&w);
	must(rc == RC_OK || s->node->may_be_full, "what came in cannot be committed");
	apply_cuts_free(&cuts);
	mem_arena_close(&inbox);
	talk_stored(&s->talk, rc == RC_OK ? refused : rc, &r);
	if (!s->other->is_closed) {
		talk_moved(&s->talk);
	}
}

static void on_admit(void *ctx, const struct hello *hello)
{
	(void)ctx;
	(void)hello;
	must(false, "the offices here are known");
}

static void on_leave(void *ctx, const uint32_t *torn, uint32_t count)
{
	struct side *s = ctx;
	struct work w;

	must(work_begin(s->writer, &w) == RC_OK, "no transaction");
	must(rejoin_leave(&w, torn, count) == RC_OK, "an incarnation cannot be left");
	must(work_commit(&w) == RC_OK, "leaving cannot be committed");
}

static void on_issue(void *ctx, const struct confirm *asked)
{
	((struct side *)ctx)->asked = *asked;
	((struct side *)ctx)->issues = true;
}

/* As the writer of a daemon does it: later. */
static bool issue(struct side *s)
{
	struct work w;
	enum rc rc = RC_OK;

	if (!s->issues) {
		return false;
	}
	s->issues = false;
	must(work_begin(s->writer, &w) == RC_OK, "no transaction");
	rc = rejoin_issue(&w);
	must(rc == RC_OK, rc_text(rc));
	rc = confirm_write(&w, &s->asked);
	must(rc == RC_OK, rc_text(rc));
	must(work_commit(&w) == RC_OK, "what is issued again cannot be committed");
	talk_issued(&s->talk, RC_OK);
	return true;
}

static void on_done(void *ctx, uint64_t ask)
{
	struct side *s = ctx;

	(void)ask;
	s->is_done = true;
}

static void on_drop(void *ctx, enum rc rc, const char *text)
{
	struct side *s = ctx;

	(void)snprintf(s->node->end.text, sizeof(s->node->end.text), "%s", text);
	s->is_closed = true;
	s->rc = rc;
}

struct store *wire_writer(const struct store *s)
{
	struct store *writer = NULL;

	must(store_share(s, &writer) == RC_OK, "the store cannot be shared");
	memset(writer->arena.p, RUBBISH, DIRTY_BYTES);
	return writer;
}

static void open_side(struct side *s, struct wire_node *n, struct side *other, uint16_t peer)
{
	struct talk_ops ops = { .ctx = s,
				.send = on_send,
				.store = on_store,
				.admit = on_admit,
				.leave = on_leave,
				.issue = on_issue,
				.done = on_done,
				.drop = on_drop };

	memset(s, 0, sizeof(*s));
	memset(&n->end, 0, sizeof(n->end));
	s->node = n;
	s->writer = n->writer != NULL ? n->writer : wire_writer(n->store);
	s->other = other;
	talk_init(&s->talk, n->store, peer, true, false, NULL, n->signer, &ops);
}

static struct bytes take_frame(struct side *s)
{
	struct bytes frame = s->inbox[s->first];

	s->first = (s->first + 1) % INBOX_MAX;
	s->count--;
	return frame;
}

/* Delivers one frame. False: there is none, or the wire broke. */
static bool deliver(struct side *s, int64_t *cut_after)
{
	struct bytes frame;

	if (s->count == 0 || *cut_after == 0) {
		return false;
	}
	*cut_after -= *cut_after > 0;
	frame = take_frame(s);
	if (!s->is_closed) {
		talk_frame(&s->talk, frame);
	}
	free((void *)(uintptr_t)frame.p);
	return true;
}

static void close_side(struct side *s)
{
	while (s->count > 0) {
		free((void *)(uintptr_t)take_frame(s).p);
	}
	s->node->end.was_refused = s->talk.was_refused;
	talk_fini(&s->talk);
	if (s->node->writer == NULL) {
		store_close(s->writer);
	}
}

enum rc wire_sync(struct wire_node *office, struct wire_node *centre, int64_t *cut_after)
{
	static struct side a, b;
	enum rc rc = RC_OK;

	open_side(&a, office, &b, 0);
	open_side(&b, centre, &a, office->store->info.number);
	talk_opened(&a.talk);
	talk_opened(&b.talk);
	while (deliver(&b, cut_after) || deliver(&a, cut_after) || issue(&a)) {
	}
	rc = a.is_done ? RC_OK : a.rc != RC_OK ? a.rc : b.rc != RC_OK ? b.rc : RC_CLOSED;
	close_side(&a);
	close_side(&b);
	return rc;
}

void wire_hand_over(struct wire_node *centre, struct store *office)
{
	struct store *from = centre->store;
	struct receive_result r;
	struct kv_txn *t = NULL;
	struct chunk chunk;
	struct send send;
	struct work w;

	send_init(&send, office->info.number, centre->signer);
	must(store_begin(from, false, &t) == RC_OK, "no transaction");
	must(send_set_lane(&send, store_centre_feed(from, 0), 1) == RC_OK, "no lane");
	for (;;) {
		must(send_next(&send, from, t, &chunk) == RC_OK, "nothing can be sent");
		if (chunk.runs_count == 0) {
			break;
		}
		must(work_begin(office, &w) == RC_OK &&
			     receive_chunk(&w, 0, NULL, &chunk, NULL, &r) == RC_OK &&
			     work_commit(&w) == RC_OK,
		     "the national feed is not taken");
	}
	store_end(from, t);
	send_fini(&send);
}
