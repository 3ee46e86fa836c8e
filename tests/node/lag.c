#include "lag.h"

#include <criterion/criterion.h>

#include "forge.h"
#include "node/base/mem.h"
#include "node/base/schema_yaml.h"
#include "node/store/adopt.h"

static void sign(void *ctx, struct bytes text, uint8_t seal[SIG_LEN])
{
	crypto_key_sign(ctx, text, seal);
}

void lag_give_scope(struct fixture *f, struct fixture_node *to, uint16_t scope)
{
	struct send_signer signer = { &f->centre.key, sign };
	struct store *centre = f->centre.store;
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
	"      - {name: room, type: text, policy: ask, reach: centre}\n"
	"      - {name: memo, type: text, merge: log, reach: office}\n"
	"      - {name: calls, type: int, merge: counter, reach: office}\n"
	"      - {name: marks, type: text, merge: set, reach: office}\n"
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

void lag_adopt_newer(struct fixture *f)
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
	cr_assert_eq(commit_begin(&commit, f->centre.store, bytes_of("t"), bytes_of("")), RC_OK);
	cr_assert_eq(adopt_plan(&commit, &schema, &plans, &plan, &e), RC_OK, "%s", e.text);
	cr_assert_eq(adopt_write(&commit, &plan, &why), RC_OK, "%s", why.text);
	cr_assert_eq(commit_end(&commit), RC_OK);
	mem_arena_close(&file);
	mem_arena_close(&plans);
}

uint16_t lag_next_kind(const struct forge *g)
{
	const struct schema *s = &g->node->store->catalog->schema;
	uint16_t last = 0;
	uint32_t i;

	for (i = 0; i < s->kinds_count; i++) {
		last = s->kinds[i].number > last ? s->kinds[i].number : last;
	}
	return (uint16_t)(last + 1);
}

void lag_forge_newer(struct forge *g, struct uuid person, struct uuid journey)
{
	enum { HEIGHT = 17, NUMBER = 1, GOAL, DAYS, STOPS };
	static const uint8_t int_170[] = { 0xd4, 0x02 }, int_3[] = { 0x06 };
	struct change as_person = forge_person(g, journey, "");
	struct op height = { HEIGHT, OP_PUT, bytes_at(int_170, sizeof(int_170)) };
	struct op of_journey[] = { as_person.ops[0],
				   { NUMBER, OP_PUT, bytes_of("7") },
				   { GOAL, OP_PUT, bytes_of("Hiva") },
				   { DAYS, OP_COUNT, bytes_at(int_3, sizeof(int_3)) },
				   { STOPS, OP_SET_ADD, bytes_of("x") } };
	struct change changes[] = { { .kind = g->kind,
				      .id = person,
				      .life = LIFE_ALIVE,
				      .ops = &height,
				      .ops_count = 1 },
				    { .kind = lag_next_kind(g),
				      .id = journey,
				      .life = LIFE_ALIVE,
				      .ops = of_journey,
				      .ops_count = 5 } };
	struct header h = forge_header(g);

	forge_add(g, &h, changes, 2);
}
