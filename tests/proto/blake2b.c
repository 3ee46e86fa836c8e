#include "tests/proto/blake2b.h"

#include <string.h>

enum { BLOCK_LEN = 128, ROUNDS = 12 };

/* Section 2.6. */
static const uint64_t START[8] = {
	UINT64_C(0x6a09e667f3bcc908), UINT64_C(0xbb67ae8584caa73b), UINT64_C(0x3c6ef372fe94f82b),
	UINT64_C(0xa54ff53a5f1d36f1), UINT64_C(0x510e527fade682d1), UINT64_C(0x9b05688c2b3e6c1f),
	UINT64_C(0x1f83d9abfb41bd6b), UINT64_C(0x5be0cd19137e2179),
};

/* Section 2.7; rounds 10 and 11 are 0 and 1 again. */
static const uint8_t ORDER[10][16] = {
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	{ 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
	{ 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 },
	{ 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
	{ 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 },
	{ 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
	{ 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 },
	{ 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
	{ 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 },
	{ 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
};

static uint64_t turn(uint64_t v, unsigned bits)
{
	return v >> bits | v << (64 - bits);
}

/* The function G on four words: a column or a diagonal. */
static void mix(uint64_t v[16], const uint8_t at[4], uint64_t x, uint64_t y)
{
	uint64_t *a = &v[at[0]], *b = &v[at[1]], *c = &v[at[2]], *d = &v[at[3]];

	*a += *b + x;
	*d = turn(*d ^ *a, 32);
	*c += *d;
	*b = turn(*b ^ *c, 24);
	*a += *b + y;
	*d = turn(*d ^ *a, 16);
	*c += *d;
	*b = turn(*b ^ *c, 63);
}

static uint64_t get_little(const uint8_t *p)
{
	uint64_t v = 0;
	unsigned i;

	for (i = 8; i > 0; i--) {
		v = v << 8 | p[i - 1];
	}
	return v;
}

static void compress(uint64_t h[8], const uint8_t block[BLOCK_LEN], uint64_t len, bool is_last)
{
	static const uint8_t places[8][4] = { { 0, 4, 8, 12 },  { 1, 5, 9, 13 },  { 2, 6, 10, 14 },
					      { 3, 7, 11, 15 }, { 0, 5, 10, 15 }, { 1, 6, 11, 12 },
					      { 2, 7, 8, 13 },  { 3, 4, 9, 14 } };
	uint64_t v[16], m[16];
	unsigned round, i;

	for (i = 0; i < 16; i++) {
		v[i] = i < 8 ? h[i] : START[i - 8];
		m[i] = get_little(block + 8 * i);
	}
	v[12] ^= len;
	v[14] ^= is_last ? UINT64_MAX : 0;
	for (round = 0; round < ROUNDS; round++) {
		const uint8_t *order = ORDER[round % 10];

		for (i = 0; i < 8; i++) {
			mix(v, places[i], m[order[2 * i]], m[order[2 * i + 1]]);
		}
	}
	for (i = 0; i < 8; i++) {
		h[i] ^= v[i] ^ v[i + 8];
	}
}

void blake2b_hash(uint8_t out[HASH_LEN], const struct bytes *pieces, uint32_t count)
{
	uint64_t h[8], len = 0;
	uint8_t block[BLOCK_LEN];
	size_t used = 0, at;
	uint32_t i;

	memcpy(h, START, sizeof(h));
	h[0] ^= UINT64_C(0x01010000) ^ HASH_LEN;
	for (i = 0; i < count; i++) {
		for (at = 0; at < pieces[i].len; at++) {
			if (used == BLOCK_LEN) { /* the last block waits: it may be full */
				compress(h, block, len, false);
				used = 0;
			}
			block[used++] = pieces[i].p[at];
			len++;
		}
	}
	memset(block + used, 0, BLOCK_LEN - used);
	compress(h, block, len, true);
	for (i = 0; i < HASH_LEN; i++) {
		out[i] = (uint8_t)(h[i / 8] >> (8 * (i % 8)));
	}
}
