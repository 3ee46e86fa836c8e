#include "sync/feed.h"

#include <criterion/criterion.h>
#include <string.h>

/* A hash for tests: four FNV-1a lanes, and the lengths, so that the pieces of
 * a list run together as they do in a real one. */
static void mix(uint8_t out[HASH_LEN], const struct bytes *pieces, uint32_t count)
{
	uint64_t lane[4] = { 1, 2, 3, 4 };
	uint32_t i, k;
	size_t at;

	for (i = 0; i < count; i++) {
		for (at = 0; at < pieces[i].len; at++) {
			for (k = 0; k < 4; k++) {
				lane[k] = (lane[k] ^ pieces[i].p[at]) * UINT64_C(0x100000001b3);
				lane[k] ^= lane[k] >> 29;
			}
		}
	}
	memcpy(out, lane, sizeof(lane));
}

static bool refuse_all(const uint8_t key[KEY_LEN], struct bytes text, const uint8_t sig[SIG_LEN])
{
	(void)key;
	(void)text;
	(void)sig;
	return false;
}

static const struct crypto CRYPTO = { .hash = mix, .verify = refuse_all };

Test(feed, an_id_packs_and_unpacks)
{
	uint64_t feed = feed_pack(0x1234, 0xfedc, 0x89abcdef);

	cr_assert_eq(feed, UINT64_C(0x1234fedc89abcdef));
	cr_assert_eq(feed_office(feed), 0x1234);
	cr_assert_eq(feed_scope(feed), 0xfedc);
	cr_assert_eq(feed_incarnation(feed), 0x89abcdef);
	cr_assert(feed_pack(1, 9, 9) < feed_pack(2, 0, 0), "feeds order by office first");
}

/* The chain hash as the header of feed.h writes it down. */
static void expect_chain(const uint8_t before[HASH_LEN], struct bytes header, struct bytes salt,
			 const struct bytes *changes, uint32_t count, uint8_t out[HASH_LEN])
{
	uint8_t leaves[5][HASH_LEN], pair[HASH_LEN], entry[HASH_LEN];
	struct bytes pieces[6];
	uint32_t i;

	pieces[0] = header;
	for (i = 0; i < count; i++) {
		uint8_t number[4] = { 0, 0, 0, (uint8_t)(i / 2) };
		struct bytes salted[2] = { salt, bytes_at(number, sizeof(number)) };
		struct bytes leaf[2] = { bytes_at(pair + i % 2 * 16, 16), changes[i] };

		mix(pair, salted, 2);
		mix(leaves[i], leaf, 2);
		pieces[1 + i] = bytes_at(leaves[i], HASH_LEN);
	}
	mix(entry, pieces, 1 + count);
	pieces[0] = bytes_at(before, HASH_LEN);
	pieces[1] = bytes_at(entry, HASH_LEN);
	mix(out, pieces, 2);
}

Test(feed, the_chain_is_the_one_that_is_written_down)
{
	struct bytes changes[5] = { bytes_of("one"), bytes_of(""), bytes_of("three"),
				    bytes_of("four"), bytes_of("five") };
	uint8_t before[HASH_LEN], wanted[HASH_LEN], got[HASH_LEN];
	uint32_t count;

	feed_chain_first(&CRYPTO, bytes_of("genesis"), before);
	for (count = 0; count <= 5; count++) {
		expect_chain(before, bytes_of("header"), bytes_of("salt"), changes, count, wanted);
		feed_chain_next(&CRYPTO, before, bytes_of("header"), bytes_of("salt"), changes,
				count, got);
		cr_assert_arr_eq(got, wanted, HASH_LEN, "%u changes", count);
	}
}

struct entry_text {
	const char *why, *genesis, *header, *salt;
	const char *changes[3];
	uint32_t count;
};

static void chain_of(const struct entry_text *e, uint8_t out[HASH_LEN])
{
	struct bytes changes[3];
	uint32_t i;

	for (i = 0; i < e->count; i++) {
		changes[i] = bytes_of(e->changes[i]);
	}
	feed_chain_first(&CRYPTO, bytes_of(e->genesis), out);
	/* before and out may be the same memory. */
	feed_chain_next(&CRYPTO, out, bytes_of(e->header), bytes_of(e->salt), changes, e->count,
			out);
}

Test(feed, whatever_differs_gives_another_chain)
{
	static const struct entry_text rows[] = {
		{ "as it is", "g", "h", "s", { "a", "b", "c" }, 3 },
		{ "another genesis", "G", "h", "s", { "a", "b", "c" }, 3 },
		{ "another header", "g", "H", "s", { "a", "b", "c" }, 3 },
		{ "another salt", "g", "h", "S", { "a", "b", "c" }, 3 },
		{ "another last change", "g", "h", "s", { "a", "b", "C" }, 3 },
		{ "two changes swapped", "g", "h", "s", { "b", "a", "c" }, 3 },
		{ "a change less", "g", "h", "s", { "a", "b", "" }, 2 },
		{ "an empty change more", "g", "h", "s", { "a", "b", "" }, 3 },
		{ "two changes run together", "g", "h", "s", { "ab", "c", "" }, 2 },
		{ "no change", "g", "h", "s", { "", "", "" }, 0 },
	};
	enum { COUNT = sizeof(rows) / sizeof(rows[0]) };
	uint8_t hashes[COUNT][HASH_LEN];
	size_t i, k;

	for (i = 0; i < COUNT; i++) {
		chain_of(&rows[i], hashes[i]);
		for (k = 0; k < i; k++) {
			cr_expect(memcmp(hashes[i], hashes[k], HASH_LEN) != 0, "%s: like %s",
				  rows[i].why, rows[k].why);
		}
	}
}

Test(feed, a_seal_signs_type_system_feed_seq_and_hash)
{
	uint8_t system[SYSTEM_LEN], hash[HASH_LEN], text[FEED_SEAL_TEXT_LEN];

	memset(system, 0x11, sizeof(system));
	memset(hash, 0x22, sizeof(hash));
	feed_seal_text(system, UINT64_C(0x0102030405060708), 0x090a, hash, text);
	cr_assert_arr_eq(text, "kerwen.seal", 12);
	cr_assert_arr_eq(text + 12, system, SYSTEM_LEN);
	cr_assert_arr_eq(text + 28, "\1\2\3\4\5\6\7\10\0\0\0\0\0\0\11\12", 16);
	cr_assert_arr_eq(text + 44, hash, HASH_LEN);
	cr_assert_eq(FEED_SEAL_TEXT_LEN, 76);
}
