/* The reading half of entry_codec.h. */
#include <string.h>

#include "proto/entry.pb-c.h"
#include "proto/entry_codec.h"
#include "proto/entry_plain.h"
#include "proto/unpack.h"

static struct bytes borrow(ProtobufCBinaryData b)
{
	return bytes_at(b.data, b.len);
}

static enum rc read_cut(const Kerwen__Cut *from, struct cut *out)
{
	if (from->hash.len != HASH_LEN || from->seq == 0) {
		return RC_CORRUPT;
	}
	out->feed = from->feed;
	out->seq = from->seq;
	memcpy(out->hash, from->hash.data, HASH_LEN);
	return RC_OK;
}

static enum rc read_cuts(Kerwen__Cut *const *from, size_t count, struct arena *a,
			 const struct cut **out)
{
	struct cut *cuts = arena_take(a, count * sizeof(*cuts));
	enum rc rc = cuts == NULL ? RC_NOMEM : RC_OK;
	size_t i;

	for (i = 0; i < count && rc == RC_OK; i++) {
		rc = read_cut(from[i], &cuts[i]);
	}
	*out = cuts;
	return rc;
}

static enum rc read_parts(const Kerwen__Header *m, struct arena *a, struct header *out)
{
	struct commit_part *parts = arena_take(a, m->n_parts * sizeof(*parts));
	size_t i;

	if (parts == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < m->n_parts; i++) {
		if (m->parts[i]->scope > UINT16_MAX || m->parts[i]->last_seq == 0) {
			return RC_CORRUPT;
		}
		parts[i].scope = (uint16_t)m->parts[i]->scope;
		parts[i].last_seq = m->parts[i]->last_seq;
	}
	out->parts = parts;
	out->parts_count = (uint32_t)m->n_parts;
	return RC_OK;
}

static enum rc read_carried(const Kerwen__Header *m, struct header *out)
{
	if (m->carried == NULL) {
		return RC_OK;
	}
	if (m->carried->office > UINT16_MAX || m->carried->time_ms > INT64_MAX) {
		return RC_CORRUPT;
	}
	out->is_carried = true;
	out->carried_office = (uint16_t)m->carried->office;
	out->carried_ms = (int64_t)m->carried->time_ms;
	return RC_OK;
}

static enum rc read_rulings(const Kerwen__Header *m, struct arena *a, struct header *out)
{
	struct ruling *list = arena_take(a, m->n_rulings * sizeof(*list));
	size_t i;

	if (list == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < m->n_rulings; i++) {
		const Kerwen__Ruling *v = m->rulings[i];

		if (v->seq == 0 || v->place >= LIMIT_CHANGES_PER_ENTRY_MAX) {
			return RC_CORRUPT;
		}
		list[i] = (struct ruling){ { v->feed, v->seq }, v->place, v->accept };
	}
	out->rulings = list;
	out->rulings_count = (uint32_t)m->n_rulings;
	return RC_OK;
}

static enum rc read_floor(const Kerwen__Header *m, struct header *out)
{
	if (m->floor == NULL) {
		return RC_OK;
	}
	if (m->floor->seq == 0 || m->floor->seq >= m->seq || m->floor->bytes == 0 ||
	    m->floor->root.len != HASH_LEN) {
		return RC_CORRUPT;
	}
	out->has_floor = true;
	out->floor.seq = m->floor->seq;
	out->floor.bytes = m->floor->bytes;
	memcpy(out->floor.root, m->floor->root.data, HASH_LEN);
	return RC_OK;
}

static bool is_header_bounded(const Kerwen__Header *m)
{
	return m->n_parts <= LIMIT_PARTS_PER_COMMIT_MAX && m->n_cuts <= LIMIT_CUTS_PER_ENTRY_MAX &&
	       m->n_rulings <= LIMIT_RULINGS_PER_ENTRY_MAX &&
	       strlen(m->author) <= LIMIT_AUTHOR_BYTES_MAX &&
	       strlen(m->reason) <= LIMIT_REASON_BYTES_MAX;
}

enum rc entry_decode_header(struct bytes b, struct arena *a, struct header *out)
{
	ProtobufCMessage *message = NULL;
	const Kerwen__Header *m = NULL;
	enum rc rc = unpack_message(&kerwen__header__descriptor, b, a, &message);

	if (rc != RC_OK) {
		return rc;
	}
	m = (const Kerwen__Header *)message;
	if (!is_header_bounded(m)) {
		return RC_LIMIT;
	}
	if (m->seq == 0 || m->seen_own >= m->seq || m->time_ms > INT64_MAX ||
	    (m->base_id.len != 0 && !uuid_is_valid(borrow(m->base_id)))) {
		return RC_CORRUPT;
	}
	memset(out, 0, sizeof(*out));
	out->feed = m->feed;
	out->seq = m->seq;
	out->seen_centre = m->seen_centre;
	out->seen_own = m->seen_own;
	out->epoch_incarnation = m->epoch_incarnation;
	out->epoch_seq = m->epoch_seq;
	out->time_ms = (int64_t)m->time_ms;
	out->commit = m->commit;
	out->touches = m->touches;
	out->author = bytes_of(m->author);
	out->reason = bytes_of(m->reason);
	out->has_base = m->base_id.len == UUID_LEN;
	if (out->has_base) {
		memcpy(out->base_id.b, m->base_id.data, UUID_LEN);
	}
	rc = read_carried(m, out);
	if (rc == RC_OK) {
		rc = read_floor(m, out);
	}
	if (rc == RC_OK) {
		rc = read_parts(m, a, out);
	}
	if (rc == RC_OK) {
		out->cuts_count = (uint32_t)m->n_cuts;
		rc = read_cuts(m->cuts, m->n_cuts, a, &out->cuts);
	}
	if (rc == RC_OK && m->replaces != NULL) {
		out->has_replaces = true;
		rc = read_cut(m->replaces, &out->replaces);
	}
	return rc == RC_OK ? read_rulings(m, a, out) : rc;
}

static enum rc read_entry(const Kerwen__Entry *m, struct arena *a, struct entry *out)
{
	struct bytes *changes = arena_take(a, m->n_changes * sizeof(*changes));
	enum rc rc = RC_OK;
	size_t i;

	if (changes == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < m->n_changes; i++) {
		changes[i] = borrow(m->changes[i]);
	}
	out->header_bytes = borrow(m->header);
	out->salt = borrow(m->salt);
	out->changes = changes;
	out->changes_count = (uint32_t)m->n_changes;
	rc = entry_decode_header(out->header_bytes, a, &out->header);
	out->header.changes_count = out->changes_count;
	/* A header alone may be all that is kept of an entry: whoever takes entries
	 * in looks at those without changes (apply_check_header). */
	return rc == RC_OK && out->changes_count > 0 && out->header.touches > out->changes_count ?
		       RC_CORRUPT :
		       rc;
}

enum rc entry_decode(struct bytes b, struct arena *a, struct entry *out)
{
	ProtobufCMessage *message = NULL;
	const Kerwen__Entry *m = NULL;
	enum rc rc = RC_OK;

	if (b.len > LIMIT_ENTRY_BYTES_MAX) {
		return RC_LIMIT;
	}
	rc = unpack_message(&kerwen__entry__descriptor, b, a, &message);
	if (rc != RC_OK) {
		return rc;
	}
	m = (const Kerwen__Entry *)message;
	if (m->n_changes > LIMIT_CHANGES_PER_ENTRY_MAX) {
		return RC_LIMIT;
	}
	if (m->salt.len != (m->n_changes == 0 ? 0 : FEED_SALT_LEN)) {
		return RC_CORRUPT;
	}
	return read_entry(m, a, out);
}

static enum rc read_ops(const Kerwen__Change *m, struct arena *a, struct change *out)
{
	struct op *ops = arena_take(a, m->n_ops * sizeof(*ops));
	size_t i;

	if (ops == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < m->n_ops; i++) {
		uint32_t code = m->ops[i] & 7;

		if (code >= OP_CODES || m->ops[i] >> 3 > UINT16_MAX ||
		    (code == OP_CLEAR) != (m->values[i].len == 0)) {
			return RC_CORRUPT;
		}
		ops[i].code = (enum op_code)code;
		ops[i].field = (uint16_t)(m->ops[i] >> 3);
		ops[i].value = borrow(m->values[i]);
	}
	out->ops = ops;
	out->ops_count = (uint32_t)m->n_ops;
	return RC_OK;
}

static enum rc read_form(const Kerwen__Change *m, struct arena *a, struct change *out)
{
	size_t i;

	out->has_form = m->has_form;
	out->form.count = out->form.max = (uint32_t)m->n_form;
	out->form.dots = arena_take(a, m->n_form * sizeof(*out->form.dots));
	if (out->form.dots == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < m->n_form; i++) {
		out->form.dots[i].feed = m->form[i]->feed;
		out->form.dots[i].seq = m->form[i]->seq;
		if (m->form[i]->seq == 0 || (i > 0 && m->form[i]->feed <= m->form[i - 1]->feed)) {
			return RC_CORRUPT;
		}
	}
	return m->has_form || m->n_form == 0 ? RC_OK : RC_CORRUPT;
}

static enum rc read_record(const Kerwen__Change *m, const struct header *h, struct change *out)
{
	if (m->kind == 0 || m->kind > UINT16_MAX || m->life > LIFE_DELETED) {
		return RC_CORRUPT;
	}
	out->kind = (uint16_t)m->kind;
	out->life = (enum life)m->life;
	if (m->id.len == 0) {
		out->id = uuid_step(h->base_id, m->step);
		return h->has_base ? RC_OK : RC_CORRUPT;
	}
	if (m->id.len != UUID_LEN || m->step != 0 || !uuid_is_valid(borrow(m->id))) {
		return RC_CORRUPT;
	}
	memcpy(out->id.b, m->id.data, UUID_LEN);
	return RC_OK;
}

static enum rc decode_change(struct bytes b, const struct header *h, struct arena *a,
			     struct change *out)
{
	ProtobufCMessage *message = NULL;
	const Kerwen__Change *m = NULL;
	enum rc rc = entry_plain_change(b, h, a, out);

	if (rc != RC_NOTFOUND) {
		return rc;
	}
	rc = unpack_message(&kerwen__change__descriptor, b, a, &message);
	if (rc != RC_OK) {
		return rc;
	}
	m = (const Kerwen__Change *)message;
	if (m->n_ops > LIMIT_OPS_PER_CHANGE_MAX || m->n_form > LIMIT_VECTOR_FEEDS_MAX) {
		return RC_LIMIT;
	}
	if (m->n_values != m->n_ops) {
		return RC_CORRUPT;
	}
	memset(out, 0, sizeof(*out));
	rc = read_record(m, h, out);
	if (rc == RC_OK) {
		rc = read_ops(m, a, out);
	}
	return rc == RC_OK ? read_form(m, a, out) : rc;
}

enum rc entry_decode_change(const struct entry *e, uint32_t i, struct arena *a, struct change *out)
{
	return decode_change(e->changes[i], &e->header, a, out);
}

enum rc entry_decode_ops(struct bytes b, struct arena *a, struct change *out)
{
	static const struct header any = { .has_base = true };

	return decode_change(b, &any, a, out);
}

enum rc entry_decode_genesis(struct bytes b, struct arena *a, struct genesis *out)
{
	ProtobufCMessage *message = NULL;
	const Kerwen__Genesis *m = NULL;
	enum rc rc = unpack_message(&kerwen__genesis__descriptor, b, a, &message);

	if (rc != RC_OK) {
		return rc;
	}
	m = (const Kerwen__Genesis *)message;
	if (m->system.len != SYSTEM_LEN || m->key.len != KEY_LEN ||
	    m->n_follows > LIMIT_FOLLOWS_MAX) {
		return RC_CORRUPT;
	}
	memset(out, 0, sizeof(*out));
	memcpy(out->system, m->system.data, SYSTEM_LEN);
	memcpy(out->key, m->key.data, KEY_LEN);
	out->feed = m->feed;
	out->follows_count = (uint32_t)m->n_follows;
	return read_cuts(m->follows, m->n_follows, a, &out->follows);
}

void entry_chain(const struct crypto *c, const struct entry *e, const uint8_t before[HASH_LEN],
		 uint8_t out[HASH_LEN])
{
	feed_chain_next(c, before, e->header_bytes, e->salt, e->changes, e->changes_count, out);
}
