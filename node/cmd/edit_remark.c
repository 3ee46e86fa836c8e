/* What is remarked of a change that was written: see edit.h. */
#include "node/cmd/closed_code.h"
#include "node/cmd/edit.h"
#include "node/cmd/shared.h"
#include "node/store/conflicts.h"

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

int edit_remark(struct edit *e)
{
	struct kv_txn *t = NULL;
	enum rc rc = RC_OK;
	int code = CMD_OK;

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
	e->shares = (conflicts_get(t, e->draft.kind->number, e->draft.id) & CONFLICTS_SHARED) != 0;
	if (e->shares) {
		rc = note_shared(e, t);
	}
	store_end(e->node.store, t);
	return rc == RC_OK ? CMD_OK : open_fail(e->c, rc, "it was written, but cannot be read");
}
