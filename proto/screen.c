#include "proto/screen.h"

#include <assert.h>
#include <string.h>

enum {
	FIELDS_MAX = 256, /* of one message; ours have fewer */
	ARENA_ALIGN = 16, /* what an arena rounds up to */

	/* protobuf-c notes each field it meets in slabs of 16, 32, 64, ...
	 * notes; the first slab is on its stack. A note takes 32 bytes on
	 * 64-bit machines, less on others. */
	NOTE_BYTES = 32,
	FIRST_SLAB_NOTES = 16,

	/* It marks required fields in a bitmap that is on its stack up to here. */
	BITMAP_FIELDS = 128
};

struct walk {
	size_t left; /* of the budget */
};

/* One message on its way through the walk. */
struct level {
	const ProtobufCMessageDescriptor *desc;
	uint64_t seen[FIELDS_MAX / 64]; /* by index in desc->fields */
	size_t slab_notes, slab_max;    /* in protobuf-c's current slab */
	unsigned depth, last;           /* last: index of the last field met */
};

static enum rc walk_message(struct walk *w, const ProtobufCMessageDescriptor *desc, struct bytes b,
			    unsigned depth);

static enum rc charge(struct walk *w, size_t len)
{
	if (len > w->left) {
		return RC_NOMEM;
	}
	w->left -= len;
	return RC_OK;
}

/* What an arena spends on one allocation. */
static enum rc charge_block(struct walk *w, size_t len)
{
	return charge(w, (len + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN);
}

/* A varint of minimal length. */
static uint64_t get_varint(struct bytes_reader *r)
{
	const uint8_t *start = r->p;
	uint64_t v = bytes_get_varint(r);

	if (r->rc == RC_OK && r->p - start > 1 && r->p[-1] == 0) {
		r->rc = RC_CORRUPT;
	}
	return v;
}

/* The length of the UTF-8 sequence that begins with lead, and the range of
 * the byte after it; 0 when none does (Unicode 15, table 3-7). */
static size_t read_lead(uint8_t lead, uint8_t *low, uint8_t *high)
{
	*low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
	*high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
	if (lead < 0x80) {
		return lead == 0 ? 0 : 1;
	}
	if (lead < 0xc2 || lead > 0xf4) {
		return 0;
	}
	return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

static bool is_text(struct bytes b)
{
	size_t at = 0;

	while (at < b.len) {
		uint8_t low, high;
		size_t i, len = read_lead(b.p[at], &low, &high);

		if (len == 0 || len > b.len - at) {
			return false;
		}
		for (i = 1; i < len; i++) {
			if (b.p[at + i] < low || b.p[at + i] > high) {
				return false;
			}
			low = 0x80;
			high = 0xbf;
		}
		at += len;
	}
	return true;
}

/* The wire type of one value. */
static ProtobufCWireType wire_type_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_BOOL:
	case PROTOBUF_C_TYPE_ENUM:
		return PROTOBUF_C_WIRE_TYPE_VARINT;
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		return PROTOBUF_C_WIRE_TYPE_32BIT;
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return PROTOBUF_C_WIRE_TYPE_64BIT;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
	}
	return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
}

/* What one element of a repeated field takes in its array. */
static size_t element_size(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_ENUM:
		return 4;
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return 8;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	}
	return sizeof(ProtobufCBinaryData);
}

static bool has_enum_value(const ProtobufCEnumDescriptor *desc, int32_t v)
{
	unsigned low = 0, high = desc->n_values;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (desc->values[middle].value == v) {
			return true;
		}
		if (desc->values[middle].value < v) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return false;
}

/* Negative numbers of 32 bits travel sign-extended to 64. */
static bool is_int32(uint64_t v)
{
	return v <= INT32_MAX || v >= (uint64_t)INT32_MIN;
}

static bool is_in_range(const ProtobufCFieldDescriptor *f, uint64_t v)
{
	if (f->type == PROTOBUF_C_TYPE_BOOL) {
		return v <= 1;
	}
	if (f->type == PROTOBUF_C_TYPE_UINT32 || f->type == PROTOBUF_C_TYPE_SINT32) {
		return v <= UINT32_MAX;
	}
	if (f->type == PROTOBUF_C_TYPE_INT32) {
		return is_int32(v);
	}
	if (f->type == PROTOBUF_C_TYPE_ENUM) {
		return is_int32(v) && has_enum_value(f->descriptor, (int32_t)v);
	}
	return true;
}

/* One value that is a number. */
static enum rc walk_scalar(const ProtobufCFieldDescriptor *f, struct bytes_reader *r)
{
	ProtobufCWireType type = wire_type_of(f->type);

	if (type == PROTOBUF_C_WIRE_TYPE_VARINT) {
		uint64_t v = get_varint(r);

		return r->rc == RC_OK && !is_in_range(f, v) ? RC_CORRUPT : r->rc;
	}
	bytes_get(r, type == PROTOBUF_C_WIRE_TYPE_64BIT ? 8 : 4);
	return r->rc;
}

static enum rc walk_packed(struct walk *w, const ProtobufCFieldDescriptor *f, struct bytes b)
{
	struct bytes_reader r = bytes_reader_init(b);
	enum rc rc = RC_OK;

	while (rc == RC_OK && !bytes_is_done(&r)) {
		rc = walk_scalar(f, &r);
		if (rc == RC_OK) {
			rc = charge(w, element_size(f->type));
		}
	}
	return rc;
}

/* A string, bytes, or a message: what stands behind its length. */
static enum rc walk_block(struct walk *w, const ProtobufCFieldDescriptor *f, struct bytes b,
			  unsigned depth)
{
	if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
		return walk_message(w, f->descriptor, b, depth + 1);
	}
	if (f->type == PROTOBUF_C_TYPE_STRING) {
		return is_text(b) ? charge_block(w, b.len + 1) : RC_CORRUPT;
	}
	return charge_block(w, b.len);
}

/* The field with the number, NULL if there is none. Fields mostly come in the
 * order of their numbers: looks near the last one first. */
static const ProtobufCFieldDescriptor *find_field(struct level *l, uint64_t number)
{
	const ProtobufCFieldDescriptor *fields = l->desc->fields;
	unsigned low = 0, high = l->desc->n_fields;

	if (l->last < high && number >= fields[l->last].id) {
		low = l->last;
		high = low + 2 < high && number <= fields[low + 1].id ? low + 2 : high;
	}
	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (fields[middle].id == number) {
			l->last = middle;
			return &fields[middle];
		}
		if (fields[middle].id < number) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return NULL;
}

/* Where a field is marked as seen: all members of a oneof share one place. */
static unsigned slot_of(const struct level *l, const ProtobufCFieldDescriptor *f)
{
	unsigned i = 0;

	if ((f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0) {
		return (unsigned)(f - l->desc->fields);
	}
	while ((l->desc->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0 ||
	       l->desc->fields[i].quantifier_offset != f->quantifier_offset) {
		i++;
	}
	return i;
}

static bool is_seen(const struct level *l, unsigned slot)
{
	return (l->seen[slot / 64] >> (slot % 64) & 1) != 0;
}

/* The first element of a repeated field begins an array. */
static enum rc mark_seen(struct walk *w, struct level *l, const ProtobufCFieldDescriptor *f)
{
	unsigned slot = slot_of(l, f);

	if (is_seen(l, slot)) {
		return f->label == PROTOBUF_C_LABEL_REPEATED ? RC_OK : RC_CORRUPT;
	}
	l->seen[slot / 64] |= UINT64_C(1) << (slot % 64);
	return f->label == PROTOBUF_C_LABEL_REPEATED ? charge(w, ARENA_ALIGN) : RC_OK;
}

/* protobuf-c's note of a field. */
static enum rc charge_note(struct walk *w, struct level *l)
{
	if (l->slab_notes == l->slab_max) {
		l->slab_notes = 0;
		l->slab_max *= 2;
		if (charge_block(w, l->slab_max * NOTE_BYTES) != RC_OK) {
			return RC_NOMEM;
		}
	}
	l->slab_notes++;
	return RC_OK;
}

static enum rc walk_value(struct walk *w, struct level *l, const ProtobufCFieldDescriptor *f,
			  uint64_t wire_type, struct bytes_reader *r)
{
	bool is_repeated = f->label == PROTOBUF_C_LABEL_REPEATED;
	bool is_block = wire_type_of(f->type) == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
	bool is_packed = is_repeated && !is_block &&
			 wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
	struct bytes b = { .p = NULL, .len = 0 };

	if (is_block || is_packed) {
		uint64_t len = get_varint(r);

		if (len > (uint64_t)(r->end - r->p)) {
			return RC_CORRUPT;
		}
		b = bytes_get(r, (size_t)len);
	}
	if (r->rc != RC_OK || (!is_packed && wire_type != wire_type_of(f->type))) {
		return RC_CORRUPT;
	}
	if (is_packed) {
		return walk_packed(w, f, b);
	}
	if (is_repeated && charge(w, element_size(f->type)) != RC_OK) {
		return RC_NOMEM;
	}
	return is_block ? walk_block(w, f, b, l->depth) : walk_scalar(f, r);
}

static enum rc walk_field(struct walk *w, struct level *l, struct bytes_reader *r)
{
	uint64_t tag = get_varint(r);
	const ProtobufCFieldDescriptor *f = NULL;
	enum rc rc = RC_OK;

	if (r->rc != RC_OK || tag > UINT32_MAX) {
		return RC_CORRUPT;
	}
	f = find_field(l, tag >> 3);
	if (f == NULL) {
		return RC_CORRUPT;
	}
	rc = mark_seen(w, l, f);
	if (rc == RC_OK) {
		rc = charge_note(w, l);
	}
	return rc == RC_OK ? walk_value(w, l, f, tag & 7, r) : rc;
}

static bool has_required(const struct level *l)
{
	unsigned i;

	for (i = 0; i < l->desc->n_fields; i++) {
		if (l->desc->fields[i].label == PROTOBUF_C_LABEL_REQUIRED && !is_seen(l, i)) {
			return false;
		}
	}
	return true;
}

static enum rc walk_message(struct walk *w, const ProtobufCMessageDescriptor *desc, struct bytes b,
			    unsigned depth)
{
	struct level l = { .desc = desc, .slab_max = FIRST_SLAB_NOTES, .depth = depth };
	struct bytes_reader r = bytes_reader_init(b);
	enum rc rc = RC_OK;

	assert(desc->n_fields <= FIELDS_MAX);
	if (depth > SCREEN_DEPTH_MAX) {
		return RC_LIMIT;
	}
	rc = charge_block(w, desc->sizeof_message);
	if (rc == RC_OK && desc->n_fields > BITMAP_FIELDS) {
		rc = charge_block(w, (desc->n_fields + 7) / 8);
	}
	while (rc == RC_OK && !bytes_is_done(&r)) {
		rc = walk_field(w, &l, &r);
	}
	return rc == RC_OK && !has_required(&l) ? RC_CORRUPT : rc;
}

enum rc screen_message(const ProtobufCMessageDescriptor *desc, struct bytes b, size_t budget)
{
	struct walk w = { .left = budget };

	if (b.len > INT32_MAX) {
		return RC_LIMIT;
	}
	return walk_message(&w, desc, b, 1);
}
