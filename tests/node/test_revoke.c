/*
 * P8, P24: an office that is closed leaves no ghost, and what a stolen machine
 * still says is merged nowhere: it waits for the centre, on every node alike.
 * No honest feed waits for it.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "forge.h"
#include "lag.h"
#include "node/store/admit.h"
#include "node/store/builtin.h"
#include "node/store/closing.h"
#include "node/store/figures.h"
#include "node/store/quarantine.h"
#include "node/store/ruling.h"
#include "node/store/verify.h"
#include "proto/message_codec.h"
#include "sync/date.h"
#include "sync/feed.h"

static struct fixture f;
static struct fixture_node *a, *b; /* offices of one region */
static struct forge g;             /* what the machine of a writes */

static const struct office_info *info_of(const struct fixture_node *n)
{
	return catalog_office(n->store->catalog, n->store->info.number);
}

static void start(void)
{
	fixture_init(&f);
	a = fixture_office(&f, "Mary", 1, "TM-M");
	b = fixture_office(&f, "Murgap", 2, "TM-M");
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	forge_begin(&g, a, info_of(a)->scope_region);
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(revoke, .init = start, .fini = stop);

static void on_problem(void *ctx, const char *text)
{
	(void)snprintf(ctx, 320, "%s", text);
}

static void assert_clean(struct fixture_node *n)
{
	char text[320] = "";
	struct verify_options options = { .ctx = text, .on_problem = on_problem };
	struct verify *v = NULL;

	cr_assert_eq(verify_run(n->store, &options, &v), RC_OK);
	cr_assert_eq(verify_result(v)->problems, 0u, "%s", text);
	verify_free(v);
}

static void assert_same(struct fixture_node *n)
{
	uint16_t scopes[2] = { 0, info_of(b)->scope_region };
	uint8_t x[HASH_LEN], y[HASH_LEN];
	uint32_t i;

	for (i = 0; i < 2; i++) {
		fixture_digest(&f.centre, scopes[i], x);
		fixture_digest(n, scopes[i], y);
		cr_assert_arr_eq(x, y, HASH_LEN, "scope %u", scopes[i]);
	}
	cr_assert_eq(forge_quarantined(n), forge_quarantined(&f.centre));
	assert_clean(&f.centre);
	assert_clean(n);
}

static enum rc close_office(struct fixture_node *at, enum closing_type type, uint16_t number,
			    int32_t on, bool is_dry, struct closing_report *out)
{
	struct closing_request r = { .type = type,
				     .number = number,
				     .on = on,
				     .author = bytes_of("Orazow"),
				     .reason = bytes_of("stolen on the road"),
				     .is_dry = is_dry };
	struct path_problem why;

	return closing_office(at->store, &r, out, &why);
}

static uint64_t revoke(void)
{
	struct closing_report r;
	uint64_t aside = 0;

	cr_assert_eq(close_office(&f.centre, CLOSING_REVOKE, 1, 0, false, &r), RC_OK);
	aside = r.aside;
	closing_report_free(&r);
	return aside;
}

/* An entry of the machine: a person. With parts it waits for the rest. */
static void add_person(uint32_t n, const char *city, bool is_whole)
{
	struct commit_part parts[2] = { { info_of(a)->scope_region, 0 },
					{ info_of(a)->scope_centre, 1 } };
	struct header h = forge_header(&g);
	struct change c = forge_person(&g, forge_id(n), city);

	parts[0].last_seq = h.seq;
	h.parts = parts;
	h.parts_count = is_whole ? 0 : 2;
	forge_add(&g, &h, &c, 1);
}

static const char *city(struct fixture_node *n, uint32_t person)
{
	return fixture_show(n, "person", forge_id(person), "city");
}

static uint32_t count_heard(struct fixture_node *n)
{
	struct figures_heard *list = NULL;
	struct kv_txn *t = NULL;
	uint32_t count = 0;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(figures_list_heard(n->store, t, &n->store->arena, &list, &count), RC_OK);
	store_end(n->store, t);
	return count;
}

Test(revoke, p8_a_retired_office_is_sent_away_and_what_it_said_stays)
{
	struct closing_report r;

	(void)fixture_add(a, 0, "person", "nr=1", "city=Mary", NULL);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(close_office(&f.centre, CLOSING_RETIRE, 1, 0, false, &r), RC_OK);
	cr_assert_eq(r.feeds_count, 1u);
	cr_assert_eq(r.feeds[0].last.seq, 1u);
	cr_assert_eq(r.aside, 0u);
	closing_report_free(&r);
	(void)fixture_add(a, 0, "person", "nr=2", "city=Mary", NULL);
	cr_assert_eq(fixture_sync(&f, a), RC_DENIED);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert(info_of(b)->is_closed == false);
	cr_assert(catalog_office(b->store->catalog, 1)->is_closed);
	cr_assert_eq(fixture_count(b, "person"), 1u);
	cr_assert_eq(fixture_figure(&f.centre, "people"), 1);
	assert_same(b);
}

Test(revoke, p24_a_closed_office_is_not_counted_from_the_stated_date_on)
{
	int32_t today = date_from_days((int32_t)(f.centre.store->world->now_ms() / 86400000));
	struct closing_report r;

	cr_assert_eq(count_heard(&f.centre), 2u);
	cr_assert_eq(close_office(&f.centre, CLOSING_RETIRE, 1,
				  date_from_days(date_to_days(today) + 2), false, &r),
		     RC_OK);
	closing_report_free(&r);
	cr_assert_eq(count_heard(&f.centre), 2u);
	cr_assert_eq(close_office(&f.centre, CLOSING_RETIRE, 2, today, false, &r), RC_OK);
	closing_report_free(&r);
	cr_assert_eq(count_heard(&f.centre), 1u);
}

Test(revoke, what_lies_beyond_the_closing_point_waits_for_the_centre_everywhere)
{
	struct ruling ruling = { { g.feed, 2 }, 0, true };
	struct ruling_request request = { &ruling, 1, bytes_of("Orazow"), bytes_of("true"), false };
	struct path_problem why;
	uint32_t at = 0;

	add_person(1, "confirmed", true);
	add_person(2, "held", false);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(revoke(), 1u);
	(void)fixture_add(b, 0, "person", "nr=9", "city=honest", NULL);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_str_eq(city(&f.centre, 1), "confirmed");
	cr_assert_str_eq(city(b, 1), "confirmed");
	cr_assert_str_eq(city(&f.centre, 2), "?");
	cr_assert_str_eq(city(b, 2), "?");
	cr_assert_eq(fixture_figure(&f.centre, "people"), 2); /* the honest one is in */
	cr_assert_eq(forge_quarantined(b), 1u);
	assert_same(b);
	cr_assert_eq(ruling_write(f.centre.store, &request, &at, &why), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_str_eq(city(b, 2), "held");
	assert_same(b);
}

Test(revoke, the_verdict_does_not_depend_on_when_a_node_hears_of_the_closing)
{
	struct fixture_node *late = fixture_office(&f, "Merw", 3, "TM-M");

	add_person(1, "confirmed", true);
	add_person(2, "held", false);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK); /* before the closing */
	(void)revoke();
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	/* This one gets the closing first, and then what was cut before it. */
	cr_assert_eq(fixture_sync(&f, late), RC_OK);
	cr_assert_str_eq(city(late, 1), "confirmed");
	cr_assert_str_eq(city(late, 2), "?");
	assert_same(b);
	assert_same(late);
}

/* The other order: what was cut after the closing comes before it is known. */
Test(revoke, what_was_cut_after_the_closing_waits_for_it)
{
	uint16_t region = info_of(b)->scope_region;

	add_person(1, "confirmed", true);
	add_person(2, "held", false);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	(void)revoke();
	lag_give_scope(&f, b, region);
	cr_assert_str_eq(city(b, 2), "?");
	cr_assert_eq(forge_quarantined(b), 0u); /* it cannot know */
	lag_give_scope(&f, b, 0);
	cr_assert_str_eq(city(b, 1), "confirmed");
	cr_assert_str_eq(city(b, 2), "?");
	cr_assert_eq(fixture_figure(b, "people"), 1);
	assert_same(b);
}

Test(revoke, what_comes_after_the_closing_is_refused)
{
	add_person(1, "confirmed", true);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	(void)revoke();
	add_person(2, "late", true);
	cr_assert_eq(forge_push(&g, &f.centre), RC_DENIED);
	cr_assert_eq(forge_state(&f.centre, g.feed).head, 1u);
}

Test(revoke, a_closing_is_judged_before_it_is_written)
{
	struct closing_report r;

	add_person(1, "x", true);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	cr_assert_eq(close_office(&f.centre, CLOSING_RETIRE, 77, 0, false, &r), RC_NOTFOUND);
	cr_assert_eq(close_office(&f.centre, CLOSING_RETIRE, 1, 99, false, &r), RC_INVALID);
	cr_assert_eq(close_office(b, CLOSING_RETIRE, 1, 0, false, &r), RC_DENIED);
	cr_assert_eq(close_office(&f.centre, CLOSING_REVOKE, 1, 0, true, &r), RC_OK);
	cr_assert_eq(r.feeds_count, 1u);
	closing_report_free(&r);
	add_person(2, "y", true);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK); /* nothing was written */
	cr_assert_not(catalog_office(f.centre.store->catalog, 1)->is_closed);
	(void)revoke();
	cr_assert_eq(close_office(&f.centre, CLOSING_RETIRE, 1, 0, false, &r), RC_EXISTS);
}

/* A closing that somebody else wrote: as a national entry of the centre's feed
 * under another key, it is refused before anything is kept. */
Test(revoke, a_closing_by_somebody_else_is_refused)
{
	const struct schema_kind *office =
		schema_kind_by_number(&b->store->catalog->schema, BUILTIN_OFFICE);
	struct op op = { schema_field_by_name(office, bytes_of("state"))->number, OP_PUT,
			 bytes_of("revoked") };
	struct change c = { .kind = BUILTIN_OFFICE,
			    .id = catalog_office(b->store->catalog, 2)->id,
			    .life = LIFE_ALIVE,
			    .ops = &op,
			    .ops_count = 1 };
	uint64_t national = store_centre_feed(b->store, 0);
	struct feed_state before = forge_state(b, national), after;
	struct receive_result result;
	struct header h;
	struct run run;

	forge_begin(&g, a, 0);
	g.feed = national; /* as if the centre went on */
	h = forge_header(&g);
	h.seq = before.head + 1;
	h.seen_own = before.head;
	h.commit = before.head + 100;
	forge_add(&g, &h, &c, 1);
	run = forge_run(&g, 1, 1);
	run.first_seq = h.seq;
	run.genesis = bytes_at(NULL, 0);
	cr_assert_eq(forge_give(b, 0, &run, 1, &result), RC_BADSIG);
	/* And in a feed of its own an office has no say in the nation. */
	forge_begin(&g, a, 0);
	h = forge_header(&g);
	forge_add(&g, &h, &c, 1);
	cr_assert_eq(forge_push(&g, &f.centre), RC_DENIED);
	after = forge_state(b, national);
	cr_assert_eq(after.head, before.head);
	cr_assert_not(catalog_office(b->store->catalog, 2)->is_closed);
}

Test(revoke, a_lost_key_is_void_and_the_office_goes_on_with_another)
{
	uint8_t token[TOKEN_LEN], wrong[TOKEN_LEN] = { 1 };
	struct path_problem why;
	struct crypto_key key;

	add_person(1, "old key", true);
	add_person(2, "held", false);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	cr_assert_eq(admit_rekey(f.centre.store, 1, bytes_of("Orazow"), bytes_of("disk broke"),
				 token, &why),
		     RC_OK);
	cr_assert_not(catalog_office(f.centre.store->catalog, 1)->has_key);
	add_person(3, "late", true);
	cr_assert_neq(forge_push(&g, &f.centre), RC_OK);
	cr_assert_eq(crypto_key_make(&key), RC_OK);
	cr_assert_neq(admit_first_contact(f.centre.store, 1, wrong, a->key.public), RC_OK);
	cr_assert_eq(admit_first_contact(f.centre.store, 1, token, key.public), RC_OK);
	crypto_key_drop(&a->key);
	a->key = key;
	memcpy(a->store->info.key, key.public, KEY_LEN);
	forge_begin(&g, a, info_of(a)->scope_region); /* a new incarnation */
	add_person(4, "new key", true);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_str_eq(city(b, 1), "old key");
	cr_assert_str_eq(city(b, 2), "?");
	cr_assert_str_eq(city(b, 4), "new key");
	cr_assert_eq(forge_quarantined(&f.centre), 1u);
	assert_same(b);
}

Test(revoke, an_office_that_is_closed_gets_no_invitation_and_its_token_is_void)
{
	uint8_t token[TOKEN_LEN], other[TOKEN_LEN];
	struct path_problem why;

	cr_assert_eq(admit_again(f.centre.store, 1, bytes_of("x"), token, &why), RC_OK);
	(void)revoke();
	cr_assert_eq(admit_again(f.centre.store, 1, bytes_of("x"), other, &why), RC_EXISTS);
	cr_assert_eq(admit_rekey(f.centre.store, 1, bytes_of("x"), bytes_of("y"), other, &why),
		     RC_EXISTS);
	cr_assert_eq(admit_first_contact(f.centre.store, 1, token, a->key.public), RC_DENIED);
}

/* --- many closings ------------------------------------------------------------------ */

enum { CLOSED_MANY = 2000, CLOSED_AT_ONCE = 100, OFFICES_MORE = 12 };

/* Closing points that nobody has feeds for. */
static void close_many(void)
{
	static uint8_t values[CLOSED_MANY][CLOSED_FEED_LEN];
	struct draft_result result;
	struct commit c;
	uint32_t i, k;

	cr_assert_eq(commit_begin(&c, f.centre.store, bytes_of("t"), bytes_of("")), RC_OK);
	for (i = 0; i < CLOSED_MANY; i += CLOSED_AT_ONCE) {
		struct builtin w = builtin_begin(&c, BUILTIN_OFFICE, &info_of(a)->id);

		for (k = i; k < i + CLOSED_AT_ONCE; k++) {
			struct closed_feed p = { .last = { feed_pack(1, 2, k + 1), 1 } };

			closed_feed_write(&p, values[k]);
			builtin_put(&w, "closed_feeds", bytes_at(values[k], CLOSED_FEED_LEN));
		}
		cr_assert_eq(builtin_write(&w, &result), RC_OK);
	}
	cr_assert_eq(commit_end(&c), RC_OK);
}

/* What the catalog takes at the centre. */
static size_t catalog_bytes(void)
{
	struct kv_txn *t = NULL;

	cr_assert_eq(store_begin(f.centre.store, false, &t), RC_OK);
	cr_assert_eq(f.centre.store->catalog->closed_count, (uint32_t)CLOSED_MANY);
	store_end(f.centre.store, t);
	return f.centre.store->catalog->arena.used;
}

Test(revoke, offices_that_closed_nothing_take_no_room_for_what_others_did)
{
	static char name[OFFICES_MORE][16];
	size_t before = 0;
	uint32_t i;

	close_many();
	before = catalog_bytes();
	for (i = 0; i < OFFICES_MORE; i++) {
		(void)snprintf(name[i], sizeof(name[i]), "Office %u", i);
		(void)fixture_office(&f, name[i], (uint16_t)(10 + i), "TM-M");
	}
	cr_assert_lt(catalog_bytes() - before, OFFICES_MORE * 16384u);
}

/* --- strangers ------------------------------------------------------------------------ */

/* What the centre said to somebody whose key it does not know. */
static struct {
	char text[512];
	bool judged;
} answer;

static void on_send(void *ctx, struct bytes frame)
{
	struct fixture_node *n = ctx;
	size_t mark = arena_mark(&n->store->arena);
	struct message m;

	if (message_decode(frame, &n->store->arena, &m) == RC_OK && m.type == MESSAGE_REFUSE) {
		(void)snprintf(answer.text, sizeof(answer.text), "%.*s", (int)m.text.len,
			       (const char *)m.text.p);
	}
	arena_release(&n->store->arena, mark);
}

static void on_admit(void *ctx, const struct hello *hello)
{
	(void)ctx;
	answer.judged = hello->office == 1;
}

static void on_drop(void *ctx, enum rc rc, const char *text)
{
	(void)ctx;
	(void)rc;
	(void)text;
}

Test(revoke, who_is_not_known_is_not_told_which_office_was_closed)
{
	static uint8_t buffer[LIMIT_FRAME_BYTES_MAX];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));
	struct talk_ops ops = {
		.ctx = &f.centre, .send = on_send, .admit = on_admit, .drop = on_drop
	};
	struct send_signer signer = { NULL, NULL };
	struct message m = { .type = MESSAGE_HELLO,
			     .hello = { .protocol = MESSAGE_PROTOCOL, .office = 1 } };
	struct talk t;

	(void)revoke();
	memcpy(m.hello.system, f.centre.store->info.system, SYSTEM_LEN);
	m.hello.has_token = true;
	message_encode(&m, &g.arena, &w);
	cr_assert_eq(w.rc, RC_OK);
	talk_init(&t, f.centre.store, 0, false, false, NULL, signer, &ops);
	talk_opened(&t);
	talk_frame(&t, bytes_written(&w));
	cr_assert(answer.judged, "its token is looked at");
	talk_admitted(&t, RC_DENIED);
	talk_fini(&t);
	cr_assert_neq(answer.text[0], 0);
	cr_assert_null(strstr(answer.text, "Mary"), "%s", answer.text);
}
