/*
 * The law of moves, on real stores: whatever three offices of two regions and
 * their centre write, move, take back and hear late, in the end every value
 * that somebody typed stands in the record's home or was replaced by somebody
 * who had seen it; nothing is counted or listed twice; nodes of a scope hold
 * the same bytes; and `verify` finds nothing.
 *
 * Histories are drawn. A failure names its seed: KERWEN_SEED=N runs that one
 * alone, KERWEN_STEPS=N and KERWEN_HISTORIES=N as in test_apply_laws.c.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "moving.h"

enum { OFFICES = 3, NODES = OFFICES + 1, RECORDS = 3, TYPED_MAX = 2000, TEXT_MAX = 16 };

/* The fields that are written: one of each sort in each reach that there is. */
static const struct {
	const char *name;
	enum merge merge;
	bool is_office; /* reach office: the home alone has it */
} fields[] = {
	{ "nr", MERGE_REGISTER, false },    { "city", MERGE_REGISTER, false },
	{ "tags", MERGE_SET, false },       { "visits", MERGE_COUNTER, false },
	{ "notes", MERGE_LOG, false },      { "room", MERGE_REGISTER, false },
	{ "secret", MERGE_REGISTER, true }, { "memo", MERGE_LOG, true },
	{ "calls", MERGE_COUNTER, true },   { "marks", MERGE_SET, true },
};

enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

/* One value that somebody typed, each another one. */
struct typed {
	uint32_t record, field;
	char text[TEXT_MAX];
	bool is_replaced; /* by somebody who had seen it */
};

struct world {
	struct fixture f;
	struct fixture_node *nodes[NODES];
	struct uuid ids[RECORDS];
	struct typed typed[TYPED_MAX];
	uint32_t typed_count;
	int64_t sums[RECORDS][FIELDS];
	uint64_t seed;
	uint32_t step, moves;
};

static struct world w;
static uint64_t chance;

static uint32_t draw(uint32_t below)
{
	chance ^= chance << 13;
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return (uint32_t)((chance >> 33) % below);
}

/* Whether one of the words of `shown`, parted by '|', is text. */
static uint32_t count_words(const char *shown, const char *text)
{
	size_t len = strlen(text);
	uint32_t n = 0;
	const char *p = shown;

	while (p != NULL && *p != '\0') {
		n += strncmp(p, text, len) == 0 && (p[len] == '|' || p[len] == '\0');
		p = strchr(p, '|');
		p = p == NULL ? NULL : p + 1;
	}
	return n;
}

/* Whether a sibling of the field is text: "!a@1 b@2". */
static bool has_sibling(const char *siblings, const char *text)
{
	size_t len = strlen(text);
	const char *p = siblings + (siblings[0] == '!');

	while (p != NULL && *p != '\0') {
		if (strncmp(p, text, len) == 0 && p[len] == '@') {
			return true;
		}
		p = strchr(p, ' ');
		p = p == NULL ? NULL : p + 1;
	}
	return false;
}

static bool is_here(uint32_t node, uint32_t record)
{
	return strcmp(fixture_show(w.nodes[node], "person", w.ids[record], "nr"), "?") != 0;
}

/* The values that the node shows of a field are replaced by the next. */
static void note_seen(uint32_t record, uint32_t field, const char *siblings)
{
	uint32_t i;

	for (i = 0; i < w.typed_count; i++) {
		struct typed *t = &w.typed[i];

		if (t->record == record && t->field == field && has_sibling(siblings, t->text)) {
			t->is_replaced = true;
		}
	}
}

static void note_typed(uint32_t record, uint32_t field, const char *text)
{
	struct typed *t = &w.typed[w.typed_count++];

	cr_assert_lt(w.typed_count, (uint32_t)TYPED_MAX);
	*t = (struct typed){ .record = record, .field = field };
	(void)snprintf(t->text, sizeof(t->text), "%s", text);
}

/* With one seed alone the history is told. */
static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
	va_list args;

	if (getenv("KERWEN_SEED") != NULL) {
		(void)fprintf(stderr, "step %u: ", w.step);
		va_start(args, format);
		(void)vfprintf(stderr, format, args);
		va_end(args);
		(void)fputc('\n', stderr);
	}
}

static enum rc set(uint32_t node, uint32_t record, uint32_t field, const char *sign,
		   const char *value)
{
	char word[64];

	enum rc rc = RC_OK;

	(void)snprintf(word, sizeof(word), "%s%s=%s", fields[field].name, sign, value);
	rc = fixture_set(w.nodes[node], "person", w.ids[record], word, NULL);
	say("node %u sets %s of record %u: %s", node, word, record, rc_text(rc));
	return rc;
}

/* Takes a member out of a set that the node shows. */
static void take_out(uint32_t node, uint32_t record, uint32_t field)
{
	char shown[1024];
	uint32_t i;

	(void)snprintf(shown, sizeof(shown), "%s",
		       fixture_show(w.nodes[node], "person", w.ids[record], fields[field].name));
	for (i = 0; i < w.typed_count; i++) {
		struct typed *t = &w.typed[i];

		if (t->record == record && t->field == field && count_words(shown, t->text) > 0 &&
		    draw(2) == 0) {
			t->is_replaced = t->is_replaced ||
					 set(node, record, field, "-", t->text) == RC_OK;
			return;
		}
	}
}

static void write_value(uint32_t node)
{
	uint32_t record = draw(RECORDS), field = draw(FIELDS);
	enum merge merge = fields[field].merge;
	char text[TEXT_MAX], siblings[4096];
	enum rc rc = RC_OK;

	if (!is_here(node, record)) {
		return;
	}
	if (merge == MERGE_SET && draw(3) == 0) {
		take_out(node, record, field);
		return;
	}
	(void)snprintf(text, sizeof(text), merge == MERGE_COUNTER ? "%u" : "v%u",
		       merge == MERGE_COUNTER ? draw(9) : w.step);
	(void)snprintf(siblings, sizeof(siblings), "%s",
		       merge == MERGE_REGISTER ?
			       moving_siblings(w.nodes[node], w.ids[record], fields[field].name) :
			       "");
	rc = set(node, record, field, merge == MERGE_REGISTER ? "" : "+", text);
	cr_assert(rc == RC_OK || rc == RC_DENIED || rc == RC_INVALID || rc == RC_NOTFOUND, "%s",
		  rc_text(rc));
	if (rc != RC_OK) {
		return;
	}
	if (merge == MERGE_COUNTER) {
		w.sums[record][field] += strtol(text, NULL, 10);
		return;
	}
	note_seen(record, field, siblings);
	note_typed(record, field, text);
}

static void delete_or_restore(uint32_t node)
{
	uint32_t record = draw(RECORDS);

	if (is_here(node, record) && draw(4) == 0) {
		if (moving_life(w.nodes[node], w.ids[record]).deleted) {
			(void)set(node, record, 3, "+", "0");
		} else {
			(void)fixture_delete(w.nodes[node], "person", w.ids[record]);
		}
	}
}

/* The node that most likely has something to say: a record's home asks, and
 * whoever was asked answers. */
static void move_some(uint32_t node)
{
	uint32_t record = draw(RECORDS), what = draw(12);
	struct uuid id = w.ids[record];
	struct moves_refusal why;
	uint32_t i;

	if (what < 5) {
		node = draw(8) == 0 ? node : moving_home(w.nodes[0], id);
		if (moving_try_ask(w.nodes[node], id, (uint16_t)(1 + draw(OFFICES)), &why) ==
		    RC_OK) {
			say("node %u asks to move record %u", node, record);
		}
	} else if (what == 5) {
		(void)moving_decline(w.nodes[node], id);
	} else if (what == 6) {
		(void)moving_withdraw(w.nodes[node], id);
	}
	for (i = 1; i < NODES && what > 6; i++) {
		if (moving_accept(w.nodes[i], id) == RC_OK) {
			say("node %u accepts record %u", i, record);
			w.moves++;
		}
	}
}

static void step(void)
{
	uint32_t node = draw(NODES), what = draw(20);

	if (what < 8) {
		write_value(node);
	} else if (what < 9) {
		delete_or_restore(node);
	} else if (what < 14) {
		move_some(node);
	} else if (node > 0) {
		say("node %u syncs", node);
		cr_assert_eq(fixture_sync(&w.f, w.nodes[node]), RC_OK);
	}
}

/* --- in the end ---------------------------------------------------------------- */

static void assert_typed(const struct typed *t)
{
	struct uuid id = w.ids[t->record];
	const char *name = fields[t->field].name;
	uint32_t home = moving_home(w.nodes[0], id), wanted = t->is_replaced ? 0 : 1;
	struct fixture_node *n = fields[t->field].is_office ? w.nodes[home] : w.nodes[0];

	switch (fields[t->field].merge) {
	case MERGE_REGISTER:
		cr_assert(t->is_replaced || has_sibling(moving_siblings(n, id, name), t->text),
			  "KERWEN_SEED=%" PRIu64 ": %s of record %u lost %s: %s", w.seed, name,
			  t->record, t->text, moving_siblings(n, id, name));
		break;
	case MERGE_SET:
	case MERGE_LOG:
		cr_assert_eq(count_words(fixture_show(n, "person", id, name), t->text), wanted,
			     "KERWEN_SEED=%" PRIu64 ": %s of record %u has %s not %u times: %s",
			     w.seed, name, t->record, t->text, wanted,
			     fixture_show(n, "person", id, name));
		break;
	case MERGE_COUNTER:
		break;
	}
}

static void assert_sums(uint32_t record)
{
	struct uuid id = w.ids[record];
	uint32_t home = moving_home(w.nodes[0], id), field;

	for (field = 0; field < FIELDS; field++) {
		struct fixture_node *n = fields[field].is_office ? w.nodes[home] : w.nodes[0];

		if (fields[field].merge == MERGE_COUNTER) {
			const char *shown = fixture_show(n, "person", id, fields[field].name);

			cr_assert_eq(strtol(shown, NULL, 10), w.sums[record][field],
				     "KERWEN_SEED=%" PRIu64 ": %s of record %u: %s, not %" PRId64,
				     w.seed, fields[field].name, record, shown,
				     w.sums[record][field]);
		}
	}
}

/* All that the two homes' nodes show is what the centre shows. */
static void assert_shown(uint32_t record)
{
	struct uuid id = w.ids[record];
	uint32_t home = moving_home(w.nodes[0], id), node, field;
	char text[4096];

	for (node = 1; node < NODES; node++) {
		uint32_t told = moving_home(w.nodes[node], id);

		cr_assert(told == home || told == 0, "KERWEN_SEED=%" PRIu64 ": node %u", w.seed,
			  node);
	}
	for (field = 0; field < FIELDS; field++) {
		if (fields[field].is_office) {
			continue;
		}
		(void)snprintf(text, sizeof(text), "%s",
			       fixture_show(w.nodes[0], "person", id, fields[field].name));
		cr_assert_str_eq(fixture_show(w.nodes[home], "person", id, fields[field].name),
				 text, "KERWEN_SEED=%" PRIu64 ": %s of record %u", w.seed,
				 fields[field].name, record);
	}
}

static void assert_same(uint32_t node)
{
	const struct office_info *o = catalog_office(w.nodes[0]->store->catalog, (uint16_t)node);
	const uint16_t scopes[] = { 0, o->scope_centre, o->scope_region };
	uint8_t x[HASH_LEN], y[HASH_LEN];
	uint32_t i;

	for (i = 0; i < 3; i++) {
		fixture_digest(w.nodes[0], scopes[i], x);
		fixture_digest(w.nodes[node], scopes[i], y);
		cr_assert_arr_eq(x, y, HASH_LEN, "KERWEN_SEED=%" PRIu64 ": node %u, scope %u",
				 w.seed, node, scopes[i]);
	}
}

static void assert_all(void)
{
	uint32_t i, alive = 0;

	for (i = 0; i < w.typed_count; i++) {
		assert_typed(&w.typed[i]);
	}
	for (i = 0; i < RECORDS; i++) {
		struct record_life life = moving_life(w.nodes[0], w.ids[i]);

		cr_assert(life.exists && !life.moved);
		alive += !life.deleted;
		assert_sums(i);
		assert_shown(i);
	}
	cr_assert_eq(fixture_figure(w.nodes[0], "people"), alive);
	for (i = 1; i < NODES; i++) {
		assert_same(i);
	}
	moving_verify_all(&w.f);
}

static void begin(uint64_t seed)
{
	static const char *const names[] = { "Mary", "Murgap", "Lebap" };
	uint32_t i;

	memset(&w, 0, sizeof(w));
	w.seed = seed;
	chance = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	fixture_init(&w.f);
	w.nodes[0] = &w.f.centre;
	for (i = 1; i < NODES; i++) {
		w.nodes[i] = fixture_office(&w.f, names[i - 1], (uint16_t)i,
					    i < OFFICES ? "TM-M" : "TM-L");
	}
	moving_sync_all(&w.f);
	for (i = 0; i < RECORDS; i++) {
		w.ids[i] =
			fixture_add(w.nodes[1 + i % OFFICES], 0, "person", "born=1985-03-07", NULL);
	}
	moving_sync_all(&w.f);
}

static uint32_t live(uint64_t seed, uint32_t steps)
{
	begin(seed);
	for (w.step = 0; w.step < steps; w.step++) {
		step();
	}
	moving_sync_all(&w.f);
	moving_sync_all(&w.f);
	assert_all();
	fixture_fini(&w.f);
	return w.moves;
}

static uint32_t setting(const char *name, uint32_t otherwise)
{
	const char *text = getenv(name);

	return text == NULL ? otherwise : (uint32_t)strtoul(text, NULL, 10);
}

Test(move_laws, nothing_typed_is_lost_or_doubled_by_moves)
{
	uint32_t seed = setting("KERWEN_SEED", 0), steps = setting("KERWEN_STEPS", 220);
	uint32_t i, count = setting("KERWEN_HISTORIES", 16), moves = 0;

	if (seed != 0) {
		(void)live(seed, steps);
		return;
	}
	for (i = 1; i <= count; i++) {
		moves += live(i, steps);
	}
	cr_assert_gt(moves, 2 * count, "too few moves to say anything: %u", moves);
}
