#include "proto/message_codec.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/wire.h"

enum { ARENA_BYTES = 1 << 22 };

static uint8_t memory[ARENA_BYTES], buffer[LIMIT_FRAME_BYTES_MAX], inner[LIMIT_FRAME_BYTES_MAX];
static struct arena arena;

static void start(void)
{
	memset(memory, 0xa5, sizeof(memory));
	arena = arena_init(memory, sizeof(memory));
}

TestSuite(message_codec, .init = start);

static struct bytes encode(const struct message *m)
{
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));
	size_t mark = arena_mark(&arena);

	message_encode(m, &arena, &w);
	cr_assert_eq(w.rc, RC_OK);
	cr_assert_eq(arena_mark(&arena), mark, "scratch is given back");
	return bytes_written(&w);
}

static enum rc decode(struct bytes b, struct message *out)
{
	memset(out, 0xa5, sizeof(*out));
	return message_decode(b, &arena, out);
}

static const struct dot held[] = { { 5, 6 }, { UINT64_MAX, UINT64_MAX } };
static const struct scope_head heads[] = {
	{ .scope = 0, .centre_incarnation = 7, .centre_seq = 8, .centre_hash = { 9 } },
	{ .scope = 65535,
	  .centre_incarnation = 7,
	  .office_incarnation = UINT32_MAX,
	  .office_seq = UINT64_MAX,
	  .office_hash = { 1, 2 },
	  .held = held,
	  .held_count = 2 },
};

static struct message full_hello(void)
{
	return (struct message){ .type = MESSAGE_HELLO,
				 .hello = { .protocol = 1,
					    .system = { 3 },
					    .office = 65535,
					    .credit = 8,
					    .has_token = true,
					    .token = { 4 },
					    .time_ms = INT64_MAX,
					    .scopes = heads,
					    .scopes_count = 2 } };
}

Test(message_codec, a_hello_comes_back_as_it_was)
{
	struct message m = full_hello(), back;
	const struct scope_head *h = NULL;

	cr_assert_eq(decode(encode(&m), &back), RC_OK);
	cr_assert_eq(back.type, MESSAGE_HELLO);
	cr_assert_eq(back.hello.protocol, 1u);
	cr_assert_eq(back.hello.office, 65535);
	cr_assert_eq(back.hello.credit, 8u);
	cr_assert_eq(back.hello.time_ms, INT64_MAX);
	cr_assert(back.hello.has_token);
	cr_assert_arr_eq(back.hello.token, m.hello.token, TOKEN_LEN);
	cr_assert_arr_eq(back.hello.system, m.hello.system, SYSTEM_LEN);
	cr_assert_eq(back.hello.scopes_count, 2u);
	h = back.hello.scopes;
	cr_assert_eq(h[0].centre_seq, 8u);
	cr_assert_arr_eq(h[0].centre_hash, heads[0].centre_hash, MESSAGE_HASH_LEN);
	cr_assert_eq(h[0].held_count, 0u);
	cr_assert_eq(h[1].scope, 65535);
	cr_assert_eq(h[1].office_incarnation, UINT32_MAX);
	cr_assert_eq(h[1].office_seq, UINT64_MAX);
	cr_assert_eq(h[1].held_count, 2u);
	cr_assert(dot_equal(h[1].held[1], held[1]));
}

Test(message_codec, a_chunk_comes_back_as_it_was)
{
	const struct bytes entries[] = { bytes_of("one"), bytes_of(""), bytes_of("three") };
	const struct run runs[] = { { .genesis = bytes_of("g"),
				      .feed = 1,
				      .first_seq = 1,
				      .entries = entries,
				      .entries_count = 3,
				      .seal = { 1 } },
				    { .feed = UINT64_MAX,
				      .first_seq = UINT64_MAX,
				      .entries = entries,
				      .entries_count = 1,
				      .seal = { 2 } } };
	struct message m = { .type = MESSAGE_CHUNK, .chunk = { .runs = runs, .runs_count = 2 } },
		       back;
	uint32_t i;

	cr_assert_eq(decode(encode(&m), &back), RC_OK);
	cr_assert_eq(back.chunk.runs_count, 2u);
	for (i = 0; i < 2; i++) {
		cr_assert_eq(back.chunk.runs[i].feed, runs[i].feed);
		cr_assert_eq(back.chunk.runs[i].first_seq, runs[i].first_seq);
		cr_assert_eq(back.chunk.runs[i].entries_count, runs[i].entries_count);
		cr_assert(bytes_equal(back.chunk.runs[i].entries[0], entries[0]));
		cr_assert(bytes_equal(back.chunk.runs[i].genesis, runs[i].genesis));
		cr_assert_arr_eq(back.chunk.runs[i].seal, runs[i].seal, SIG_LEN);
	}
	cr_assert(bytes_equal(back.chunk.runs[0].entries[2], entries[2]));
}

Test(message_codec, a_piece_of_a_base_comes_back_as_it_was)
{
	struct message m = { .type = MESSAGE_CHUNK,
			     .chunk = { .has_base = true,
					.base = { 65535, UINT64_MAX, UINT32_MAX,
						  bytes_of("piece") } } },
		       back;
	const struct run run = { .feed = 1, .first_seq = 1, .entries = NULL, .entries_count = 0 };

	cr_assert_eq(decode(encode(&m), &back), RC_OK);
	cr_assert(back.chunk.has_base);
	cr_assert_eq(back.chunk.runs_count, 0u);
	cr_assert_eq(back.chunk.base.scope, 65535);
	cr_assert_eq(back.chunk.base.seq, UINT64_MAX);
	cr_assert_eq(back.chunk.base.number, UINT32_MAX);
	cr_assert(bytes_equal(back.chunk.base.data, bytes_of("piece")));
	m.chunk.base.seq = 0;
	cr_assert_eq(decode(encode(&m), &back), RC_CORRUPT, "of no floor");
	m.chunk.base.seq = 1;
	m.chunk.base.data.len = 0;
	cr_assert_eq(decode(encode(&m), &back), RC_CORRUPT, "of no bytes");
	m.chunk.base.data.len = 1;
	m.chunk.runs = &run;
	m.chunk.runs_count = 1;
	cr_assert_eq(decode(encode(&m), &back), RC_CORRUPT, "beside runs");
}

Test(message_codec, a_head_tells_of_floors_and_bases)
{
	struct scope_head head = {
		.scope = 1, .confirm = UINT64_MAX, .base_seq = UINT64_MAX, .base_pieces = UINT32_MAX
	};
	struct message m = full_hello(), back;

	m.hello.scopes = &head;
	m.hello.scopes_count = 1;
	cr_assert_eq(decode(encode(&m), &back), RC_OK);
	cr_assert_eq(back.hello.scopes[0].confirm, UINT64_MAX);
	cr_assert_eq(back.hello.scopes[0].base_seq, UINT64_MAX);
	cr_assert_eq(back.hello.scopes[0].base_pieces, UINT32_MAX);
}

Test(message_codec, small_messages_come_back_as_they_were)
{
	struct message rows[] = {
		{ .type = MESSAGE_ANSWER, .credit = UINT32_MAX },
		{ .type = MESSAGE_ANSWER },
		{ .type = MESSAGE_BYE },
		{ .type = MESSAGE_ASK, .ask = UINT64_MAX },
		{ .type = MESSAGE_REFUSE, .refusal = REFUSAL_INTERNAL, .text = bytes_of("Ýok") }
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct message back;

		cr_assert_eq(decode(encode(&rows[i]), &back), RC_OK, "row %zu", i);
		cr_expect_eq(back.type, rows[i].type);
		cr_expect_eq(back.credit, rows[i].credit);
		cr_expect_eq(back.ask, rows[i].ask);
		cr_expect_eq((int)back.refusal, (int)rows[i].refusal);
		cr_expect(bytes_equal(back.text, rows[i].text));
	}
}

Test(message_codec, a_want_comes_back_as_it_was)
{
	static struct dot dots[LIMIT_SCOPES_PER_SESSION_MAX + 1] = { { 5, 0 },
								     { UINT64_MAX, UINT64_MAX } };
	struct message m = { .type = MESSAGE_WANT, .wants = dots, .wants_count = 2 }, back;

	cr_assert_eq(decode(encode(&m), &back), RC_OK);
	cr_assert_eq(back.type, MESSAGE_WANT);
	cr_assert_eq(back.wants_count, 2u);
	cr_assert(dot_equal(back.wants[0], dots[0]));
	cr_assert(dot_equal(back.wants[1], dots[1]));
	m.wants_count = LIMIT_SCOPES_PER_SESSION_MAX + 1;
	cr_assert_eq(decode(encode(&m), &back), RC_LIMIT);
}

Test(message_codec, a_chunk_is_known_by_its_first_byte)
{
	struct message m = { .type = MESSAGE_CHUNK };

	cr_assert_eq(encode(&m).p[0], 0x12, "talk.c relies on it");
}

Test(message_codec, a_long_refusal_is_cut)
{
	static char text[5000];
	struct message m = { .type = MESSAGE_REFUSE, .refusal = REFUSAL_BUSY }, back;

	memset(text, 'x', sizeof(text));
	m.text = bytes_at(text, sizeof(text));
	cr_assert_eq(decode(encode(&m), &back), RC_OK);
	cr_assert_eq(back.text.len, 400u);
}

Test(message_codec, what_does_not_fit_a_frame_is_told)
{
	static uint8_t large[40000];
	const struct bytes entries[] = { bytes_at(large, sizeof(large)),
					 bytes_at(large, sizeof(large)) };
	const struct run run = {
		.feed = 1, .first_seq = 1, .entries = entries, .entries_count = 2
	};
	struct message m = { .type = MESSAGE_CHUNK, .chunk = { .runs = &run, .runs_count = 1 } };
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));
	struct arena small = arena_init(memory, 100);

	message_encode(&m, &arena, &w);
	cr_assert_neq(w.rc, RC_OK);
	w = bytes_writer_init(buffer, sizeof(buffer));
	message_encode(&m, &small, &w);
	cr_assert_neq(w.rc, RC_OK, "nor without scratch memory");
}

/* --- hostile ---------------------------------------------------------------- */

/* A frame whose body was written by hand. */
static struct bytes frame(uint32_t body, const struct bytes_writer *of)
{
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));

	wire_put_element(&w, body, bytes_written(of));
	cr_assert_eq(w.rc, RC_OK);
	return bytes_written(&w);
}

static const uint8_t filler[LIMIT_FRAME_BYTES_MAX];

Test(message_codec, a_hello_that_cannot_be_is_refused)
{
	static const struct {
		const char *why;
		size_t system_len, token_len;
		uint64_t office, time_ms;
		enum rc rc;
	} rows[] = { { "sound", 16, 0, 1, 1, RC_OK },
		     { "with a token", 16, 32, 1, 1, RC_OK },
		     { "no system", 0, 0, 1, 1, RC_CORRUPT },
		     { "a short system", 15, 0, 1, 1, RC_CORRUPT },
		     { "a long system", 17, 0, 1, 1, RC_CORRUPT },
		     { "a short token", 16, 31, 1, 1, RC_CORRUPT },
		     { "a long token", 16, 33, 1, 1, RC_CORRUPT },
		     { "an office of 17 bits", 16, 0, 65536, 1, RC_CORRUPT },
		     { "a time before all time", 16, 0, 1, UINT64_MAX, RC_CORRUPT } };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes_writer w = bytes_writer_init(inner, sizeof(inner));
		struct message back;

		wire_put_uint(&w, 1, 1);
		wire_put_bytes(&w, 2, bytes_at(filler, rows[i].system_len));
		wire_put_uint(&w, 3, rows[i].office);
		wire_put_bytes(&w, 6, bytes_at(filler, rows[i].token_len));
		wire_put_uint(&w, 7, rows[i].time_ms);
		cr_expect_eq(decode(frame(1, &w), &back), rows[i].rc, "%s", rows[i].why);
	}
}

Test(message_codec, a_head_has_a_hash_when_it_has_a_seq)
{
	static const struct {
		uint64_t scope, seq;
		size_t hash_len;
		uint32_t held, scopes;
		enum rc rc;
	} rows[] = { { 3, 0, 0, 0, 1, RC_OK },
		     { 3, 5, 16, 0, 1, RC_OK },
		     { 3, 5, 0, 0, 1, RC_CORRUPT },
		     { 3, 5, 15, 0, 1, RC_CORRUPT },
		     { 3, 5, 32, 0, 1, RC_CORRUPT },
		     { 3, 0, 16, 0, 1, RC_CORRUPT },
		     { 65536, 0, 0, 0, 1, RC_CORRUPT },
		     { 3, 0, 0, LIMIT_HELD_PER_SCOPE_MAX, 1, RC_OK },
		     { 3, 0, 0, LIMIT_HELD_PER_SCOPE_MAX + 1, 1, RC_LIMIT },
		     { 3, 0, 0, 0, LIMIT_SCOPES_PER_SESSION_MAX, RC_OK },
		     { 3, 0, 0, 0, LIMIT_SCOPES_PER_SESSION_MAX + 1, RC_LIMIT } };
	size_t i;
	uint32_t k;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static uint8_t head[8192];
		struct bytes_writer h = bytes_writer_init(head, sizeof(head));
		struct bytes_writer w = bytes_writer_init(inner, sizeof(inner));
		struct message back;

		start();
		wire_put_uint(&h, 1, rows[i].scope);
		wire_put_uint(&h, 6, rows[i].seq);
		wire_put_bytes(&h, 7, bytes_at(filler, rows[i].hash_len));
		for (k = 0; k < rows[i].held; k++) {
			wire_put_element(&h, 8, bytes_of("\x10\x01"));
		}
		wire_put_bytes(&w, 2, bytes_at(filler, SYSTEM_LEN));
		for (k = 0; k < rows[i].scopes; k++) {
			wire_put_element(&w, 4, bytes_written(&h));
		}
		cr_expect_eq(decode(frame(1, &w), &back), rows[i].rc, "row %zu", i);
	}
}

Test(message_codec, a_run_that_cannot_be_is_refused)
{
	static const struct {
		uint64_t first_seq;
		uint32_t entries;
		size_t seal_len;
		enum rc rc;
	} rows[] = { { 1, 1, 64, RC_OK },     { 0, 1, 64, RC_CORRUPT }, { 1, 0, 64, RC_CORRUPT },
		     { 1, 1, 0, RC_CORRUPT }, { 1, 1, 63, RC_CORRUPT }, { 1, 1, 65, RC_CORRUPT },
		     { 1, 20000, 64, RC_OK } };
	size_t i;
	uint32_t k;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static uint8_t run[50000];
		struct bytes_writer r = bytes_writer_init(run, sizeof(run));
		struct bytes_writer w = bytes_writer_init(inner, sizeof(inner));
		struct message back;

		start();
		wire_put_uint(&r, 3, rows[i].first_seq);
		for (k = 0; k < rows[i].entries; k++) {
			wire_put_element(&r, 4, bytes_at(NULL, 0));
		}
		wire_put_bytes(&r, 5, bytes_at(filler, rows[i].seal_len));
		wire_put_element(&w, 1, bytes_written(&r));
		cr_expect_eq(decode(frame(2, &w), &back), rows[i].rc, "row %zu", i);
	}
}

Test(message_codec, a_refusal_has_a_known_code)
{
	uint64_t code;

	for (code = 0; code < 12; code++) {
		struct bytes_writer w = bytes_writer_init(inner, sizeof(inner));
		struct message back;

		wire_put_uint(&w, 1, code);
		cr_expect_eq(decode(frame(5, &w), &back),
			     code >= 1 && code <= 10 ? RC_OK : RC_CORRUPT, "code %u",
			     (unsigned)code);
	}
}

Test(message_codec, a_frame_without_a_message_is_none)
{
	struct message back;

	cr_assert_eq(decode(bytes_at(NULL, 0), &back), RC_CORRUPT);
	cr_assert_eq(decode(bytes_of("\x08\x01"), &back), RC_CORRUPT);
}

/* Cut anywhere, altered anywhere: refused or read, never beyond its end. */
Test(message_codec, no_bytes_upset_it)
{
	struct message m = full_hello(), back;
	static uint8_t whole[512];
	struct bytes b = encode(&m);
	size_t i, taken = 0, total = b.len;

	memcpy(whole, b.p, total);
	for (i = 0; i < 9 * total; i++) {
		size_t len = i < total ? i : total;
		uint8_t *exact = malloc(len + 1);

		arena = arena_init(memory, 1 << 16);
		memcpy(exact, whole, len);
		if (i >= total) {
			exact[(i - total) / 8] ^= (uint8_t)(1 << i % 8);
		}
		taken += decode(bytes_at(exact, len), &back) == RC_OK;
		free(exact);
	}
	cr_assert_gt(taken, 0u);
	cr_assert_lt(taken, 8 * total);
}
