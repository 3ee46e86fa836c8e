/*
 * The worked example of proto/README.md: made with the codecs and compared
 * with the very text that is printed there, so that neither can drift. Runs
 * in the top folder, as make does.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "proto/entry_codec.h"
#include "proto/frame.h"
#include "proto/message_codec.h"
#include "sync/part.h"
#include "sync/value.h"
#include "tests/proto/blake2b.h"

enum {
	README_BYTES_MAX = 131072,
	HEX_BYTES_MAX = 1024,
	ARENA_BYTES = 1 << 20,
	INCARNATION = 0x0c0ffee0,
	KIND = 16,
	CHANGES = 3
};

static const uint64_t FEED = UINT64_C(0x00070002a1b2c3d4);
static const uint64_t CENTRE = UINT64_C(0x000000020c0ffee0);
static const char BASE[] = "01998f1e-5c00-7abc-8def-0123456789ab";
static const uint8_t PUBLIC_KEY[KEY_LEN] = {
	0x03, 0xa1, 0x07, 0xbf, 0xf3, 0xce, 0x10, 0xbe, 0x1d, 0x70, 0xdd,
	0x18, 0xe7, 0x4b, 0xc0, 0x99, 0x67, 0xe4, 0xd6, 0x30, 0x9b, 0xa5,
	0x0d, 0x5f, 0x1d, 0xdc, 0x86, 0x64, 0x12, 0x55, 0x31, 0xb8,
};

static const struct crypto CRYPTO = { .hash = blake2b_hash, .verify = NULL };

static uint8_t memory[ARENA_BYTES];
static struct arena arena;
static char readme[README_BYTES_MAX]; /* without blanks and line ends */

static void read_readme(void)
{
	FILE *file = fopen("proto/README.md", "r");
	size_t len = 0;
	int c;

	cr_assert_not_null(file, "proto/README.md is not here: run this in the top folder");
	while ((c = fgetc(file)) != EOF && len < sizeof(readme) - 1) {
		if (c != ' ' && c != '\n') {
			readme[len++] = (char)c;
		}
	}
	readme[len] = '\0';
	(void)fclose(file);
	arena = arena_init(memory, sizeof(memory));
}

TestSuite(wire_spec, .init = read_readme);

/* The README says "name = " and the bytes in hexadecimal. name: no blanks. */
static void expect_printed(const char *name, struct bytes b)
{
	char text[2 * HEX_BYTES_MAX + 64];
	int len = snprintf(text, sizeof(text), "%s=", name);
	size_t i;

	cr_assert(len > 0 && b.len <= HEX_BYTES_MAX);
	for (i = 0; i < b.len; i++) {
		(void)snprintf(text + len + 2 * i, 3, "%02x", b.p[i]);
	}
	cr_expect_not_null(strstr(readme, text), "proto/README.md does not say %s", text);
}

static struct bytes number(int64_t v)
{
	uint8_t *p = arena_take(&arena, 10);
	struct bytes_writer w = bytes_writer_init(p, 10);

	value_put_number(&w, v);
	return bytes_written(&w);
}

static struct bytes value(enum value_type type, unsigned scale, const char *text)
{
	uint8_t *p = arena_take(&arena, 64);
	struct bytes_writer w = bytes_writer_init(p, 64);

	cr_assert_eq(value_parse(type, scale, bytes_of(text), &w), RC_OK);
	return bytes_written(&w);
}

static struct uuid id(const char *text)
{
	struct uuid u;

	cr_assert_eq(uuid_parse(bytes_of(text), &u), RC_OK);
	return u;
}

/* --- the example ----------------------------------------------------------- */

struct example {
	struct bytes genesis, header, salt, changes[CHANGES];
	uint8_t hash[2][HASH_LEN]; /* h(0), h(1) */
};

static struct header header_of(uint64_t seq)
{
	struct header h;

	memset(&h, 0, sizeof(h));
	h.feed = FEED;
	h.seq = h.commit = seq;
	h.seen_centre = 9;
	h.seen_own = seq - 1;
	h.epoch_incarnation = INCARNATION;
	h.epoch_seq = 5;
	h.time_ms = INT64_C(1789999999000) + (int64_t)seq * 1000;
	return h;
}

static struct bytes encode_header(const struct header *h)
{
	uint8_t *p = arena_take(&arena, 256);
	struct bytes_writer w = bytes_writer_init(p, 256);

	entry_encode_header(h, &w);
	cr_assert_eq(w.rc, RC_OK);
	return bytes_written(&w);
}

static struct bytes encode_change(const struct change *c, int64_t step)
{
	uint8_t *p = arena_take(&arena, 256);
	struct bytes_writer w = bytes_writer_init(p, 256);

	entry_encode_change(c, step, &w);
	cr_assert_eq(w.rc, RC_OK);
	return bytes_written(&w);
}

static struct bytes encode_genesis(void)
{
	uint8_t *p = arena_take(&arena, 256);
	struct bytes_writer w = bytes_writer_init(p, 256);
	struct genesis g;
	uint8_t i;

	memset(&g, 0, sizeof(g));
	for (i = 0; i < SYSTEM_LEN; i++) {
		g.system[i] = i;
	}
	memcpy(g.key, PUBLIC_KEY, KEY_LEN);
	g.feed = FEED;
	entry_encode_genesis(&g, &w);
	return bytes_written(&w);
}

static void encode_changes(struct bytes out[CHANGES])
{
	static const uint8_t home[HOME_LEN] = { 0, 7, 0, 3 };
	struct bytes at_home = bytes_at(home, sizeof(home));
	struct op first[] = { { FIELD_HOME, OP_PUT, at_home },
			      { 1, OP_PUT, bytes_of("A\xc3\xbdna") },
			      { 2, OP_PUT, value(VALUE_DATE, 0, "2016-12-09") } };
	struct op second[] = { { FIELD_HOME, OP_PUT, at_home },
			       { 3, OP_SET_ADD, bytes_of("TM-L") },
			       { 4, OP_COUNT, number(-12) } };
	struct op third[] = { { 1, OP_CLEAR, bytes_at(NULL, 0) }, { 5, OP_LOG, bytes_of("seen") } };
	struct dot form[] = { { CENTRE, 8 }, { feed_pack(7, 2, 0x01020304), 3 } };
	struct change c = { .kind = KIND, .life = LIFE_ALIVE, .ops = first, .ops_count = 3 };

	out[0] = encode_change(&c, 0);
	c.ops = second;
	out[1] = encode_change(&c, 1);
	c.ops = third;
	c.ops_count = 2;
	c.id = id("01998f1e-0000-7123-b456-789abcdef012");
	c.has_form = true;
	c.form = (struct vv){ form, 2, 2 };
	out[2] = encode_change(&c, -1);
}

static struct example make_example(void)
{
	static const uint8_t salt[FEED_SALT_LEN] = {
		0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7,
		0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff
	};
	struct header h = header_of(1);
	struct example x;

	h.author = bytes_of("aynur");
	h.has_base = true;
	h.base_id = id(BASE);
	h.touches = CHANGES;
	x.genesis = encode_genesis();
	x.header = encode_header(&h);
	x.salt = bytes_at(salt, sizeof(salt));
	encode_changes(x.changes);
	feed_chain_first(&CRYPTO, x.genesis, x.hash[0]);
	feed_chain_next(&CRYPTO, x.hash[0], x.header, x.salt, x.changes, CHANGES, x.hash[1]);
	return x;
}

static struct bytes encode_entry(const struct example *x)
{
	uint8_t *p = arena_take(&arena, 1024);
	struct bytes_writer w = bytes_writer_init(p, 1024);

	entry_encode(x->header, x->salt, x->changes, CHANGES, &w);
	cr_assert_eq(w.rc, RC_OK);
	return bytes_written(&w);
}

/* --- the tests -------------------------------------------------------------- */

Test(wire_spec, hash_is_blake2b)
{
	/* Nothing, and one byte more than a block; as others compute them. */
	static const uint8_t of_none[16] = { 0x0e, 0x57, 0x51, 0xc0, 0x26, 0xe5, 0x43, 0xb2,
					     0xe8, 0xab, 0x2e, 0xb0, 0x60, 0x99, 0xda, 0xa1 };
	static const uint8_t of_long[16] = { 0x77, 0x6d, 0x92, 0xf0, 0x93, 0xf7, 0xe4, 0x81,
					     0x0c, 0x50, 0x49, 0x76, 0xde, 0x44, 0x50, 0x5c };
	uint8_t out[HASH_LEN], block[129];
	struct bytes none = bytes_at(NULL, 0), long_one = bytes_at(block, sizeof(block));

	memset(block, 'k', sizeof(block));
	blake2b_hash(out, &none, 1);
	cr_assert_eq(memcmp(out, of_none, sizeof(of_none)), 0);
	blake2b_hash(out, &long_one, 1);
	cr_assert_eq(memcmp(out, of_long, sizeof(of_long)), 0);
}

Test(wire_spec, values_are_written_as_printed)
{
	expect_printed("int-12", number(-12));
	expect_printed("decimal12.50,scale2", value(VALUE_DECIMAL, 2, "12.50"));
	expect_printed("date2016-12-09", value(VALUE_DATE, 0, "2016-12-09"));
	expect_printed("pdate2016-12", value(VALUE_PDATE, 0, "2016-12"));
	expect_printed("pdate2016", value(VALUE_PDATE, 0, "2016"));
	expect_printed("time2016-12-09T00:00:00Z", value(VALUE_TIME, 0, "2016-12-09T00:00:00Z"));
}

Test(wire_spec, ids_step_as_printed)
{
	struct uuid base = id(BASE), high = id("01998f1e-5c00-7abc-bfff-ffffffffffff");
	struct uuid next = uuid_step(base, 1), wrapped = uuid_step(high, 1);

	expect_printed("base", bytes_at(base.b, UUID_LEN));
	expect_printed("base,1step", bytes_at(next.b, UUID_LEN));
	expect_printed("high", bytes_at(high.b, UUID_LEN));
	expect_printed("high,1step", bytes_at(wrapped.b, UUID_LEN));
}

Test(wire_spec, genesis_and_entry_are_written_as_printed)
{
	struct example x = make_example();

	expect_printed("publickey", bytes_at(PUBLIC_KEY, KEY_LEN));
	expect_printed("genesis", x.genesis);
	expect_printed("header1", x.header);
	expect_printed("change0", x.changes[0]);
	expect_printed("change1", x.changes[1]);
	expect_printed("change2", x.changes[2]);
	expect_printed("entry1", encode_entry(&x));
}

/* The middle of the chain, step by step as chapter 6 tells it. */
Test(wire_spec, chain_is_computed_as_printed)
{
	struct example x = make_example();
	uint8_t pairs[2][HASH_LEN], leaves[CHANGES][HASH_LEN], entry[HASH_LEN];
	char name[16];
	uint8_t k, i;

	for (k = 0; k < 2; k++) {
		uint8_t place[4] = { 0, 0, 0, k };
		struct bytes pieces[2] = { x.salt, bytes_at(place, sizeof(place)) };

		blake2b_hash(pairs[k], pieces, 2);
	}
	for (i = 0; i < CHANGES; i++) {
		const uint8_t *salt = pairs[i / 2] + i % 2 * FEED_SALT_LEN;
		struct bytes pieces[2] = { bytes_at(salt, FEED_SALT_LEN), x.changes[i] };

		blake2b_hash(leaves[i], pieces, 2);
		(void)snprintf(name, sizeof(name), "salt(%u)", i);
		expect_printed(name, pieces[0]);
		(void)snprintf(name, sizeof(name), "leaf(%u)", i);
		expect_printed(name, bytes_at(leaves[i], HASH_LEN));
	}
	blake2b_hash(entry, (struct bytes[]){ x.header, bytes_at(leaves, sizeof(leaves)) }, 2);
	expect_printed("e(1)", bytes_at(entry, HASH_LEN));
	expect_printed("h(0)", bytes_at(x.hash[0], HASH_LEN));
	expect_printed("h(1)", bytes_at(x.hash[1], HASH_LEN));
}

Test(wire_spec, seal_text_is_as_printed)
{
	struct example x = make_example();
	uint8_t text[FEED_SEAL_TEXT_LEN];

	feed_seal_text(x.genesis.p + 2, FEED, 1, x.hash[1], text);
	expect_printed("sealtext", bytes_at(text, sizeof(text)));
}

Test(wire_spec, entry_without_changes_is_as_printed)
{
	struct example x = make_example();
	struct header h = header_of(2);
	struct bytes header = encode_header(&h), none = bytes_at(NULL, 0);
	uint8_t buffer[256], hash[HASH_LEN];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));

	entry_encode(header, none, NULL, 0, &w);
	expect_printed("entry2", bytes_written(&w));
	blake2b_hash(hash, &header, 1);
	expect_printed("e(2)", bytes_at(hash, HASH_LEN));
	feed_chain_next(&CRYPTO, x.hash[1], header, none, NULL, 0, hash);
	expect_printed("h(2)", bytes_at(hash, HASH_LEN));
}

/* Whoever reads the printed entry comes to what was written. */
Test(wire_spec, printed_entry_can_be_read)
{
	struct example x = make_example();
	struct uuid second = uuid_step(id(BASE), 1);
	struct entry e;
	struct change c;

	cr_assert_eq(entry_decode(encode_entry(&x), &arena, &e), RC_OK);
	cr_assert_eq(e.header.feed, FEED);
	cr_assert_eq(e.header.epoch_incarnation, INCARNATION);
	cr_assert_eq(e.changes_count, CHANGES);
	cr_assert_eq(entry_decode_change(&e, 1, &arena, &c), RC_OK);
	cr_assert(uuid_equal(c.id, second));
	cr_assert_eq(c.ops[1].code, OP_SET_ADD);
	cr_assert_eq(entry_decode_change(&e, 2, &arena, &c), RC_OK);
	cr_assert(c.has_form);
	cr_assert_eq(vv_get(&c.form, CENTRE), 8);
	cr_assert_eq(c.ops[0].code, OP_CLEAR);
}

static bool covers_nothing(void *ctx, struct dot d)
{
	(void)ctx;
	(void)d;
	return false;
}

static void apply(struct part *p, const struct change *c, struct dot e)
{
	struct seen seen = { .ctx = NULL, .covers = covers_nothing };

	cr_assert_eq(part_apply(p, c, e, &seen, &arena), RC_OK);
}

static void expect_state(const char *name, const struct part *p)
{
	uint8_t buffer[256];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));

	part_encode(p, &w);
	cr_assert_eq(w.rc, RC_OK);
	expect_printed(name, bytes_written(&w));
}

Test(wire_spec, states_are_as_printed)
{
	struct example x = make_example();
	struct op put = { 1, OP_PUT, bytes_of("Ayna") };
	struct change edit = { .kind = KIND, .life = LIFE_ALIVE, .ops = &put, .ops_count = 1 };
	struct part first = part_init(), second = part_init();
	struct entry e;
	struct change c;

	cr_assert_eq(entry_decode(encode_entry(&x), &arena, &e), RC_OK);
	cr_assert_eq(entry_decode_change(&e, 0, &arena, &c), RC_OK);
	apply(&first, &c, (struct dot){ FEED, 1 });
	expect_state("record0oftheexample,scope2", &first);
	apply(&first, &edit, (struct dot){ CENTRE, 10 });
	expect_state("record0,editedbytwo", &first);
	cr_assert_eq(entry_decode_change(&e, 1, &arena, &c), RC_OK);
	apply(&second, &c, (struct dot){ FEED, 1 });
	expect_state("record1oftheexample,scope2", &second);
}

/* As `kerwen verify` adds up the parts of a scope. */
static void add_to_digest(uint8_t digest[HASH_LEN], struct uuid record, const struct part *p)
{
	static const uint8_t kind[2] = { 0, KIND };
	uint8_t buffer[256];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));
	struct bytes pieces[4] = { bytes_at(digest, HASH_LEN), bytes_at(kind, sizeof(kind)),
				   bytes_at(record.b, UUID_LEN) };

	part_encode(p, &w);
	pieces[3] = bytes_written(&w);
	blake2b_hash(digest, pieces, 4);
}

Test(wire_spec, digest_is_as_printed)
{
	struct example x = make_example();
	uint8_t digest[HASH_LEN] = { 0 };
	struct entry e;
	uint32_t i;

	cr_assert_eq(entry_decode(encode_entry(&x), &arena, &e), RC_OK);
	for (i = 0; i < 2; i++) {
		struct part p = part_init();
		struct change c;

		cr_assert_eq(entry_decode_change(&e, i, &arena, &c), RC_OK);
		apply(&p, &c, (struct dot){ FEED, 1 });
		add_to_digest(digest, c.id, &p);
	}
	expect_printed("digest", bytes_at(digest, HASH_LEN));
}

Test(wire_spec, frame_is_as_printed)
{
	struct message m = { .type = MESSAGE_ANSWER, .credit = 1 };
	struct frame_codec *codec = NULL;
	uint8_t buffer[64];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));
	struct bytes wire;

	cr_assert_eq(frame_codec_new(&codec), RC_OK);
	message_encode(&m, &arena, &w);
	cr_assert_eq(frame_encode(codec, bytes_written(&w), &wire), RC_OK);
	expect_printed("answeronthewire", wire);
	frame_codec_free(codec);
}
