#include "moving.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "node/store/records.h"
#include "node/store/verify.h"

void moving_sync_all(struct fixture *f)
{
	uint32_t round, i;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < f->offices_count; i++) {
			cr_assert_eq(fixture_sync(f, &f->offices[i]), RC_OK);
		}
	}
}

static uint16_t person(const struct fixture_node *n)
{
	const struct schema_kind *k =
		schema_kind_by_name(&n->store->catalog->schema, bytes_of("person"));

	cr_assert_not_null(k);
	return k->number;
}

static void begin(struct fixture_node *n, struct commit *c)
{
	cr_assert_eq(commit_begin(c, n->store, bytes_of("clerk"), bytes_of("")), RC_OK);
}

/* Ends a commit, or gives it up; the code. */
static enum rc end(struct commit *c, enum rc rc)
{
	if (rc != RC_OK) {
		cr_assert(commit_is_refusal(rc) && c->work->rc == RC_OK, "%s", rc_text(rc));
		commit_abort(c);
		return rc;
	}
	cr_assert_eq(commit_end(c), RC_OK);
	return RC_OK;
}

static enum rc ask(struct fixture_node *n, struct uuid id, uint16_t to, struct uuid *out,
		   struct moves_refusal *why)
{
	struct moves_request request = { .record = id,
					 .to = to,
					 .reason = bytes_of("moved house"),
					 .title = bytes_of("a title") };
	struct commit c;
	uint32_t fields = 0;
	enum rc rc = RC_OK;

	memset(why, 0, sizeof(*why));
	begin(n, &c);
	request.kind = person(n);
	rc = moves_ask(&c, &request, out, &fields, why);
	cr_assert(rc == RC_OK || why->text[0] != '\0', "refused without a word: %s", rc_text(rc));
	return end(&c, rc);
}

struct uuid moving_ask(struct fixture_node *n, struct uuid id, uint16_t to)
{
	struct moves_refusal why;
	struct uuid transfer;
	enum rc rc = ask(n, id, to, &transfer, &why);

	cr_assert_eq(rc, RC_OK, "%s", why.text);
	return transfer;
}

enum rc moving_try_ask(struct fixture_node *n, struct uuid id, uint16_t to,
		       struct moves_refusal *why)
{
	struct uuid transfer;

	return ask(n, id, to, &transfer, why);
}

/* The open transfer of a record. */
static enum rc find(struct fixture_node *n, struct uuid id, struct transfer *out)
{
	struct kv_txn *t = NULL;
	enum rc rc = store_begin(n->store, false, &t);

	cr_assert_eq(rc, RC_OK);
	rc = transfers_find_open(n->store, t, id, &n->store->arena, out);
	store_end(n->store, t);
	return rc;
}

enum rc moving_accept(struct fixture_node *n, struct uuid id)
{
	struct moves_refusal why = { "", "" };
	struct transfer t;
	enum rc rc = find(n, id, &t);

	if (rc == RC_OK) {
		rc = moves_accept(n->store, bytes_of("clerk"), bytes_of(""), t.id, &n->key, &why);
		cr_assert(rc == RC_OK || why.text[0] != '\0', "%s", rc_text(rc));
	}
	return rc;
}

static enum rc answer(struct fixture_node *n, struct uuid id, bool withdraw)
{
	struct moves_refusal why = { "", "" };
	struct transfer t;
	struct commit c;
	enum rc rc = find(n, id, &t);

	if (rc != RC_OK) {
		return rc;
	}
	begin(n, &c);
	rc = withdraw ? moves_withdraw(&c, &t, bytes_at(NULL, 0), &why) :
			moves_decline(&c, &t, bytes_of("unknown here"), &why);
	cr_assert(rc == RC_OK || why.text[0] != '\0', "%s", rc_text(rc));
	return end(&c, rc);
}

enum rc moving_decline(struct fixture_node *n, struct uuid id)
{
	return answer(n, id, false);
}

enum rc moving_withdraw(struct fixture_node *n, struct uuid id)
{
	return answer(n, id, true);
}

struct transfer moving_transfer(struct fixture_node *n, struct uuid transfer)
{
	struct transfer out;
	struct kv_txn *t = NULL;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(transfers_get(n->store, t, transfer, &n->store->arena, &out), RC_OK);
	store_end(n->store, t);
	return out;
}

static void look(struct fixture_node *n, struct uuid id, struct record_life *life, uint16_t *office)
{
	uint16_t region_scope = 0;
	struct kv_txn *t = NULL;
	struct record r;
	enum rc rc = RC_OK;

	memset(life, 0, sizeof(*life));
	*office = 0;
	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	rc = records_get(t, n->store->catalog, person(n), id, &n->store->arena, &r);
	cr_assert(rc == RC_OK || rc == RC_NOTFOUND);
	if (rc == RC_OK) {
		*life = view_life(&r);
		(void)view_home(&r, office, &region_scope);
	}
	store_end(n->store, t);
}

struct record_life moving_life(struct fixture_node *n, struct uuid id)
{
	struct record_life life;
	uint16_t office = 0;

	look(n, id, &life, &office);
	return life;
}

uint16_t moving_home(struct fixture_node *n, struct uuid id)
{
	struct record_life life;
	uint16_t office = 0;

	look(n, id, &life, &office);
	return office;
}

static void put_sibling(struct bytes_writer *w, const struct schema_field *f,
			const struct view_source *source, const struct item *item)
{
	struct stamp stamp = { .office = (uint16_t)(item->dot.feed >> 48) };
	char text[16];

	cr_assert_eq(source->stamp(source->ctx, item->dot, &stamp), RC_OK);
	if (w->len > 1) {
		bytes_put_u8(w, ' ');
	}
	if (item->cleared) {
		bytes_put_u8(w, '-');
	} else {
		value_format(f->type, f->scale, item->value, w);
	}
	(void)snprintf(text, sizeof(text), "@%u", stamp.office);
	bytes_put(w, text, strlen(text));
}

const char *moving_siblings(struct fixture_node *n, struct uuid id, const char *field)
{
	static char text[4096];
	struct bytes_writer w = bytes_writer_init(text, sizeof(text) - 1);
	struct records_stamps stamps;
	struct view_source source;
	const struct schema_field *f = NULL;
	struct kv_txn *t = NULL;
	struct field_view v;
	struct record r;
	uint32_t i;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(records_get(t, n->store->catalog, person(n), id, &n->store->arena, &r), RC_OK);
	stamps = (struct records_stamps){ t, n->store->info.centre_incarnation, &n->store->arena };
	source = records_source(&stamps);
	f = schema_field_by_name(r.kind, bytes_of(field));
	cr_assert_eq(view_field(&r, f, &source, &n->store->arena, &v), RC_OK);
	bytes_put_u8(&w, v.conflict ? '!' : ' ');
	if (v.shown < v.count) {
		put_sibling(&w, f, &source, v.items[v.shown]);
	}
	for (i = 0; i < v.count; i++) {
		if (i != v.shown) {
			put_sibling(&w, f, &source, v.items[i]);
		}
	}
	text[w.len] = '\0';
	store_end(n->store, t);
	return text[0] == ' ' ? text + 1 : text;
}

static void on_problem(void *ctx, const char *text)
{
	(void)snprintf(ctx, 256, "%s", text);
}

static void verify(struct fixture_node *n)
{
	char text[256] = "";
	struct verify_options options = { .ctx = text, .on_problem = on_problem };
	struct verify *v = NULL;

	cr_assert_eq(verify_run(n->store, &options, &v), RC_OK);
	cr_assert_eq(verify_result(v)->problems, 0u, "office %u: %s", n->store->info.number, text);
	verify_free(v);
}

void moving_verify_all(struct fixture *f)
{
	uint32_t i;

	verify(&f->centre);
	for (i = 0; i < f->offices_count; i++) {
		verify(&f->offices[i]);
	}
}
