/*
 * Applying at an office: what a node does not know yet it keeps and merges,
 * and understands once it does; what was cut moves what is shown.
 */
#include "node/store/apply.h"

#include <criterion/criterion.h>
#include <string.h>

#include "fixture.h"
#include "forge.h"
#include "node/base/mem.h"
#include "node/base/schema_yaml.h"
#include "node/store/adopt.h"

static struct fixture f;
static struct fixture_node *a, *b, *c;

static void start(void)
{
	fixture_init(&f);
	a = fixture_office(&f, "Mary", 1, "TM-M");
	b = fixture_office(&f, "Murgap", 2, "TM-M");
	c = fixture_office(&f, "Merw", 3, "TM-M");
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(apply, .init = start, .fini = stop);

static uint16_t region(void)
{
	return catalog_office(f.centre.store->catalog, 1)->scope_region;
}

static void assert_same(struct fixture_node *n, uint16_t scope)
{
	uint8_t x[HASH_LEN], y[HASH_LEN];

	fixture_digest(&f.centre, scope, x);
	fixture_digest(n, scope, y);
	cr_assert_arr_eq(x, y, HASH_LEN, "scope %u", scope);
}

static void sign(void *ctx, struct bytes text, uint8_t seal[SIG_LEN])
{
	crypto_key_sign(ctx, text, seal);
}

/* Hands over one scope of the centre alone, whatever belongs before it. */
static void give_scope(struct fixture_node *to, uint16_t scope)
{
	struct send_signer signer = { &f.centre.key, sign };
	struct store *centre = f.centre.store;
	struct receive_result r;
	struct kv_txn *t = NULL;
	struct chunk chunk;
	struct send send;

	send_init(&send, to->store->info.number, signer);
	cr_assert_eq(store_begin(centre, false, &t), RC_OK);
	cr_assert_eq(send_set_lane(&send, store_centre_feed(centre, scope),
				   forge_state(to, store_centre_feed(centre, scope)).head + 1),
		     RC_OK);
	for (;;) {
		mem_arena_reset(&centre->arena);
		cr_assert_eq(send_next(&send, centre, t, &chunk), RC_OK);
		if (chunk.runs_count == 0) {
			break;
		}
		cr_assert_eq(forge_give(to, 0, chunk.runs, chunk.runs_count, &r), RC_OK);
	}
	store_end(centre, t);
	send_fini(&send);
}

/* The schema of the fixture, with a kind more and a field more for persons. */
static const char newer[] =
	"schema: test\n"
	"version: 2\n"
	"codes:\n"
	"  - name: STATE\n"
	"    values: [{code: A, en: a}, {code: B, en: b}, {code: C, en: c}, {code: D, en: d}]\n"
	"kinds:\n"
	"  - name: person\n"
	"    reach: region\n"
	"    title: [nr]\n"
	"    unique: [[nr]]\n"
	"    fields:\n"
	"      - {name: nr, type: text, policy: ask}\n"
	"      - {name: city, type: text, policy: latest}\n"
	"      - {name: born, type: date, policy: ask}\n"
	"      - {name: state, type: code, codes: STATE, policy: \"flow(A<B<C|D)\"}\n"
	"      - {name: tags, type: text, merge: set}\n"
	"      - {name: visits, type: int, merge: counter}\n"
	"      - {name: size, type: int, policy: max}\n"
	"      - {name: secret, type: text, policy: latest, reach: office}\n"
	"      - {name: file, type: text, policy: fixed, reach: centre}\n"
	"      - {name: notes, type: text, merge: log}\n"
	"      - {name: level, type: code, codes: STATE, policy: centre}\n"
	"      - {name: origin, type: code, codes: STATE, policy: fixed}\n"
	"      - {name: height, type: int, policy: max}\n"
	"  - name: permit\n"
	"    reach: region\n"
	"    fields:\n"
	"      - {name: number, type: text, required: true, policy: ask}\n"
	"      - {name: day, type: pdate, policy: ask}\n"
	"      - {name: year, type: int, derived: year(day), policy: ask}\n"
	"      - {name: person, type: link, to: person, policy: ask}\n"
	"  - name: decree\n"
	"    reach: nation\n"
	"    writers: centre\n"
	"    fields:\n"
	"      - {name: number, type: text, policy: latest}\n"
	"  - name: journey\n"
	"    reach: region\n"
	"    unique: [[number]]\n"
	"    fields:\n"
	"      - {name: number, type: text, policy: ask}\n"
	"      - {name: goal, type: text, policy: ask}\n"
	"      - {name: days, type: int, merge: counter}\n"
	"      - {name: stops, type: text, merge: set}\n"
	"figures:\n"
	"  - {name: people, type: flow, measure: count, of: person, by: [city, office]}\n"
	"  - {name: sizes, type: flow, measure: sum(size), of: person, by: [state]}\n"
	"  - {name: marks, type: flow, measure: count, of: person, by: [nr, level, origin]}\n"
	"  - {name: files, type: flow, measure: count, of: person, by: [file, tags]}\n"
	"  - {name: permits, type: flow, measure: count, of: permit, by: [year]}\n"
	"  - {name: heights, type: flow, measure: sum(height), of: person, by: [city]}\n"
	"  - {name: journeys, type: flow, measure: count, of: journey, by: [goal]}\n";

static void adopt_newer(void)
{
	struct arena file, plans;
	struct schema schema;
	struct schema_error e;
	struct adopt_plan plan;
	struct draft_result why;
	struct commit commit;

	cr_assert_eq(mem_arena_open(&file, 64 << 20), RC_OK);
	cr_assert_eq(mem_arena_open(&plans, ADOPT_ARENA_BYTES), RC_OK);
	cr_assert_eq(schema_yaml_parse(bytes_of(newer), &file, &schema, &e), RC_OK, "%s", e.text);
	cr_assert_eq(commit_begin(&commit, f.centre.store, bytes_of("t"), bytes_of("")), RC_OK);
	cr_assert_eq(adopt_plan(&commit, &schema, &plans, &plan, &e), RC_OK, "%s", e.text);
	cr_assert_eq(adopt_write(&commit, &plan, &why), RC_OK, "%s", why.text);
	cr_assert_eq(commit_end(&commit), RC_OK);
	mem_arena_close(&file);
	mem_arena_close(&plans);
}

Test(apply, records_of_a_kind_not_known_yet_are_kept_and_understood_later)
{
	struct uuid journey, person = fixture_add(a, 0, "person", "nr=1", "city=Mary", NULL);
	uint32_t i;

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	adopt_newer();
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	journey =
		fixture_add(a, 0, "journey", "number=7", "goal=Merw", "days+=3", "stops+=x", NULL);
	for (i = 0; i < 3; i++) {
		(void)fixture_add(a, 0, "journey", "goal=Hiva", NULL);
	}
	cr_assert_eq(fixture_set(a, "person", person, "height=170", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_set(&f.centre, "journey", journey, "goal=Balh", "days+=2", "stops+=y",
				 NULL),
		     RC_OK);
	cr_assert_eq(fixture_set(&f.centre, "person", person, "height=171", NULL), RC_OK);

	give_scope(b, region());
	assert_same(b, region());
	cr_assert_eq(forge_quarantined(b), 0u);
	cr_assert_null(schema_kind_by_name(&b->store->catalog->schema, bytes_of("journey")));
	cr_assert_str_eq(fixture_show(b, "person", person, "city"), "Mary");

	give_scope(b, 0);
	assert_same(b, 0);
	cr_assert_str_eq(fixture_show(b, "journey", journey, "goal"), "Balh");
	cr_assert_str_eq(fixture_show(b, "journey", journey, "days"), "5");
	cr_assert_str_eq(fixture_show(b, "journey", journey, "stops"), "x|y");
	cr_assert_str_eq(fixture_show(b, "person", person, "height"), "171");
	cr_assert_eq(fixture_figure(b, "journeys"), 4);
	cr_assert_eq(fixture_figure(b, "heights"), 171);
	cr_assert_eq(fixture_figure(b, "people"), 1);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	assert_same(b, region());
}

/* The other order, and a node that comes late: the same. */
Test(apply, a_late_office_reads_everything_alike)
{
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "city=Mary", "level=A", NULL);

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_set(&f.centre, "person", id, "level=B", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_set(b, "person", id, "city=Merw", "tags+=q", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	adopt_newer();
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_set(a, "person", id, "height=3", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, c), RC_OK);
	assert_same(c, region());
	assert_same(c, 0);
	cr_assert_eq(forge_quarantined(c), 0u);
	cr_assert_str_eq(fixture_show(c, "person", id, "level"), "B");
	cr_assert_eq(fixture_figure(c, "heights"), 3);
}

/* Both offices gave the first value without knowing of each other. At home the
 * own one is shown; the cut order says whose was first. */
Test(apply, a_cut_of_the_own_feed_moves_what_fixed_shows)
{
	struct uuid id = fixture_add(a, 0, "person", "nr=1", NULL);

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_set(a, "person", id, "origin=A", NULL), RC_OK);
	cr_assert_eq(fixture_set(b, "person", id, "origin=B", NULL), RC_OK);
	cr_assert_str_eq(fixture_show(b, "person", id, "origin"), "B");
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "origin"), "A");
	cr_assert_str_eq(fixture_show(b, "person", id, "origin"), "A");
	cr_assert_str_eq(fixture_show(a, "person", id, "origin"), "A");
	cr_assert_eq(fixture_figure(b, "marks"), 1);
}

Test(apply, what_comes_twice_and_out_of_turn_changes_nothing)
{
	uint32_t i;

	for (i = 0; i < 3; i++) {
		fixture_add_many(a, i == 0 ? "a" : i == 1 ? "b" : "c", 50);
		cr_assert_eq(fixture_sync(&f, a), RC_OK);
		give_scope(b, region());
		give_scope(b, 0);
		give_scope(b, region());
	}
	cr_assert_eq(fixture_count(b, "person"), 150u);
	cr_assert_eq(fixture_figure(b, "people"), 150);
	assert_same(b, region());
}
