#include "node/net/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/clock.h"
#include "node/base/log.h"
#include "node/net/hub_priv.h"

enum { STRANGER_MS = 20000 }; /* for a peer to show a key or token that is known */

static void sign(void *ctx, struct bytes text, uint8_t seal[SIG_LEN])
{
	crypto_key_sign(ctx, text, seal);
}

static struct link *make_link(struct hub *h)
{
	struct link *l = calloc(1, sizeof(*l));

	if (l != NULL) {
		l->hub = h;
		l->next = h->links;
		if (h->links != NULL) {
			h->links->before = l;
		}
		h->links = l;
	}
	return l;
}

static void free_link(struct link *l)
{
	if (l->next != NULL) {
		l->next->before = l->before;
	}
	if (l->before != NULL) {
		l->before->next = l->next;
	} else {
		l->hub->links = l->next;
	}
	talk_fini(&l->talk);
	free(l);
}

/* Frees the link once nothing refers to it any more. */
static void let_go(struct link *l)
{
	if (l->is_over && l->conn == NULL && l->jobs == 0) {
		free_link(l);
	}
}

static void end_link(struct link *l, enum rc rc, const char *text)
{
	if (!l->is_over) {
		l->is_over = true;
		l->talk.session.state = SESSION_CLOSED;
		l->handlers.on_gone(l->handlers.ctx, l, l->rc != RC_OK ? l->rc : rc,
				    l->text[0] != '\0' ? l->text : text);
	}
	let_go(l);
}

/* --- what the conversation wants ------------------------------------------ */

static void on_send(void *ctx, struct bytes frame)
{
	struct link *l = ctx;
	enum rc rc = RC_OK;

	if (l->conn == NULL) {
		return;
	}
	rc = conn_send(l->conn, frame);
	if (rc != RC_OK) {
		conn_drop(l->conn, rc, "the queue to the peer is full");
	} else if (conn_queued(l->conn) > LIMIT_FRAME_BYTES_MAX) {
		talk_full(&l->talk);
	}
}

static void on_job_done(struct writer_job *job)
{
	struct link *l = job->ctx;
	struct hub *h = l->hub;

	l->jobs--;
	if (job->rc == RC_UNKNOWN) {
		h->handlers.on_broken(h->handlers.ctx);
	}
	if (!l->is_over && job->type == WRITER_CHUNK) {
		/* After the first failure the chunks behind it fail, too. */
		if (job->rc != RC_OK && l->talk.session.state != SESSION_CLOSED) {
			log_warn("peer=%u feed=%016llx: %s", l->talk.peer,
				 (unsigned long long)job->result.feed, rc_text(job->rc));
		}
		if (job->result.forked != 0) {
			log_warn(
				"office=%u: incarnation %08lx goes on elsewhere than here: what it "
				"sent of it is passed over, and comes again in a new one",
				l->talk.peer, (unsigned long)job->result.forked);
		}
		if (job->result.proven != 0) {
			log_warn("office=%u: incarnation %08lx is written in two branches by "
				 "somebody who was told: it is closed; see `kerwen office show %u`",
				 l->talk.peer, (unsigned long)job->result.proven, l->talk.peer);
		}
		talk_stored(&l->talk, job->rc, &job->result);
	} else if (!l->is_over && job->type == WRITER_ADMIT) {
		if (job->rc == RC_OK && l->conn != NULL) {
			conn_vouch(l->conn);
		}
		talk_admitted(&l->talk, job->rc);
	} else if (!l->is_over && job->type == WRITER_ISSUE) {
		talk_issued(&l->talk, job->rc);
	}
	h->moved = h->moved || (job->rc == RC_OK && job->type != WRITER_PEER);
	writer_job_free(job);
	let_go(l);
}

static void put_job(struct link *l, struct writer_job *job)
{
	if (job == NULL) {
		link_drop(l, RC_NOMEM, "out of memory");
		return;
	}
	job->peer = l->talk.peer;
	job->ctx = l;
	job->done = on_job_done;
	l->jobs++;
	writer_put(l->hub->writer, job);
}

static void on_store(void *ctx, struct bytes frame)
{
	struct writer_job *job = writer_job_new(WRITER_CHUNK);
	uint8_t *copy = malloc(frame.len);

	if (job == NULL || copy == NULL) {
		free(copy);
		writer_job_free(job);
		job = NULL;
	} else {
		memcpy(copy, frame.p, frame.len);
		job->frame = bytes_at(copy, frame.len);
		job->down = ((struct link *)ctx)->talk.down;
	}
	put_job(ctx, job);
}

static void on_leave(void *ctx, const uint32_t *torn, uint32_t count)
{
	struct writer_job *job = writer_job_new(WRITER_LEAVE);
	uint32_t i;

	for (i = 0; job != NULL && i < count && i < RECEIVE_DOWN_MAX; i++) {
		job->down.items[job->down.count++] = torn[i];
	}
	put_job(ctx, job);
}

static void on_issue(void *ctx, const struct confirm *asked)
{
	struct writer_job *job = writer_job_new(WRITER_ISSUE);

	if (job != NULL) {
		job->asked = *asked;
	}
	put_job(ctx, job);
}

static void on_admit(void *ctx, const struct hello *hello)
{
	struct link *l = ctx;
	struct writer_job *job = writer_job_new(WRITER_ADMIT);

	if (job != NULL) {
		memcpy(job->key, l->peer_key, KEY_LEN);
		memcpy(job->token, hello->token, TOKEN_LEN);
	}
	put_job(l, job);
}

/* Notes when the peer was heard, and at the centre through when. */
static void note_contact(struct link *l)
{
	struct writer_job *job = NULL;

	if (l->hub->closing || !l->talk.session.knows_peer) {
		return;
	}
	job = writer_job_new(WRITER_PEER);
	l->noted_ms = (int64_t)clock_now_ms();
	if (job != NULL) {
		job->contact_ms = l->noted_ms;
		job->incarnation = l->talk.peer_incarnation;
		job->heard_ms = talk_is_heard(&l->talk) ? l->heard_ms : 0;
	}
	put_job(l, job);
}

static void on_done(void *ctx, uint64_t ask)
{
	struct link *l = ctx;

	if (l->hub->store->info.is_centre && (ask == 0 || ask != l->ask)) {
		return; /* nobody asked */
	}
	l->ask = 0;

	if (!l->hub->store->info.is_centre) {
		note_contact(l);
	}
	l->handlers.on_done(l->handlers.ctx, l, ask);
}

static void on_drop(void *ctx, enum rc rc, const char *text)
{
	struct link *l = ctx;

	l->rc = rc;
	(void)snprintf(l->text, sizeof(l->text), "%s", text);
	if (l->conn != NULL) {
		conn_finish(l->conn, rc, "ended");
	}
}

static void start_talk(struct link *l, uint16_t peer, bool knows_peer, bool stays,
		       const uint8_t *token)
{
	struct talk_ops ops = { .ctx = l,
				.send = on_send,
				.store = on_store,
				.admit = on_admit,
				.leave = on_leave,
				.issue = on_issue,
				.done = on_done,
				.drop = on_drop };
	/* The key is only read. */
	struct send_signer signer = { (void *)(uintptr_t)l->hub->key, sign };

	talk_init(&l->talk, l->hub->store, peer, knows_peer, stays, token, signer, &ops);
}

/* --- what the connection tells -------------------------------------------- */

/* The office that a key belongs to, closed or not; 0: nobody's. */
static uint16_t find_office(struct hub *h, const uint8_t *key)
{
	struct kv_txn *t = NULL;
	uint16_t number = 0;
	uint32_t i;

	if (store_begin(h->store, false, &t) != RC_OK) {
		return 0;
	}
	for (i = 0; i < h->store->catalog->offices_count; i++) {
		const struct office_info *o = &h->store->catalog->offices[i];

		if (o->has_key && memcmp(o->key, key, KEY_LEN) == 0) {
			number = o->number;
		}
	}
	store_end(h->store, t);
	return number;
}

static void on_accepted(struct conn *c, void *owner, const uint8_t *peer_key)
{
	struct hub *h = owner;
	struct link *l = h->closing ? NULL : make_link(h);
	uint16_t office = 0;

	conn_set_owner(c, l);
	if (l == NULL) {
		conn_drop(c, RC_NOMEM, "out of memory");
		return;
	}
	l->handlers = h->handlers.accepted;
	l->opened_ms = clock_monotonic_ms();
	l->conn = c;
	l->heard_ms = (int64_t)clock_now_ms();
	memcpy(l->peer_key, peer_key, KEY_LEN);
	office = find_office(h, peer_key);
	if (office != 0) {
		conn_vouch(c); /* TLS has proved that it has this key */
	}
	start_talk(l, office, office != 0, true, NULL);
	talk_opened(&l->talk);
}

static void on_dialled(struct conn *c, void *owner, const uint8_t *peer_key)
{
	struct link *l = owner;

	(void)peer_key; /* pinned: see tls.h */
	l->conn = c;
	talk_opened(&l->talk);
}

static void on_frame(struct conn *c, void *owner, struct bytes frame)
{
	struct link *l = owner;

	(void)c;
	if (l == NULL || l->is_over) {
		return;
	}
	l->heard_ms = (int64_t)clock_now_ms();
	talk_frame(&l->talk, frame);
}

static void on_writable(struct conn *c, void *owner)
{
	struct link *l = owner;

	(void)c;
	if (l != NULL && !l->is_over) {
		talk_writable(&l->talk);
	}
}

static void on_closed(struct conn *c, void *owner, enum rc rc, const char *text)
{
	struct link *l = owner;

	if (l == NULL) {
		return;
	}
	l->counters = conn_counters(c);
	l->conn = NULL;
	if (l->hub->store->info.is_centre || l->talk.peer_time_ms != 0) {
		note_contact(l);
	}
	end_link(l, rc, text);
}

const struct conn_handlers link_accept_handlers = { on_accepted, on_frame, on_writable, on_closed };
const struct conn_handlers link_dial_handlers = { on_dialled, on_frame, on_writable, on_closed };

struct link *link_new(struct hub *h, bool stays, const uint8_t *token,
		      const struct link_handlers *handlers)
{
	struct link *l = make_link(h);

	if (l != NULL) {
		l->handlers = *handlers;
		start_talk(l, 0, true, stays, token);
	}
	return l;
}

void link_failed(struct link *l, enum rc rc, const char *text)
{
	end_link(l, rc, text);
}

struct link_counts link_counts(const struct link *l)
{
	struct conn_counters bytes = l->conn == NULL ? l->counters : conn_counters(l->conn);
	struct link_counts counts = {
		.changes_sent = l->talk.changes_sent,
		.changes_received = l->talk.changes_received,
		.bytes_in = bytes.bytes_in,
		.bytes_out = bytes.bytes_out,
		.round_trips = l->talk.session.round_trips,
	};
	return counts;
}

uint16_t link_peer(const struct link *l)
{
	return l->talk.peer;
}

bool link_knows_peer(const struct link *l)
{
	return l->talk.session.knows_peer;
}

bool link_lacks_own(struct link *l)
{
	return talk_lacks_own(&l->talk);
}

bool link_was_refused(const struct link *l)
{
	return l->talk.was_refused;
}

bool link_is_connected(const struct link *l)
{
	return l->conn != NULL;
}

bool link_is_open(const struct link *l)
{
	return !l->is_over && l->conn != NULL && l->talk.session.state == SESSION_STREAM;
}

void link_drop(struct link *l, enum rc rc, const char *text)
{
	if (l->conn != NULL) {
		conn_drop(l->conn, rc, text);
	}
}

void link_ask(struct link *l, uint64_t ask)
{
	if (link_is_open(l)) {
		l->ask = ask;
		talk_ask(&l->talk, ask);
	}
}

/* The centre: the peer was known by its key, which is void since. */
static bool has_lost_key(struct link *l)
{
	return l->hub->store->info.is_centre && l->talk.session.knows_peer &&
	       find_office(l->hub, l->peer_key) != l->talk.peer;
}

void link_moved(struct link *l)
{
	if (l->conn == NULL || l->is_over || l->talk.session.state < SESSION_HELLO) {
		return;
	}
	if (has_lost_key(l)) {
		talk_turn_away(&l->talk, "this key is void: the office gets a new invitation");
	} else {
		talk_moved(&l->talk);
	}
}

void link_note(struct link *l, int64_t older_than_ms)
{
	if (link_is_open(l) && l->noted_ms < older_than_ms) {
		/* The connection shows that the peer is there: conn.h, silence. */
		l->heard_ms = (int64_t)clock_now_ms();
		note_contact(l);
	}
}

uint64_t link_asked(const struct link *l)
{
	return l->ask;
}

void link_look(struct link *l)
{
	if (!l->talk.session.knows_peer && l->conn != NULL && !l->talk.session.is_caller &&
	    clock_monotonic_ms() - l->opened_ms > STRANGER_MS) {
		conn_drop(l->conn, RC_TIMEOUT, "did not say who it is");
	}
}
