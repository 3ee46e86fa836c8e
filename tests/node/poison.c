#include "poison.h"

#include <criterion/criterion.h>

#include "fixture.h"
#include "node/store/author.h"
#include "node/store/ruling.h"
#include "proto/entry_codec.h"

static bool covers_all(void *ctx, struct dot d)
{
	(void)ctx;
	(void)d;
	return true;
}

struct dot poison_write(struct fixture_node *n, struct uuid id, struct op op)
{
	static uint8_t home[HOME_LEN];
	const struct office_info *o = catalog_office(n->store->catalog, n->store->info.number);
	struct op ops[2] = { { FIELD_HOME, OP_PUT, bytes_at(home, HOME_LEN) }, op };
	struct change c = { .id = id, .life = LIFE_ALIVE, .ops = ops, .ops_count = 2 };
	struct bytes_writer w = bytes_writer_init(home, HOME_LEN);
	struct seen seen = { NULL, covers_all };
	struct author_scope *scope = NULL;
	uint8_t buffer[32768];
	struct bytes_writer bytes = bytes_writer_init(buffer, sizeof(buffer));
	struct author author;
	struct work work;
	struct dot d;
	uint32_t place = 0;

	bytes_put_be16(&w, o->number == 1 ? 2 : 1);
	bytes_put_be16(&w, o->scope_region);
	c.kind = schema_kind_by_name(&n->store->catalog->schema, bytes_of("person"))->number;
	entry_encode_change(&c, -1, &bytes);
	cr_assert_eq(work_begin(n->store, &work), RC_OK);
	cr_assert_eq(author_begin(&author, &work, bytes_of("bug"), bytes_of("")), RC_OK);
	cr_assert_eq(author_open(&author, o->scope_region, &scope), RC_OK);
	cr_assert_eq(author_add(&author, scope, bytes_written(&bytes), true, false, &d, &place),
		     RC_OK);
	cr_assert_eq(work_apply(&work, &c, d, place, &seen), RC_OK);
	cr_assert_eq(author_finish(&author), RC_OK);
	cr_assert_eq(work_commit(&work), RC_OK);
	return d;
}

enum rc poison_rule(struct fixture_node *centre, struct dot d, uint32_t place, bool accept)
{
	struct ruling ruling = { d, place, accept };
	struct ruling_request request = { &ruling, 1, bytes_of("Orazow"), bytes_of("seen"), false };
	struct path_problem why;
	uint32_t at = 0;

	return ruling_write(centre->store, &request, &at, &why);
}

struct quarantine poison_row(struct fixture_node *n, struct dot d, uint32_t place)
{
	struct kv_txn *t = NULL;
	struct quarantine q;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(quarantine_get(t, d, place, &q), RC_OK);
	store_end(n->store, t);
	return q;
}

bool poison_find(struct fixture_node *n, uint32_t nth, struct quarantine *out)
{
	struct kv_txn *t = NULL;
	enum rc rc = store_begin(n->store, false, &t);

	cr_assert_eq(rc, RC_OK);
	rc = quarantine_next(t, NULL, out);
	while (rc == RC_OK && nth-- > 0) {
		rc = quarantine_next(t, out, out);
	}
	store_end(n->store, t);
	return rc == RC_OK;
}
