/* The writing half of entry_codec.h. */
#include <string.h>

#include "proto/entry_codec.h"
#include "proto/wire.h"

/* Sub-messages are written to a small buffer first: their length leads. */
enum { SMALL_MAX = 64 };

/* Change, field 6, length-delimited. */
enum { TAG_VALUE = 6 << 3 | 2 };

static void put_cut(struct bytes_writer *w, uint32_t field, const struct cut *cut)
{
	uint8_t buffer[SMALL_MAX];
	struct bytes_writer s = bytes_writer_init(buffer, sizeof(buffer));

	wire_put_fixed64(&s, 1, cut->feed);
	wire_put_uint(&s, 2, cut->seq);
	wire_put_bytes(&s, 3, bytes_at(cut->hash, HASH_LEN));
	wire_put_element(w, field, bytes_written(&s));
}

static void put_part(struct bytes_writer *w, const struct commit_part *part)
{
	uint8_t buffer[SMALL_MAX];
	struct bytes_writer s = bytes_writer_init(buffer, sizeof(buffer));

	wire_put_uint(&s, 1, part->scope);
	wire_put_uint(&s, 2, part->last_seq);
	wire_put_element(w, 12, bytes_written(&s));
}

static void put_carried(struct bytes_writer *w, const struct header *h)
{
	uint8_t buffer[SMALL_MAX];
	struct bytes_writer s = bytes_writer_init(buffer, sizeof(buffer));

	wire_put_uint(&s, 1, h->carried_office);
	wire_put_uint(&s, 2, (uint64_t)h->carried_ms);
	wire_put_element(w, 15, bytes_written(&s));
}

static void put_ruling(struct bytes_writer *w, const struct ruling *v)
{
	uint8_t buffer[SMALL_MAX];
	struct bytes_writer s = bytes_writer_init(buffer, sizeof(buffer));

	wire_put_fixed64(&s, 1, v->dot.feed);
	wire_put_uint(&s, 2, v->dot.seq);
	wire_put_uint(&s, 3, v->place);
	wire_put_uint(&s, 4, v->accept);
	wire_put_element(w, 17, bytes_written(&s));
}

static void put_floor(struct bytes_writer *w, const struct base_point *floor)
{
	uint8_t buffer[SMALL_MAX];
	struct bytes_writer s = bytes_writer_init(buffer, sizeof(buffer));

	wire_put_uint(&s, 1, floor->seq);
	wire_put_uint(&s, 2, floor->bytes);
	wire_put_bytes(&s, 3, bytes_at(floor->root, HASH_LEN));
	wire_put_element(w, 18, bytes_written(&s));
}

void entry_encode_header(const struct header *h, struct bytes_writer *w)
{
	uint32_t i;

	wire_put_fixed64(w, 1, h->feed);
	wire_put_uint(w, 2, h->seq);
	wire_put_uint(w, 3, h->seen_centre);
	wire_put_uint(w, 4, h->seen_own);
	wire_put_fixed32(w, 5, h->epoch_incarnation);
	wire_put_uint(w, 6, h->epoch_seq);
	wire_put_uint(w, 7, (uint64_t)h->time_ms);
	wire_put_uint(w, 8, h->commit);
	wire_put_bytes(w, 9, h->author);
	wire_put_bytes(w, 10, h->reason);
	if (h->has_base) {
		wire_put_bytes(w, 11, bytes_at(h->base_id.b, UUID_LEN));
	}
	for (i = 0; i < h->parts_count; i++) {
		put_part(w, &h->parts[i]);
	}
	for (i = 0; i < h->cuts_count; i++) {
		put_cut(w, 13, &h->cuts[i]);
	}
	wire_put_uint(w, 14, h->touches);
	if (h->is_carried) {
		put_carried(w, h);
	}
	if (h->has_replaces) {
		put_cut(w, 16, &h->replaces);
	}
	for (i = 0; i < h->rulings_count; i++) {
		put_ruling(w, &h->rulings[i]);
	}
	if (h->has_floor) {
		put_floor(w, &h->floor);
	}
}

static uint64_t op_number(const struct op *op)
{
	return (uint64_t)op->field << 3 | (uint64_t)op->code;
}

static uint8_t *put_raw(uint8_t *p, uint64_t v)
{
	for (; v >= 0x80; v >>= 7) {
		*p++ = (uint8_t)(v | 0x80);
	}
	*p++ = (uint8_t)v;
	return p;
}

/* All numbers, then all values. A record has many: room is made once. */
static void put_ops(struct bytes_writer *w, const struct change *c)
{
	size_t numbers = 0, values = 0;
	uint8_t *p = NULL;
	uint32_t i;

	if (c->ops_count == 0) {
		return;
	}
	for (i = 0; i < c->ops_count; i++) {
		numbers += wire_varint_len(op_number(&c->ops[i]));
		values += 1 + wire_varint_len(c->ops[i].value.len) + c->ops[i].value.len;
	}
	wire_put_open(w, 5, numbers);
	p = bytes_reserve(w, numbers + values);
	if (p == NULL) {
		return;
	}
	for (i = 0; i < c->ops_count; i++) {
		p = put_raw(p, op_number(&c->ops[i]));
	}
	for (i = 0; i < c->ops_count; i++) {
		struct bytes v = c->ops[i].value;

		*p++ = TAG_VALUE;
		p = put_raw(p, v.len);
		if (v.len > 0) {
			memcpy(p, v.p, v.len);
		}
		p += v.len;
	}
}

static void put_form(struct bytes_writer *w, const struct vv *form)
{
	uint32_t i;

	for (i = 0; i < form->count; i++) {
		uint8_t buffer[SMALL_MAX];
		struct bytes_writer s = bytes_writer_init(buffer, sizeof(buffer));

		wire_put_fixed64(&s, 1, form->dots[i].feed);
		wire_put_uint(&s, 2, form->dots[i].seq);
		wire_put_element(w, 7, bytes_written(&s));
	}
}

void entry_encode_change(const struct change *c, int64_t step, struct bytes_writer *w)
{
	wire_put_uint(w, 1, c->kind);
	if (step > 0) {
		wire_put_uint(w, 2, (uint64_t)step);
	} else if (step < 0) {
		wire_put_element(w, 3, bytes_at(c->id.b, UUID_LEN));
	}
	wire_put_uint(w, 4, c->life);
	put_ops(w, c);
	if (c->has_form) {
		put_form(w, &c->form);
		wire_put_uint(w, 8, 1);
	}
}

void entry_encode(struct bytes header, struct bytes salt, const struct bytes *changes,
		  uint32_t changes_count, struct bytes_writer *w)
{
	uint32_t i;

	wire_put_element(w, 1, header);
	wire_put_bytes(w, 2, salt);
	for (i = 0; i < changes_count; i++) {
		wire_put_element(w, 3, changes[i]);
	}
}

void entry_encode_genesis(const struct genesis *g, struct bytes_writer *w)
{
	uint32_t i;

	wire_put_bytes(w, 1, bytes_at(g->system, SYSTEM_LEN));
	wire_put_fixed64(w, 2, g->feed);
	wire_put_bytes(w, 3, bytes_at(g->key, KEY_LEN));
	for (i = 0; i < g->follows_count; i++) {
		put_cut(w, 4, &g->follows[i]);
	}
}
