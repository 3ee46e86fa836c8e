/* Records that move from office to office: what each sees, and that nothing is
 * lost, doubled, or told to whom it does not concern (P23). */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "forge.h"
#include "moving.h"
#include "node/store/builtin.h"
#include "node/store/moves.h"
#include "node/store/notice.h"
#include "node/store/records.h"

static struct fixture f;
static struct fixture_node *mary, *murgap, *lebap, *centre; /* Murgap is of Mary's region */

static void start(void)
{
	fixture_init(&f);
	centre = &f.centre;
	mary = fixture_office(&f, "Mary", 1, "TM-M");
	murgap = fixture_office(&f, "Murgap", 2, "TM-M");
	lebap = fixture_office(&f, "Lebap", 3, "TM-L");
	moving_sync_all(&f);
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(move, .init = start, .fini = stop);

static const char *show(struct fixture_node *n, struct uuid id, const char *field)
{
	return fixture_show(n, "person", id, field);
}

/* A person of Mary, known to the centre. */
static struct uuid add_person(void)
{
	struct uuid id = fixture_add(mary, 0, "person", "nr=7", "city=Mary", "tags+=a", "tags+=b",
				     "visits+=5", "secret=hush", "file=F1", "notes+=one", "room=r1",
				     "memo+=x", "calls+=3", "marks+=q", NULL);

	cr_assert_eq(fixture_set(mary, "person", id, "notes+=two", NULL), RC_OK);
	cr_assert_eq(fixture_set(mary, "person", id, "notes+=another", "visits+=2", "memo+=a",
				 "calls+=1", "marks+=p", NULL),
		     RC_OK);
	cr_assert_eq(fixture_sync(&f, mary), RC_OK);
	return id;
}

/* Asks, and lets all hear of it. */
static struct uuid ask(struct fixture_node *from, struct uuid id, uint16_t to)
{
	struct uuid transfer = moving_ask(from, id, to);

	moving_sync_all(&f);
	return transfer;
}

static void move(struct fixture_node *from, struct fixture_node *to, struct uuid id)
{
	(void)ask(from, id, to->store->info.number);
	cr_assert_eq(moving_accept(to, id), RC_OK);
	moving_sync_all(&f);
}

Test(move, a_record_is_in_the_new_home_as_it_was_in_the_old)
{
	static const struct {
		const char *field, *value;
	} rows[] = { { "nr", "7" },
		     { "city", "Mary" },
		     { "tags", "a|b" },
		     { "visits", "7" },
		     { "secret", "hush" },
		     { "file", "F1" },
		     { "notes", "one|two|another" },
		     { "room", "r1" },
		     { "memo", "x|a" },
		     { "calls", "4" },
		     { "marks", "p|q" } };
	struct uuid id = add_person();
	size_t i;

	move(mary, lebap, id);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_str_eq(show(lebap, id, rows[i].field), rows[i].value, "%s: %s",
				 rows[i].field, show(lebap, id, rows[i].field));
	}
	cr_expect_str_eq(show(centre, id, "notes"), "one|two|another");
	cr_expect_str_eq(show(centre, id, "secret"), "");
	cr_expect_str_eq(show(mary, id, "city"), "");
	cr_expect_str_eq(show(mary, id, "secret"), "");
	cr_expect(moving_life(mary, id).moved);
	cr_expect(moving_life(murgap, id).moved);
	cr_expect(!moving_life(lebap, id).moved);
	cr_expect_eq(moving_home(mary, id), 3);
	cr_expect_eq(moving_home(lebap, id), 3);
	cr_expect_eq(fixture_figure(centre, "people"), 1);
	cr_expect_eq(fixture_figure(mary, "people"), 0);
	cr_expect_eq(fixture_figure(lebap, "people"), 1);
	moving_verify_all(&f);
}

Test(move, what_two_said_stands_as_theirs_in_the_new_home)
{
	struct uuid id = add_person();

	cr_assert_eq(fixture_sync(&f, murgap), RC_OK);
	cr_assert_eq(fixture_set(mary, "person", id, "nr=8", "level=A", NULL), RC_OK);
	cr_assert_eq(fixture_set(murgap, "person", id, "nr=9", "city=Murgap", NULL), RC_OK);
	moving_sync_all(&f);
	cr_assert_eq(fixture_set(centre, "person", id, "level=B", NULL), RC_OK);
	cr_assert_eq(fixture_set(murgap, "person", id, "level=C", NULL), RC_OK);
	moving_sync_all(&f);
	cr_expect_str_eq(moving_siblings(centre, id, "level"), "!B@0 C@2");
	cr_expect_str_eq(moving_siblings(centre, id, "nr"), "!9@2 8@1");
	move(mary, lebap, id);
	cr_expect_str_eq(moving_siblings(lebap, id, "level"), "!B@0 C@2");
	cr_expect_str_eq(moving_siblings(lebap, id, "nr"), "!9@2 8@1");
	cr_expect_str_eq(moving_siblings(lebap, id, "city"), "Murgap@2");
	cr_expect_str_eq(moving_siblings(lebap, id, "secret"), "hush@1");
	cr_expect(moving_life(lebap, id).exists && !moving_life(lebap, id).conflict);
	/* And back: once more as it was. */
	move(lebap, mary, id);
	cr_expect_str_eq(moving_siblings(mary, id, "level"), "!B@0 C@2");
	cr_expect_str_eq(moving_siblings(murgap, id, "nr"), "!9@2 8@1");
	cr_expect_str_eq(show(mary, id, "visits"), "7");
	cr_expect_str_eq(show(mary, id, "notes"), "one|two|another");
	cr_expect_str_eq(show(mary, id, "secret"), "hush");
	cr_expect_str_eq(show(mary, id, "memo"), "x|a");
	cr_expect_str_eq(show(mary, id, "calls"), "4");
	cr_expect(moving_life(lebap, id).moved);
	moving_verify_all(&f);
}

Test(move, what_the_new_home_changed_comes_back_with_it)
{
	struct uuid id = add_person();

	move(mary, lebap, id);
	cr_assert_eq(fixture_set(lebap, "person", id, "nr=", "tags-=a", "tags+=c", "visits-=3",
				 "secret=loud", "notes+=three", "level=D", "memo+=y", "calls-=2",
				 "marks-=q", "room=r4", NULL),
		     RC_OK);
	cr_assert_eq(fixture_set(lebap, "person", id, "level=A", NULL), RC_OK,
		     "the value was an office's and stays one's");
	moving_sync_all(&f);
	move(lebap, mary, id);
	cr_expect_str_eq(moving_siblings(mary, id, "nr"), "-@3");
	cr_expect_str_eq(show(mary, id, "tags"), "b|c");
	cr_expect_str_eq(show(mary, id, "visits"), "4");
	cr_expect_str_eq(show(mary, id, "secret"), "loud");
	cr_expect_str_eq(show(mary, id, "memo"), "x|a|y");
	cr_expect_str_eq(show(mary, id, "calls"), "2");
	cr_expect_str_eq(show(mary, id, "marks"), "p");
	cr_expect_str_eq(show(mary, id, "room"), "r4");
	cr_expect_str_eq(show(mary, id, "notes"), "one|two|another|three");
	cr_expect_str_eq(show(centre, id, "visits"), "4");
	cr_expect_eq(fixture_figure(centre, "people"), 1);
	moving_verify_all(&f);
}

Test(move, a_record_deleted_but_edited_stays_so)
{
	struct uuid id = add_person();

	cr_assert_eq(fixture_sync(&f, murgap), RC_OK);
	cr_assert_eq(fixture_delete(murgap, "person", id), RC_OK);
	cr_assert_eq(fixture_set(mary, "person", id, "city=Merw", NULL), RC_OK);
	moving_sync_all(&f);
	cr_assert(moving_life(mary, id).conflict);
	move(mary, lebap, id);
	cr_assert(moving_life(lebap, id).conflict);
	cr_assert_str_eq(show(lebap, id, "city"), "Merw");
	move(lebap, mary, id);
	cr_assert(moving_life(mary, id).conflict);
	moving_verify_all(&f);
}

Test(move, within_a_region_only_the_offices_own_scopes_change)
{
	struct uuid id = add_person();

	move(mary, murgap, id);
	cr_expect_str_eq(show(murgap, id, "secret"), "hush");
	cr_expect_str_eq(show(murgap, id, "file"), "F1");
	cr_expect_str_eq(show(mary, id, "secret"), "");
	cr_expect_str_eq(show(mary, id, "file"), "");
	cr_expect_str_eq(show(mary, id, "city"), "Mary", "the region's scope is still Mary's, too");
	cr_expect(!moving_life(mary, id).moved);
	cr_expect_eq(moving_home(mary, id), 2);
	cr_expect_eq(fixture_figure(centre, "people"), 1);
	cr_assert_eq(fixture_set(mary, "person", id, "secret=no", NULL), RC_DENIED);
	cr_assert_eq(fixture_set(mary, "person", id, "city=Merw", NULL), RC_OK);
	moving_sync_all(&f);
	cr_expect_str_eq(show(murgap, id, "city"), "Merw");
	moving_verify_all(&f);
}

Test(move, what_the_old_region_wrote_meanwhile_stands_beside)
{
	struct uuid id = add_person();

	moving_sync_all(&f);
	(void)moving_ask(mary, id, 3);
	cr_assert_eq(fixture_sync(&f, mary), RC_OK);
	cr_assert_eq(fixture_sync(&f, lebap), RC_OK);
	cr_assert_eq(moving_accept(lebap, id), RC_OK);
	cr_assert_eq(fixture_sync(&f, lebap), RC_OK);
	cr_assert_eq(moving_home(lebap, id), 3);
	/* Neither Mary nor Murgap has heard of it. */
	cr_assert_eq(fixture_set(lebap, "person", id, "city=Lebap", NULL), RC_OK);
	cr_assert_eq(fixture_set(mary, "person", id, "nr=77", "room=r2", "visits+=10",
				 "notes+=late", NULL),
		     RC_OK);
	cr_assert_eq(fixture_set(murgap, "person", id, "city=Murgap", "tags-=a", "tags+=m", NULL),
		     RC_OK);
	moving_sync_all(&f);
	cr_expect_str_eq(moving_siblings(lebap, id, "nr"), "!77@1 7@1");
	cr_expect_str_eq(show(lebap, id, "tags"), "b|m");
	cr_expect_str_eq(show(lebap, id, "visits"), "17");
	cr_expect_str_eq(show(lebap, id, "notes"), "one|two|another|late");
	cr_expect_not_null(strstr(moving_siblings(lebap, id, "city"), "Murgap@2"));
	cr_expect_not_null(strstr(moving_siblings(lebap, id, "city"), "Lebap@3"));
	cr_expect_str_eq(moving_siblings(lebap, id, "room"), "!r2@1 r1@1");
	cr_expect(moving_life(mary, id).moved);
	/* And it comes back whole, not twice. */
	move(lebap, mary, id);
	cr_expect_str_eq(moving_siblings(mary, id, "nr"), "!77@1 7@1");
	cr_expect_str_eq(show(mary, id, "tags"), "b|m");
	cr_expect_str_eq(show(mary, id, "visits"), "17");
	cr_expect_str_eq(show(mary, id, "notes"), "one|two|another|late");
	moving_verify_all(&f);
}

/* Moves to Lebap; Mary and Murgap do not hear of it. */
static struct uuid move_unheard(void)
{
	struct uuid id = add_person();

	moving_sync_all(&f);
	(void)moving_ask(mary, id, 3);
	cr_assert_eq(fixture_sync(&f, mary), RC_OK);
	cr_assert_eq(fixture_sync(&f, lebap), RC_OK);
	cr_assert_eq(moving_accept(lebap, id), RC_OK);
	cr_assert_eq(fixture_sync(&f, lebap), RC_OK);
	return id;
}

Test(move, a_deletion_of_the_old_region_is_asked_about)
{
	struct uuid id = move_unheard();

	cr_assert_eq(fixture_delete(murgap, "person", id), RC_OK);
	moving_sync_all(&f);
	cr_assert(moving_life(lebap, id).conflict);
	cr_assert(moving_life(centre, id).conflict);
	cr_assert_eq(fixture_figure(centre, "people"), 1);
	moving_verify_all(&f);
}

Test(move, an_edit_of_the_old_region_brings_a_deleted_record_up_again)
{
	struct uuid id = move_unheard();

	cr_assert_eq(fixture_delete(lebap, "person", id), RC_OK);
	cr_assert_eq(fixture_set(mary, "person", id, "room=r3", NULL), RC_OK);
	moving_sync_all(&f);
	cr_assert(moving_life(lebap, id).conflict);
	moving_verify_all(&f);
}

Test(move, what_another_added_to_a_set_stays_in_it)
{
	struct uuid id = move_unheard();

	/* Both took it out without knowing of Lebap, which put it in once more. */
	cr_assert_eq(fixture_set(lebap, "person", id, "tags-=a", NULL), RC_OK);
	cr_assert_eq(fixture_set(lebap, "person", id, "tags+=a", NULL), RC_OK);
	cr_assert_eq(fixture_set(murgap, "person", id, "tags-=a", "tags-=b", NULL), RC_OK);
	moving_sync_all(&f);
	cr_assert_str_eq(show(lebap, id, "tags"), "a");
	moving_verify_all(&f);
}

Test(move, what_the_old_region_replaced_itself_is_not_carried_on)
{
	struct uuid id = move_unheard();

	cr_assert_eq(fixture_set(murgap, "person", id, "nr=1", "tags+=x", NULL), RC_OK);
	cr_assert_eq(fixture_set(murgap, "person", id, "nr=2", "tags-=x", NULL), RC_OK);
	cr_assert_eq(fixture_delete(mary, "person", id), RC_OK);
	cr_assert_eq(fixture_set(mary, "person", id, "visits+=1", NULL), RC_OK);
	moving_sync_all(&f);
	cr_assert_str_eq(moving_siblings(lebap, id, "nr"), "!2@2 7@1");
	cr_assert_str_eq(show(lebap, id, "tags"), "a|b");
	cr_assert_str_eq(show(lebap, id, "visits"), "8");
	cr_assert(!moving_life(lebap, id).conflict, "who deleted it brought it back");
	moving_verify_all(&f);
}

Test(move, a_removal_is_known_for_what_it_is_after_there_and_back)
{
	struct uuid id = move_unheard();

	(void)moving_ask(lebap, id, 1);
	cr_assert_eq(fixture_sync(&f, lebap), RC_OK);
	cr_assert_eq(fixture_sync(&f, mary), RC_OK);
	cr_assert_eq(moving_accept(mary, id), RC_OK);
	cr_assert_eq(fixture_sync(&f, mary), RC_OK);
	cr_assert_eq(moving_home(mary, id), 1);
	cr_assert_eq(fixture_set(murgap, "person", id, "tags-=a", NULL), RC_OK);
	moving_sync_all(&f);
	cr_assert_str_eq(show(mary, id, "tags"), "b");
	moving_verify_all(&f);
}

Test(move, a_removal_takes_nothing_that_a_later_home_added)
{
	struct fixture_node *ahal = fixture_office(&f, "Ahal", 4, "TM-A");
	struct uuid id;

	moving_sync_all(&f);
	id = move_unheard();
	cr_assert_eq(fixture_set(lebap, "person", id, "tags-=a", NULL), RC_OK);
	cr_assert_eq(fixture_set(lebap, "person", id, "tags+=a", NULL), RC_OK);
	(void)moving_ask(lebap, id, 4);
	cr_assert_eq(fixture_sync(&f, lebap), RC_OK);
	cr_assert_eq(fixture_sync(&f, ahal), RC_OK);
	cr_assert_eq(moving_accept(ahal, id), RC_OK);
	cr_assert_eq(fixture_sync(&f, ahal), RC_OK);
	cr_assert_str_eq(show(ahal, id, "tags"), "a|b");
	cr_assert_eq(fixture_set(murgap, "person", id, "tags-=a", "tags-=b", NULL), RC_OK);
	moving_sync_all(&f);
	cr_assert_str_eq(show(ahal, id, "tags"), "a");
	cr_assert_eq(moving_home(murgap, id), 4, "the mark goes into every part");
	moving_verify_all(&f);
}

Test(move, who_had_seen_the_move_is_not_carried_on)
{
	static struct forge g;
	struct uuid id = add_person();
	uint16_t scope = 0;
	struct change change;
	struct header h;

	move(mary, lebap, id);
	scope = catalog_office(centre->store->catalog, 1)->scope_region;
	forge_begin(&g, mary, scope);
	change = forge_person(&g, id, "Nowhere");
	change.ops++; /* not the home */
	change.ops_count--;
	h = forge_header(&g);
	h.seen_centre = forge_state(centre, store_centre_feed(centre->store, scope)).applied;
	forge_add(&g, &h, &change, 1);
	cr_assert_eq(forge_push(&g, centre), RC_OK);
	cr_assert_str_eq(moving_siblings(centre, id, "city"), "Mary@1");
	/* One that had not, from the same pen, is. */
	h = forge_header(&g);
	h.seen_centre = 0;
	forge_add(&g, &h, &change, 1);
	cr_assert_eq(forge_push(&g, centre), RC_OK);
	cr_assert_not_null(strstr(moving_siblings(centre, id, "city"), "Nowhere@1"));
}

static bool is_noticed(struct fixture_node *n, struct uuid id)
{
	struct kv_txn *t = NULL;
	bool stands = false;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	stands = notice_stands(n->store, t, id);
	store_end(n->store, t);
	return stands;
}

Test(move, notices_go_where_the_record_is)
{
	struct uuid id = add_person(), other = fixture_add(lebap, 0, "person", "nr=7", NULL);

	moving_sync_all(&f);
	cr_assert(is_noticed(mary, id) && is_noticed(lebap, other));
	move(mary, murgap, id);
	cr_assert(!is_noticed(mary, id));
	cr_assert(is_noticed(murgap, id) && is_noticed(lebap, other));
	move(murgap, lebap, id);
	cr_assert(!is_noticed(murgap, id));
	moving_verify_all(&f);
}

/* A request as no program makes it. */
struct request {
	const char *why;
	int64_t kind, from, to;
	size_t reason_len;
	const char *outcome; /* put by the office itself */
	uint32_t pieces;
	bool has_twin; /* whether it gets that far */
	enum transfer_state state;
};

static struct uuid write_request(const struct request *q, struct uuid record)
{
	static uint8_t piece[5], text[4000];
	struct draft_result why;
	struct builtin b;
	struct commit c;
	struct uuid id;
	uint32_t i;

	memset(text, 'x', sizeof(text));
	cr_assert_eq(commit_begin(&c, mary->store, bytes_of("m"), bytes_of("")), RC_OK);
	b = builtin_begin(&c, BUILTIN_TRANSFER, NULL);
	builtin_put(&b, "record", bytes_at(record.b, UUID_LEN));
	builtin_put_number(&b, "kind", q->kind);
	builtin_put_number(&b, "from", q->from);
	builtin_put_number(&b, "to", q->to);
	builtin_put(&b, "reason", bytes_at(text, q->reason_len));
	builtin_put(&b, "outcome", bytes_of(q->outcome));
	cr_assert_eq(builtin_write(&b, &why), RC_OK, "%s", why.text);
	id = b.draft.id;
	for (i = 0; i < q->pieces; i++) {
		piece[1] = (uint8_t)i;
		piece[0] = (uint8_t)(i >> 8);
		b = builtin_begin(&c, BUILTIN_TRANSFER, &id);
		builtin_put(&b, "sealed", bytes_at(piece, sizeof(piece)));
		cr_assert_eq(builtin_write(&b, &why), RC_OK, "%s", why.text);
	}
	cr_assert_eq(commit_end(&c), RC_OK);
	return id;
}

Test(move, a_request_that_cannot_be_holds_nobody_up)
{
	int64_t person =
		schema_kind_by_name(&mary->store->catalog->schema, bytes_of("person"))->number;
	const struct request rows[] = {
		{ "from another", person, 3, 2, 0, "", 1, false, TRANSFER_ASKED },
		{ "to itself", person, 1, 1, 0, "", 1, false, TRANSFER_ASKED },
		{ "to nobody", person, 1, 77, 0, "", 1, false, TRANSFER_VOID },
		{ "of no kind", 999, 1, 3, 0, "", 1, false, TRANSFER_VOID },
		{ "of the system's", 1, 1, 3, 0, "", 1, false, TRANSFER_VOID },
		{ "without a box", person, 1, 3, 0, "", 0, false, TRANSFER_VOID },
		{ "too large a box", person, 1, 3, 0, "", 505, false, TRANSFER_VOID },
		{ "of a long reason", person, 1, 3, 4000, "", 1, true, TRANSFER_ASKED },
		{ "with an outcome already", person, 1, 3, 0, "moved", 1, true, TRANSFER_ASKED },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct uuid id = add_person(), transfer = write_request(&rows[i], id);
		struct transfer t;
		struct kv_txn *txn = NULL;
		enum rc rc = RC_OK;

		moving_sync_all(&f);
		cr_assert_eq(store_begin(centre->store, false, &txn), RC_OK);
		rc = transfers_get(centre->store, txn, transfer, &centre->store->arena, &t);
		store_end(centre->store, txn);
		cr_expect_eq(rc, i < 2 ? RC_NOTFOUND : RC_OK, "%s", rows[i].why);
		if (rc != RC_OK) {
			continue;
		}
		cr_expect_eq(t.state, rows[i].state, "%s: %s", rows[i].why,
			     transfers_state_text(t.state));
		cr_expect_eq(t.has_twin, rows[i].has_twin, "%s", rows[i].why);
		if (t.has_twin) {
			/* What is in the box was never a box. */
			cr_expect_eq(moving_accept(lebap, id), RC_DENIED, "%s", rows[i].why);
			cr_expect_eq(moving_decline(lebap, id), RC_OK, "%s", rows[i].why);
			moving_sync_all(&f);
			cr_expect_eq(moving_transfer(centre, transfer).state, TRANSFER_DECLINED);
		}
	}
	moving_verify_all(&f);
}

Test(move, an_office_speaks_for_itself)
{
	static struct forge g;
	struct change change;
	struct header h;

	forge_begin(&g, mary, catalog_office(centre->store->catalog, 1)->scope_region);
	change = forge_person(&g, forge_id(1), "Mary");
	h = forge_header(&g);
	h.is_carried = true;
	h.carried_office = 3;
	forge_add(&g, &h, &change, 1);
	cr_assert_eq(forge_push(&g, centre), RC_CORRUPT);
}

Test(move, until_it_has_come_both_see_it_in_transfer)
{
	struct uuid id = add_person(), transfer = ask(mary, id, 3);
	struct transfer t = moving_transfer(mary, transfer);

	cr_assert_eq(t.state, TRANSFER_ASKED);
	cr_assert(!t.is_twin && t.has_twin);
	t = moving_transfer(lebap, t.twin);
	cr_assert(t.is_twin);
	cr_assert_eq(t.state, TRANSFER_ASKED);
	cr_assert_eq(moving_accept(lebap, id), RC_OK);
	cr_assert_eq(moving_transfer(lebap, t.id).state, TRANSFER_ACCEPTED);
	cr_assert(!moving_life(lebap, id).exists);
	cr_assert_eq(moving_accept(lebap, id), RC_DENIED, "answered twice");
	moving_sync_all(&f);
	cr_assert_eq(moving_transfer(lebap, t.id).state, TRANSFER_MOVED);
	cr_assert_eq(moving_transfer(mary, transfer).state, TRANSFER_MOVED);
	cr_assert_eq(moving_accept(lebap, id), RC_NOTFOUND, "it is over");
}

Test(move, only_what_was_sent_has_to_wait)
{
	struct uuid id = add_person();

	(void)ask(mary, id, 3);
	cr_assert_eq(fixture_set(mary, "person", id, "secret=more", NULL), RC_DENIED);
	cr_assert_eq(fixture_set(mary, "person", id, "city=Merw", "memo+=more", NULL), RC_DENIED);
	cr_assert_eq(fixture_set(mary, "person", id, "city=Merw", "visits+=1", NULL), RC_OK);
	cr_assert_eq(moving_accept(lebap, id), RC_OK);
	moving_sync_all(&f);
	cr_assert_str_eq(show(lebap, id, "city"), "Merw");
	cr_assert_str_eq(show(lebap, id, "visits"), "8");
	cr_assert_str_eq(show(lebap, id, "secret"), "hush");
}

Test(move, a_move_declined_or_withdrawn_leaves_all_as_it_was)
{
	struct uuid id = add_person(), transfer = ask(mary, id, 3);
	struct transfer t;

	cr_assert_eq(moving_decline(lebap, id), RC_OK);
	moving_sync_all(&f);
	t = moving_transfer(mary, transfer);
	cr_assert_eq(t.state, TRANSFER_DECLINED);
	cr_assert_eq(moving_home(mary, id), 1);
	cr_assert_eq(fixture_set(mary, "person", id, "secret=again", NULL), RC_OK);
	transfer = ask(mary, id, 3);
	cr_assert_eq(moving_withdraw(mary, id), RC_OK);
	cr_assert_eq(fixture_set(mary, "person", id, "secret=early", NULL), RC_DENIED,
		     "Lebap may have accepted");
	cr_assert_eq(moving_withdraw(mary, id), RC_DENIED, "twice");
	moving_sync_all(&f);
	cr_assert_eq(moving_transfer(mary, transfer).state, TRANSFER_WITHDRAWN);
	cr_assert_eq(moving_accept(lebap, id), RC_NOTFOUND);
	cr_assert_eq(fixture_set(mary, "person", id, "secret=now", NULL), RC_OK);
	move(mary, lebap, id);
	cr_assert_str_eq(show(lebap, id, "secret"), "now");
	moving_verify_all(&f);
}

Test(move, who_comes_first_decides_between_accepting_and_withdrawing)
{
	struct uuid id = add_person(), transfer = ask(mary, id, 3);

	cr_assert_eq(moving_accept(lebap, id), RC_OK);
	cr_assert_eq(moving_withdraw(mary, id), RC_OK);
	cr_assert_eq(fixture_sync(&f, mary), RC_OK);
	moving_sync_all(&f);
	cr_assert_eq(moving_transfer(mary, transfer).state, TRANSFER_WITHDRAWN);
	cr_assert_eq(moving_home(centre, id), 1);
	cr_assert(!moving_life(lebap, id).exists);
	/* The values that Lebap took do not get in the way of a later move. */
	cr_assert_eq(fixture_set(mary, "person", id, "secret=now", NULL), RC_OK);
	move(mary, lebap, id);
	cr_assert_str_eq(show(lebap, id, "secret"), "now");
	cr_assert_eq(moving_home(centre, id), 3);
	moving_verify_all(&f);
}

Test(move, what_was_deleted_meanwhile_does_not_move)
{
	struct uuid id = add_person(), transfer = ask(mary, id, 3);
	struct transfer t;

	cr_assert_eq(fixture_delete(mary, "person", id), RC_OK);
	cr_assert_eq(moving_accept(lebap, id), RC_OK);
	moving_sync_all(&f);
	t = moving_transfer(mary, transfer);
	cr_assert_eq(t.state, TRANSFER_VOID);
	cr_assert_eq(moving_transfer(lebap, t.twin).state, TRANSFER_VOID);
	cr_assert(moving_life(mary, id).deleted);
	cr_assert(!moving_life(lebap, id).exists);
	moving_verify_all(&f);
}

Test(move, what_cannot_move_is_refused_with_the_reason)
{
	struct uuid id = add_person(), other, decree, gone;
	struct moves_refusal why;

	decree = fixture_add(centre, 0, "decree", "number=1", NULL);
	other = fixture_add(murgap, 0, "person", "nr=9", NULL);
	gone = fixture_add(mary, 0, "person", "nr=10", NULL);
	cr_assert_eq(fixture_delete(mary, "person", gone), RC_OK);
	moving_sync_all(&f);
	cr_expect_eq(moving_try_ask(mary, gone, 3, &why), RC_DENIED);
	cr_expect_str_eq(why.text, "this record was deleted");
	cr_expect_eq(moving_try_ask(mary, other, 3, &why), RC_DENIED);
	cr_expect_str_eq(why.text, "this record's home is Murgap");
	cr_expect_eq(moving_try_ask(mary, id, 1, &why), RC_INVALID);
	cr_expect_eq(moving_try_ask(mary, id, 9, &why), RC_NOTFOUND);
	cr_expect_eq(moving_try_ask(centre, id, 3, &why), RC_DENIED);
	cr_expect_str_eq(why.hint, "let the record's home office ask");
	cr_expect_eq(moving_try_ask(mary, decree, 3, &why), RC_NOTFOUND, "no such person");
	cr_expect_eq(moving_try_ask(mary, id, 3, &why), RC_OK);
	cr_expect_eq(moving_try_ask(mary, id, 2, &why), RC_DENIED);
	cr_expect_str_eq(why.text, "this record is in transfer to Lebap already");
	moving_sync_all(&f);
	cr_assert_eq(moving_accept(lebap, id), RC_OK);
	moving_sync_all(&f);
	cr_expect_eq(moving_try_ask(mary, id, 2, &why), RC_DENIED);
	cr_expect_str_eq(why.text, "this record was moved to Lebap");
	cr_expect_eq(fixture_set(mary, "person", id, "city=x", NULL), RC_DENIED);
	cr_expect_eq(fixture_delete(mary, "person", id), RC_DENIED);
	cr_expect_eq(fixture_set(murgap, "person", id, "city=x", NULL), RC_DENIED);
}

Test(move, a_record_with_very_many_values_moves_whole)
{
	enum { LINES = 600 };
	struct uuid id = add_person();
	char text[32];
	uint32_t i;
	size_t len = 0;

	for (i = 0; i < LINES; i++) {
		(void)snprintf(text, sizeof(text), "notes+=%u", (i * 7919) % LINES);
		cr_assert_eq(fixture_set(mary, "person", id, text, NULL), RC_OK);
	}
	moving_sync_all(&f);
	len = strlen(show(mary, id, "notes"));
	move(mary, lebap, id);
	cr_assert_eq(strlen(show(lebap, id, "notes")), len);
	cr_assert_eq(moving_home(lebap, id), 3);
	cr_assert_eq(strncmp(show(lebap, id, "notes"), "one|two|another|0|119|238|", 26), 0);
	moving_verify_all(&f);
}
