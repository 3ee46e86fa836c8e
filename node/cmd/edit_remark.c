/* What is remarked of a change that was written: see edit.h. */
#include "node/cmd/closed_code.h"
#include "node/cmd/edit.h"
#include "node/cmd/shared.h"
#include "node/store/conflicts.h"
#include "node/store/doubles.h"

static void note_closed_code(struct edit *e)
{
	const struct schema_field *f = e->result.closed_field;
	struct bytes text = bytes_of(e->result.closed_code->code);
	int32_t today = closed_code_today(e->node.store);

	if (closed_code_mark(f, text, today, &e->node.scratch, &text) == RC_OK) {
		out_note(e->c->out, "note: %s: %.*s; it is kept", f->name, (int)text.len,
			 (const char *)text.p);
	}
}

static enum rc note_shared(struct edit *e, struct kv_txn *t)
{
	struct store *s = e->node.store;
	struct records_stamps stamps = { t, s->info.centre_incarnation, &s->arena };
	struct view_source source = records_source(&stamps);
	struct shared found;
	struct record r;
	struct bytes text;
	uint32_t i;
	enum rc rc = records_get(t, s->catalog, e->draft.kind->number, e->draft.id, &s->arena, &r);

	if (rc == RC_OK) {
		rc = shared_find(s, t, &r, &source, &s->arena, &found);
	}
	for (i = 0; rc == RC_OK && i < found.keys_count; i++) {
		rc = shared_key_text(&found, i, &text);
		if (rc == RC_OK) {
			out_note(e->c->out, "note: %.*s", (int)text.len, (const char *)text.p);
		}
	}
	return rc;
}

/* A link that one side alone names counts for nothing. */
static enum rc note_half_links(struct edit *e, struct kv_txn *t, uint16_t kind)
{
	struct store *s = e->node.store;
	const struct schema_kind *k = schema_kind_by_number(&s->catalog->schema, kind);
	const struct schema_field *same = k == NULL ? NULL : schema_doubles_same(k);
	struct record r, other;
	struct values named = { NULL, 0 };
	struct uuid id;
	uint32_t i;
	enum rc rc = RC_OK;

	if (same == NULL) {
		return RC_OK;
	}
	rc = records_get(t, s->catalog, k->number, e->draft.id, &s->arena, &r);
	rc = rc == RC_OK ? doubles_named(&r, same, &s->arena, &named) : rc;
	for (i = 0; rc == RC_OK && i < named.count; i++) {
		if (!doubles_other(&r, named.items[i], &id)) {
			continue;
		}
		rc = records_get(t, s->catalog, k->number, id, &s->arena, &other);
		if (rc == RC_NOTFOUND || (rc == RC_OK && !doubles_names(&other, same, r.id))) {
			out_note(e->c->out,
				 "note: %s links only records that both name each other; use "
				 "`kerwen link`",
				 same->name);
			return RC_OK;
		}
	}
	return rc;
}

/* Whether the change named another record as the same. */
static bool adds_link(const struct edit *e)
{
	const struct schema_field *same = schema_doubles_same(e->draft.kind);
	uint32_t i;

	for (i = 0; same != NULL && i < e->draft.ops_count; i++) {
		if (e->draft.ops[i].field == same && e->draft.ops[i].code == OP_SET_ADD) {
			return true;
		}
	}
	return false;
}

int edit_remark(struct edit *e)
{
	struct kv_txn *t = NULL;
	enum rc rc = RC_OK;
	int code = CMD_OK;
	uint16_t kind = e->draft.kind->number;
	bool links = adds_link(e);

	/* The names borrow from the catalog, which the next transaction may read again. */
	if (e->result.closed_code != NULL) {
		note_closed_code(e);
	}
	if (e->draft.act == DRAFT_DELETE) {
		return CMD_OK;
	}
	code = open_read(e->c, &e->node, &t);
	if (code != CMD_OK) {
		return code;
	}
	e->shares = (conflicts_get(t, kind, e->draft.id) & CONFLICTS_SHARED) != 0;
	if (e->shares) {
		rc = note_shared(e, t);
	}
	if (rc == RC_OK && links) {
		rc = note_half_links(e, t, kind);
	}
	store_end(e->node.store, t);
	return rc == RC_OK ? CMD_OK : open_fail(e->c, rc, "it was written, but cannot be read");
}
