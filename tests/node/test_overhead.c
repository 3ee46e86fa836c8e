/*
 * What a record costs beside what was typed (SCENARIOS P9): the bytes of the
 * entries less those of the values as people write them. Twelve fields, which
 * live in three scopes, so that each record is three changes; the worst case
 * that schemas have.
 *
 * What it consists of is printed. A record that is added alone is three
 * entries, each of which must be understood, hashed and erased without the
 * others: 16 bytes of salt, 16 of the id, 8 of the feed, 4 of the epoch's
 * incarnation, 6 of the time; some 20 that tie the three together; two for each
 * field. That is a floor of about 110 bytes an entry, which an import pays once for
 * many records. What the three have in common is not sent three times, since a
 * frame is compressed as a whole; what then remains is chance - salts, ids - and
 * the values. To drop more the chain would have to hash what is not sent.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "node/store/feeds.h"
#include "proto/entry_codec.h"
#include "proto/frame.h"

enum { FIELDS = 12, RECORDS = 1000, PERCENT_MAX = 30, TEXT_MAX = 128 };
enum { ALONE_ENTRY_MAX = 120 }; /* bytes beside the values, of a record by itself */

/* Made up, of the length and script of real ones. */
static const struct {
	const char *field, *text;
} row[FIELDS] = {
	{ "nr", "Nurmuhammedow Gurbangeldi Täçmyradowiç" },
	{ "city", "Daşoguz welaýaty, Köneürgenç" },
	{ "born", "1985-03-17" },
	{ "state", "B" },
	{ "tags", "Нурмухаммедов Курбангельды Тачмурадович" },
	{ "visits", "12" },
	{ "size", "5" },
	{ "secret", "+993 65 12 34 56, Bitarap Türkmenistan şaýoly 127, öý 14" },
	{ "file", "AH-2016-004711" },
	{ "notes", "Asked to bring the birth certificates of the three children." },
	{ "level", "A" },
	{ "origin", "C" },
};

/* Bytes of entries, by what they are for. */
struct bill {
	uint64_t entries, bytes, headers, base_ids, parts, salts;
	uint64_t values; /* as they are written, without a length */
	uint64_t wire;   /* the entries in one compressed frame */
};

static void add_header(const struct header *h, struct bill *b)
{
	static uint8_t memory[1024];
	struct header without = *h;
	struct bytes_writer with_parts = bytes_writer_init(memory, sizeof(memory)), no_parts;

	without.has_base = false;
	entry_encode_header(&without, &with_parts);
	without.parts_count = 0;
	no_parts = bytes_writer_init(memory, sizeof(memory));
	entry_encode_header(&without, &no_parts);
	b->headers += no_parts.len;
	b->parts += with_parts.len - no_parts.len;
	b->base_ids += h->has_base ? 2 + UUID_LEN : 0;
}

static void add_entry(struct bytes bytes, struct arena *a, struct bill *b)
{
	struct change change;
	struct entry e;
	uint32_t i, k;

	cr_assert_eq(entry_decode(bytes, a, &e), RC_OK);
	b->entries++;
	b->bytes += bytes.len;
	add_header(&e.header, b);
	b->salts += e.changes_count > 0 ? 2 + FEED_SALT_LEN : 0;
	for (i = 0; i < e.changes_count; i++) {
		cr_assert_eq(entry_decode_change(&e, i, a, &change), RC_OK);
		for (k = 0; k < change.ops_count; k++) {
			b->values += change.ops[k].value.len;
		}
	}
}

/* What the entries of a commit take as one frame of the exchange. */
static uint64_t wire_bytes(struct bytes entries)
{
	struct frame_codec *codec = NULL;
	struct bytes wire;
	uint64_t len = 0;

	cr_assert_eq(frame_codec_new(&codec), RC_OK);
	cr_assert_eq(frame_encode(codec, entries, &wire), RC_OK);
	len = wire.len;
	frame_codec_free(codec);
	return len;
}

/* Of the entries of this node's own commit that has this number. */
static void bill_of(struct fixture_node *n, uint64_t commit, struct bill *b)
{
	static uint8_t memory[LIMIT_FRAME_BYTES_MAX];
	struct bytes_writer all = bytes_writer_init(memory, sizeof(memory));
	uint64_t from = (uint64_t)n->store->info.number << 48, seq;
	struct kv_txn *t = NULL;
	struct feed_state state;
	struct feed_entry e;

	memset(b, 0, sizeof(*b));
	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	while (feeds_next(t, from, &state) == RC_OK && state.feed >> 48 == n->store->info.number) {
		for (seq = 1; seq <= state.head; seq++) {
			cr_assert_eq(feeds_get_entry(t, (struct dot){ state.feed, seq }, &e),
				     RC_OK);
			if (e.commit == commit) {
				bytes_put(&all, e.bytes.p, e.bytes.len);
				add_entry(e.bytes, &n->store->arena, b);
			}
		}
		from = state.feed + 1;
	}
	store_end(n->store, t);
	cr_assert_eq(all.rc, RC_OK);
	b->wire = wire_bytes(bytes_written(&all));
}

static uint64_t last_commit(struct fixture_node *n)
{
	uint64_t from = (uint64_t)n->store->info.number << 48, last = 0;
	struct kv_txn *t = NULL;
	struct feed_state state;
	struct feed_entry e;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	while (feeds_next(t, from, &state) == RC_OK && state.feed >> 48 == n->store->info.number) {
		cr_assert_eq(feeds_get_entry(t, (struct dot){ state.feed, state.head }, &e), RC_OK);
		last = e.commit > last ? e.commit : last;
		from = state.feed + 1;
	}
	store_end(n->store, t);
	return last;
}

static void tell_bill(const struct bill *b)
{
	(void)fprintf(stderr,
		      "  %" PRIu64 " entries: ids %" PRIu64 ", salts %" PRIu64
		      ", ties of the scopes %" PRIu64 ", the rest of the headers %" PRIu64
		      ", values %" PRIu64 ", kinds, fields and lengths %" PRIu64
		      "; compressed %" PRIu64 "\n",
		      b->entries, b->base_ids, b->salts, b->parts, b->headers, b->values,
		      b->bytes - b->base_ids - b->salts - b->parts - b->headers - b->values,
		      b->wire);
}

/* The bytes of all entries of this node's feeds. */
static uint64_t entry_bytes(struct fixture_node *n)
{
	uint64_t from = (uint64_t)n->store->info.number << 48, sum = 0, seq;
	struct kv_txn *t = NULL;
	struct feed_state state;
	struct feed_entry e;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	while (feeds_next(t, from, &state) == RC_OK && state.feed >> 48 == n->store->info.number) {
		for (seq = 1; seq <= state.head; seq++) {
			cr_assert_eq(feeds_get_entry(t, (struct dot){ state.feed, seq }, &e),
				     RC_OK);
			sum += e.bytes.len;
		}
		from = state.feed + 1;
	}
	store_end(n->store, t);
	return sum;
}

static enum op_code code_of(const struct schema_field *f)
{
	switch (f->merge) {
	case MERGE_REGISTER:
		return OP_PUT;
	case MERGE_SET:
		return OP_SET_ADD;
	case MERGE_COUNTER:
		return OP_COUNT;
	case MERGE_LOG:
		return OP_LOG;
	}
	return OP_PUT;
}

/* Adds the row so often in one commit, as an import does. */
static void add_rows(struct fixture_node *n, uint32_t count)
{
	static uint8_t values[FIELDS][TEXT_MAX];
	struct draft_op ops[FIELDS];
	const struct schema_kind *k = NULL;
	struct commit c;
	uint32_t i;

	cr_assert_eq(commit_begin(&c, n->store, bytes_of("import"), bytes_of("")), RC_OK);
	k = schema_kind_by_name(&n->store->catalog->schema, bytes_of("person"));
	for (i = 0; i < FIELDS; i++) {
		const struct schema_field *f = schema_field_by_name(k, bytes_of(row[i].field));
		struct bytes_writer w = bytes_writer_init(values[i], TEXT_MAX);

		cr_assert_eq(value_parse(f->merge == MERGE_COUNTER ? VALUE_INT : f->type, f->scale,
					 bytes_of(row[i].text), &w),
			     RC_OK);
		ops[i] = (struct draft_op){ f, code_of(f), bytes_written(&w) };
	}
	for (i = 0; i < count; i++) {
		struct draft d = { .act = DRAFT_ADD, .kind = k, .ops = ops, .ops_count = FIELDS };
		struct draft_result result;

		cr_assert_eq(commit_add(&c, &d, &result), RC_OK, "%s", result.text);
	}
	cr_assert_eq(commit_end(&c), RC_OK);
}

static uint64_t typed_bytes(void)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < FIELDS; i++) {
		sum += strlen(row[i].text);
	}
	return sum;
}

static uint64_t tell(const char *what, uint64_t entries, uint64_t typed)
{
	uint64_t percent = (entries - typed) * 100 / typed;

	(void)fprintf(stderr,
		      "%s: %" PRIu64 " bytes of entries for %" PRIu64 " bytes of values, %" PRIu64
		      " %% on top\n",
		      what, entries, typed, percent);
	return percent;
}

Test(overhead, an_import_costs_less_than_30_percent_on_top_of_its_values)
{
	struct fixture f;
	struct fixture_node *n = NULL;
	struct uuid id;
	struct bill alone;
	uint64_t before, imported, added, edited;

	fixture_init(&f);
	n = fixture_office(&f, "Mary", 1, "TM-M");
	before = entry_bytes(n);
	add_rows(n, RECORDS);
	imported = entry_bytes(n);
	add_rows(n, 1);
	added = entry_bytes(n);
	bill_of(n, last_commit(n), &alone);
	id = fixture_add(n, 0, "person", "nr=1", NULL);
	edited = entry_bytes(n);
	cr_assert_eq(fixture_set(n, "person", id, "city=Mary", NULL), RC_OK);
	cr_assert_lt(tell("1000 records of 12 fields in 3 scopes, imported", imported - before,
			  RECORDS * typed_bytes()),
		     (uint64_t)PERCENT_MAX);
	(void)tell("one such record by itself", added - imported, typed_bytes());
	tell_bill(&alone);
	cr_assert_eq(alone.bytes, added - imported);
	cr_assert_leq(alone.bytes - alone.values, alone.entries * ALONE_ENTRY_MAX);
	(void)tell("one field changed", entry_bytes(n) - edited, strlen("Mary"));
	fixture_fini(&f);
}
