/* Records made anew from their entries: as of a version, and what was said. */
#include "node/store/replay.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "node/store/records.h"

enum { DOTS_MAX = 16, STATE_MAX = 4096, MOMENTS_MAX = 32 };

static struct fixture f;
static struct fixture_node *a, *b;

static void start(void)
{
	fixture_init(&f);
	a = fixture_office(&f, "Mary", 1, "TM-M");
	b = fixture_office(&f, "Murgap", 2, "TM-M");
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(replay, .init = start, .fini = stop);

/* A record as it was once: its version, and its parts that anything touched. */
struct moment {
	struct dot dots[DOTS_MAX];
	uint32_t dots_count;
	uint8_t state[STATE_MAX];
	size_t len;
};

static void encode(const struct record *r, struct moment *out)
{
	struct bytes_writer w = bytes_writer_init(out->state, sizeof(out->state));
	uint32_t i;

	for (i = 0; i < r->parts_count; i++) {
		if (r->parts[i].part.vector.count > 0) {
			bytes_put_be16(&w, r->parts[i].scope);
			part_encode(&r->parts[i].part, &w);
		}
	}
	cr_assert_eq(w.rc, RC_OK);
	out->len = w.len;
}

static struct record load(struct fixture_node *n, struct kv_txn *t, struct uuid id)
{
	const struct schema *s = &n->store->catalog->schema;
	struct record r;

	cr_assert_eq(records_get(t, n->store->catalog,
				 schema_kind_by_name(s, bytes_of("person"))->number, id,
				 &n->store->arena, &r),
		     RC_OK);
	return r;
}

static struct moment remember(struct fixture_node *n, struct uuid id)
{
	struct moment m = { .dots_count = 0 };
	struct vv v = { m.dots, 0, DOTS_MAX };
	struct kv_txn *t = NULL;
	struct record r;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	r = load(n, t, id);
	encode(&r, &m);
	cr_assert_eq(view_version(&r, &v), RC_OK);
	m.dots_count = v.count;
	store_end(n->store, t);
	return m;
}

static struct vv version_of(struct moment *m)
{
	return (struct vv){ m->dots, m->dots_count, DOTS_MAX };
}

static void assert_same(struct fixture_node *n, struct uuid id, struct moment *m, const char *why)
{
	struct replay p = { .txn = NULL };
	struct vv version = version_of(m);
	struct record r, then;
	struct moment got;
	bool had = false;

	cr_assert_eq(store_begin(n->store, false, &p.txn), RC_OK);
	r = load(n, p.txn, id);
	cr_assert_eq(replay_had(&p, &r, &version, &n->store->arena, &had), RC_OK);
	cr_expect(had, "%s was one", why);
	cr_assert_eq(replay_as_of(&p, &r, &version, &n->store->arena, &then), RC_OK);
	encode(&then, &got);
	cr_assert(bytes_equal(bytes_at(got.state, got.len), bytes_at(m->state, m->len)), "%s", why);
	store_end(n->store, p.txn);
	replay_close(&p);
}

static void exchange(struct fixture_node *n)
{
	cr_assert_eq(fixture_sync(&f, n), RC_OK);
}

/* A life with every kind of field, changes that met, and a deletion. */
static void live(struct uuid id, struct moment *moments, uint32_t *count)
{
	uint32_t i;

	for (i = 0; i < 3; i++) {
		cr_assert_eq(fixture_set(a, "person", id, i == 1 ? "nr=5" : "nr=4", "visits+=2",
					 i == 1 ? "tags-=q" : "tags+=q", "secret=s", NULL),
			     RC_OK);
		moments[(*count)++] = remember(a, id);
		cr_assert_eq(fixture_set(b, "person", id, "nr=8", "notes+=n", "tags+=r", "city=M",
					 NULL),
			     RC_OK);
		exchange(b);
		exchange(a);
		moments[(*count)++] = remember(a, id);
		cr_assert_eq(i == 1 ? fixture_delete(a, "person", id) :
				      fixture_set(a, "person", id, "nr=", "visits-=1", NULL),
			     RC_OK);
		moments[(*count)++] = remember(a, id);
		exchange(a);
		exchange(b);
	}
}

Test(replay, a_record_as_of_a_version_is_what_it_was_then)
{
	struct moment moments[MOMENTS_MAX];
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "city=Mary", "tags+=q", NULL);
	uint32_t i, count = 1;
	char why[32];

	moments[0] = remember(a, id);
	exchange(a);
	exchange(b);
	live(id, moments, &count);
	for (i = 0; i < count; i++) {
		(void)snprintf(why, sizeof(why), "moment %u", i);
		assert_same(a, id, &moments[i], why);
		cr_assert(i == 0 || moments[i].len != moments[i - 1].len ||
				  memcmp(moments[i].state, moments[i - 1].state, moments[i].len) !=
					  0,
			  "%s is one of its own", why);
	}
}

static bool had(struct fixture_node *n, struct uuid id, struct moment *m)
{
	struct replay p = { .txn = NULL };
	struct vv version = version_of(m);
	struct record r;
	bool out = false;

	cr_assert_eq(store_begin(n->store, false, &p.txn), RC_OK);
	r = load(n, p.txn, id);
	cr_assert_eq(replay_had(&p, &r, &version, &n->store->arena, &out), RC_OK);
	store_end(n->store, p.txn);
	replay_close(&p);
	return out;
}

Test(replay, a_version_is_one_that_the_record_had)
{
	struct uuid other = fixture_add(a, 0, "person", "nr=2", NULL);
	struct moment m = remember(a, other);
	struct uuid id = fixture_add(a, 0, "person", "nr=1", NULL);
	struct moment first = remember(a, id);
	uint32_t i;

	cr_expect(!had(a, id, &m), "of another record");
	exchange(a);
	exchange(b);
	cr_assert_eq(fixture_set(b, "person", id, "nr=3", NULL), RC_OK);
	cr_assert_eq(fixture_set(a, "person", id, "secret=s", NULL), RC_OK);
	exchange(b);
	exchange(a);
	m = remember(a, id);
	cr_assert(m.dots_count > 2, "its home, its office's own, and the other office");
	cr_expect(had(a, id, &m) && had(a, id, &first));
	for (i = 0; i < m.dots_count; i++) {
		struct moment one = { .dots = { m.dots[i] }, .dots_count = 1 };

		cr_expect_eq(had(a, id, &one), m.dots[i].feed == first.dots[0].feed,
			     "dot %u alone: only what its home said of its existence", i);
	}
	m.dots_count = 0;
	cr_expect(!had(a, id, &m), "nothing at all");
}

/* How many operations an author said of a record from a version. */
static uint32_t count_said(struct fixture_node *n, struct uuid id, struct moment *m,
			   const char *author)
{
	struct replay p = { .txn = NULL };
	struct vv version = version_of(m);
	struct replay_author who = { n->store->info.number, bytes_of(author) };
	struct replay_ops ops;
	struct record r;

	cr_assert_eq(store_begin(n->store, false, &p.txn), RC_OK);
	r = load(n, p.txn, id);
	cr_assert_eq(replay_said(&p, &r, &version, who, &n->store->arena, &ops), RC_OK);
	store_end(n->store, p.txn);
	replay_close(&p);
	return ops.count;
}

Test(replay, what_was_said_from_a_version_is_found_by_its_author)
{
	struct uuid id = fixture_add(a, 0, "person", "nr=1", NULL);
	struct moment first = remember(a, id), second;

	cr_assert_eq(count_said(a, id, &first, "tester"), 0u, "nothing yet");
	cr_assert_eq(fixture_set(a, "person", id, "city=Mary", "visits+=3", NULL), RC_OK);
	second = remember(a, id);
	cr_assert_eq(fixture_set(a, "person", id, "city=Murgap", NULL), RC_OK);
	cr_assert_eq(count_said(a, id, &first, "tester"), 2u, "the later change had seen more");
	cr_assert_eq(count_said(a, id, &second, "tester"), 1u, "and this is it");
	cr_assert_eq(count_said(a, id, &first, "somebody"), 0u, "another author");
	exchange(a);
	exchange(b);
	cr_assert_eq(count_said(b, id, &first, "tester"), 0u, "another office");
	cr_assert_eq(count_said(a, id, &first, "tester"), 2u, "cuts change nothing of it");
}
