/* The writing half of message_codec.h. */
#include "proto/message_codec.h"
#include "proto/wire.h"

/* Begins a sub-message in scratch memory, as large as what is left. */
static struct bytes_writer begin(struct arena *scratch)
{
	size_t room = LIMIT_FRAME_BYTES_MAX;
	void *p = arena_take(scratch, room);

	return bytes_writer_init(p, p == NULL ? 0 : room);
}

/* Ends it: writes it as a field of w. */
static void end(struct bytes_writer *w, uint32_t field, const struct bytes_writer *sub)
{
	if (sub->rc != RC_OK) {
		w->rc = sub->rc;
		return;
	}
	wire_put_element(w, field, bytes_written(sub));
}

static void put_hash(struct bytes_writer *w, uint32_t field, uint64_t seq, const uint8_t *hash)
{
	if (seq > 0) {
		wire_put_bytes(w, field, bytes_at(hash, MESSAGE_HASH_LEN));
	}
}

static void put_dot(struct bytes_writer *w, uint32_t field, struct dot dot)
{
	uint8_t buffer[32];
	struct bytes_writer d = bytes_writer_init(buffer, sizeof(buffer));

	wire_put_fixed64(&d, 1, dot.feed);
	wire_put_uint(&d, 2, dot.seq);
	wire_put_element(w, field, bytes_written(&d));
}

static void put_scope(struct bytes_writer *w, const struct scope_head *s, struct arena *scratch)
{
	size_t mark = arena_mark(scratch);
	struct bytes_writer sub = begin(scratch);
	uint32_t i;

	wire_put_uint(&sub, 1, s->scope);
	wire_put_fixed32(&sub, 2, s->centre_incarnation);
	wire_put_uint(&sub, 3, s->centre_seq);
	put_hash(&sub, 4, s->centre_seq, s->centre_hash);
	wire_put_fixed32(&sub, 5, s->office_incarnation);
	wire_put_uint(&sub, 6, s->office_seq);
	put_hash(&sub, 7, s->office_seq, s->office_hash);
	for (i = 0; i < s->held_count; i++) {
		put_dot(&sub, 8, s->held[i]);
	}
	wire_put_uint(&sub, 9, s->confirm);
	wire_put_uint(&sub, 10, s->base_seq);
	wire_put_uint(&sub, 11, s->base_pieces);
	end(w, 4, &sub);
	arena_release(scratch, mark);
}

static void put_hello(struct bytes_writer *w, const struct hello *h, struct arena *scratch)
{
	struct bytes_writer sub = begin(scratch);
	uint32_t i;

	wire_put_uint(&sub, 1, h->protocol);
	wire_put_bytes(&sub, 2, bytes_at(h->system, SYSTEM_LEN));
	wire_put_uint(&sub, 3, h->office);
	for (i = 0; i < h->scopes_count; i++) {
		put_scope(&sub, &h->scopes[i], scratch);
	}
	wire_put_uint(&sub, 5, h->credit);
	if (h->has_token) {
		wire_put_bytes(&sub, 6, bytes_at(h->token, TOKEN_LEN));
	}
	wire_put_uint(&sub, 7, (uint64_t)h->time_ms);
	end(w, 1, &sub);
}

static void put_run(struct bytes_writer *w, const struct run *run, struct arena *scratch)
{
	size_t mark = arena_mark(scratch);
	struct bytes_writer sub = begin(scratch);
	uint32_t i;

	wire_put_bytes(&sub, 1, run->genesis);
	wire_put_fixed64(&sub, 2, run->feed);
	wire_put_uint(&sub, 3, run->first_seq);
	for (i = 0; i < run->entries_count; i++) {
		wire_put_element(&sub, 4, run->entries[i]);
	}
	wire_put_bytes(&sub, 5, bytes_at(run->seal, SIG_LEN));
	end(w, 1, &sub);
	arena_release(scratch, mark);
}

static void put_base(struct bytes_writer *w, const struct base_piece *p, struct arena *scratch)
{
	size_t mark = arena_mark(scratch);
	struct bytes_writer sub = begin(scratch);

	wire_put_uint(&sub, 1, p->scope);
	wire_put_uint(&sub, 2, p->seq);
	wire_put_uint(&sub, 3, p->number);
	wire_put_bytes(&sub, 4, p->data);
	end(w, 2, &sub);
	arena_release(scratch, mark);
}

static void put_chunk(struct bytes_writer *w, const struct chunk *c, struct arena *scratch)
{
	struct bytes_writer sub = begin(scratch);
	uint32_t i;

	for (i = 0; i < c->runs_count; i++) {
		put_run(&sub, &c->runs[i], scratch);
	}
	if (c->has_base) {
		put_base(&sub, &c->base, scratch);
	}
	end(w, 2, &sub);
}

static void put_span(struct bytes_writer *w, uint32_t field, const struct span *s)
{
	uint8_t buffer[32];
	struct bytes_writer d = bytes_writer_init(buffer, sizeof(buffer));

	wire_put_fixed64(&d, 1, s->feed);
	wire_put_uint(&d, 2, s->first);
	wire_put_uint(&d, 3, s->last);
	wire_put_element(w, field, bytes_written(&d));
}

static void put_want(struct bytes_writer *w, const struct message *m, struct arena *scratch)
{
	struct bytes_writer sub = begin(scratch);
	uint32_t i;

	for (i = 0; i < m->wants_count; i++) {
		put_dot(&sub, 1, m->wants[i]);
	}
	for (i = 0; i < m->spans_count; i++) {
		put_span(&sub, 2, &m->spans[i]);
	}
	end(w, 7, &sub);
}

static void put_small(struct bytes_writer *w, const struct message *m)
{
	uint8_t buffer[512];
	struct bytes_writer sub = bytes_writer_init(buffer, sizeof(buffer));
	struct bytes text = m->text;

	switch (m->type) {
	case MESSAGE_HELLO:
	case MESSAGE_CHUNK:
	case MESSAGE_WANT:
		return;
	case MESSAGE_ANSWER:
		wire_put_uint(&sub, 1, m->credit);
		end(w, 3, &sub);
		return;
	case MESSAGE_BYE:
		end(w, 4, &sub);
		return;
	case MESSAGE_REFUSE:
		text.len = text.len > 400 ? 400 : text.len;
		wire_put_uint(&sub, 1, (uint64_t)m->refusal);
		wire_put_bytes(&sub, 2, text);
		end(w, 5, &sub);
		return;
	case MESSAGE_ASK:
		wire_put_uint(&sub, 1, m->ask);
		end(w, 6, &sub);
		return;
	}
}

void message_encode(const struct message *m, struct arena *scratch, struct bytes_writer *w)
{
	size_t mark = arena_mark(scratch);

	if (m->type == MESSAGE_HELLO) {
		put_hello(w, &m->hello, scratch);
	} else if (m->type == MESSAGE_CHUNK) {
		put_chunk(w, &m->chunk, scratch);
	} else if (m->type == MESSAGE_WANT) {
		put_want(w, m, scratch);
	} else {
		put_small(w, m);
	}
	arena_release(scratch, mark);
}
