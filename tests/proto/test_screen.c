/* Hostile protobuf bytes against screening and unpacking. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "proto/screen.h"
#include "proto/unpack.h"
#include "proto/wire.h"
#include "tests/proto/hostile.pb-c.h"
#include "tests/proto/hostile2.pb-c.h"

#define TREE   (&hostile__tree__descriptor)
#define STRICT (&hostile__strict__descriptor)

enum { PLENTY = 1 << 20 };

struct row {
	const char *why;
	const char *bytes;
	size_t len;
	enum rc rc;
};

#define ROW(why, text, rc)                                                                         \
	{                                                                                          \
		why, text, sizeof(text) - 1, rc                                                    \
	}

static const struct row rows[] = {
	ROW("nothing is a message of defaults", "", RC_OK),
	ROW("uint32, the largest", "\x08\xff\xff\xff\xff\x0f", RC_OK),
	ROW("uint32, one more", "\x08\x80\x80\x80\x80\x10", RC_CORRUPT),
	ROW("int32 -1 is ten bytes", "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", RC_OK),
	ROW("int32 -1 in five bytes", "\x10\xff\xff\xff\xff\x0f", RC_CORRUPT),
	ROW("int32, 2^31", "\x10\x80\x80\x80\x80\x08", RC_CORRUPT),
	ROW("sint32, the smallest", "\x18\xff\xff\xff\xff\x0f", RC_OK),
	ROW("sint32, too large", "\x18\xff\xff\xff\xff\x1f", RC_CORRUPT),
	ROW("uint64, the largest", "\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", RC_OK),
	ROW("uint64, 65 bits", "\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", RC_CORRUPT),
	ROW("a varint of eleven bytes", "\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x01",
	    RC_CORRUPT),
	ROW("a varint longer than need be", "\x08\x81\x00", RC_CORRUPT),
	ROW("a tag longer than need be", "\x88\x00\x01", RC_CORRUPT),
	ROW("a length longer than need be", "\x5a\x81\x00x", RC_CORRUPT),
	ROW("a varint without an end", "\x08\xff", RC_CORRUPT),
	ROW("a tag without a value", "\x08", RC_CORRUPT),
	ROW("half a tag", "\x88", RC_CORRUPT),
	ROW("true", "\x38\x01", RC_OK),
	ROW("a bool of 2", "\x38\x02", RC_CORRUPT),
	ROW("fixed32", "\x45\x01\x02\x03\x04", RC_OK),
	ROW("fixed32 cut short", "\x45\x01\x02\x03", RC_CORRUPT),
	ROW("fixed64", "\x49\x01\x02\x03\x04\x05\x06\x07\x08", RC_OK),
	ROW("fixed64 cut short", "\x49\x01\x02\x03\x04\x05\x06\x07", RC_CORRUPT),
	ROW("a colour", "\x50\x05", RC_OK),
	ROW("a negative colour", "\x50\xfd\xff\xff\xff\xff\xff\xff\xff\xff\x01", RC_OK),
	ROW("no such colour", "\x50\x02", RC_CORRUPT),
	ROW("a colour modulo 2^32", "\x50\x81\x80\x80\x80\x10", RC_CORRUPT),
	ROW("text", "\x5a\x03pad", RC_OK),
	ROW("text in several languages", "\x5a\x09\xc5\x9f\xe2\x82\xac\xf0\x9f\x90\xaa", RC_OK),
	ROW("NUL in text", "\x5a\x03p\0d", RC_CORRUPT),
	ROW("text with a lone continuation", "\x5a\x01\x80", RC_CORRUPT),
	ROW("text cut within a character", "\x5a\x01\xc5", RC_CORRUPT),
	ROW("'/' in two bytes", "\x5a\x02\xc0\xaf", RC_CORRUPT),
	ROW("'/' in three bytes", "\x5a\x03\xe0\x80\xaf", RC_CORRUPT),
	ROW("a surrogate", "\x5a\x03\xed\xa0\x80", RC_CORRUPT),
	ROW("beyond Unicode", "\x5a\x04\xf4\x90\x80\x80", RC_CORRUPT),
	ROW("a byte that UTF-8 never has", "\x5a\x01\xff", RC_CORRUPT),
	ROW("text past the end", "\x5a\x04pad", RC_CORRUPT),
	ROW("text of 2^63 bytes", "\x5a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01pad", RC_CORRUPT),
	ROW("bytes may be anything", "\x62\x04\x00\xff\x80\x01", RC_OK),
	ROW("a number where text belongs", "\x58\x01", RC_CORRUPT),
	ROW("text where a number belongs", "\x0a\x01x", RC_CORRUPT),
	ROW("fixed64 where fixed32 belongs", "\x41\x01\x02\x03\x04\x05\x06\x07\x08", RC_CORRUPT),
	ROW("an unknown field", "\xc0\x02\x01", RC_CORRUPT),
	ROW("field number 0", "\x00\x01", RC_CORRUPT),
	ROW("a field number of 33 bits", "\x88\x80\x80\x80\x80\x01\x01", RC_CORRUPT),
	ROW("a group", "\x6b\x6c", RC_CORRUPT),
	ROW("the end of a group", "\x6c", RC_CORRUPT),
	ROW("wire type 7", "\x0f\x01", RC_CORRUPT),
	ROW("a number twice", "\x08\x01\x08\x01", RC_CORRUPT),
	ROW("a sub-message twice", "\x6a\x00\x6a\x00", RC_CORRUPT),
	ROW("text twice with others between", "\x5a\x00\x62\x00\x5a\x00", RC_CORRUPT),
	ROW("fields out of order", "\x62\x00\x08\x01\x5a\x00", RC_OK),
	ROW("numbers, packed", "\x72\x03\x01\xac\x02", RC_OK),
	ROW("numbers, one by one", "\x70\x01\x70\x02", RC_OK),
	ROW("numbers in two packs", "\x72\x01\x01\x72\x01\x02", RC_OK),
	ROW("an empty pack", "\x72\x00", RC_OK),
	ROW("a pack that ends within a number", "\x72\x02\x01\xac\x02", RC_CORRUPT),
	ROW("a number out of range in a pack", "\x72\x06\x01\x80\x80\x80\x80\x10", RC_CORRUPT),
	ROW("a bool of 2 in a pack", "\x7a\x02\x01\x02", RC_CORRUPT),
	ROW("fixed64 in a pack", "\x82\x01\x08\x01\x02\x03\x04\x05\x06\x07\x08", RC_OK),
	ROW("a pack of fixed64 of 9 bytes", "\x82\x01\x09\x01\x02\x03\x04\x05\x06\x07\x08\x09",
	    RC_CORRUPT),
	ROW("no such colour in a pack", "\x8a\x01\x02\x01\x07", RC_CORRUPT),
	ROW("bad text in a list", "\x92\x01\x01x\x92\x01\x01\xff", RC_CORRUPT),
	ROW("one of a choice", "\xb0\x01\x01", RC_OK),
	ROW("the same of a choice twice", "\xb0\x01\x01\xb0\x01\x01", RC_CORRUPT),
	ROW("both of a choice", "\xb0\x01\x01\xba\x01\x00", RC_CORRUPT),
	ROW("a field with a far number", "\xc2\x3e\x00", RC_OK),
	ROW("an unknown field in a sub-message", "\x6a\x03\xc0\x02\x01", RC_CORRUPT),
	ROW("a sub-message past its parent", "\x6a\x02\x6a\x01\x08\x01", RC_CORRUPT),
};

Test(screen, judges_every_row_as_it_says)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum rc rc = screen_message(TREE, bytes_at(rows[i].bytes, rows[i].len), PLENTY);

		cr_expect(rc == rows[i].rc, "%s: %s", rows[i].why, rc_text(rc));
	}
}

Test(screen, asks_for_required_fields)
{
	cr_assert_eq(screen_message(STRICT, bytes_of(""), PLENTY), RC_CORRUPT);
	cr_assert_eq(screen_message(STRICT, bytes_of("\x12\x01x"), PLENTY), RC_CORRUPT);
	cr_assert_eq(screen_message(STRICT, bytes_of("\x08\x01"), PLENTY), RC_OK);
	cr_assert_eq(screen_message(STRICT, bytes_of("\x08\x01\x1a\x02\x01\x02"), PLENTY), RC_OK);
}

/* Trees within trees, the innermost empty. */
static struct bytes nest(uint8_t *buf, size_t max, unsigned levels)
{
	size_t at = max;

	for (; levels > 1; levels--) {
		struct bytes_writer w = bytes_writer_init(buf, at);
		size_t inner = max - at;

		wire_put_open(&w, 13, inner);
		memmove(buf + at - w.len, buf, w.len);
		at -= w.len;
	}
	return bytes_at(buf + at, max - at);
}

Test(screen, bounds_the_depth)
{
	static uint8_t buf[32768];

	cr_assert_eq(screen_message(TREE, nest(buf, sizeof(buf), 8), PLENTY), RC_OK);
	cr_assert_eq(screen_message(TREE, nest(buf, sizeof(buf), 9), PLENTY), RC_LIMIT);
	cr_assert_eq(screen_message(TREE, nest(buf, sizeof(buf), 8000), PLENTY), RC_LIMIT);
}

/* count times the two or three bytes of an empty element of field. */
static struct bytes many(uint8_t *buf, size_t max, uint32_t field)
{
	struct bytes_writer w = bytes_writer_init(buf, max);

	while (w.len + 3 <= max) {
		wire_put_element(&w, field, bytes_of(""));
	}
	return bytes_written(&w);
}

Test(screen, counts_what_empty_messages_blow_up_to)
{
	static uint8_t buf[65536];
	struct bytes b = many(buf, sizeof(buf), 20);
	size_t least = b.len / 3 * sizeof(Hostile__Tree);

	cr_assert_eq(screen_message(TREE, b, least), RC_NOMEM);
	cr_assert_eq(screen_message(TREE, b, least * 2), RC_OK);
}

Test(screen, refuses_a_singular_message_repeated)
{
	static uint8_t buf[65536];

	cr_assert_eq(screen_message(TREE, many(buf, sizeof(buf), 13), PLENTY), RC_CORRUPT);
}

Test(unpack, gives_what_was_packed)
{
	static uint8_t memory[4096];
	static const char bytes[] = "\x08\x07\x5a\x03pad\x6a\x02\x10\x05\x72\x03\x01\xac\x02";
	struct arena a = arena_init(memory, sizeof(memory));
	ProtobufCMessage *message = NULL;
	const Hostile__Tree *tree = NULL;

	cr_assert_eq(unpack_message(TREE, bytes_at(bytes, sizeof(bytes) - 1), &a, &message), RC_OK);
	tree = (const Hostile__Tree *)message;
	cr_assert_eq(tree->u32, 7);
	cr_assert_str_eq(tree->text, "pad");
	cr_assert_eq(tree->child->i32, 5);
	cr_assert_eq(tree->n_numbers, 2);
	cr_assert_eq(tree->numbers[1], 300);
}

Test(unpack, leaves_the_arena_alone_when_it_refuses)
{
	static uint8_t memory[4096];
	struct arena a = arena_init(memory, sizeof(memory));
	ProtobufCMessage *message = NULL;

	arena_take(&a, 5);
	cr_assert_eq(unpack_message(TREE, bytes_of("\x08"), &a, &message), RC_CORRUPT);
	cr_assert_eq(a.used, 5);
	a.max = sizeof(Hostile__Tree);
	cr_assert_eq(unpack_message(TREE, bytes_of(""), &a, &message), RC_NOMEM);
	cr_assert_eq(a.used, 5);
	a.max = 5;
	cr_assert_eq(unpack_message(TREE, bytes_of(""), &a, &message), RC_NOMEM);
}

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void put_random_tree(struct bytes_writer *w, uint32_t *chance, unsigned depth);

static void put_random_field(struct bytes_writer *w, const ProtobufCFieldDescriptor *f,
			     uint32_t *chance, unsigned depth)
{
	static const char text[] = "kerwen, the caravan, carries it \xc5\x9f";
	uint8_t inner[4096];
	struct bytes_writer sub = bytes_writer_init(inner, sizeof(inner));
	uint32_t r = next_random(chance);

	if (f->type == PROTOBUF_C_TYPE_MESSAGE && f->descriptor == TREE) {
		put_random_tree(&sub, chance, depth + 1);
		wire_put_element(w, f->id, bytes_at(inner, sub.rc == RC_OK ? sub.len : 0));
	} else if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
		wire_put_element(w, f->id, bytes_of(""));
	} else if (f->type == PROTOBUF_C_TYPE_STRING || f->type == PROTOBUF_C_TYPE_BYTES) {
		wire_put_element(w, f->id, bytes_at(text, r % (sizeof(text) - 2)));
	} else if (f->type == PROTOBUF_C_TYPE_FIXED32) {
		wire_put_fixed32(w, f->id, r | 1);
	} else if (f->type == PROTOBUF_C_TYPE_FIXED64 || f->type == PROTOBUF_C_TYPE_DOUBLE) {
		wire_put_fixed64(w, f->id, r | 1);
	} else if (f->label == PROTOBUF_C_LABEL_REPEATED && r % 2 == 0) {
		wire_put_element(w, f->id, bytes_at("\1\0\1\1\1\1\1\1\1", r / 2 % 10));
	} else {
		wire_put_uint(w, f->id, 1);
	}
}

/* A tree of any of its fields; now and then one comes twice, or too deep. */
static void put_random_tree(struct bytes_writer *w, uint32_t *chance, unsigned depth)
{
	unsigned i, r = next_random(chance);

	for (i = 0; i < TREE->n_fields && depth <= SCREEN_DEPTH_MAX; i++) {
		const ProtobufCFieldDescriptor *f = &TREE->fields[i];
		unsigned count = next_random(chance) % 4 == 0;

		if (f->label == PROTOBUF_C_LABEL_REPEATED && r % 16 == 0) {
			count = next_random(chance) % 60;
		}
		if ((f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 && f->id != 22 + r % 2) {
			count = 0;
		}
		if (f->type == PROTOBUF_C_TYPE_MESSAGE && depth > 3) {
			count = count != 0 && r % 64 == 0;
		}
		for (; count > 0; count--) {
			put_random_field(w, f, chance, depth);
		}
	}
}

/* Alters up to three bytes in one of four inputs. */
static void spoil(struct bytes_writer *w, uint32_t *chance)
{
	unsigned count = next_random(chance) % 4 == 0 ? next_random(chance) % 4 : 0;

	for (; count > 0 && w->len > 0; count--) {
		w->p[next_random(chance) % w->len] = (uint8_t)next_random(chance);
	}
	if (next_random(chance) % 16 == 0 && w->len > 0) {
		w->len = next_random(chance) % w->len;
	}
}

/* The smallest budget that screening accepts b with; 0: none. */
static size_t least_budget(struct bytes b, size_t max)
{
	size_t low = 0, high = max;

	if (screen_message(TREE, b, max) != RC_OK) {
		return 0;
	}
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (screen_message(TREE, b, middle) == RC_OK) {
			high = middle;
		} else {
			low = middle;
		}
	}
	return high;
}

Test(screen, what_it_accepts_unpacks_within_its_budget)
{
	static uint8_t buf[65536], memory[1 << 20];
	uint32_t chance = 2463534242, accepted = 0, i;

	for (i = 0; i < 3000; i++) {
		struct bytes_writer w = bytes_writer_init(buf, sizeof(buf));
		struct arena a = arena_init(memory, sizeof(memory));
		ProtobufCMessage *message = NULL;
		size_t budget = 0;

		put_random_tree(&w, &chance, 1);
		spoil(&w, &chance);
		budget = least_budget(bytes_at(buf, w.len), sizeof(memory));
		if (budget > 0) {
			a.max = budget;
			accepted++;
		}
		cr_assert_eq(unpack_message(TREE, bytes_at(buf, w.len), &a, &message),
			     budget > 0 ? RC_OK : screen_message(TREE, bytes_at(buf, w.len), a.max),
			     "input %u", i);
	}
	cr_assert(accepted > 1000 && accepted < 2900, "%u", accepted);
}

/* Any bytes at all: nothing reads or writes where it should not. */
Test(screen, survives_noise)
{
	static uint8_t buf[512], memory[65536];
	uint32_t chance = 88172645, i, at;

	for (i = 0; i < 200000; i++) {
		struct arena a = arena_init(memory, sizeof(memory));
		ProtobufCMessage *message = NULL;
		size_t len = next_random(&chance) % 24;
		enum rc rc = RC_OK;

		for (at = 0; at < len; at++) {
			buf[at] = (uint8_t)next_random(&chance);
		}
		rc = screen_message(TREE, bytes_at(buf, len), sizeof(memory));
		cr_assert_eq(unpack_message(TREE, bytes_at(buf, len), &a, &message), rc);
	}
}
