/* `kerwen status`: what is saved here and what the centre has confirmed, from
 * receipts alone; who is connected, from the daemon if one runs. */
#include <inttypes.h>

#include "node/base/clock.h"
#include "node/cmd/open.h"
#include "node/cmd/origin.h"
#include "node/net/control.h"
#include "node/store/conflicts.h"
#include "node/store/damage.h"
#include "node/store/feeds.h"
#include "node/store/heal.h"
#include "node/store/peers.h"
#include "node/store/records.h"
#include "node/store/restored.h"
#include "node/store/summary.h"
#include "node/store/verify.h"

enum { SLICE_MS = 500, DAEMON_TIMEOUT_MS = 2000, DAMAGED_MAX = 20 };

struct peer {
	const char *name;
	uint16_t number;
	bool connected;
	int64_t contact_ms, receipt_ms; /* 0: never */
};

struct status {
	struct cmd_context *c;
	struct cmd_node node;
	struct kv_txn *txn;
	struct summary summary;
	struct restored story;
	char story_text[RESTORED_TEXT_MAX]; /* "": nothing to tell */
	int64_t oldest_conflict_ms;         /* 0: none */
	uint64_t disputed;                  /* pairs of doubles */
	uint64_t damaged;                   /* entries, seals, geneses (damage.h) */
	bool is_repairing;                  /* a repair was begun and is not done */
	uint64_t unknown;                   /* records that the schema here does not explain */
	bool runs;                          /* a daemon does */
	json_t *daemon;                     /* its answer; NULL: none */
	struct peer *peers;
	uint32_t peers_count;
};

static bool is_connected(const struct status *s, uint16_t number)
{
	const json_t *list = json_object_get(s->daemon, "connected");
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		if (json_integer_value(json_array_get(list, i)) == (json_int_t)number) {
			return true;
		}
	}
	return false;
}

/* author: whose feeds the receipts are for. */
static enum rc add_peer(struct status *s, uint16_t number, uint16_t author, const char *name)
{
	struct peer *p = &s->peers[s->peers_count++];
	struct peer_state state;
	enum rc rc = peers_get(s->txn, number, &state);

	*p = (struct peer){ .name = name, .number = number };
	p->connected = is_connected(s, number);
	if (rc != RC_OK && rc != RC_NOTFOUND) {
		return rc;
	}
	p->contact_ms = state.contact_ms;
	return feeds_cut_time(s->txn, author, &p->receipt_ms);
}

/* An office has its centre, the centre its offices. */
static enum rc list_peers(struct status *s)
{
	const struct store *store = s->node.store;
	const struct catalog *catalog = store->catalog;
	enum rc rc = RC_OK;
	uint32_t i;

	s->peers =
		arena_take(&s->node.store->arena, (catalog->offices_count + 1) * sizeof(*s->peers));
	if (s->peers == NULL) {
		return RC_NOMEM;
	}
	if (!store->info.is_centre) {
		return add_peer(s, 0, store->info.number, "centre");
	}
	for (i = 0; i < catalog->offices_count && rc == RC_OK; i++) {
		const struct office_info *o = &catalog->offices[i];

		if (!o->is_closed) {
			rc = add_peer(s, o->number, o->number, o->name);
		}
	}
	return rc;
}

static json_t *time_or_null(int64_t ms)
{
	return ms > 0 ? out_time((uint64_t)ms) : json_null();
}

static json_t *make_peers(const struct status *s)
{
	json_t *list = json_array();
	uint32_t i;

	for (i = 0; i < s->peers_count; i++) {
		const struct peer *p = &s->peers[i];

		json_array_append_new(list, json_pack("{s:s, s:b, s:o, s:o}", "name", p->name,
						      "connected", p->connected, "last_contact",
						      time_or_null(p->contact_ms), "last_receipt",
						      time_or_null(p->receipt_ms)));
	}
	return list;
}

/* The first things that are damaged, as "feed:seq". */
static enum rc each_damaged(const struct status *s, void *ctx,
			    void (*each)(const struct status *s, void *ctx, struct dot d,
					 enum damage_what what))
{
	struct dot d = { 0, 0 };
	enum damage_what what;
	uint32_t shown = 0;
	enum rc rc = RC_OK;

	for (; rc == RC_OK && shown < DAMAGED_MAX; d.seq++, shown++) {
		rc = damage_next(s->txn, d, &d, &what);
		if (rc == RC_OK) {
			each(s, ctx, d, what);
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static void add_damaged(const struct status *s, void *ctx, struct dot d, enum damage_what what)
{
	char feed[20];

	(void)snprintf(feed, sizeof(feed), "%016" PRIx64, d.feed);
	json_array_append_new(ctx, json_pack("{s:s, s:I, s:s, s:b}", "feed", feed, "seq",
					     (json_int_t)d.seq, "what", damage_text(what), "shared",
					     heal_is_shared(s->node.store, d.feed)));
}

static json_t *make_damaged(const struct status *s)
{
	json_t *list = json_array();

	(void)each_damaged(s, list, add_damaged);
	return list;
}

static void print_one_damaged(const struct status *s, void *ctx, struct dot d,
			      enum damage_what what)
{
	(void)ctx;
	out_line(s->c->out, "entry %016" PRIx64 ":%" PRIu64 " is damaged: %s; %s", d.feed, d.seq,
		 damage_text(what),
		 heal_is_shared(s->node.store, d.feed) ? "the next sync asks for it" :
							 "nobody else has it, but a backup may");
}

static void print_damaged(const struct status *s)
{
	(void)each_damaged(s, NULL, print_one_damaged);
	if (s->damaged > DAMAGED_MAX) {
		out_line(s->c->out, "and %" PRIu64 " more: `kerwen verify` names them",
			 s->damaged - DAMAGED_MAX);
	}
	if (s->is_repairing) {
		out_line(s->c->out, "a repair is not finished: `kerwen verify` does the rest");
	}
}

static json_t *make_node(const struct store_info *i)
{
	char incarnation[16];

	(void)snprintf(incarnation, sizeof(incarnation), "%08" PRIx32, i->incarnation);
	return json_pack("{s:s, s:s, s:i, s:s, s:s}", "name", i->name, "role",
			 i->is_centre ? "centre" : "office", "number", (int)i->number,
			 "incarnation", incarnation, "system", i->system_name);
}

/* null when nothing happened, or long ago. */
static json_t *make_story(const struct status *s)
{
	const struct restored *r = &s->story;

	if (s->story_text[0] == '\0') {
		return json_null();
	}
	return json_pack("{s:s, s:o, s:I, s:I, s:I, s:I}", "text", s->story_text, "settled",
			 time_or_null(r->settled_ms), "returned", (json_int_t)r->returned, "issued",
			 (json_int_t)r->issued, "entries_without_own_fields",
			 (json_int_t)r->parts_lost, "lost", (json_int_t)restored_lost(r));
}

static enum rc print_json(const struct status *s)
{
	const struct summary *m = &s->summary;
	json_int_t port = json_integer_value(json_object_get(s->daemon, "port"));
	json_t *document = out_document();
	int failed = 0;

	failed |= json_object_set_new(document, "node", make_node(&s->node.store->info));
	failed |= json_object_set_new(document, "records", json_integer((json_int_t)m->records));
	failed |=
		json_object_set_new(document, "conflicts", json_integer((json_int_t)m->conflicts));
	failed |= json_object_set_new(document, "oldest_conflict",
				      time_or_null(s->oldest_conflict_ms));
	failed |= json_object_set_new(document, "disputed", json_integer((json_int_t)s->disputed));
	failed |= json_object_set_new(document, "unknown", json_integer((json_int_t)s->unknown));
	failed |= json_object_set_new(document, "shared", json_integer((json_int_t)m->shared));
	failed |= json_object_set_new(document, "notices", json_integer((json_int_t)m->notices));
	failed |= json_object_set_new(document, "quarantine",
				      json_integer((json_int_t)m->quarantine));
	failed |= json_object_set_new(document, "in_transfer", json_integer((json_int_t)m->asked));
	failed |= json_object_set_new(document, "to_take_over",
				      json_integer((json_int_t)m->to_answer));
	failed |= json_object_set_new(document, "unconfirmed",
				      json_integer((json_int_t)m->unconfirmed));
	failed |= json_object_set_new(document, "oldest_unconfirmed",
				      time_or_null(m->oldest_unconfirmed_ms));
	failed |=
		json_object_set_new(document, "set_aside", json_integer((json_int_t)m->set_aside));
	failed |= json_object_set_new(document, "restored", make_story(s));
	failed |= json_object_set_new(document, "damaged", make_damaged(s));
	failed |= json_object_set_new(document, "damaged_count",
				      json_integer((json_int_t)s->damaged));
	failed |= json_object_set_new(document, "repair_unfinished", json_boolean(s->is_repairing));
	failed |= json_object_set_new(document, "daemon", json_boolean(s->runs));
	failed |=
		json_object_set_new(document, "port", port > 0 ? json_integer(port) : json_null());
	failed |= json_object_set_new(document, "peers", make_peers(s));
	if (failed != 0) {
		json_decref(document);
		return RC_NOMEM;
	}
	return out_json(s->c->out, document);
}

/* Unique keys that are used twice, as seen here and as the centre told. */
static void print_shared(const struct status *s)
{
	const struct summary *m = &s->summary;

	if (m->shared > 0) {
		out_line(s->c->out, "%" PRIu64 " of these share a unique key with another record",
			 m->shared);
	}
	if (m->notices > 0 && !s->node.store->info.is_centre) {
		out_line(s->c->out, "%" PRIu64 " %s from the centre: see `kerwen list notice`",
			 m->notices, m->notices == 1 ? "notice" : "notices");
	} else if (m->notices > 0) {
		out_line(s->c->out, "%" PRIu64 " %s to the offices", m->notices,
			 m->notices == 1 ? "notice stands" : "notices stand");
	}
}

static void print_confirmed(const struct status *s)
{
	const struct summary *m = &s->summary;

	if (s->story_text[0] != '\0') {
		out_line(s->c->out, "%s", s->story_text);
	}
	if (s->node.store->info.is_centre) {
		return;
	}
	if (m->unconfirmed == 0) {
		out_line(s->c->out, "everything written here is confirmed by the centre");
		return;
	}
	out_line(s->c->out, "%" PRIu64 " %s not yet confirmed by the centre, the oldest from %s",
		 m->unconfirmed, m->unconfirmed == 1 ? "change is" : "changes are",
		 origin_time(m->oldest_unconfirmed_ms).text);
	if (m->set_aside > 0) {
		out_line(s->c->out,
			 "%" PRIu64
			 " of these %s set aside after the restore: the next sync writes "
			 "%s again",
			 m->set_aside, m->set_aside == 1 ? "is" : "are",
			 m->set_aside == 1 ? "it" : "them");
	}
}

static void print_transfers(const struct status *s)
{
	const struct summary *m = &s->summary;

	if (m->to_answer > 0) {
		out_line(s->c->out, "%" PRIu64 " %s to be taken over: `kerwen move list`",
			 m->to_answer, m->to_answer == 1 ? "record is" : "records are");
	}
	if (m->asked > 0) {
		out_line(s->c->out, "%" PRIu64 " %s in transfer to another office", m->asked,
			 m->asked == 1 ? "record is" : "records are");
	}
}

static void print_daemon(const struct status *s)
{
	json_int_t port = json_integer_value(json_object_get(s->daemon, "port"));

	if (!s->runs) {
		out_line(s->c->out, "no daemon is running here");
	} else if (s->daemon == NULL) {
		out_line(s->c->out, "a daemon is running, but does not answer: see what it "
				    "printed, or start it again");
	} else if (port > 0) {
		out_line(s->c->out,
			 "the daemon is running and listens on port %" JSON_INTEGER_FORMAT, port);
	} else {
		out_line(s->c->out, "the daemon is running");
	}
}

static enum rc print_peers(const struct status *s)
{
	static const struct out_column columns[] = {
		{ .name = "peer" },
		{ .name = "connected" },
		{ .name = "last contact" },
		{ .name = "last receipt" },
	};
	struct out_table *t = NULL;
	uint32_t i;

	if (s->peers_count == 0) {
		return RC_OK;
	}
	out_line(s->c->out, "%s", "");
	t = out_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	for (i = 0; i < s->peers_count; i++) {
		const struct peer *p = &s->peers[i];

		out_table_row(t);
		out_table_text(t, p->name);
		out_table_text(t, p->connected ? "yes" : "no");
		out_table_text(t, p->contact_ms > 0 ? origin_time(p->contact_ms).text : "never");
		out_table_text(t, p->receipt_ms > 0 ? origin_time(p->receipt_ms).text : "never");
	}
	return out_table_print(s->c->out, t);
}

static void print_records(const struct status *s)
{
	const struct summary *m = &s->summary;
	char oldest[80] = "";

	if (m->conflicts > 0 && s->oldest_conflict_ms > 0) {
		(void)snprintf(oldest, sizeof(oldest), ", the oldest since %s",
			       origin_time(s->oldest_conflict_ms).text);
	}
	out_line(s->c->out, "%" PRIu64 " %s saved here, %" PRIu64 " in open conflict%s", m->records,
		 m->records == 1 ? "record is" : "records are", m->conflicts, oldest);
	if (s->disputed > 0) {
		out_line(s->c->out, "%" PRIu64 " %s disputed: `kerwen duplicates`", s->disputed,
			 s->disputed == 1 ? "pair of doubles is" : "pairs of doubles are");
	}
	if (s->unknown > 0) {
		out_line(s->c->out,
			 "%" PRIu64 " %s kinds or fields that the schema here does not know yet",
			 s->unknown, s->unknown == 1 ? "record has" : "records have");
	}
}

static enum rc print_text(const struct status *s)
{
	const struct store_info *i = &s->node.store->info;
	const struct summary *m = &s->summary;

	if (i->is_centre) {
		out_line(s->c->out, "%s, the centre of %s", i->name, i->system_name);
	} else {
		out_line(s->c->out, "%s, office %u of %s", i->name, i->number, i->system_name);
	}
	print_records(s);
	print_shared(s);
	if (m->quarantine > 0) {
		out_line(s->c->out, "%" PRIu64 " %s in quarantine: see `kerwen quarantine list`",
			 m->quarantine, m->quarantine == 1 ? "change waits" : "changes wait");
	}
	print_damaged(s);
	print_transfers(s);
	print_confirmed(s);
	print_daemon(s);
	return print_peers(s);
}

/* Counts the records, in slices. */
static int count_records(struct status *s, struct summary_count *out)
{
	struct summary_count count = { .kind = 0 };
	int code = CMD_OK;

	while (code == CMD_OK && !count.done) {
		enum rc rc;

		code = open_read(s->c, &s->node, &s->txn);
		if (code != CMD_OK) {
			break;
		}
		rc = summary_count_records(s->node.store, s->txn, &s->node.store->arena, SLICE_MS,
					   &count);
		store_end(s->node.store, s->txn);
		if (rc != RC_OK) {
			code = open_fail(s->c, rc, "the records cannot be counted");
		}
	}
	*out = count;
	return code;
}

/* Looks for the oldest open conflict, in slices. */
static int find_oldest(struct status *s)
{
	struct conflicts_oldest oldest = { .oldest_ms = 0 };
	const struct store *store = s->node.store;
	int code = CMD_OK;

	while (code == CMD_OK && !oldest.done) {
		struct records_stamps stamps;
		struct view_source source;
		enum rc rc;

		code = open_read(s->c, &s->node, &s->txn);
		if (code != CMD_OK) {
			break;
		}
		stamps = (struct records_stamps){ s->txn, store->info.centre_incarnation,
						  &s->node.store->arena };
		source = records_source(&stamps);
		rc = conflicts_find_oldest(s->txn, store->catalog, &source, &s->node.store->arena,
					   SLICE_MS, &oldest);
		store_end(s->node.store, s->txn);
		if (rc != RC_OK) {
			code = open_fail(s->c, rc, "the conflicts cannot be read");
		}
	}
	s->oldest_conflict_ms = oldest.oldest_ms;
	return code;
}

static int print(struct status *s)
{
	struct summary_count count = { .kind = 0 };
	enum rc rc;
	int code = count_records(s, &count);

	if (code == CMD_OK) {
		code = find_oldest(s);
	}
	if (code == CMD_OK) {
		code = open_read(s->c, &s->node, &s->txn);
	}
	if (code != CMD_OK) {
		return code;
	}
	rc = summary_get(s->node.store, s->txn, &s->node.store->arena, &s->summary);
	s->summary.records = count.records;
	s->disputed = count.disputed;
	s->unknown = count.unknown;
	if (rc == RC_OK) {
		rc = restored_get(s->txn, &s->story);
		rc = rc == RC_NOTFOUND ? RC_OK : rc;
		if (s->node.store->info.is_centre) {
			restored_centre_text(&s->story, (int64_t)clock_now_ms(), s->story_text);
		} else {
			restored_text(&s->story, (int64_t)clock_now_ms(), s->story_text);
		}
	}
	if (rc == RC_OK) {
		rc = damage_count(s->txn, &s->damaged);
	}
	if (rc == RC_OK) {
		rc = verify_is_unfinished(s->txn, &s->is_repairing);
	}
	if (rc == RC_OK) {
		rc = list_peers(s);
	}
	if (rc == RC_OK) {
		rc = s->c->out->json ? print_json(s) : print_text(s);
	}
	store_end(s->node.store, s->txn);
	return rc == RC_OK ? CMD_OK : open_fail(s->c, rc, "the status cannot be read");
}

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	struct status s = { .c = c };
	int code = open_node(c, &s.node);

	(void)args;
	if (code == CMD_OK) {
		s.runs = control_call(c->dir, "{\"do\":\"status\"}", DAEMON_TIMEOUT_MS,
				      &s.daemon) != RC_NOTFOUND;
		code = print(&s);
	}
	json_decref(s.daemon);
	open_close(&s.node);
	return code;
}

const struct command cmd_status_command = {
	.name = "status",
	.summary = "what is saved here, and what the centre has confirmed",
	.run = run,
};
