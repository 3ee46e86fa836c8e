#include "cleaning.h"
#include "fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "node/store/verify.h"

uint16_t cleaning_region(struct fixture *f, const struct fixture_node *office)
{
	struct kv_txn *t = NULL;
	uint16_t scope = 0;

	cr_assert_eq(store_begin(f->centre.store, false, &t), RC_OK);
	scope = catalog_office(f->centre.store->catalog, office->store->info.number)->scope_region;
	store_end(f->centre.store, t);
	return scope;
}

void cleaning_note_backup(struct fixture_node *centre)
{
	struct kv_txn *t = NULL;
	struct dot *heads = NULL;
	uint32_t count = 0;

	cr_assert_eq(store_begin(centre->store, false, &t), RC_OK);
	cr_assert_eq(compact_read_heads(centre->store, t, &heads, &count), RC_OK);
	store_end(centre->store, t);
	cr_assert_eq(compact_note_backup(centre->store, heads, count), RC_OK);
	free(heads);
}

struct compact_plan cleaning_plan(struct fixture_node *n, uint16_t scope)
{
	struct kv_txn *t = NULL;
	struct compact_plan p;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(compact_plan(n->store, t, scope, &p), RC_OK);
	store_end(n->store, t);
	return p;
}

uint64_t cleaning_compact(struct fixture_node *n, uint16_t scope)
{
	struct compact_plan p = cleaning_plan(n, scope);
	struct compact_result r = { .entries = 0 };
	enum rc rc = RC_OK;

	if (p.target > p.floor) {
		rc = compact_step(n->store, &p);
		cr_assert_eq(rc, RC_OK, "%s", rc_text(rc));
	}
	if (p.target > 0) {
		rc = compact_drop(n->store, scope, NULL, NULL, &r);
		cr_assert_eq(rc, RC_OK, "%s", rc_text(rc));
	}
	return r.entries;
}

static void on_problem(void *ctx, const char *text)
{
	(void)ctx;
	cr_assert_fail("%s", text);
}

void cleaning_assert_sound(struct fixture_node *n)
{
	struct verify_options o = { .on_problem = on_problem };
	struct verify *v = NULL;

	cr_assert_eq(verify_run(n->store, &o, &v), RC_OK);
	verify_free(v);
}
