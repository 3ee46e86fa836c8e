/*
 * What the centre sends an office: its own entries and, before each cut, what
 * the cut lets in - to the next seal, in whole chunks, from wherever the last
 * exchange ended.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "forge.h"
#include "node/base/mem.h"
#include "proto/message_codec.h"

enum { CHUNKS_MAX = 400 };

static struct fixture f;
static struct fixture_node *a, *b, *c; /* offices of one region */
static struct forge g;
static uint64_t chance;

static uint32_t draw(uint32_t below)
{
	chance = chance * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)((chance >> 33) % below);
}

static uint16_t region(void)
{
	return catalog_office(f.centre.store->catalog, 1)->scope_region;
}

static void start(void)
{
	fixture_init(&f);
	a = fixture_office(&f, "Mary", 1, "TM-M");
	b = fixture_office(&f, "Murgap", 2, "TM-M");
	c = fixture_office(&f, "Merw", 3, "TM-M");
	forge_begin(&g, a, region());
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(send, .init = start, .fini = stop);

static void sign(void *ctx, struct bytes text, uint8_t seal[SIG_LEN])
{
	crypto_key_sign(ctx, text, seal);
}

/* One chunk as the wire sees it: encoded, measured, decoded, taken in. */
static void carry(struct fixture_node *to, const struct chunk *chunk)
{
	static uint8_t frame[LIMIT_FRAME_BYTES_MAX];
	struct message m = { .type = MESSAGE_CHUNK, .chunk = *chunk }, read;
	struct bytes_writer w = bytes_writer_init(frame, sizeof(frame));
	struct receive_result r;
	struct arena arena;
	enum rc rc = RC_OK;

	cr_assert_eq(mem_arena_open(&arena, 16 << 20), RC_OK);
	message_encode(&m, &arena, &w);
	cr_assert_eq(w.rc, RC_OK, "the chunk does not fit a frame");
	cr_assert_eq(message_decode(bytes_written(&w), &arena, &read), RC_OK);
	rc = forge_give(to, 0, read.chunk.runs, read.chunk.runs_count, &r);
	cr_assert_eq(rc, RC_OK, "%s, feed %016llx", rc_text(rc), (unsigned long long)r.feed);
	mem_arena_close(&arena);
}

/* One exchange down to an office, that ends after `max` chunks. Gives how many
 * there were. */
static uint32_t pull(struct fixture_node *to, uint32_t max)
{
	struct send_signer signer = { &f.centre.key, sign };
	struct store *centre = f.centre.store;
	struct kv_txn *t = NULL, *mine = NULL;
	struct hello hello;
	struct chunk chunk;
	struct send send;
	uint32_t n = 0;

	send_init(&send, to->store->info.number, signer);
	cr_assert_eq(store_begin(to->store, false, &mine), RC_OK);
	cr_assert_eq(places_hello(to->store, mine, 0, &hello), RC_OK);
	cr_assert_eq(store_begin(centre, false, &t), RC_OK);
	cr_assert_eq(places_start(centre, t, &hello, &send), RC_OK);
	store_end(to->store, mine);
	while (n < max) {
		mem_arena_reset(&centre->arena);
		cr_assert_eq(send_next(&send, centre, t, &chunk), RC_OK);
		if (chunk.runs_count == 0) {
			cr_assert_not(send_has_more(&send, t), "it stopped short");
			break;
		}
		carry(to, &chunk);
		n++;
		cr_assert_lt(n, (uint32_t)CHUNKS_MAX, "it sends in circles");
	}
	store_end(centre, t);
	send_fini(&send);
	return n;
}

static void assert_same(struct fixture_node *n)
{
	uint8_t x[HASH_LEN], y[HASH_LEN];

	fixture_digest(&f.centre, region(), x);
	fixture_digest(n, region(), y);
	cr_assert_arr_eq(x, y, HASH_LEN);
}

/* An entry of about this many bytes: persons with long cities. */
static void add_entry(size_t len, uint32_t *person)
{
	static char city[16000];
	struct header h = forge_header(&g);
	struct change changes[4];
	uint32_t count = 0;

	while (len > 0 && count < 3) {
		size_t part = len > 9000 ? 9000 : len;

		memset(city, 'x', part);
		city[part] = '\0';
		changes[count++] = forge_person(&g, forge_id((*person)++), city);
		len -= part;
	}
	forge_add(&g, &h, changes, count);
}

Test(send, offices_of_one_group_reach_all_others)
{
	fixture_add_many(a, "a", 3000);
	fixture_add_many(b, "b", 2500);
	fixture_add_many(a, "c", 10);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_geq(pull(c, CHUNKS_MAX), 2u);
	cr_assert_eq(fixture_count(c, "person"), 5510u);
	cr_assert_eq(pull(c, CHUNKS_MAX), 0u, "nothing is sent twice");
	cr_assert_geq(pull(a, CHUNKS_MAX), 1u);
	assert_same(a);
	assert_same(c);
}

Test(send, a_commit_larger_than_a_chunk_comes_through_a_wire_that_always_breaks)
{
	uint32_t tries = 0;

	fixture_add_many(a, "a", 4000);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	while (fixture_count(b, "person") < 4000 && tries++ < 50) {
		(void)pull(b, 1);
		cr_assert(fixture_count(b, "person") % 4000 == 0, "half a commit");
	}
	cr_assert_eq(fixture_count(b, "person"), 4000u);
	assert_same(b);
}

/* How many of the forge's next entries fill one frame. */
static uint32_t fill_frame(uint64_t first)
{
	static uint8_t frame[LIMIT_FRAME_BYTES_MAX];
	static uint8_t scratch[1 << 19];
	uint32_t low = 1, high = (uint32_t)(g.count - first + 2);

	while (high - low > 1) {
		uint32_t mid = low + (high - low) / 2;
		struct run run = forge_run(&g, first, mid);
		struct message m = { .type = MESSAGE_CHUNK,
				     .chunk = { .runs = &run, .runs_count = 1 } };
		struct bytes_writer w = bytes_writer_init(frame, sizeof(frame));
		struct arena arena = arena_init(scratch, sizeof(scratch));

		message_encode(&m, &arena, &w);
		if (w.rc == RC_OK) {
			low = mid;
		} else {
			high = mid;
		}
	}
	return low;
}

/* Another program may pack its frames tighter than ours: what one frame
 * brought, one frame must be able to take on. */
Test(send, a_frame_that_is_full_to_the_brim_can_be_relayed)
{
	static const size_t sizes[] = { 0, 30, 200, 8000 };
	uint32_t i, k, person = 0;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct receive_result r;
		struct run run;
		uint32_t count = 0;

		forge_begin(&g, a, region());
		for (k = 0; k < (sizes[i] == 0 ? 5500u : 66000 / sizes[i] + 1); k++) {
			add_entry(sizes[i], &person);
		}
		count = fill_frame(1);
		run = forge_run(&g, 1, count);
		cr_assert_eq(forge_give(&f.centre, 1, &run, 1, &r), RC_OK);
		cr_assert_eq(forge_state(&f.centre, g.feed).applied, count);
		(void)pull(b, CHUNKS_MAX);
		cr_assert_eq(forge_state(b, g.feed).applied, count, "entries of %zu", sizes[i]);
	}
	cr_assert_gt(person, 0u);
}

Test(send, seals_that_were_thinned_out_carry_to_the_end)
{
	uint32_t i, person = 0;

	chance = 77;
	for (i = 0; i < 60; i++) {
		uint32_t k, count = 1 + draw(3);

		if (g.arena.used > FORGE_BYTES / 2) {
			forge_begin(&g, a, region());
		}
		for (k = 0; k < count; k++) {
			add_entry(draw(4) == 0 ? 6000 + draw(3000) : 1 + draw(300), &person);
		}
		cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
		if (draw(4) == 0) {
			(void)pull(b, 1 + draw(2));
		}
	}
	(void)pull(b, CHUNKS_MAX);
	(void)pull(c, CHUNKS_MAX);
	cr_assert_eq(fixture_count(b, "person"), person);
	assert_same(b);
	assert_same(c);
}

/* Many feeds of one office fill many entries of cuts. */
Test(send, many_feeds_of_one_region_all_arrive)
{
	struct receive_result r;
	uint32_t i, person = 0;

	for (i = 0; i < 100; i++) {
		struct run run;

		forge_begin(&g, a, region());
		add_entry(2000, &person);
		run = forge_run(&g, 1, 1);
		cr_assert_eq(forge_give(&f.centre, 1, &run, 1, &r), RC_OK);
	}
	cr_assert_eq(fixture_count(&f.centre, "person"), 100u);
	while (fixture_count(b, "person") < 100 && i++ < 200) {
		(void)pull(b, 1);
	}
	assert_same(b);
}
