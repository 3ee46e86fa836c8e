/* The receiving office's side of moves.h, and taking a request back. */
#include <string.h>

#include "node/base/mem.h"
#include "node/store/builtin.h"
#include "node/store/moves_priv.h"
#include "sync/rights.h"

/* Pieces of one commit: each is an entry, or a few. */
enum { OWN_PIECES_MAX = 240 };

static enum rc refuse_over(const struct store *s, const struct transfer *t,
			   struct moves_refusal *why)
{
	return moves_refuse(why, RC_DENIED, "see `kerwen move list --all`",
			    "this transfer from %s to %s is over: %s", moves_name(s, t->from),
			    moves_name(s, t->to), transfers_state_text(t->state));
}

static enum rc check_answer(const struct store *s, const struct transfer *t,
			    struct moves_refusal *why)
{
	if (!t->is_twin || t->office != s->info.number) {
		return moves_refuse(why, RC_DENIED, "let that office answer",
				    "this was asked of %s", moves_name(s, t->to));
	}
	if (!transfers_is_open(t)) {
		return refuse_over(s, t, why);
	}
	if (t->state != TRANSFER_ASKED) {
		return moves_refuse(why, RC_DENIED, "sync, so that the centre hears of it",
				    "this was answered already: %s",
				    transfers_state_text(t->state));
	}
	return RC_OK;
}

enum rc moves_open(const struct store *s, struct kv_txn *t, const struct transfer *transfer,
		   const struct crypto_key *key, struct arena *a, struct moves_box *out)
{
	struct record r;
	struct bytes box, id;
	struct bytes_reader reader;
	uint8_t *text = NULL;
	enum rc rc = records_get(t, s->catalog, BUILTIN_TRANSFER, transfer->id, a, &r);

	if (rc == RC_OK) {
		rc = transfers_box(s->catalog, &r, a, &box);
	}
	if (rc == RC_OK && box.len < CRYPTO_SEALED_LEN) {
		rc = RC_CORRUPT;
	}
	if (rc != RC_OK) {
		return rc;
	}
	text = arena_take(a, box.len - CRYPTO_SEALED_LEN);
	rc = text == NULL ? RC_NOMEM : crypto_sealed_open(key, box, text);
	if (rc != RC_OK) {
		return rc;
	}
	reader = bytes_reader_init(bytes_at(text, box.len - CRYPTO_SEALED_LEN));
	id = bytes_get(&reader, UUID_LEN);
	out->title = bytes_get_block(&reader);
	if (reader.rc != RC_OK || memcmp(id.p, transfer->record.b, UUID_LEN) != 0) {
		return RC_CORRUPT;
	}
	return carry_decode(bytes_at(reader.p, (size_t)(reader.end - reader.p)), a, &out->carry);
}

static enum rc fail_box(const struct store *s, const struct transfer *t, enum rc rc,
			struct moves_refusal *why)
{
	const char *from = moves_name(s, t->from);

	if (rc == RC_BADSIG) {
		return moves_refuse(why, RC_DENIED, "decline it, and let that office ask again",
				    "what %s sent was sealed for another key than this node's",
				    from);
	}
	if (rc == RC_CORRUPT || rc == RC_GAP) {
		return moves_refuse(why, RC_DENIED, "decline it, and let that office ask again",
				    "what %s sent does not fit the record", from);
	}
	return rc;
}

/* What came out of the box is judged like any change of an office. */
static enum rc check_pieces(const struct schema_kind *kind, const struct carry *carry)
{
	struct rights rights = { .kind = kind, .scope = REACH_OFFICE, .is_member = true };
	struct change change = { .kind = kind->number };
	enum rc rc = RC_OK;
	uint32_t i, k;

	for (i = 0; i < carry->count && rc == RC_OK; i++) {
		change.ops = carry->pieces[i].ops;
		change.ops_count = carry->pieces[i].ops_count;
		for (k = 0; k < change.ops_count; k++) {
			const struct op *op = &change.ops[k];

			if (op->field == FIELD_HOME || op->code == OP_SET_REMOVE ||
			    (op->code == OP_CLEAR) != (op->value.len == 0) ||
			    op->value.len > LIMIT_VALUE_BYTES_MAX) {
				return RC_CORRUPT;
			}
		}
		rc = rights_judge(&rights, &change);
	}
	return rc == RC_OK ? RC_OK : RC_CORRUPT;
}

/* A record on its way into this office. */
struct taking {
	struct store *store;
	struct bytes author, reason;
	struct arena arena; /* outlives the commits */
	struct transfer transfer;
	struct moves_box box;
	struct carry_target target;
};

/* The record may have been here before. */
static enum rc fit_box(struct taking *k, struct work *w)
{
	const struct transfer *t = &k->transfer;
	const struct record *r = work_record(w, t->kind, t->record);
	const struct office_info *me = catalog_office(w->store->catalog, w->store->info.number);
	struct records_stamps stamps = { w->txn, w->store->info.centre_incarnation, &k->arena };
	struct view_source source = records_source(&stamps);
	struct vv *form = &k->target.form;
	const struct part *there = NULL;
	uint32_t i;

	k->target = (struct carry_target){ .scope = me->scope_office,
					   .kind = t->kind,
					   .id = t->record };
	if (r == NULL) {
		return w->rc;
	}
	for (i = 0; i < r->parts_count; i++) {
		if (r->parts[i].scope == k->target.scope) {
			there = &r->parts[i].part;
		}
	}
	if (there == NULL) {
		return RC_OK;
	}
	form->count = form->max = there->vector.count;
	form->dots = arena_take(&k->arena, form->count * sizeof(*form->dots));
	if (form->dots == NULL) {
		return RC_NOMEM;
	}
	memcpy(form->dots, there->vector.dots, form->count * sizeof(*form->dots));
	return carry_fit(&k->box.carry, there, &source, &k->arena);
}

static enum rc put_answer(struct commit *c, const struct transfer *t, const char *answer,
			  struct bytes remark, struct moves_refusal *why)
{
	struct draft_result result;
	struct builtin b = builtin_begin(c, BUILTIN_TRANSFER, &t->id);
	enum rc rc = RC_OK;

	builtin_put(&b, "answer", bytes_of(answer));
	builtin_put(&b, "remark", remark);
	rc = builtin_write(&b, &result);
	return rc == RC_OK ? RC_OK : moves_fail_write(&result, rc, why);
}

/* Loads the transfer and opens its box. */
static enum rc open_taking(struct taking *k, struct work *w, struct uuid id,
			   const struct crypto_key *key, struct moves_refusal *why)
{
	const struct schema_kind *kind = NULL;
	struct transfer *t = &k->transfer;
	enum rc rc = transfers_get(k->store, w->txn, id, &k->arena, t);

	if (rc == RC_OK) {
		rc = check_answer(k->store, t, why);
	}
	if (rc != RC_OK) {
		return rc;
	}
	kind = schema_kind_by_number(&k->store->catalog->schema, t->kind);
	if (kind == NULL) {
		return moves_refuse(why, RC_NOTFOUND, "sync: a newer schema may be waiting",
				    "the kind of this record is not in the schema here");
	}
	rc = moves_open(k->store, w->txn, t, key, &k->arena, &k->box);
	rc = rc == RC_OK ? check_pieces(kind, &k->box.carry) : rc;
	return rc == RC_OK ? fit_box(k, w) : fail_box(k->store, t, rc, why);
}

/* Ends a commit of many, and begins the next. */
static enum rc go_on(struct taking *k, struct commit *c)
{
	enum rc rc = commit_end(c);

	return rc == RC_OK ? commit_begin(c, k->store, k->author, k->reason) : rc;
}

static enum rc take_over(struct taking *k, struct commit *c, struct moves_refusal *why)
{
	uint32_t done = 0;
	enum rc rc = RC_OK;

	while (rc == RC_OK && k->box.carry.count - done > OWN_PIECES_MAX) {
		rc = carry_put(c, &k->target, &k->box.carry, &done, OWN_PIECES_MAX);
		rc = rc == RC_OK ? go_on(k, c) : rc;
	}
	if (rc == RC_OK) {
		rc = carry_put(c, &k->target, &k->box.carry, &done, OWN_PIECES_MAX);
	}
	return rc == RC_OK ? put_answer(c, &k->transfer, "accepted", bytes_at(NULL, 0), why) : rc;
}

enum rc moves_accept(struct store *s, struct bytes author, struct bytes reason, struct uuid id,
		     const struct crypto_key *key, struct moves_refusal *why)
{
	struct taking k = { .store = s, .author = author, .reason = reason };
	struct commit c;
	enum rc rc = mem_arena_open(&k.arena, LIMIT_STEP_ARENA_BYTES);

	if (rc != RC_OK) {
		return rc;
	}
	rc = commit_begin(&c, s, author, reason);
	if (rc == RC_OK) {
		rc = open_taking(&k, c.work, id, key, why);
		if (rc == RC_OK) {
			rc = take_over(&k, &c, why);
		}
		if (rc == RC_OK) {
			rc = commit_end(&c);
		} else if (c.work->txn != NULL) {
			commit_abort(&c);
		}
	}
	mem_arena_close(&k.arena);
	return rc;
}

enum rc moves_decline(struct commit *c, const struct transfer *t, struct bytes remark,
		      struct moves_refusal *why)
{
	enum rc rc = check_answer(c->work->store, t, why);

	return rc == RC_OK ? put_answer(c, t, "declined", remark, why) : rc;
}

enum rc moves_withdraw(struct commit *c, const struct transfer *t, struct bytes remark,
		       struct moves_refusal *why)
{
	static const uint8_t yes = 1;
	const struct store *s = c->work->store;
	struct builtin b = builtin_begin(c, BUILTIN_TRANSFER, &t->id);
	struct draft_result result;
	enum rc rc = RC_OK;

	if (t->is_twin || t->office != s->info.number) {
		return moves_refuse(why, RC_DENIED,
				    t->to == s->info.number ? "decline it instead" :
							      "let that office withdraw it",
				    "this was asked by %s", moves_name(s, t->from));
	}
	if (!transfers_is_open(t)) {
		return refuse_over(s, t, why);
	}
	if (t->state == TRANSFER_WITHDRAWING) {
		return moves_refuse(why, RC_DENIED, "sync, so that the centre hears of it",
				    "this was withdrawn already");
	}
	builtin_put(&b, "withdrawn", bytes_at(&yes, 1));
	builtin_put(&b, "remark", remark);
	rc = builtin_write(&b, &result);
	return rc == RC_OK ? RC_OK : moves_fail_write(&result, rc, why);
}
