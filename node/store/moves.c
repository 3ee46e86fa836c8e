#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "node/store/builtin.h"
#include "node/store/moves_priv.h"

enum { PIECE_HEAD = 4, TITLE_BYTES_MAX = 256 };

enum rc moves_refuse(struct moves_refusal *why, enum rc rc, const char *hint, const char *format,
		     ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	(void)snprintf(why->hint, sizeof(why->hint), "%s", hint);
	return rc;
}

const char *moves_name(const struct store *s, uint16_t office)
{
	const char *name = catalog_office_name(s->catalog, office);

	return name == NULL ? "an office not known here" : name;
}

enum rc moves_fail_write(const struct draft_result *result, enum rc rc, struct moves_refusal *why)
{
	(void)snprintf(why->text, sizeof(why->text), "%s", result->text);
	(void)snprintf(why->hint, sizeof(why->hint), "%s", result->hint);
	return rc;
}

/* --- asking ----------------------------------------------------------------------- */

static enum rc check_open(struct work *w, struct uuid record, struct moves_refusal *why)
{
	struct transfer open;
	enum rc rc = transfers_find_open(w->store, w->txn, record, w->arena, &open);

	if (rc != RC_OK) {
		return rc == RC_NOTFOUND ? RC_OK : rc;
	}
	return moves_refuse(why, RC_DENIED, "see `kerwen move list`",
			    "this record is in transfer to %s already",
			    moves_name(w->store, open.to));
}

/* Whether the record can leave this office at all. */
static enum rc check_record(struct work *w, const struct record *r, struct moves_refusal *why)
{
	const struct store *s = w->store;
	struct record_life life = view_life(r);
	uint16_t office = 0, region_scope = 0;
	bool has_home = view_home(r, &office, &region_scope);

	if (s->info.is_centre) {
		return moves_refuse(why, RC_DENIED, "let the record's home office ask",
				    "the centre does not ask for moves");
	}
	if (r->kind == NULL || r->kind->number < SCHEMA_KIND_FIRST ||
	    r->kind->reach == REACH_NATION || r->kind->reach == REACH_OFFICE) {
		return moves_refuse(why, RC_INVALID,
				    "only what the centre sees, and not everybody, moves",
				    "records of the kind %s do not move",
				    r->kind == NULL ? "of this record" : r->kind->name);
	}
	if (life.moved) {
		return moves_refuse(why, RC_DENIED, "let that office ask",
				    "this record was moved to %s", moves_name(s, office));
	}
	if (!life.exists || !has_home) {
		return moves_refuse(why, RC_NOTFOUND, "sync first", "this record is not all here");
	}
	if (life.deleted) {
		return moves_refuse(why, RC_DENIED, "`kerwen restore` brings it back",
				    "this record was deleted");
	}
	if (office != s->info.number) {
		return moves_refuse(why, RC_DENIED, "let its home ask", "this record's home is %s",
				    moves_name(s, office));
	}
	return check_open(w, r->id, why);
}

static enum rc check_office(const struct store *s, uint16_t to, struct moves_refusal *why)
{
	const struct office_info *o = catalog_office(s->catalog, to);

	if (o == NULL) {
		return moves_refuse(why, RC_NOTFOUND, "see `kerwen office list`",
				    "office %u is not known", to);
	}
	if (to == s->info.number) {
		return moves_refuse(why, RC_INVALID, "name another office",
				    "this record is in %s already", o->name);
	}
	if (o->is_closed) {
		return moves_refuse(why, RC_DENIED, "see `kerwen office list`", "%s is closed",
				    o->name);
	}
	if (!o->has_key) {
		return moves_refuse(
			why, RC_DENIED, "wait until it has synced once, then sync here",
			"%s has never been in contact with the centre, so its key is not "
			"known",
			o->name);
	}
	return RC_OK;
}

/* The fields of reach office; none where there is no such part. */
static enum rc take_own(struct work *w, const struct record *r, struct carry *out)
{
	struct records_stamps stamps = { w->txn, w->store->info.centre_incarnation, w->arena };
	struct view_source source = records_source(&stamps);
	const struct office_info *me = catalog_office(w->store->catalog, w->store->info.number);
	uint32_t i;

	*out = (struct carry){ NULL, 0 };
	for (i = 0; i < r->parts_count; i++) {
		if (r->parts[i].scope == me->scope_office) {
			return carry_take(w->txn, &r->parts[i].part, &source, w->arena, out);
		}
	}
	return RC_OK;
}

static uint32_t count_ops(const struct carry *c)
{
	uint32_t i, n = 0;

	for (i = 0; i < c->count; i++) {
		n += c->pieces[i].ops_count;
	}
	return n;
}

/* The text of the box: whose it is, the title, the pieces. */
static enum rc write_text(struct arena *a, const struct moves_request *request,
			  const struct carry *carry, struct bytes *out)
{
	struct bytes title = request->title;
	struct bytes_writer w = bytes_writer_init(a->p + a->used, a->max - a->used);

	title.len = title.len > TITLE_BYTES_MAX ? TITLE_BYTES_MAX : title.len;
	bytes_put(&w, request->record.b, UUID_LEN);
	bytes_put_block(&w, title);
	carry_encode(carry, &w);
	if (w.rc != RC_OK) {
		return RC_NOMEM;
	}
	a->used += w.len;
	*out = bytes_written(&w);
	return RC_OK;
}

static enum rc seal(struct work *w, const struct moves_request *request, const struct carry *carry,
		    struct bytes *out)
{
	const struct office_info *to = catalog_office(w->store->catalog, request->to);
	struct bytes text;
	uint8_t *box = NULL;
	enum rc rc = write_text(w->arena, request, carry, &text);

	if (rc == RC_OK) {
		box = arena_take(w->arena, text.len + CRYPTO_SEALED_LEN);
		rc = box == NULL ? RC_NOMEM : crypto_sealed_make(to->key, text, box);
		*out = bytes_at(box, text.len + CRYPTO_SEALED_LEN);
	}
	return rc;
}

static enum rc put_piece(struct commit *c, struct uuid transfer, struct bytes box, uint32_t number,
			 uint32_t count, struct draft_result *result)
{
	size_t from = (size_t)number * TRANSFER_PIECE_BYTES;
	size_t len = box.len - from > TRANSFER_PIECE_BYTES ? TRANSFER_PIECE_BYTES : box.len - from;
	uint8_t buffer[PIECE_HEAD + TRANSFER_PIECE_BYTES];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));
	struct builtin b = builtin_begin(c, BUILTIN_TRANSFER, &transfer);

	bytes_put_be16(&w, (uint16_t)number);
	bytes_put_be16(&w, (uint16_t)count);
	bytes_put(&w, box.p + from, len);
	builtin_put(&b, "sealed", bytes_written(&w));
	return builtin_write(&b, result);
}

static enum rc add_transfer(struct commit *c, const struct moves_request *request, struct bytes box,
			    struct uuid *out, struct draft_result *result)
{
	struct builtin b = builtin_begin(c, BUILTIN_TRANSFER, NULL);
	uint32_t i, count = (uint32_t)((box.len + TRANSFER_PIECE_BYTES - 1) / TRANSFER_PIECE_BYTES);
	enum rc rc = RC_OK;

	builtin_put(&b, "record", bytes_at(request->record.b, UUID_LEN));
	builtin_put_number(&b, "kind", request->kind);
	builtin_put_number(&b, "from", c->work->store->info.number);
	builtin_put_number(&b, "to", request->to);
	builtin_put(&b, "reason", request->reason);
	rc = builtin_write(&b, result);
	*out = b.draft.id;
	for (i = 0; i < count && rc == RC_OK; i++) {
		rc = put_piece(c, *out, box, i, count, result);
	}
	return rc;
}

enum rc moves_ask(struct commit *c, const struct moves_request *request, struct uuid *transfer,
		  uint32_t *fields, struct moves_refusal *why)
{
	struct work *w = c->work;
	const struct record *r = work_record(w, request->kind, request->record);
	struct draft_result result = { .text = "" };
	struct carry carry = { NULL, 0 };
	struct bytes box = { NULL, 0 };
	enum rc rc = r == NULL ? w->rc : check_record(w, r, why);

	memset(&result, 0, sizeof(result));
	if (rc == RC_OK) {
		rc = check_office(w->store, request->to, why);
	}
	if (rc == RC_OK) {
		rc = take_own(w, r, &carry);
	}
	if (rc == RC_OK) {
		*fields = count_ops(&carry);
		rc = seal(w, request, &carry, &box);
	}
	if (rc == RC_OK && box.len > (size_t)TRANSFER_PIECES_MAX * TRANSFER_PIECE_BYTES) {
		return moves_refuse(
			why, RC_LIMIT, "shorten its log, if it has one",
			"what only this office has of the record takes %zu bytes, the most "
			"is %d",
			box.len, TRANSFER_PIECES_MAX * TRANSFER_PIECE_BYTES);
	}
	if (rc != RC_OK) {
		return rc;
	}
	rc = add_transfer(c, request, box, transfer, &result);
	return rc == RC_OK ? RC_OK : moves_fail_write(&result, rc, why);
}

/* --- meanwhile -------------------------------------------------------------------- */

enum rc moves_judge_edit(struct work *w, struct uuid record, char *text, size_t text_max,
			 char *hint, size_t hint_max)
{
	struct transfer t;
	enum rc rc = w->store->info.is_centre ?
			     RC_NOTFOUND :
			     transfers_find_open(w->store, w->txn, record, w->arena, &t);

	if (rc == RC_NOTFOUND || (rc == RC_OK && t.is_twin)) {
		return RC_OK;
	}
	if (rc != RC_OK) {
		return rc;
	}
	(void)snprintf(text, text_max,
		       t.state == TRANSFER_WITHDRAWING ?
			       "in transfer to %s: the centre has not confirmed yet that it was "
			       "withdrawn" :
			       "in transfer to %s, to which this field was sent as it is",
		       moves_name(w->store, t.to));
	(void)snprintf(hint, hint_max, "%s",
		       t.state == TRANSFER_WITHDRAWING ?
			       "sync first" :
			       "`kerwen move withdraw`, or let that office change it later");
	return RC_DENIED;
}
