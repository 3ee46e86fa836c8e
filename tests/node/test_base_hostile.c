/* Bases that are not what they should be: refused before anything is applied. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "cleaning.h"
#include "fixture.h"
#include "node/store/base.h"
#include "node/store/base_take.h"

enum { PIECES_MAX = 16 };

/* A base as it would travel, in memory of the test's own. */
struct parcel {
	uint16_t scope;
	uint64_t seq, feed;
	struct base_point point;
	uint8_t *bytes; /* of the base */
	size_t len;
};

static struct fixture f;
static struct fixture_node *a, *b;
static struct parcel parcel;

static void sign(void *ctx, struct bytes text, uint8_t seal[SIG_LEN])
{
	crypto_key_sign(ctx, text, seal);
}

static struct send_signer signer(void)
{
	return (struct send_signer){ .ctx = &f.centre.key, .sign = sign };
}

/* Takes the true base apart. */
static void load(void)
{
	struct send_signer s = signer();
	struct kv_txn *t = NULL;
	struct floor floor;
	uint32_t i;

	cr_assert_eq(store_begin(f.centre.store, false, &t), RC_OK);
	cr_assert_eq(floor_get(t, parcel.scope, FLOOR_HERE, &floor), RC_OK);
	parcel.point = floor.point;
	parcel.seq = floor.point.seq;
	parcel.feed = store_centre_feed(f.centre.store, parcel.scope);
	parcel.bytes = calloc(1, (size_t)floor.point.bytes + 64);
	parcel.len = 0;
	for (i = 1 + base_count_lists(floor.point.bytes); i < base_count_all(floor.point.bytes);
	     i++) {
		struct bytes piece;

		cr_assert_eq(base_get_piece(f.centre.store, t, &s, parcel.scope, parcel.seq, i,
					    &piece),
			     RC_OK);
		memcpy(parcel.bytes + parcel.len, piece.p, piece.len);
		parcel.len += piece.len;
	}
	store_end(f.centre.store, t);
	cr_assert_eq(parcel.len, floor.point.bytes);
}

static void start(void)
{
	struct uuid id;
	int i;

	fixture_init(&f);
	a = fixture_office(&f, "Mary", 1, "TM-M");
	parcel.scope = cleaning_region(&f, a);
	id = fixture_add(a, 0, "person", "nr=1", "city=Mary", NULL);
	fixture_add_many(a, "old", 40);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	for (i = 0; i < 3; i++) {
		cr_assert_eq(fixture_set(a, "person", id, "visits+=1", NULL), RC_OK);
		cr_assert_eq(fixture_sync(&f, a), RC_OK);
	}
	cleaning_note_backup(&f.centre);
	cr_assert_gt(cleaning_compact(&f.centre, parcel.scope), 0u);
	load();
	b = fixture_office(&f, "Bayramaly", 2, "TM-M");
}

static void stop(void)
{
	free(parcel.bytes);
	fixture_fini(&f);
}

TestSuite(base_hostile, .init = start, .fini = stop);

static enum rc give(uint16_t from, uint16_t scope, uint64_t seq, uint32_t number, struct bytes data)
{
	struct base_piece p = { scope, seq, number, data };
	struct work w;
	enum rc rc;

	cr_assert_eq(work_begin(b->store, &w), RC_OK);
	rc = base_take_piece(&w, from, &p);
	cr_assert_eq(work_commit(&w), RC_OK);
	return rc;
}

static enum rc give_statement(const struct crypto_key *key, const uint8_t *system)
{
	uint8_t text[BASE_TEXT_LEN], seal[SIG_LEN], buffer[BASE_STATEMENT_LEN];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));

	base_text(system, parcel.feed, &parcel.point, text);
	crypto_key_sign(key, bytes_at(text, sizeof(text)), seal);
	bytes_put_be64(&w, parcel.feed);
	bytes_put_be64(&w, parcel.point.seq);
	bytes_put_be64(&w, parcel.point.bytes);
	bytes_put(&w, parcel.point.root, HASH_LEN);
	bytes_put(&w, seal, SIG_LEN);
	return give(0, parcel.scope, parcel.seq, 0, bytes_written(&w));
}

/* Gives the bytes of the parcel as a base that the centre signed. */
static enum rc give_all(void)
{
	uint8_t list[PIECES_MAX * HASH_LEN];
	uint32_t i, count = base_count_pieces(parcel.len);
	struct bytes whole = bytes_at(list, (size_t)count * HASH_LEN);
	enum rc rc = RC_OK;

	cr_assert_leq(count, (uint32_t)PIECES_MAX);
	for (i = 0; i <= count; i++) {
		size_t at = (size_t)i * BASE_PIECE_BYTES;
		struct bytes piece = bytes_at(parcel.bytes + at, parcel.len - at);

		if (i == count) {
			break;
		}
		piece.len = piece.len > BASE_PIECE_BYTES ? BASE_PIECE_BYTES : piece.len;
		f.centre.store->crypto->hash(list + i * HASH_LEN, &piece, 1);
	}
	f.centre.store->crypto->hash(parcel.point.root, &whole, 1);
	parcel.point.bytes = parcel.len;
	rc = give_statement(&f.centre.key, f.centre.store->info.system);
	rc = rc == RC_OK ? give(0, parcel.scope, parcel.seq, 1, whole) : rc;
	for (i = 0; i < count && rc == RC_OK; i++) {
		size_t at = (size_t)i * BASE_PIECE_BYTES;
		struct bytes piece = bytes_at(parcel.bytes + at, parcel.len - at);

		piece.len = piece.len > BASE_PIECE_BYTES ? BASE_PIECE_BYTES : piece.len;
		rc = give(0, parcel.scope, parcel.seq, 2 + i, piece);
	}
	return rc;
}

static void assert_nothing(void)
{
	struct kv_txn *t = NULL;
	struct base_stand s;
	struct floor floor;

	cr_assert_eq(fixture_count(b, "person"), 0u);
	cr_assert_eq(store_begin(b->store, false, &t), RC_OK);
	cr_assert_eq(floor_get(t, parcel.scope, FLOOR_HERE, &floor), RC_NOTFOUND);
	cr_assert_eq(base_take_stand(t, parcel.scope, &s), RC_OK);
	cr_assert_eq(s.point.seq, 0u, "nothing of it is kept");
	cr_assert_eq(kv_count(t, KV_PIECE), 0u);
	store_end(b->store, t);
	/* And the true one is taken. */
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_count(b, "person"), 41u);
	cleaning_assert_sound(b);
}

/* Where a row of a sort begins in the bytes; its key and value. */
static size_t find_row(enum base_sort sort, uint32_t nth, struct base_row *out)
{
	struct bytes_reader r = bytes_reader_init(bytes_at(parcel.bytes, parcel.len));

	for (;;) {
		const uint8_t *p = r.p;

		out->sort = (enum base_sort)bytes_get_u8(&r);
		out->key = bytes_get_block(&r);
		out->value = bytes_get_block(&r);
		cr_assert_eq(r.rc, RC_OK, "there is no such row");
		if (out->sort == sort && nth-- == 0) {
			return (size_t)(p - parcel.bytes);
		}
	}
}

Test(base_hostile, the_true_one_is_taken_in_this_way)
{
	cr_assert_eq(give_all(), RC_OK);
	cr_assert_eq(fixture_count(b, "person"), 41u);
	cleaning_assert_sound(b);
}

Test(base_hostile, who_signs_is_the_centre_of_this_system)
{
	uint8_t other[SYSTEM_LEN] = { 1 };

	cr_assert_eq(give_statement(&a->key, f.centre.store->info.system), RC_BADSIG);
	cr_assert_eq(give_statement(&f.centre.key, other), RC_BADSIG);
	assert_nothing();
}

Test(base_hostile, an_altered_piece_is_not_what_was_signed)
{
	struct send_signer s = signer();
	struct kv_txn *t = NULL;
	struct bytes piece;
	uint8_t copy[BASE_PIECE_BYTES];
	uint32_t number;

	for (number = 0; number < 3; number++) {
		cr_assert_eq(store_begin(f.centre.store, false, &t), RC_OK);
		cr_assert_eq(base_get_piece(f.centre.store, t, &s, parcel.scope, parcel.seq, number,
					    &piece),
			     RC_OK);
		memcpy(copy, piece.p, piece.len);
		store_end(f.centre.store, t);
		if (number == 2) { /* what stands before it must be here */
			copy[piece.len / 2] ^= 1;
			cr_assert_eq(give(0, parcel.scope, parcel.seq, 2,
					  bytes_at(copy, piece.len)),
				     RC_BADSIG);
			break;
		}
		cr_assert_eq(give(0, parcel.scope, parcel.seq, number, bytes_at(copy, piece.len)),
			     RC_OK);
	}
	assert_nothing();
}

Test(base_hostile, pieces_come_in_their_order_and_length_from_the_centre)
{
	uint8_t piece[BASE_PIECE_BYTES + 1] = { 0 };

	cr_assert_eq(give(0, parcel.scope, parcel.seq, 1, bytes_at(piece, 32)), RC_GAP);
	cr_assert_eq(give(1, parcel.scope, parcel.seq, 0, bytes_at(piece, 32)), RC_DENIED);
	cr_assert_eq(give(0, 0, parcel.seq, 0, bytes_at(piece, 32)), RC_DENIED);
	cr_assert_eq(give(0, 9999, parcel.seq, 0, bytes_at(piece, 32)), RC_DENIED);
	cr_assert_eq(give(0, parcel.scope, parcel.seq, 0, bytes_at(piece, 32)), RC_CORRUPT);
	cr_assert_eq(give_statement(&f.centre.key, f.centre.store->info.system), RC_OK);
	cr_assert_eq(give(0, parcel.scope, parcel.seq, 2, bytes_at(piece, 32)), RC_GAP);
	cr_assert_eq(give(0, parcel.scope, parcel.seq, 1, bytes_at(piece, sizeof(piece))),
		     RC_CORRUPT);
	assert_nothing();
}

Test(base_hostile, a_base_too_long_is_not_begun)
{
	parcel.point.bytes = UINT64_MAX / 2;
	cr_assert_eq(give_statement(&f.centre.key, f.centre.store->info.system), RC_LIMIT);
	assert_nothing();
}

/* What a centre that errs might sign. */
Test(base_hostile, vectors_must_fit_the_feeds)
{
	struct base_row row;
	size_t at = find_row(BASE_RECORD, 0, &row);

	/* count of feeds, feed 8, seq: a seq far above the anchor. */
	(void)at;
	((uint8_t *)(uintptr_t)row.value.p)[9] = 0x7f;
	cr_assert_eq(give_all(), RC_CORRUPT);
	assert_nothing();
}

Test(base_hostile, a_record_of_another_scope_is_no_part_of_it)
{
	struct base_row row;

	(void)find_row(BASE_RECORD, 3, &row);
	((uint8_t *)(uintptr_t)row.key.p)[19] ^= 1;
	cr_assert_eq(give_all(), RC_CORRUPT);
	assert_nothing();
}

Test(base_hostile, rows_do_not_change_places)
{
	struct base_row row;
	size_t first = find_row(BASE_RECORD, 0, &row), second = find_row(BASE_RECORD, 1, &row);
	size_t third = find_row(BASE_RECORD, 2, &row);
	uint8_t *copy = malloc(third - first);

	memcpy(copy, parcel.bytes + second, third - second);
	memcpy(copy + (third - second), parcel.bytes + first, second - first);
	memcpy(parcel.bytes + first, copy, third - first);
	free(copy);
	cr_assert_eq(give_all(), RC_CORRUPT);
	assert_nothing();
}

Test(base_hostile, what_is_live_has_a_context)
{
	struct base_row row;
	size_t at, end;
	uint32_t nth = 0;

	do { /* those of the centre's feed only bound times */
		at = find_row(BASE_CONTEXT, nth++, &row);
	} while ((row.key.p[0] | row.key.p[1]) == 0);
	end = (size_t)(row.value.p + row.value.len - parcel.bytes);
	memmove(parcel.bytes + at, parcel.bytes + end, parcel.len - end);
	parcel.len -= end - at;
	cr_assert_eq(give_all(), RC_CORRUPT);
	assert_nothing();
}

Test(base_hostile, it_does_not_end_within_a_row)
{
	parcel.len -= 3;
	cr_assert_eq(give_all(), RC_CORRUPT);
	assert_nothing();
}

Test(base_hostile, a_flipped_byte_anywhere_does_no_harm)
{
	size_t at;
	uint32_t taken = 0;

	for (at = 0; at < parcel.len && taken == 0; at += 97) {
		enum rc rc;

		parcel.bytes[at] ^= 0x20;
		rc = give_all();
		parcel.bytes[at] ^= 0x20;
		/* A value may be any: that is what was signed. */
		taken += rc == RC_OK;
		cr_assert(rc == RC_OK || rc == RC_CORRUPT || rc == RC_SYSTEM || rc == RC_LIMIT,
			  "byte %u: %s", (unsigned)at, rc_text(rc));
	}
}
