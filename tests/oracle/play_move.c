#include "node/store/moves.h"
#include "play_priv.h"

static const char author[] = "t";

static void judge(const struct play *p, enum rc rc, const struct moves_refusal *why)
{
	play_must(rc == RC_OK || (commit_is_refusal(rc) && why->text[0] != '\0'), p, rc_text(rc));
}

/* Nothing was drafted, but entries are there to be told. */
static void tell(struct play *p, uint32_t node)
{
	p->operations++;
	p->listener->on_commit(p->listener->ctx, p, node, 0, NULL, 0);
}

/* Ends a commit, or gives it up. */
static void end(struct play *p, uint32_t node, struct commit *c, enum rc rc,
		const struct moves_refusal *why)
{
	judge(p, rc, why);
	if (rc == RC_OK) {
		play_must(commit_end(c) == RC_OK, p, "a commit that cannot end");
		tell(p, node);
	} else {
		commit_abort(c);
	}
}

/* Whoever took part hears of it at once, or when it syncs next. */
static void hear(struct play *p, uint32_t a, uint32_t b)
{
	if (play_draw(p, 4) != 0) {
		play_sync_office(p, a, -1);
	}
	if (b != 0 && play_draw(p, 4) != 0) {
		play_sync_office(p, b, -1);
	}
}

/* Where a record goes: often back to where it was. */
static uint32_t draw_home(struct play *p, uint32_t record)
{
	uint32_t to = p->members[1 + play_draw(p, p->members_count - 1)], i;

	for (i = 0; i < 2 && (p->records[record].homes >> to & 1) == 0; i++) {
		to = p->members[1 + play_draw(p, p->members_count - 1)];
	}
	return to;
}

/* Who is no home of the record is refused. */
static void ask(struct play *p, uint32_t node, uint32_t record)
{
	struct moves_request request = { .kind = p->records[record].kind,
					 .record = p->records[record].id,
					 .reason = bytes_of("moved house"),
					 .title = bytes_of("a title") };
	struct moves_refusal why = { "", "" };
	uint32_t to = draw_home(p, record), fields = 0;
	struct uuid transfer;
	struct commit c;
	enum rc rc = RC_OK;

	request.to = (uint16_t)to;
	play_turn(&p->nodes[node]);
	play_say(p, "node %u asks that record %u moves to %u", node, record, to);
	rc = commit_begin(&c, p->nodes[node].wire.store, bytes_of(author), bytes_of(""));
	play_must(rc == RC_OK, p, "no commit");
	rc = moves_ask(&c, &request, &transfer, &fields, &why);
	end(p, node, &c, rc, &why);
	if (rc == RC_OK) {
		hear(p, node, to);
	}
}

static void accept(struct play *p, uint32_t node, uint32_t record, const struct transfer *t)
{
	struct moves_refusal why = { "", "" };
	enum rc rc = RC_OK;

	play_turn(&p->nodes[node]);
	play_say(p, "node %u accepts record %u", node, record);
	rc = moves_accept(p->nodes[node].wire.store, bytes_of(author), bytes_of(""), t->id,
			  &p->nodes[node].key, &why);
	judge(p, rc, &why);
	if (rc == RC_OK) {
		p->records[record].homes |= 1u << node;
		tell(p, node);
		hear(p, node, play_draw(p, 4) == 0 ? t->from : 0);
	}
}

/* Declines what was asked of this office, or withdraws what it asked. */
static void stop(struct play *p, uint32_t node, uint32_t record, const struct transfer *t)
{
	struct moves_refusal why = { "", "" };
	struct commit c;
	enum rc rc = RC_OK;

	play_turn(&p->nodes[node]);
	play_say(p, "node %u %s record %u", node, t->is_twin ? "declines" : "withdraws", record);
	rc = commit_begin(&c, p->nodes[node].wire.store, bytes_of(author), bytes_of(""));
	play_must(rc == RC_OK, p, "no commit");
	rc = t->is_twin ? moves_decline(&c, t, bytes_of("unknown here"), &why) :
			  moves_withdraw(&c, t, bytes_at(NULL, 0), &why);
	end(p, node, &c, rc, &why);
	hear(p, node, 0);
}

/* The open transfer of the record at an office, the receiving one's first. */
static bool find(struct play *p, uint32_t record, uint32_t *node, struct transfer *out)
{
	bool is_found = false;
	uint32_t i;

	for (i = 1; i < p->members_count && !(is_found && out->is_twin); i++) {
		struct store *s = p->nodes[p->members[i]].wire.store;
		struct kv_txn *txn = NULL;
		struct transfer t;

		play_must(store_begin(s, false, &txn) == RC_OK, p, "no transaction");
		if (transfers_find_open(s, txn, p->records[record].id, &s->arena, &t) == RC_OK &&
		    (t.is_twin || !is_found)) {
			*out = t;
			*node = p->members[i];
			is_found = true;
		}
		store_end(s, txn);
	}
	return is_found;
}

void play_move(struct play *p)
{
	uint32_t record = play_draw(p, p->records_count), node = 0;
	uint32_t first = play_draw(p, p->members_count), i;
	struct transfer t;

	if (p->records[record].reach != PLAY_OF_REGION) {
		return;
	}
	if (find(p, record, &node, &t)) {
		if (t.is_twin && play_draw(p, 6) != 0) {
			accept(p, node, record, &t);
		} else if (t.is_twin || play_draw(p, 3) == 0) {
			stop(p, node, record, &t);
		}
		return;
	}
	for (i = 0; i < p->members_count; i++) {
		node = p->members[(first + i) % p->members_count];
		if ((p->records[record].homes >> node & 1) != 0) {
			ask(p, node, record);
		}
	}
}
