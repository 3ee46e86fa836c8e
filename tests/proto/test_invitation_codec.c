#include <criterion/criterion.h>
#include <string.h>

#include "proto/entry_codec.h"
#include "proto/invitation_codec.h"

enum { ROOM = 262144, FILE_MAX = 8192 };

static uint8_t room[ROOM];

/* A hash and a signature that see every byte; nothing more is asked here. */
static void mix(uint8_t out[HASH_LEN], struct bytes b)
{
	size_t i;

	memset(out, 7, HASH_LEN);
	for (i = 0; i < b.len; i++) {
		out[i % HASH_LEN] = (uint8_t)((size_t)out[i % HASH_LEN] * 31 + b.p[i] + i);
	}
}

static bool verify(const uint8_t key[KEY_LEN], struct bytes text, const uint8_t sig[SIG_LEN])
{
	uint8_t sum[HASH_LEN];

	mix(sum, text);
	return memcmp(sig, sum, HASH_LEN) == 0 && memcmp(sig + HASH_LEN, key, KEY_LEN) == 0;
}

static const struct crypto crypto = { .hash = NULL, .verify = verify };

static size_t make(const struct invitation *i, uint8_t out[FILE_MAX])
{
	static uint8_t body[FILE_MAX], text[FILE_MAX];
	struct bytes_writer b = bytes_writer_init(body, sizeof(body));
	struct bytes_writer t = bytes_writer_init(text, sizeof(text));
	struct bytes_writer w = bytes_writer_init(out, FILE_MAX);
	uint8_t seal[SIG_LEN];

	invitation_encode_body(i, &b);
	invitation_seal_text(i->system, bytes_written(&b), &t);
	mix(seal, bytes_written(&t));
	memcpy(seal + HASH_LEN, i->centre_key, KEY_LEN);
	invitation_encode(bytes_written(&b), seal, &w);
	cr_assert_eq(w.rc, RC_OK);
	return w.len;
}

static uint8_t genesis[256];
static struct bytes addresses[2], entries[2];

static struct invitation sample(uint64_t feed)
{
	struct invitation i;
	struct genesis g;
	struct bytes_writer w = bytes_writer_init(genesis, sizeof(genesis));

	memset(&g, 0, sizeof(g));
	g.feed = feed;
	memset(g.key, 3, KEY_LEN);
	memset(g.system, 2, SYSTEM_LEN);
	entry_encode_genesis(&g, &w);
	addresses[0] = bytes_of("a.example:1");
	addresses[1] = bytes_of("[::1]:2");
	entries[0] = bytes_of("one");
	entries[1] = bytes_of("two");
	memset(&i, 0, sizeof(i));
	memset(i.system, 2, SYSTEM_LEN);
	memset(i.centre_key, 3, KEY_LEN);
	memset(i.token, 4, TOKEN_LEN);
	memset(i.entries_seal, 5, SIG_LEN);
	i.number = 6;
	i.name = bytes_of("Daşoguz");
	i.system_name = bytes_of("Demo");
	i.addresses = addresses;
	i.addresses_count = 2;
	i.genesis = bytes_written(&w);
	i.entries = entries;
	i.entries_count = 2;
	i.has_recovery = true;
	memset(i.recovery_key, 8, KEY_LEN);
	i.appointments = bytes_of("how it came to that");
	return i;
}

static enum rc decode(const uint8_t *file, size_t len, struct invitation *out)
{
	struct arena a = arena_init(room, sizeof(room));

	return invitation_decode(bytes_at(file, len), &crypto, &a, out);
}

Test(invitation_codec, what_was_written_is_read)
{
	uint64_t feed = feed_pack(0, 0, 77);
	struct invitation in = sample(feed), out;
	uint8_t file[FILE_MAX];
	size_t len = make(&in, file);

	cr_assert_eq(decode(file, len, &out), RC_OK);
	cr_assert_eq(out.number, 6);
	cr_assert_eq(out.feed, feed);
	cr_assert(bytes_equal(out.name, in.name));
	cr_assert(bytes_equal(out.system_name, in.system_name));
	cr_assert_eq(out.addresses_count, 2);
	cr_assert(bytes_equal(out.addresses[1], in.addresses[1]));
	cr_assert_eq(out.entries_count, 2);
	cr_assert(bytes_equal(out.entries[1], in.entries[1]));
	cr_assert_arr_eq(out.token, in.token, TOKEN_LEN);
	cr_assert_arr_eq(out.entries_seal, in.entries_seal, SIG_LEN);
	cr_assert(out.has_recovery);
	cr_assert_arr_eq(out.recovery_key, in.recovery_key, KEY_LEN);
	cr_assert(bytes_equal(out.appointments, in.appointments));
	in.has_recovery = false;
	len = make(&in, file);
	cr_assert_eq(decode(file, len, &out), RC_OK);
	cr_assert_not(out.has_recovery);
}

Test(invitation_codec, a_changed_or_cut_byte_anywhere_is_seen)
{
	struct invitation in = sample(feed_pack(0, 0, 77)), out;
	uint8_t file[FILE_MAX];
	size_t len = make(&in, file), head = strlen(INVITATION_HEAD), i;

	for (i = 0; i < len; i++) {
		enum rc rc;

		file[i] ^= 1;
		rc = decode(file, len, &out);
		cr_expect_neq(rc, RC_OK, "byte %zu", i);
		cr_expect_eq(rc == RC_INVALID, i < head, "byte %zu: %d", i, (int)rc);
		file[i] ^= 1;
		rc = decode(file, i, &out);
		cr_expect_neq(rc, RC_OK, "cut at %zu", i);
	}
}

Test(invitation_codec, what_means_nothing_is_refused)
{
	static const struct {
		const char *why;
		uint16_t number;
		uint64_t feed;
		const char *name;
		uint32_t addresses, entries;
		enum rc rc;
	} ROWS[] = {
		{ "number 0 is the centre", 0, 77, "x", 0, 1, RC_CORRUPT },
		{ "no name", 6, 77, "", 0, 1, RC_CORRUPT },
		{ "a long name", 6, 77,
		  "1234567890123456789012345678901234567890123456789012345678901234567890", 0, 1,
		  RC_LIMIT },
		{ "no entries", 6, 77, "x", 0, 0, RC_CORRUPT },
		{ "an office's feed", 6, (uint64_t)1 << 48 | 77, "x", 0, 1, RC_CORRUPT },
		{ "another scope's feed", 6, (uint64_t)1 << 32 | 77, "x", 0, 1, RC_CORRUPT },
		{ "right", 6, 77, "x", 2, 1, RC_OK },
	};
	size_t i;

	for (i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		struct invitation in = sample(ROWS[i].feed), out;
		uint8_t file[FILE_MAX];

		in.number = ROWS[i].number;
		in.name = bytes_of(ROWS[i].name);
		in.addresses_count = ROWS[i].addresses;
		in.entries_count = ROWS[i].entries;
		cr_expect_eq(decode(file, make(&in, file), &out), ROWS[i].rc, "%s", ROWS[i].why);
	}
}

Test(invitation_codec, garbage_is_not_an_invitation)
{
	struct invitation out;
	uint8_t file[FILE_MAX];

	memset(file, 'x', sizeof(file));
	cr_assert_eq(decode(file, sizeof(file), &out), RC_INVALID);
	cr_assert_eq(decode(file, 0, &out), RC_INVALID);
	memcpy(file, INVITATION_HEAD, strlen(INVITATION_HEAD));
	cr_assert_eq(decode(file, sizeof(file), &out), RC_CORRUPT);
	cr_assert_neq(decode(file, strlen(INVITATION_HEAD), &out), RC_OK);
}
