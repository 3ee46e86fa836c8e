#include "sync/session.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* The actions of a step as words, in order. */
static const char *tell(const struct session_actions *actions)
{
	static const char *const names[] = { "hello",  "admit", "start", "store", "send",
					     "answer", "ask",   "give",  "want",  "issue",
					     "done",   "bye",   "drop" };
	static char text[256];
	uint32_t i;
	size_t len = 0;

	text[0] = '\0';
	for (i = 0; i < actions->count; i++) {
		const struct session_action *a = &actions->items[i];

		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i > 0 ? " " : "",
					names[a->type]);
		if (a->type == SESSION_DO_DROP) {
			len += (size_t)snprintf(text + len, sizeof(text) - len, ":%d:%d",
						(int)a->rc, (int)a->refusal);
		}
		if (a->ask != 0) {
			len += (size_t)snprintf(text + len, sizeof(text) - len, ":%u",
						(unsigned)a->ask);
		}
	}
	return text;
}

static const char *drop_text(enum rc rc, int refusal)
{
	static char text[32];

	(void)snprintf(text, sizeof(text), "drop:%d:%d", (int)rc, refusal);
	return text;
}

static const char *feed(struct session *s, const struct session_event *e)
{
	static struct session_actions actions;

	session_step(s, e, &actions);
	return tell(&actions);
}

static const char *hear(struct session *s, const struct message *m)
{
	struct session_event e = { .type = SESSION_MESSAGE, .message = m };

	return feed(s, &e);
}

static const char *tell_of(struct session *s, enum session_event_type type, bool has_more)
{
	struct session_event e = { .type = type, .has_more = has_more };

	return feed(s, &e);
}

static struct message hello(uint32_t credit)
{
	return (struct message){ .type = MESSAGE_HELLO,
				 .hello = { .protocol = MESSAGE_PROTOCOL, .credit = credit } };
}

static const struct message chunk = { .type = MESSAGE_CHUNK };
static const struct message bye = { .type = MESSAGE_BYE };

static struct message answer(uint32_t credit)
{
	return (struct message){ .type = MESSAGE_ANSWER, .credit = credit };
}

/* --- states and messages -------------------------------------------------------- */

enum who { OFFICE, NEW_OFFICE, CENTRE, CENTRE_OF_STRANGER };
static const char *const who_names[] = { "office", "new office", "centre", "stranger's centre" };

/* Up to a state; the office stays, so that it does not end by itself. */
static struct session arrive(enum who who, enum session_state state)
{
	struct session s;
	struct message m = hello(8);

	session_init(&s, who == OFFICE || who == NEW_OFFICE, true, who == OFFICE || who == CENTRE);
	if (state >= SESSION_HELLO) {
		(void)tell_of(&s, SESSION_OPENED, false);
	}
	if (state >= SESSION_STREAM) {
		(void)hear(&s, &m);
		if (who == CENTRE_OF_STRANGER) {
			(void)tell_of(&s, SESSION_ADMITTED, false);
		}
	}
	if (state == SESSION_CLOSED) {
		(void)tell_of(&s, SESSION_LOST, false);
	}
	cr_assert_eq(s.state, state);
	return s;
}

enum { H = SESSION_HELLO, S = SESSION_STREAM, C = SESSION_CLOSED };

Test(session, each_state_knows_what_it_may_hear)
{
	static const struct message other = { .type = MESSAGE_HELLO, .hello = { .protocol = 99 } };
	const struct message hi = hello(8), more = answer(1);
	const struct message ask = { .type = MESSAGE_ASK, .ask = 7 };
	const struct message closed = { .type = MESSAGE_REFUSE, .refusal = REFUSAL_CLOSED };
	const struct {
		enum who who;
		int state;
		const struct message *message;
		const char *actions; /* NULL: dropped for bad input */
		int then;
	} rows[] = {
		{ OFFICE, H, &hi, "start done", S },
		{ OFFICE, H, &chunk, NULL, C },
		{ OFFICE, H, &more, "", H },
		{ OFFICE, H, &ask, "", H },
		{ OFFICE, H, &other, "drop:17:1", C },
		{ OFFICE, H, &closed, "drop:10:0", C },
		{ OFFICE, H, &bye, "drop:0:0", C },
		{ OFFICE, S, &hi, NULL, C },
		{ OFFICE, S, &chunk, "store", S },
		{ OFFICE, S, &more, "", S },
		{ OFFICE, S, &ask, "ask:7", S },
		{ OFFICE, S, &bye, "drop:0:0", C },
		{ OFFICE, S, &closed, "drop:10:0", C },
		{ NEW_OFFICE, H, &hi, "start done", S },
		{ NEW_OFFICE, H, &chunk, NULL, C },
		{ NEW_OFFICE, S, &chunk, "store", S },
		{ CENTRE, H, &hi, "start", S },
		{ CENTRE, H, &chunk, NULL, C },
		{ CENTRE, H, &ask, "", H },
		{ CENTRE, H, &other, "drop:17:1", C },
		{ CENTRE, S, &hi, NULL, C },
		{ CENTRE, S, &chunk, "store", S },
		{ CENTRE, S, &ask, "done:7", S },
		{ CENTRE, S, &bye, "drop:0:0", C },
		{ CENTRE_OF_STRANGER, H, &hi, "admit", H },
		{ CENTRE_OF_STRANGER, H, &chunk, NULL, C },
		{ CENTRE_OF_STRANGER, H, &more, "", H },
		{ CENTRE_OF_STRANGER, H, &ask, "", H },
		{ CENTRE_OF_STRANGER, H, &bye, "drop:0:0", C },
		{ CENTRE_OF_STRANGER, S, &chunk, "store", S },
		{ CENTRE_OF_STRANGER, S, &hi, NULL, C },
		{ OFFICE, C, &hi, "", C },
		{ OFFICE, C, &chunk, "", C },
		{ CENTRE, C, &bye, "", C },
	};
	size_t i;

	cr_assert_eq((int)RC_VERSION, 17);
	cr_assert_eq((int)RC_DENIED, 10);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct session s = arrive(rows[i].who, (enum session_state)rows[i].state);
		const char *told = hear(&s, rows[i].message);

		if (rows[i].actions == NULL) {
			cr_expect_not_null(strstr(told, "drop:"), "row %zu: %s", i, told);
			cr_expect_str_eq(strrchr(told, ':'), ":7", "row %zu: %s", i, told);
		} else {
			cr_expect_str_eq(told, rows[i].actions, "row %zu, %s: %s", i,
					 who_names[rows[i].who], told);
		}
		cr_expect_eq((int)s.state, rows[i].then, "row %zu", i);
	}
}

Test(session, a_second_hello_while_the_token_is_judged_ends_it)
{
	struct session s = arrive(CENTRE_OF_STRANGER, SESSION_HELLO);
	struct message m = hello(8);

	cr_assert_str_eq(hear(&s, &m), "admit");
	cr_assert_str_eq(hear(&s, &m), drop_text(RC_CORRUPT, REFUSAL_INPUT));
	cr_assert_str_eq(tell_of(&s, SESSION_ADMITTED, true), "", "too late");
}

Test(session, who_sends_ahead_and_is_not_known_hears_that)
{
	struct session s = arrive(CENTRE_OF_STRANGER, SESSION_HELLO);
	struct message m = hello(8);

	cr_assert_str_eq(hear(&s, &m), "admit");
	cr_assert_str_eq(hear(&s, &chunk), drop_text(RC_DENIED, REFUSAL_TOKEN));
	cr_assert_str_eq(tell_of(&s, SESSION_ADMITTED, true), "", "too late");
}

Test(session, the_centre_says_nothing_to_a_stranger)
{
	struct session s;
	struct message m = hello(8), more = answer(16);

	session_init(&s, false, true, false);
	cr_assert_str_eq(tell_of(&s, SESSION_OPENED, true), "");
	cr_assert_str_eq(hear(&s, &more), "");
	cr_assert_str_eq(hear(&s, &m), "admit");
	cr_assert_str_eq(tell_of(&s, SESSION_SENT, true), "");
	cr_assert_str_eq(tell_of(&s, SESSION_MOVED, true), "");
	cr_assert_str_eq(tell_of(&s, SESSION_WRITABLE, true), "");
	cr_assert_str_eq(tell_of(&s, SESSION_ADMITTED, true), "hello start send");
}

Test(session, every_refusal_means_something)
{
	static const struct {
		enum refusal refusal;
		enum rc rc;
	} rows[] = { { REFUSAL_PROTOCOL, RC_VERSION }, { REFUSAL_SYSTEM, RC_SYSTEM },
		     { REFUSAL_KEY, RC_DENIED },       { REFUSAL_TOKEN, RC_DENIED },
		     { REFUSAL_FORK, RC_FORK },        { REFUSAL_BUSY, RC_BUSY },
		     { REFUSAL_INPUT, RC_INVALID },    { REFUSAL_CLOSED, RC_DENIED },
		     { REFUSAL_INTERNAL, RC_IO },      { REFUSAL_FULL, RC_FULL } };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct session s = arrive(OFFICE, SESSION_STREAM);
		struct message m = { .type = MESSAGE_REFUSE, .refusal = rows[i].refusal };

		cr_expect_str_eq(hear(&s, &m), drop_text(rows[i].rc, 0));
		cr_expect_eq(s.state, SESSION_CLOSED);
	}
}

/* --- credit --------------------------------------------------------------------- */

Test(session, a_flood_beyond_the_credit_ends_it)
{
	struct session s = arrive(CENTRE, SESSION_STREAM);
	uint32_t i;

	for (i = 0; i < SESSION_CREDIT + SESSION_FIRST_CREDIT; i++) {
		cr_assert_str_eq(hear(&s, &chunk), "store");
	}
	cr_assert_str_eq(hear(&s, &chunk), drop_text(RC_LIMIT, REFUSAL_INPUT));
}

Test(session, what_was_answered_makes_room_for_as_much)
{
	struct session s = arrive(CENTRE, SESSION_STREAM);
	uint32_t i;

	for (i = 0; i < 100; i++) {
		cr_assert_str_eq(hear(&s, &chunk), "store");
		if (i >= SESSION_CREDIT) {
			cr_assert_str_eq(tell_of(&s, SESSION_STORED, false), "answer");
		}
	}
	cr_assert_eq(s.unanswered, (uint32_t)SESSION_CREDIT);
}

/* How many chunks go out until the credit is used up. */
static uint32_t count_sent(struct session *s)
{
	uint32_t n = 0;

	while (strcmp(tell_of(s, n == 0 ? SESSION_MOVED : SESSION_SENT, true), "send") == 0) {
		n++;
		cr_assert_lt(n, 100u);
	}
	return n;
}

Test(session, credit_is_what_was_offered_and_never_beyond_the_most)
{
	static const struct {
		uint32_t hello, answer[3];
		uint32_t sent;
	} rows[] = { { 0, { 0, 0, 0 }, 0 },
		     { 1, { 0, 0, 0 }, 1 },
		     { 8, { 0, 0, 0 }, 8 },
		     { 8, { 1, 1, 1 }, 11 },
		     { UINT32_MAX, { 0, 0, 0 }, LIMIT_CREDIT_FRAMES_MAX },
		     { 8, { UINT32_MAX, 0, 0 }, LIMIT_CREDIT_FRAMES_MAX },
		     { 8, { UINT32_MAX, UINT32_MAX, 1 }, LIMIT_CREDIT_FRAMES_MAX },
		     { 2, { UINT32_MAX - 1, 0, 0 }, LIMIT_CREDIT_FRAMES_MAX } };
	size_t i, k;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct session s = arrive(CENTRE, SESSION_HELLO);
		struct message m = hello(rows[i].hello);

		(void)hear(&s, &m);
		for (k = 0; k < 3; k++) {
			m = answer(rows[i].answer[k]);
			cr_assert_str_eq(hear(&s, &m), "");
		}
		cr_expect_eq(count_sent(&s), rows[i].sent, "row %zu", i);
		m = answer(1);
		cr_expect_str_eq(hear(&s, &m), "send", "row %zu", i);
	}
}

Test(session, what_was_sent_ahead_counts_against_the_credit)
{
	struct session s, quiet = arrive(OFFICE, SESSION_HELLO);
	struct message m = hello(3);

	session_init(&s, true, true, true);
	cr_assert_str_eq(tell_of(&s, SESSION_OPENED, true), "hello send");
	cr_assert_str_eq(tell_of(&s, SESSION_SENT, true), "", "one and no more");
	cr_assert_str_eq(hear(&s, &m), "start done send");
	cr_assert_eq(1 + count_sent(&s), 2u, "three, one of them ahead");
	(void)hear(&quiet, &m);
	cr_assert_eq(count_sent(&quiet), 3u);
}

Test(session, nothing_is_sent_ahead_at_a_first_contact)
{
	struct session s;
	struct message m = hello(8);

	session_init(&s, true, false, false);
	cr_assert_str_eq(tell_of(&s, SESSION_OPENED, true), "hello");
	cr_assert_str_eq(hear(&s, &m), "start done bye", "no goals: all is reached");
}

Test(session, a_full_queue_holds_chunks_back_and_nothing_else)
{
	struct session s = arrive(CENTRE, SESSION_STREAM);

	cr_assert_str_eq(tell_of(&s, SESSION_FULL, false), "");
	cr_assert_str_eq(tell_of(&s, SESSION_MOVED, true), "");
	cr_assert_str_eq(hear(&s, &chunk), "store");
	cr_assert_str_eq(tell_of(&s, SESSION_STORED, true), "answer");
	cr_assert_str_eq(tell_of(&s, SESSION_WRITABLE, false), "send");
}

Test(session, what_is_lost_stays_silent)
{
	struct session s = arrive(CENTRE, SESSION_STREAM);

	cr_assert_str_eq(hear(&s, &chunk), "store");
	cr_assert_str_eq(tell_of(&s, SESSION_LOST, false), "");
	cr_assert_str_eq(tell_of(&s, SESSION_STORED, true), "", "its answer comes too late");
	cr_assert_str_eq(tell_of(&s, SESSION_WRITABLE, true), "");
}

/* --- goals ---------------------------------------------------------------------- */

static const char *stand(struct session *s, enum session_event_type type,
			 const struct session_place *places, uint32_t count)
{
	struct session_event e = { .type = type, .places = places, .places_count = count };

	return feed(s, &e);
}

/* A caller with own entries up to 5 in scope 3, whose centre is at 9. */
static struct session begin_sync(struct session_place *p, bool stays)
{
	static const struct scope_head head = { .scope = 3, .centre_seq = 9 };
	struct message m = hello(8);
	struct session_event e = {
		.type = SESSION_MESSAGE, .message = &m, .places = p, .places_count = 1
	};
	struct session s;

	*p = (struct session_place){
		.scope = 3, .own_head = 5, .own_receipt = 2, .centre_applied = 4
	};
	session_init(&s, true, stays, true);
	(void)stand(&s, SESSION_OPENED, p, 1);
	m.hello.scopes = &head;
	m.hello.scopes_count = 1;
	cr_assert_str_eq(feed(&s, &e), "start");
	return s;
}

Test(session, a_sync_is_done_by_receipts_and_the_centres_head_alone)
{
	static const struct {
		uint64_t own_head, own_receipt, centre_applied;
		bool done;
		const char *why;
	} rows[] = { { 5, 2, 4, false, "nothing came" },
		     { 5, 5, 8, false, "the centre has more" },
		     { 5, 4, 9, false, "the last entry has no receipt" },
		     { 9, 4, 9, false, "what is written later is no receipt" },
		     { 9, 5, 9, true, "what is written later is no goal" },
		     { 5, 6, 12, true, "more than asked for" } };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct session_place p;
		struct session s = begin_sync(&p, false);

		p.own_head = rows[i].own_head;
		p.own_receipt = rows[i].own_receipt;
		p.centre_applied = rows[i].centre_applied;
		cr_expect_str_eq(stand(&s, SESSION_MOVED, &p, 1), rows[i].done ? "done bye" : "",
				 "%s", rows[i].why);
	}
}

Test(session, it_is_not_done_while_a_chunk_is_not_durable)
{
	struct session_place p;
	struct session s = begin_sync(&p, false);

	cr_assert_str_eq(hear(&s, &chunk), "store");
	cr_assert_str_eq(hear(&s, &chunk), "store");
	p.own_receipt = 5;
	p.centre_applied = 9;
	cr_assert_str_eq(stand(&s, SESSION_STORED, &p, 1), "answer");
	cr_assert_str_eq(stand(&s, SESSION_STORED, &p, 1), "done bye");
}

Test(session, who_stays_is_done_once_and_goes_on)
{
	struct session_place p;
	struct session s = begin_sync(&p, true);

	p.own_receipt = 5;
	p.centre_applied = 9;
	cr_assert_str_eq(stand(&s, SESSION_MOVED, &p, 1), "done");
	cr_assert_str_eq(stand(&s, SESSION_MOVED, &p, 1), "");
	cr_assert_eq(s.state, SESSION_STREAM);
}

Test(session, an_ask_is_answered_when_what_was_there_then_is_confirmed)
{
	static const struct message ask = { .type = MESSAGE_ASK, .ask = 7 };
	struct session_place p;
	struct session s = begin_sync(&p, true);
	struct session_event e = {
		.type = SESSION_MESSAGE, .message = &ask, .places = &p, .places_count = 1
	};

	p.own_receipt = 5;
	p.centre_applied = 9;
	(void)stand(&s, SESSION_MOVED, &p, 1);
	p.own_head = 8;
	cr_assert_str_eq(feed(&s, &e), "");
	p.own_head = 20; /* written after it was asked */
	p.own_receipt = 7;
	cr_assert_str_eq(stand(&s, SESSION_MOVED, &p, 1), "");
	p.own_receipt = 8;
	cr_assert_str_eq(stand(&s, SESSION_MOVED, &p, 1), "ask:7");
	cr_assert_str_eq(stand(&s, SESSION_MOVED, &p, 1), "", "once");
}

/* What has to be issued again waits for all of the centre, and for nothing
 * else; what is there then is the goal. */
Test(session, D19_what_is_owed_is_issued_before_a_sync_is_done)
{
	struct session_place p;
	struct session s = begin_sync(&p, false);
	struct session_event moved = {
		.type = SESSION_MOVED, .places = &p, .places_count = 1, .owes = true
	};
	struct session_event issued = { .type = SESSION_ISSUED, .places = &p, .places_count = 1 };

	p.own_receipt = 5;
	p.centre_applied = 8;
	cr_assert_str_eq(feed(&s, &moved), "", "the centre has more");
	p.own_receipt = 2;
	p.centre_applied = 9;
	cr_assert_str_eq(feed(&s, &moved), "issue");
	cr_assert_str_eq(feed(&s, &moved), "", "once");
	p.incarnation = 77; /* a fresh one */
	p.own_head = 3;
	p.own_receipt = 0;
	cr_assert_str_eq(feed(&s, &issued), "");
	p.own_receipt = 2;
	cr_assert_str_eq(stand(&s, SESSION_MOVED, &p, 1), "");
	p.own_receipt = 3;
	cr_assert_str_eq(stand(&s, SESSION_MOVED, &p, 1), "done bye");
}

/* A feed that took entries back must not hide that another one waits. */
Test(session, each_incarnation_has_a_goal_of_its_own)
{
	struct session_place p[2];
	struct session s = begin_sync(&p[0], true);
	static const struct message ask = { .type = MESSAGE_ASK, .ask = 7 };
	struct session_event e = {
		.type = SESSION_MESSAGE, .message = &ask, .places = p, .places_count = 2
	};

	p[1] = (struct session_place){
		.scope = 3, .incarnation = 9, .own_head = 1, .centre_applied = 9
	};
	p[0].own_receipt = 5;
	p[0].centre_applied = 9;
	cr_assert_str_eq(feed(&s, &e), "");
	p[0].own_head = p[0].own_receipt = 50;
	cr_assert_str_eq(stand(&s, SESSION_MOVED, p, 2), "");
	p[1].own_receipt = 1;
	cr_assert_str_eq(stand(&s, SESSION_MOVED, p, 2), "done ask:7");
}

Test(session, the_office_wants_and_the_centre_gives)
{
	static const struct message want = { .type = MESSAGE_WANT };
	struct session_place p;
	struct session office = begin_sync(&p, true), centre;
	struct message m = hello(8);

	cr_assert_str_eq(hear(&office, &want), drop_text(RC_CORRUPT, REFUSAL_INPUT));
	session_init(&centre, false, true, true);
	(void)stand(&centre, SESSION_OPENED, NULL, 0);
	cr_assert_str_eq(hear(&centre, &want), "", "before its hello");
	cr_assert_str_eq(hear(&centre, &m), "start");
	cr_assert_str_eq(hear(&centre, &want), "give");
}

/* Random events never upset it: counters stay in their bounds, nothing is said
 * after the end, and the same events give the same actions. */
Test(session, any_order_of_events_keeps_the_bounds)
{
	struct message messages[] = { hello(8),
				      chunk,
				      answer(3),
				      bye,
				      { .type = MESSAGE_REFUSE, .refusal = REFUSAL_BUSY },
				      { .type = MESSAGE_ASK, .ask = 9 },
				      { .type = MESSAGE_WANT } };
	struct session_place p = { .scope = 3, .own_head = 2, .own_receipt = 1 };
	uint64_t chance = 4711;
	uint32_t round, i;

	for (round = 0; round < 3000; round++) {
		struct session s, twin;

		session_init(&s, round & 1, round & 2, round & 4);
		session_init(&twin, round & 1, round & 2, round & 4);
		(void)stand(&s, SESSION_OPENED, &p, 1);
		(void)stand(&twin, SESSION_OPENED, &p, 1);
		for (i = 0; i < 60; i++) {
			struct session_event e = { .places = &p, .places_count = 1 };
			bool was_closed = s.state == SESSION_CLOSED;
			uint32_t n;
			char said[256];

			chance = chance * UINT64_C(6364136223846793005) + 1442695040888963407;
			n = (uint32_t)(chance >> 33);
			e.type = n % 3 == 0 ?
					 (enum session_event_type)(SESSION_STORED + (n >> 8) % 6) :
					 SESSION_MESSAGE;
			e.message = &messages[(n >> 4) % 40 < 2 ? 3 + (n >> 4) % 2 :
					      (n >> 4) % 40 < 5 ? 0 :
					      (n >> 4) % 40 < 8 ? 5 :
					      (n >> 4) % 40 < 9 ? 6 :
								  1 + (n >> 4) % 2];
			e.has_more = n >> 12 & 1;
			e.owes = n >> 13 & 1;
			if (e.type == SESSION_STORED && s.unanswered == 0) {
				continue; /* the caller has nothing stored */
			}
			(void)snprintf(said, sizeof(said), "%s", feed(&s, &e));
			cr_assert_str_eq(said, feed(&twin, &e));
			cr_assert(!was_closed || said[0] == '\0');
			cr_assert_leq(s.credit, (uint32_t)LIMIT_CREDIT_FRAMES_MAX);
			cr_assert_leq(s.unanswered,
				      (uint32_t)(SESSION_CREDIT + SESSION_FIRST_CREDIT));
		}
	}
}

/* --- what is damaged ------------------------------------------------------------- */

Test(session, an_office_asks_for_what_is_damaged_before_it_is_done)
{
	static const struct message end = { .type = MESSAGE_CHUNK };
	struct session_place p;
	struct session s = begin_sync(&p, false);
	struct session_event moved = {
		.type = SESSION_MOVED, .places = &p, .places_count = 1, .wants = true
	};

	p.own_receipt = 5;
	p.centre_applied = 9;
	cr_assert_str_eq(feed(&s, &moved), "want");
	cr_assert_str_eq(feed(&s, &moved), "", "asked once");
	cr_assert_str_eq(hear(&s, &end), "store");
	cr_assert_str_eq(stand(&s, SESSION_STORED, &p, 1), "done bye");
}

Test(session, an_office_gives_what_its_centre_wants_before_it_leaves)
{
	static const struct span span = { 1, 1, 1 };
	struct message want = { .type = MESSAGE_WANT, .spans = &span, .spans_count = 1 };
	struct message answer = { .type = MESSAGE_ANSWER, .credit = 1 };
	struct session_place p;
	struct session s = begin_sync(&p, false);
	struct session_event sent = { .type = SESSION_SENT, .has_more = true };
	struct session_event answered = {
		.type = SESSION_MESSAGE, .message = &answer, .places = &p, .places_count = 1
	};

	p.own_receipt = 5;
	p.centre_applied = 9;
	cr_assert_str_eq(hear(&s, &want), "give");
	cr_assert_str_eq(stand(&s, SESSION_MOVED, &p, 1), "", "not yet");
	cr_assert_str_eq(feed(&s, &sent), "send");
	sent.has_more = false;
	cr_assert_str_eq(feed(&s, &sent), "");
	cr_assert_str_eq(feed(&s, &answered), "done bye");
}
