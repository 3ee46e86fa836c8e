/* The reading half of message_codec.h. */
#include <string.h>

#include "proto/frame.pb-c.h"
#include "proto/message_codec.h"
#include "proto/unpack.h"

static struct bytes borrow(ProtobufCBinaryData b)
{
	return bytes_at(b.data, b.len);
}

static enum rc read_hash(ProtobufCBinaryData from, uint64_t seq, uint8_t out[MESSAGE_HASH_LEN])
{
	if (from.len != (seq == 0 ? 0 : MESSAGE_HASH_LEN)) {
		return RC_CORRUPT;
	}
	if (from.len > 0) {
		memcpy(out, from.data, from.len);
	}
	return RC_OK;
}

static enum rc read_held(const Kerwen__ScopeHead *m, struct arena *a, struct scope_head *out)
{
	struct dot *held = arena_take(a, m->n_held * sizeof(*held));
	size_t i;

	if (m->n_held > LIMIT_HELD_PER_SCOPE_MAX) {
		return RC_LIMIT;
	}
	for (i = 0; i < m->n_held && held != NULL; i++) {
		held[i] = (struct dot){ m->held[i]->feed, m->held[i]->seq };
	}
	out->held = held;
	out->held_count = (uint32_t)m->n_held;
	return held == NULL ? RC_NOMEM : RC_OK;
}

static enum rc read_scope(const Kerwen__ScopeHead *m, struct arena *a, struct scope_head *out)
{
	enum rc rc = RC_OK;

	if (m->scope > UINT16_MAX) {
		return RC_CORRUPT;
	}
	memset(out, 0, sizeof(*out));
	out->scope = (uint16_t)m->scope;
	out->centre_incarnation = m->centre_incarnation;
	out->office_incarnation = m->office_incarnation;
	out->centre_seq = m->centre_seq;
	out->office_seq = m->office_seq;
	out->confirm = m->confirm;
	out->base_seq = m->base_seq;
	out->base_pieces = m->base_pieces;
	rc = read_hash(m->centre_hash, m->centre_seq, out->centre_hash);
	if (rc == RC_OK) {
		rc = read_hash(m->office_hash, m->office_seq, out->office_hash);
	}
	return rc == RC_OK ? read_held(m, a, out) : rc;
}

static enum rc read_hello(const Kerwen__Hello *m, struct arena *a, struct hello *out)
{
	struct scope_head *scopes = arena_take(a, m->n_scopes * sizeof(*scopes));
	enum rc rc = scopes == NULL ? RC_NOMEM : RC_OK;
	size_t i;

	if (m->n_scopes > LIMIT_SCOPES_PER_SESSION_MAX) {
		return RC_LIMIT;
	}
	if (m->system.len != SYSTEM_LEN || m->office > LIMIT_OFFICE_MAX || m->time_ms > INT64_MAX ||
	    (m->token.len != 0 && m->token.len != TOKEN_LEN)) {
		return RC_CORRUPT;
	}
	memset(out, 0, sizeof(*out));
	out->protocol = m->protocol;
	memcpy(out->system, m->system.data, SYSTEM_LEN);
	out->office = (uint16_t)m->office;
	out->credit = m->credit;
	out->time_ms = (int64_t)m->time_ms;
	out->has_token = m->token.len == TOKEN_LEN;
	if (out->has_token) {
		memcpy(out->token, m->token.data, TOKEN_LEN);
	}
	for (i = 0; i < m->n_scopes && rc == RC_OK; i++) {
		rc = read_scope(m->scopes[i], a, &scopes[i]);
	}
	out->scopes = scopes;
	out->scopes_count = (uint32_t)m->n_scopes;
	return rc;
}

static enum rc read_run(const Kerwen__Run *m, struct arena *a, struct run *out)
{
	struct bytes *entries = arena_take(a, m->n_entries * sizeof(*entries));
	size_t i;

	if (entries == NULL) {
		return RC_NOMEM;
	}
	if (m->seal.len != SIG_LEN || m->n_entries == 0 || m->first_seq == 0) {
		return RC_CORRUPT;
	}
	for (i = 0; i < m->n_entries; i++) {
		entries[i] = borrow(m->entries[i]);
	}
	out->genesis = borrow(m->genesis);
	out->feed = m->feed;
	out->first_seq = m->first_seq;
	out->entries = entries;
	out->entries_count = (uint32_t)m->n_entries;
	memcpy(out->seal, m->seal.data, SIG_LEN);
	return RC_OK;
}

static enum rc read_base(const Kerwen__Chunk *m, struct chunk *out)
{
	out->has_base = m->piece != NULL;
	if (m->piece == NULL) {
		return RC_OK;
	}
	if (m->n_runs > 0 || m->piece->scope > UINT16_MAX || m->piece->seq == 0 ||
	    m->piece->data.len == 0) {
		return RC_CORRUPT;
	}
	out->base.scope = (uint16_t)m->piece->scope;
	out->base.seq = m->piece->seq;
	out->base.number = m->piece->number;
	out->base.data = borrow(m->piece->data);
	return RC_OK;
}

static enum rc read_chunk(const Kerwen__Chunk *m, struct arena *a, struct chunk *out)
{
	struct run *runs = arena_take(a, m->n_runs * sizeof(*runs));
	enum rc rc = runs == NULL ? RC_NOMEM : RC_OK;
	size_t i;

	for (i = 0; i < m->n_runs && rc == RC_OK; i++) {
		rc = read_run(m->runs[i], a, &runs[i]);
	}
	out->runs = runs;
	out->runs_count = (uint32_t)m->n_runs;
	return rc == RC_OK ? read_base(m, out) : rc;
}

static enum rc read_spans(const Kerwen__Want *m, struct arena *a, struct message *out)
{
	struct span *spans = arena_take(a, m->n_spans * sizeof(*spans));
	size_t i;

	if (m->n_spans > LIMIT_SCOPES_PER_SESSION_MAX) {
		return RC_LIMIT;
	}
	for (i = 0; i < m->n_spans && spans != NULL; i++) {
		spans[i] =
			(struct span){ m->spans[i]->feed, m->spans[i]->first, m->spans[i]->last };
		if (spans[i].first == 0 || spans[i].last < spans[i].first) {
			return RC_CORRUPT;
		}
	}
	out->spans = spans;
	out->spans_count = (uint32_t)m->n_spans;
	return spans == NULL ? RC_NOMEM : RC_OK;
}

static enum rc read_want(const Kerwen__Want *m, struct arena *a, struct message *out)
{
	struct dot *wants = arena_take(a, m->n_after * sizeof(*wants));
	size_t i;

	if (m->n_after > LIMIT_SCOPES_PER_SESSION_MAX) {
		return RC_LIMIT;
	}
	for (i = 0; i < m->n_after && wants != NULL; i++) {
		wants[i] = (struct dot){ m->after[i]->feed, m->after[i]->seq };
	}
	out->type = MESSAGE_WANT;
	out->wants = wants;
	out->wants_count = (uint32_t)m->n_after;
	return wants == NULL ? RC_NOMEM : read_spans(m, a, out);
}

static enum rc read_refuse(const Kerwen__Refuse *m, struct message *out)
{
	if (m->code < REFUSAL_PROTOCOL || m->code > REFUSAL_FULL) {
		return RC_CORRUPT;
	}
	out->type = MESSAGE_REFUSE;
	out->refusal = (enum refusal)m->code;
	out->text = bytes_of(m->text);
	return RC_OK;
}

enum rc message_decode(struct bytes b, struct arena *a, struct message *out)
{
	ProtobufCMessage *message = NULL;
	const Kerwen__Frame *m = NULL;
	enum rc rc = unpack_message(&kerwen__frame__descriptor, b, a, &message);

	if (rc != RC_OK) {
		return rc;
	}
	m = (const Kerwen__Frame *)message;
	memset(out, 0, sizeof(*out));
	switch (m->body_case) {
	case KERWEN__FRAME__BODY_HELLO:
		out->type = MESSAGE_HELLO;
		return read_hello(m->hello, a, &out->hello);
	case KERWEN__FRAME__BODY_CHUNK:
		out->type = MESSAGE_CHUNK;
		return read_chunk(m->chunk, a, &out->chunk);
	case KERWEN__FRAME__BODY_ANSWER:
		out->type = MESSAGE_ANSWER;
		out->credit = m->answer->credit;
		return RC_OK;
	case KERWEN__FRAME__BODY_BYE:
		out->type = MESSAGE_BYE;
		return RC_OK;
	case KERWEN__FRAME__BODY_REFUSE:
		return read_refuse(m->refuse, out);
	case KERWEN__FRAME__BODY_ASK:
		out->type = MESSAGE_ASK;
		out->ask = m->ask->id;
		return RC_OK;
	case KERWEN__FRAME__BODY_WANT:
		return read_want(m->want, a, out);
	case KERWEN__FRAME__BODY__NOT_SET:
	case _KERWEN__FRAME__BODY__CASE_IS_INT_SIZE:
		break;
	}
	return RC_CORRUPT;
}
