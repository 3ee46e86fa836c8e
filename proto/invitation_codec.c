#include "proto/invitation_codec.h"

#include <string.h>

#include "proto/entry_codec.h"
#include "proto/invitation.pb-c.h"
#include "proto/unpack.h"
#include "proto/wire.h"

enum { FORMAT = 1, HEAD_LEN = sizeof(INVITATION_HEAD) - 1 };

static const char seal_type[] = "kerwen.invitation"; /* its NUL is signed too */

size_t invitation_arena_bytes(size_t len)
{
	/* Copies of message, body and signed text; lists of entries. */
	return 12 * len + 65536;
}

void invitation_encode_body(const struct invitation *i, struct bytes_writer *w)
{
	uint32_t k;

	wire_put_uint(w, 1, FORMAT);
	wire_put_bytes(w, 2, bytes_at(i->system, SYSTEM_LEN));
	wire_put_bytes(w, 3, bytes_at(i->centre_key, KEY_LEN));
	wire_put_uint(w, 4, i->number);
	wire_put_bytes(w, 5, i->name);
	for (k = 0; k < i->addresses_count; k++) {
		wire_put_element(w, 6, i->addresses[k]);
	}
	wire_put_bytes(w, 7, bytes_at(i->token, TOKEN_LEN));
	wire_put_bytes(w, 8, i->genesis);
	for (k = 0; k < i->entries_count; k++) {
		wire_put_element(w, 9, i->entries[k]);
	}
	wire_put_bytes(w, 10, bytes_at(i->entries_seal, SIG_LEN));
	wire_put_bytes(w, 11, i->system_name);
	if (i->has_recovery) {
		wire_put_bytes(w, 12, bytes_at(i->recovery_key, KEY_LEN));
	}
	wire_put_bytes(w, 13, i->appointments);
}

void invitation_seal_text(const uint8_t system[SYSTEM_LEN], struct bytes body,
			  struct bytes_writer *w)
{
	bytes_put(w, seal_type, sizeof(seal_type));
	bytes_put(w, system, SYSTEM_LEN);
	bytes_put(w, body.p, body.len);
}

void invitation_encode(struct bytes body, const uint8_t seal[SIG_LEN], struct bytes_writer *w)
{
	bytes_put(w, INVITATION_HEAD, HEAD_LEN);
	wire_put_bytes(w, 1, body);
	wire_put_bytes(w, 2, bytes_at(seal, SIG_LEN));
}

static struct bytes borrow(ProtobufCBinaryData b)
{
	return bytes_at(b.data, b.len);
}

static enum rc read_fixed(ProtobufCBinaryData b, uint8_t *out, size_t len)
{
	if (b.len != len) {
		return RC_CORRUPT;
	}
	memcpy(out, b.data, len);
	return RC_OK;
}

static enum rc read_addresses(const Kerwen__InvitationBody *m, struct arena *a,
			      struct invitation *out)
{
	struct bytes *list = arena_take(a, m->n_addresses * sizeof(*list));
	size_t i;

	if (list == NULL) {
		return RC_NOMEM;
	}
	if (m->n_addresses > INVITATION_ADDRESSES_MAX) {
		return RC_LIMIT;
	}
	for (i = 0; i < m->n_addresses; i++) {
		list[i] = bytes_of(m->addresses[i]);
	}
	out->addresses = list;
	out->addresses_count = (uint32_t)m->n_addresses;
	return RC_OK;
}

static enum rc read_feed(const Kerwen__InvitationBody *m, struct arena *a, struct invitation *out)
{
	struct bytes *list = arena_take(a, m->n_entries * sizeof(*list));
	struct genesis g;
	enum rc rc = RC_OK;
	size_t i;

	if (list == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < m->n_entries; i++) {
		list[i] = borrow(m->entries[i]);
	}
	out->entries = list;
	out->entries_count = (uint32_t)m->n_entries;
	out->genesis = borrow(m->genesis);
	rc = entry_decode_genesis(out->genesis, a, &g);
	if (rc != RC_OK) {
		return rc;
	}
	out->feed = g.feed;
	return m->n_entries == 0 || feed_office(g.feed) != 0 || feed_scope(g.feed) != 0 ?
		       RC_CORRUPT :
		       RC_OK;
}

static enum rc read_names(const Kerwen__InvitationBody *m, struct invitation *out)
{
	out->name = bytes_of(m->name);
	out->system_name = bytes_of(m->system_name);
	if (m->number == 0 || m->number > LIMIT_OFFICE_MAX || out->name.len == 0 ||
	    out->system_name.len == 0) {
		return RC_CORRUPT;
	}
	out->number = (uint16_t)m->number;
	return out->name.len > LIMIT_NAME_BYTES_MAX || out->system_name.len > LIMIT_NAME_BYTES_MAX ?
		       RC_LIMIT :
		       RC_OK;
}

/* The fields that come before a seal can be judged. */
static enum rc read_keys(const Kerwen__InvitationBody *m, struct invitation *out)
{
	enum rc rc = m->format == FORMAT ? RC_OK : RC_VERSION;

	if (rc == RC_OK) {
		rc = read_fixed(m->system, out->system, SYSTEM_LEN);
	}
	return rc == RC_OK ? read_fixed(m->centre_key, out->centre_key, KEY_LEN) : rc;
}

static enum rc check_seal(const struct invitation *i, const Kerwen__Invitation *m,
			  const struct crypto *crypto, struct arena *a)
{
	size_t len = sizeof(seal_type) + SYSTEM_LEN + m->body.len, mark = arena_mark(a);
	uint8_t *text = arena_take(a, len);
	struct bytes_writer w = bytes_writer_init(text, len);
	bool ok = false;

	if (text == NULL) {
		return RC_NOMEM;
	}
	if (m->seal.len != SIG_LEN) {
		return RC_CORRUPT;
	}
	invitation_seal_text(i->system, borrow(m->body), &w);
	ok = crypto->verify(i->centre_key, bytes_written(&w), m->seal.data);
	arena_release(a, mark);
	return ok ? RC_OK : RC_BADSIG;
}

static enum rc read_body(const Kerwen__InvitationBody *m, struct arena *a, struct invitation *out)
{
	enum rc rc = read_names(m, out);

	if (rc == RC_OK) {
		rc = read_fixed(m->token, out->token, TOKEN_LEN);
	}
	if (rc == RC_OK) {
		rc = read_fixed(m->entries_seal, out->entries_seal, SIG_LEN);
	}
	out->has_recovery = m->recovery_key.len > 0;
	out->appointments = borrow(m->appointments);
	if (rc == RC_OK && out->has_recovery) {
		rc = read_fixed(m->recovery_key, out->recovery_key, KEY_LEN);
	}
	if (rc == RC_OK) {
		rc = read_addresses(m, a, out);
	}
	return rc == RC_OK ? read_feed(m, a, out) : rc;
}

enum rc invitation_decode(struct bytes b, const struct crypto *crypto, struct arena *a,
			  struct invitation *out)
{
	ProtobufCMessage *outer = NULL, *inner = NULL;
	const Kerwen__Invitation *m = NULL;
	const Kerwen__InvitationBody *body = NULL;
	enum rc rc = RC_OK;

	memset(out, 0, sizeof(*out));
	if (b.len < HEAD_LEN || memcmp(b.p, INVITATION_HEAD, HEAD_LEN) != 0) {
		return RC_INVALID;
	}
	b = bytes_at(b.p + HEAD_LEN, b.len - HEAD_LEN);
	rc = unpack_message(&kerwen__invitation__descriptor, b, a, &outer);
	if (rc != RC_OK) {
		return rc;
	}
	m = (const Kerwen__Invitation *)outer;
	rc = unpack_message(&kerwen__invitation_body__descriptor, borrow(m->body), a, &inner);
	if (rc != RC_OK) {
		return rc;
	}
	body = (const Kerwen__InvitationBody *)inner;
	rc = read_keys(body, out);
	if (rc == RC_OK) {
		rc = check_seal(out, m, crypto, a);
	}
	return rc == RC_OK ? read_body(body, a, out) : rc;
}
