#include "node/cmd/move.h"

#include <string.h>

#include "node/cmd/origin.h"
#include "node/cmd/value_out.h"
#include "node/store/history.h"

enum { TITLE_BYTES_MAX = 200, TITLE_FIELDS_MAX = 4 };

static void add_cell(struct bytes_writer *w, struct bytes cell)
{
	if (cell.len > 0 && w->len + cell.len + 2 <= TITLE_BYTES_MAX) {
		bytes_put(w, ", ", w->len > 0 ? 2 : 0);
		bytes_put(w, cell.p, cell.len);
	}
}

enum rc move_title(const struct move *m, const struct record *r, struct bytes *out)
{
	struct records_stamps stamps = { m->txn, m->store->info.centre_incarnation, m->arena };
	struct view_source source = records_source(&stamps);
	struct bytes_writer w =
		bytes_writer_init(arena_take(m->arena, TITLE_BYTES_MAX), TITLE_BYTES_MAX);
	bool has_title = r->kind->title.fields_count > 0;
	uint32_t i, count = has_title ? r->kind->title.fields_count : r->kind->fields_count;
	enum rc rc = w.p == NULL ? RC_NOMEM : RC_OK;

	for (i = 0; i < count && i < TITLE_FIELDS_MAX && rc == RC_OK; i++) {
		const struct schema_field *f =
			&r->kind->fields[has_title ? r->kind->title.fields[i] : i];
		struct bytes cell;

		rc = value_out_cell(r, f, &source, m->arena, &cell);
		if (rc == RC_OK) {
			add_cell(&w, cell);
		}
	}
	*out = bytes_written(&w);
	return rc;
}

/* The title of the record if it is here, else, as long as it is to come, from
 * the box if it can be opened. */
static enum rc find_title(const struct move *m, const struct transfer *t, struct bytes *out)
{
	struct moves_box box;
	struct record r;
	enum rc rc = records_get(m->txn, m->store->catalog, t->kind, t->record, m->arena, &r);

	*out = bytes_at(NULL, 0);
	if (rc == RC_OK && r.kind != NULL && view_life(&r).exists) {
		return move_title(m, &r, out);
	}
	if (rc != RC_OK && rc != RC_NOTFOUND) {
		return rc;
	}
	if (m->key == NULL || !transfers_is_open(t) || !t->is_twin ||
	    t->office != m->store->info.number) {
		return RC_OK;
	}
	rc = moves_open(m->store, m->txn, t, m->key, m->arena, &box);
	if (rc == RC_OK) {
		*out = box.title;
	}
	/* A box that does not open is told when somebody wants what is in it. */
	return rc == RC_NOMEM || rc == RC_IO ? rc : RC_OK;
}

enum rc move_tell(const struct move *m, const struct transfer *t, struct move_told *out)
{
	const struct schema_kind *kind = schema_kind_by_number(&m->store->catalog->schema, t->kind);
	struct entry e;
	enum rc rc = find_title(m, t, &out->title);

	if (rc == RC_OK) {
		rc = history_load(m->txn, t->asked, m->arena, &e);
	}
	if (rc == RC_OK) {
		out->transfer = *t;
		out->kind = kind == NULL ? "?" : kind->name;
		out->author = e.header.author;
		out->asked_ms = e.header.is_carried ? e.header.carried_ms : e.header.time_ms;
	}
	return rc;
}

/* The search for what an id means. */
struct search {
	struct bytes text;
	struct transfer found;
	bool has_found, is_ambiguous;
	enum rc rc; /* of the text */
};

/* Whether the one found gives way to another of the same record. */
static bool is_better(const struct transfer *now, const struct transfer *next)
{
	bool was_open = transfers_is_open(now), is_open = transfers_is_open(next);

	if (was_open != is_open) {
		return is_open;
	}
	return now->is_twin || !next->is_twin;
}

static enum rc look(void *ctx, const struct transfer *t)
{
	struct search *s = ctx;
	enum rc rc = records_match_ending(s->text, t->id);

	if (rc == RC_NOTFOUND) {
		rc = records_match_ending(s->text, t->record);
	}
	if (rc != RC_OK) {
		s->rc = rc == RC_INVALID ? rc : s->rc;
		return RC_OK;
	}
	if (s->has_found && !uuid_equal(s->found.record, t->record)) {
		s->is_ambiguous = true;
	}
	if (!s->has_found || is_better(&s->found, t)) {
		s->found = *t;
	}
	s->has_found = true;
	return RC_OK;
}

int move_find(const struct move *m, const char *text, struct transfer *out)
{
	struct search s = { .text = bytes_of(text) };
	struct uuid none = { { 0 } };
	enum rc rc = transfers_each(m->store, m->txn, m->arena, &s, look);

	if (rc == RC_OK && records_match_ending(s.text, none) == RC_INVALID) {
		return cmd_fail(m->c, CMD_USAGE, "give the id, or its last 6 or more digits",
				"\"%s\" is not the id of a record", text);
	}
	if (rc == RC_OK && s.is_ambiguous) {
		return cmd_fail(m->c, CMD_USAGE, "give more digits",
				"several transfers end with \"%s\"", text);
	}
	if (rc == RC_OK && !s.has_found) {
		return cmd_fail(m->c, CMD_FAILED, "see `kerwen move list --all`",
				"no transfer of this record is known here");
	}
	/* The texts of the one found were of the walk's. */
	if (rc == RC_OK) {
		rc = transfers_get(m->store, m->txn, s.found.id, m->arena, out);
	}
	return rc == RC_OK ? CMD_OK : open_fail(m->c, rc, "the transfers cannot be read");
}

static int put_text(json_t *o, const char *name, struct bytes text)
{
	return text.len == 0 ? 0 : json_object_set_new(o, name, out_string(text));
}

json_t *move_json(const struct move *m, const struct move_told *told)
{
	const struct transfer *t = &told->transfer;
	char id[UUID_TEXT_LEN + 1], record[UUID_TEXT_LEN + 1];
	json_t *o = NULL;
	int failed = 0;

	uuid_format(t->id, id);
	uuid_format(t->record, record);
	o = json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:o}", "id", id, "record", record, "kind",
		      told->kind, "from", out_string(origin_office(m->store, t->from, m->arena)),
		      "to", out_string(origin_office(m->store, t->to, m->arena)), "state",
		      transfers_state_text(t->state), "asked",
		      out_time(told->asked_ms < 0 ? 0 : (uint64_t)told->asked_ms));
	failed |= put_text(o, "title", told->title);
	failed |= put_text(o, "reason", t->reason);
	failed |= put_text(o, "remark", t->remark);
	failed |= put_text(o, "note", t->note);
	if (failed != 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

int move_fail(struct cmd_context *c, enum rc rc, const struct moves_refusal *why, const char *doing)
{
	if (why->text[0] == '\0') {
		return open_fail(c, rc, doing);
	}
	return cmd_fail(c, rc == RC_INVALID ? CMD_USAGE : CMD_FAILED, why->hint, "%s", why->text);
}
