/* The shortcut for plain changes says what the long way says. */
#include <criterion/criterion.h>
#include <string.h>

#include "proto/entry_codec.h"
#include "proto/entry_plain.h"

static uint8_t memory[1 << 20];

static const struct op ops[] = {
	{ 0, OP_PUT, { (const uint8_t *)"\0\x05\0\0", 4 } },
	{ 1, OP_PUT, { (const uint8_t *)"\xa2\x1f", 2 } },
	{ 3, OP_CLEAR, { NULL, 0 } },
	{ 40, OP_SET_ADD, { (const uint8_t *)"TKM", 3 } },
	{ 40, OP_SET_REMOVE, { (const uint8_t *)"AFG", 3 } },
	{ 41, OP_COUNT, { (const uint8_t *)"\x08", 1 } },
	{ 65535, OP_LOG, { (const uint8_t *)"x", 1 } },
};

static struct header make_header(bool has_base)
{
	struct header h = { .seq = 1, .has_base = has_base };

	h.base_id = uuid_make(1700000000000, (const uint8_t *)"0123456789");
	return h;
}

static size_t encode(const struct header *h, uint32_t count, enum life life, int64_t step,
		     uint8_t *out, size_t max)
{
	struct change c = { .kind = 300, .id = h->base_id, .life = life, .ops = ops };
	struct bytes_writer w = bytes_writer_init(out, max);

	c.ops_count = count;
	entry_encode_change(&c, step, &w);
	cr_assert_eq(w.rc, RC_OK);
	return w.len;
}

static bool is_same(const struct change *a, const struct change *b)
{
	uint32_t i;

	if (a->kind != b->kind || a->life != b->life || a->ops_count != b->ops_count ||
	    memcmp(&a->id, &b->id, sizeof(a->id)) != 0 || a->has_form != b->has_form ||
	    a->form.count != b->form.count) {
		return false;
	}
	for (i = 0; i < a->ops_count; i++) {
		if (a->ops[i].field != b->ops[i].field || a->ops[i].code != b->ops[i].code ||
		    !bytes_equal(a->ops[i].value, b->ops[i].value)) {
			return false;
		}
	}
	return true;
}

/* Whether the shortcut takes the bytes; if so, the long way must agree. That
 * way is forced by `has_form`, which stands there as false. */
static bool takes(const uint8_t *p, size_t len, const struct header *h)
{
	static const uint8_t no_form[] = { 8 << 3, 0 };
	uint8_t longer[512];
	struct bytes change = { longer, len + sizeof(no_form) };
	struct arena a = arena_init(memory, sizeof(memory));
	struct entry e = { .changes = &change, .changes_count = 1 };
	struct change plain, full;
	enum rc rc = entry_plain_change(bytes_at(p, len), h, &a, &plain);

	if (rc != RC_OK) {
		cr_assert_eq(rc, RC_NOTFOUND);
		return false;
	}
	e.header = *h;
	memcpy(longer, p, len);
	memcpy(longer + len, no_form, sizeof(no_form));
	cr_assert_eq(entry_plain_change(change, h, &a, &full), RC_NOTFOUND);
	cr_assert_eq(entry_decode_change(&e, 0, &a, &full), RC_OK);
	cr_assert(is_same(&plain, &full));
	return true;
}

Test(entry_plain, takes_what_our_encoder_writes)
{
	struct header h = make_header(true);
	uint8_t buffer[256];
	uint32_t count;

	for (count = 0; count <= sizeof(ops) / sizeof(ops[0]); count++) {
		cr_assert(takes(buffer, encode(&h, count, LIFE_ALIVE, -1, buffer, 256), &h));
		cr_assert(takes(buffer, encode(&h, count, LIFE_NONE, 0, buffer, 256), &h));
		cr_assert(takes(buffer, encode(&h, count, LIFE_DELETED, 70000, buffer, 256), &h));
	}
}

Test(entry_plain, leaves_steps_without_a_base_to_the_long_way)
{
	struct header h = make_header(false);
	uint8_t buffer[256];

	cr_assert_not(takes(buffer, encode(&h, 2, LIFE_ALIVE, 1, buffer, 256), &h));
	cr_assert(takes(buffer, encode(&h, 2, LIFE_ALIVE, -1, buffer, 256), &h));
}

Test(entry_plain, runs_out_of_memory_cleanly)
{
	struct header h = make_header(true);
	struct arena a = arena_init(memory, 64);
	struct change c;
	uint8_t buffer[256];
	size_t len = encode(&h, 7, LIFE_ALIVE, 1, buffer, 256);

	cr_assert_eq(entry_plain_change(bytes_at(buffer, len), &h, &a, &c), RC_NOMEM);
}

/* Every byte replaced by every other, and every cut: what is taken at all is
 * taken as the long way takes it. */
Test(entry_plain, agrees_with_the_long_way_on_damaged_bytes)
{
	struct header h = make_header(true);
	uint8_t buffer[256];
	int64_t step;
	unsigned taken = 0, left = 0;

	for (step = -1; step <= 300; step += 150) {
		size_t len = encode(&h, 7, LIFE_ALIVE, step, buffer, 256);
		size_t at;

		for (at = 0; at < len; at++) {
			uint8_t was = buffer[at];
			unsigned v;

			for (v = 0; v < 256; v++) {
				buffer[at] = (uint8_t)v;
				*(takes(buffer, len, &h) ? &taken : &left) += 1;
			}
			buffer[at] = was;
			(void)takes(buffer, at, &h);
		}
	}
	cr_assert_gt(taken, 1000);
	cr_assert_gt(left, 1000);
}

/* Numbers that are written longer than needed are corrupt. */
Test(entry_plain, does_not_take_numbers_of_another_length)
{
	static const uint8_t kind[] = { 1 << 3, 0x85, 0 };
	static const uint8_t packed[] = { 1 << 3, 5, 5 << 3 | 2, 2, 0x88, 0, 6 << 3 | 2, 1, 'x' };
	struct header h = make_header(true);

	cr_assert_not(takes(kind, sizeof(kind), &h));
	cr_assert_not(takes(packed, sizeof(packed), &h));
}
