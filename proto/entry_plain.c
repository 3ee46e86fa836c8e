#include "proto/entry_plain.h"

#include <string.h>

#include "sync/limits.h"

/* Tags of entry.proto's Change. */
enum {
	TAG_KIND = 1 << 3,
	TAG_STEP = 2 << 3,
	TAG_ID = 3 << 3 | 2,
	TAG_LIFE = 4 << 3,
	TAG_OPS = 5 << 3 | 2,
	TAG_VALUE = 6 << 3 | 2
};

/* Takes the tag if it is the next byte. */
static bool take_tag(struct bytes_reader *r, uint8_t tag)
{
	bool is_next = r->p < r->end && *r->p == tag;

	r->p += is_next;
	return is_next;
}

/* A varint of minimal length. */
static bool get_number(struct bytes_reader *r, uint64_t max, uint64_t *out)
{
	const uint8_t *start = r->p;

	if (start < r->end && *start < 0x80 && *start <= max) {
		*out = *r->p++; /* as most are */
		return true;
	}
	*out = bytes_get_varint(r);
	return r->rc == RC_OK && *out <= max && (r->p - start == 1 || r->p[-1] != 0);
}

static bool get_block(struct bytes_reader *r, struct bytes *out)
{
	uint64_t len = 0;

	if (!get_number(r, (uint64_t)(r->end - r->p), &len)) {
		return false;
	}
	*out = bytes_get(r, (size_t)len);
	return r->rc == RC_OK;
}

/* Kind, record and life. */
static bool read_record(struct bytes_reader *r, const struct header *h, struct change *out)
{
	uint64_t kind = 0, step = 0, life = 0;
	struct bytes id = { NULL, 0 };

	if (!take_tag(r, TAG_KIND) || !get_number(r, UINT16_MAX, &kind) || kind == 0) {
		return false;
	}
	if (take_tag(r, TAG_STEP) && !get_number(r, UINT32_MAX, &step)) {
		return false;
	}
	if (take_tag(r, TAG_ID)) {
		if (!get_block(r, &id) || id.len != UUID_LEN || step != 0 || !uuid_is_valid(id)) {
			return false;
		}
		memcpy(out->id.b, id.p, UUID_LEN);
	} else if (h->has_base) {
		out->id = uuid_step(h->base_id, (uint32_t)step);
	} else {
		return false;
	}
	if (take_tag(r, TAG_LIFE) && !get_number(r, LIFE_DELETED, &life)) {
		return false;
	}
	out->kind = (uint16_t)kind;
	out->life = (enum life)life;
	return true;
}

/* A number each of the packed list, then a value each. */
static bool read_ops(struct bytes_reader *numbers, struct bytes_reader *r, struct op *ops,
		     uint32_t *count)
{
	uint64_t number = 0;
	uint32_t n = 0;

	while (numbers->p < numbers->end) {
		struct op *op = &ops[n++];

		if (n > LIMIT_OPS_PER_CHANGE_MAX ||
		    !get_number(numbers, (uint64_t)UINT16_MAX << 3 | 7, &number) ||
		    (number & 7) >= OP_CODES || !take_tag(r, TAG_VALUE) ||
		    !get_block(r, &op->value)) {
			return false;
		}
		op->field = (uint16_t)(number >> 3);
		op->code = (enum op_code)(number & 7);
		if ((op->code == OP_CLEAR) != (op->value.len == 0)) {
			return false;
		}
	}
	*count = n;
	return true;
}

enum rc entry_plain_change(struct bytes b, const struct header *h, struct arena *a,
			   struct change *out)
{
	struct bytes_reader r = bytes_reader_init(b), numbers;
	struct bytes packed = { NULL, 0 };
	size_t mark = arena_mark(a), max = 0;
	struct op *ops = NULL;

	memset(out, 0, sizeof(*out));
	if (!read_record(&r, h, out) || (take_tag(&r, TAG_OPS) && !get_block(&r, &packed))) {
		return RC_NOTFOUND;
	}
	/* Each number takes a byte or more: there are not more than bytes. */
	max = packed.len < LIMIT_OPS_PER_CHANGE_MAX ? packed.len : LIMIT_OPS_PER_CHANGE_MAX;
	ops = arena_take(a, max * sizeof(*ops));
	if (ops == NULL) {
		return RC_NOMEM;
	}
	numbers = bytes_reader_init(packed);
	if (!read_ops(&numbers, &r, ops, &out->ops_count) || !bytes_is_done(&r)) {
		arena_release(a, mark);
		return RC_NOTFOUND;
	}
	out->ops = ops;
	return RC_OK;
}
