#include "sync/session.h"

#include <assert.h>
#include <string.h>

void session_init(struct session *s, bool is_caller, bool stays, bool knows_peer)
{
	memset(s, 0, sizeof(*s));
	s->is_caller = is_caller;
	s->stays = stays;
	s->knows_peer = knows_peer;
	s->is_writable = true;
}

static struct session_action *act(struct session_actions *out, enum session_action_type type)
{
	struct session_action *a = &out->items[out->count++];

	assert(out->count <= SESSION_ACTIONS_MAX);
	memset(a, 0, sizeof(*a));
	a->type = type;
	return a;
}

static void drop(struct session *s, struct session_actions *out, enum rc rc, enum refusal refusal)
{
	struct session_action *a = act(out, SESSION_DO_DROP);

	a->rc = rc;
	a->refusal = refusal;
	s->state = SESSION_CLOSED;
}

/* What a refusal by the peer means here. */
static enum rc rc_of_refusal(enum refusal refusal)
{
	switch (refusal) {
	case REFUSAL_PROTOCOL:
		return RC_VERSION;
	case REFUSAL_SYSTEM:
		return RC_SYSTEM;
	case REFUSAL_KEY:
	case REFUSAL_TOKEN:
	case REFUSAL_CLOSED:
		return RC_DENIED;
	case REFUSAL_FORK:
		return RC_FORK;
	case REFUSAL_BUSY:
		return RC_BUSY;
	case REFUSAL_INPUT:
		return RC_INVALID;
	case REFUSAL_INTERNAL:
		return RC_IO;
	case REFUSAL_FULL:
		return RC_FULL;
	}
	return RC_INVALID;
}

/* One chunk at a time: SESSION_SENT asks for the next. */
static void try_send(struct session *s, struct session_actions *out)
{
	bool ahead = s->is_caller && s->knows_peer && s->state == SESSION_HELLO;
	bool may = ahead || s->state == SESSION_STREAM;

	if (may && s->has_more && s->is_writable && s->credit > 0 && !s->bye_sent) {
		s->credit--;
		s->in_flight++;
		s->sent_since = true;
		(void)act(out, SESSION_DO_SEND);
	}
}

void session_unsend(struct session *s)
{
	s->credit++;
	s->in_flight -= s->in_flight > 0;
}

/* Asks for what is damaged here. The centre does so from the start: the office
 * knows of it when it has the hello. */
static void try_want(struct session *s, const struct session_event *e, struct session_actions *out)
{
	if (e->wants && !s->wanting && !s->bye_sent && s->state != SESSION_CLOSED) {
		s->wanting = true;
		s->sent_since = true;
		(void)act(out, SESSION_DO_WANT);
	}
}

static const struct session_place *find_place(const struct session_event *e,
					      const struct session_goal *g)
{
	uint32_t i;

	for (i = 0; i < e->places_count; i++) {
		if (e->places[i].scope == g->scope && e->places[i].incarnation == g->incarnation) {
			return &e->places[i];
		}
	}
	return NULL;
}

/* The goals of a manual sync: all that either side had when it began. */
static void set_goals(struct session *s, const struct session_event *e)
{
	uint32_t i, k;

	s->line = e->places_count > 0 ? e->places[0].centre_incarnation : 0;
	for (i = 0; i < e->places_count && i < LIMIT_SCOPES_PER_SESSION_MAX; i++) {
		const struct session_place *p = &e->places[i];
		struct session_goal g = { .scope = p->scope,
					  .incarnation = p->incarnation,
					  .own_head = p->own_head };
		uint32_t at = s->goals_count;

		for (k = 0; k < s->goals_count; k++) {
			if (s->goals[k].scope != g.scope) {
				continue;
			}
			g.centre_head = s->goals[k].centre_head;
			g.centre_incarnation = s->goals[k].centre_incarnation;
			g.was_known = s->goals[k].was_known;
			at = s->goals[k].incarnation == g.incarnation ? k : at;
		}
		if (at < LIMIT_SCOPES_PER_SESSION_MAX) {
			s->goals_count += at == s->goals_count;
			s->goals[at] = g;
		}
	}
}

/* Whether a place has what the centre had. One that has gone on to the centre's
 * next incarnation has. */
static bool has_centre(const struct session_goal *g, const struct session_place *p)
{
	return p->centre_incarnation == g->centre_incarnation ?
		       p->centre_applied >= g->centre_head :
		       g->centre_head == 0 || g->was_known;
}

/* Whether all that the centre had is applied here. */
static bool is_caught_up(const struct session *s, const struct session_event *e)
{
	uint32_t i, k;

	for (i = 0; i < s->goals_count; i++) {
		for (k = 0; k < e->places_count; k++) {
			if (e->places[k].scope == s->goals[i].scope &&
			    !has_centre(&s->goals[i], &e->places[k])) {
				return false;
			}
		}
	}
	return true;
}

static bool is_reached(const struct session *s, const struct session_event *e)
{
	uint32_t i;

	for (i = 0; i < s->goals_count; i++) {
		const struct session_goal *g = &s->goals[i];
		const struct session_place *p = find_place(e, g);

		if (p != NULL && p->own_receipt < g->own_head) {
			return false;
		}
	}
	return is_caught_up(s, e);
}

static void check_done(struct session *s, const struct session_event *e,
		       struct session_actions *out)
{
	if (!s->is_caller || s->state != SESSION_STREAM || s->bye_sent || s->unanswered > 0 ||
	    s->issuing || s->wanting || s->giving || e->awaits) {
		return;
	}
	if (e->owes && is_caught_up(s, e)) {
		s->issuing = true;
		(void)act(out, SESSION_DO_ISSUE);
		return;
	}
	if (e->owes || (s->done && s->ask == 0) || !is_reached(s, e)) {
		return;
	}
	if (!s->done) {
		s->done = true;
		(void)act(out, SESSION_DO_DONE);
	}
	if (s->ask != 0) {
		act(out, SESSION_DO_ASK)->ask = s->ask;
		s->ask = 0;
	}
	if (!s->stays) {
		s->bye_sent = true;
		(void)act(out, SESSION_DO_BYE);
	}
}

static void on_opened(struct session *s, const struct session_event *e, struct session_actions *out)
{
	s->state = SESSION_HELLO;
	if (s->is_caller) {
		set_goals(s, e);
		s->credit = SESSION_FIRST_CREDIT;
	}
	if (!s->is_caller && s->knows_peer) {
		try_want(s, e, out);
	}
	if (s->is_caller || s->knows_peer) {
		s->hello_sent = true;
		s->sent_since = true;
		(void)act(out, SESSION_DO_HELLO);
	}
	if (s->is_caller) {
		try_send(s, out);
	}
}

/* Beyond the most, what a peer offers is lost. */
static void add_credit(struct session *s, uint32_t credit)
{
	uint32_t room = LIMIT_CREDIT_FRAMES_MAX - s->credit;

	s->credit += credit < room ? credit : room;
}

static void on_hello(struct session *s, const struct session_event *e, struct session_actions *out)
{
	const struct hello *h = &e->message->hello;
	uint32_t i, k;

	if (s->state != SESSION_HELLO || s->hello_got) {
		drop(s, out, RC_CORRUPT, REFUSAL_INPUT);
		return;
	}
	s->hello_got = true;
	if (h->protocol != MESSAGE_PROTOCOL) {
		drop(s, out, RC_VERSION, REFUSAL_PROTOCOL);
		return;
	}
	add_credit(s, h->credit);
	if (!s->is_caller) {
		(void)act(out, s->knows_peer ? SESSION_DO_START : SESSION_DO_ADMIT);
		s->state = s->knows_peer ? SESSION_STREAM : SESSION_HELLO;
		try_send(s, out);
		return;
	}
	s->credit -= s->credit > SESSION_FIRST_CREDIT ? SESSION_FIRST_CREDIT : s->credit;
	s->knows_peer = true;
	for (i = 0; i < h->scopes_count; i++) {
		for (k = 0; k < s->goals_count; k++) {
			if (s->goals[k].scope == h->scopes[i].scope &&
			    h->scopes[i].centre_incarnation == h->scopes[0].centre_incarnation) {
				s->goals[k].centre_head = h->scopes[i].centre_seq;
				s->goals[k].centre_incarnation = h->scopes[i].centre_incarnation;
				s->goals[k].was_known = s->line == h->scopes[i].centre_incarnation;
			}
		}
	}
	s->state = SESSION_STREAM;
	(void)act(out, SESSION_DO_START);
	try_want(s, e, out);
	check_done(s, e, out);
	try_send(s, out);
}

static void on_chunk(struct session *s, const struct session_event *e, struct session_actions *out)
{
	if (!s->hello_got || !s->knows_peer ||
	    s->unanswered == SESSION_CREDIT + SESSION_FIRST_CREDIT) {
		drop(s, out, RC_LIMIT, REFUSAL_INPUT);
		return;
	}
	s->unanswered++;
	s->wanting = s->wanting && e->message->chunk.runs_count > 0;
	(void)act(out, SESSION_DO_STORE);
}

static void on_ask(struct session *s, const struct session_event *e, struct session_actions *out)
{
	if (!s->is_caller) {
		if (s->state == SESSION_STREAM) { /* nobody asked a stranger */
			act(out, SESSION_DO_DONE)->ask = e->message->ask;
		}
		return;
	}
	s->ask = e->message->ask;
	set_goals(s, e);
	check_done(s, e, out);
}

/* The centre asks for damaged entries and nothing else, before its hello or later. */
static void on_want(struct session *s, const struct session_event *e, struct session_actions *out)
{
	if (s->is_caller && (e->message->wants_count > 0 || e->message->spans_count == 0)) {
		drop(s, out, RC_CORRUPT, REFUSAL_INPUT);
	} else if (s->state == SESSION_STREAM || (s->is_caller && s->state == SESSION_HELLO)) {
		s->giving = s->giving || e->message->spans_count > 0;
		(void)act(out, SESSION_DO_GIVE);
	}
}

static void on_answer(struct session *s, const struct session_event *e, struct session_actions *out)
{
	uint32_t credit = e->message->credit;

	s->in_flight -= credit < s->in_flight ? credit : s->in_flight;
	add_credit(s, credit);
	if (s->giving && !e->has_gifts && s->in_flight == 0) {
		s->giving = false;
		check_done(s, e, out);
	}
	try_send(s, out);
}

static void on_message(struct session *s, const struct session_event *e,
		       struct session_actions *out)
{
	if (s->sent_since) {
		s->round_trips++;
		s->sent_since = false;
	}
	switch (e->message->type) {
	case MESSAGE_HELLO:
		on_hello(s, e, out);
		break;
	case MESSAGE_CHUNK:
		on_chunk(s, e, out);
		break;
	case MESSAGE_ANSWER:
		on_answer(s, e, out);
		break;
	case MESSAGE_BYE:
		drop(s, out, RC_OK, 0);
		break;
	case MESSAGE_REFUSE:
		drop(s, out, rc_of_refusal(e->message->refusal), 0);
		break;
	case MESSAGE_ASK:
		on_ask(s, e, out);
		break;
	case MESSAGE_WANT:
		on_want(s, e, out);
		break;
	}
}

static void on_stored(struct session *s, const struct session_event *e, struct session_actions *out)
{
	assert(s->unanswered > 0);
	s->unanswered--;
	s->has_more = e->has_more;
	if (s->is_caller && e->places_count > 0 && e->places[0].centre_incarnation != s->line) {
		set_goals(s, e); /* what was confirmed before is so no more */
	}
	if (s->state == SESSION_STREAM) {
		try_want(s, e, out);
	}
	check_done(s, e, out);
	if (!s->bye_sent) {
		s->sent_since = true;
		act(out, SESSION_DO_ANSWER)->credit = 1;
		try_send(s, out);
	}
}

void session_step(struct session *s, const struct session_event *e, struct session_actions *out)
{
	out->count = 0;
	if (s->state == SESSION_CLOSED) {
		return;
	}
	switch (e->type) {
	case SESSION_OPENED:
		s->has_more = e->has_more;
		on_opened(s, e, out);
		break;
	case SESSION_ADMITTED:
		s->knows_peer = s->hello_sent = true;
		s->state = SESSION_STREAM;
		s->has_more = e->has_more;
		(void)act(out, SESSION_DO_HELLO);
		(void)act(out, SESSION_DO_START);
		try_send(s, out);
		break;
	case SESSION_MESSAGE:
		on_message(s, e, out);
		break;
	case SESSION_STORED:
		on_stored(s, e, out);
		break;
	case SESSION_ISSUED:
		s->issuing = false;
		s->has_more = e->has_more;
		set_goals(s, e);
		check_done(s, e, out);
		try_send(s, out);
		break;
	case SESSION_SENT:
	case SESSION_MOVED:
		s->has_more = e->has_more;
		if (e->type == SESSION_MOVED) {
			if (s->state == SESSION_STREAM) {
				try_want(s, e, out);
			}
			check_done(s, e, out);
		}
		try_send(s, out);
		break;
	case SESSION_WRITABLE:
		s->is_writable = true;
		try_send(s, out);
		break;
	case SESSION_FULL:
		s->is_writable = false;
		break;
	case SESSION_LOST:
		s->state = SESSION_CLOSED;
		break;
	}
}
