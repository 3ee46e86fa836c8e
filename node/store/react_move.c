#include "node/store/react_move.h"

#include <string.h>

#include "node/base/log.h"
#include "node/store/builtin.h"
#include "node/store/mover.h"

static const char system_author[] = "kerwen";

/* Begins to write into the transfer of one office, whatever that office wrote
 * into fields that are not its own. */
static struct builtin begin_transfer(struct commit *c, const struct transfer *t)
{
	struct builtin b = builtin_begin(c, BUILTIN_TRANSFER, &t->id);

	b.draft.resolves = true;
	return b;
}

/* The system goes on when a draft is refused, whatever the reason. */
static enum rc write(struct builtin *b)
{
	struct draft_result why;
	enum rc rc = builtin_write(b, &why);

	if (commit_is_refusal(rc) && b->commit->work->rc == RC_OK) {
		log_warn("a transfer could not be written: %s", why.text);
		return RC_OK;
	}
	return rc;
}

static enum rc put_outcome(struct commit *c, const struct transfer *t, const char *outcome,
			   struct bytes note)
{
	struct builtin b = begin_transfer(c, t);

	builtin_put(&b, "outcome", bytes_of(outcome));
	builtin_put(&b, "note", note);
	return write(&b);
}

/* The two sides of one transfer; twin.id is of no meaning without has_twin. */
struct pair {
	struct transfer asked, twin;
	bool has_twin;
};

static enum rc put_outcomes(struct commit *c, const struct pair *p, const char *outcome,
			    struct bytes note)
{
	enum rc rc = put_outcome(c, &p->asked, outcome, note);

	return rc == RC_OK && p->has_twin ? put_outcome(c, &p->twin, outcome, note) : rc;
}

/* Ends a transfer without a move. */
static enum rc end(struct work *w, const struct pair *p, const char *outcome, struct bytes note)
{
	struct commit c;
	enum rc rc = commit_join(&c, w, bytes_of(system_author), bytes_at(NULL, 0));

	if (rc == RC_OK) {
		rc = put_outcomes(&c, p, outcome, note);
	}
	return rc == RC_OK ? commit_end(&c) : rc;
}

/* The pieces of the sealed box; NULL: there are none. */
static const struct part_field *find_box(const struct record *r)
{
	const struct part_field *f = NULL;
	uint32_t i;

	for (i = 0; r != NULL && i < r->parts_count && f == NULL; i++) {
		f = part_find(&r->parts[i].part, TRANSFER_FIELD_SEALED, CLASS_LOG);
	}
	return f;
}

/* Copies them as they are: the centre cannot read what is in the box. */
static enum rc copy_box(struct commit *c, const struct transfer *from, const struct uuid *to)
{
	const struct part_field *f = find_box(work_record(c->work, BUILTIN_TRANSFER, from->id));
	uint32_t i;
	enum rc rc = c->work->rc;

	for (i = 0; f != NULL && i < f->items_count && rc == RC_OK; i++) {
		struct builtin b = builtin_begin(c, BUILTIN_TRANSFER, to);

		builtin_put(&b, "sealed", f->items[i].value);
		rc = write(&b);
	}
	return rc;
}

/* Makes the twin, and says so in the asking office's. */
static enum rc write_twin(struct commit *c, const struct transfer *t)
{
	struct builtin b = builtin_begin(c, BUILTIN_TRANSFER, NULL);
	struct builtin back = begin_transfer(c, t);
	enum rc rc = RC_OK;

	b.draft.home = t->to;
	builtin_put(&b, "record", bytes_at(t->record.b, UUID_LEN));
	builtin_put_number(&b, "kind", t->kind);
	builtin_put_number(&b, "from", t->from);
	builtin_put_number(&b, "to", t->to);
	builtin_put(&b, "reason", t->reason);
	rc = write(&b);
	if (rc == RC_OK) {
		rc = copy_box(c, t, &b.draft.id);
	}
	builtin_put(&back, "twin", bytes_at(b.draft.id.b, UUID_LEN));
	return rc == RC_OK ? write(&back) : rc;
}

static enum rc make_twin(struct work *w, const struct transfer *t)
{
	struct commit c;
	enum rc rc = RC_OK;

	rc = commit_join(&c, w, bytes_of(system_author), bytes_at(NULL, 0));

	if (rc == RC_OK) {
		rc = write_twin(&c, t);
	}
	return rc == RC_OK ? commit_end(&c) : rc;
}

static enum rc load_pair(struct work *w, struct uuid id, struct pair *out)
{
	const struct store *s = w->store;
	struct transfer t;
	enum rc rc = transfers_get(s, w->txn, id, w->arena, &t);

	memset(out, 0, sizeof(*out));
	if (rc != RC_OK) {
		return rc;
	}
	if (t.is_twin) {
		out->twin = t;
		out->has_twin = true;
		return transfers_find_asked(s, w->txn, &t, w->arena, &out->asked);
	}
	out->asked = t;
	rc = t.has_twin ? transfers_get(s, w->txn, t.twin, w->arena, &out->twin) : RC_NOTFOUND;
	out->has_twin = rc == RC_OK;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc finish_move(void *ctx, struct commit *c)
{
	return put_outcomes(c, ctx, "moved", bytes_at(NULL, 0));
}

/* Moves the record, and says so in the same commit. */
static enum rc move(struct work *w, struct pair *p)
{
	struct mover_finish finish = { .ctx = p, .write = finish_move };
	const char *why = NULL;
	enum rc rc = mover_run(w, &p->asked, &finish, &why);

	return rc == RC_OK && why != NULL ? end(w, p, "void", bytes_of(why)) : rc;
}

/* What an office of good will sends, fits one commit. */
static const char *check_box(struct work *w, const struct transfer *t)
{
	const struct part_field *f = find_box(work_record(w, BUILTIN_TRANSFER, t->id));

	return f == NULL                            ? "nothing was sent with it" :
	       f->items_count > TRANSFER_PIECES_MAX ? "what was sent with it is too large" :
						      NULL;
}

static enum rc take_step(struct work *w, struct pair *p)
{
	const char *why = NULL;
	enum rc rc = RC_OK;

	if (p->asked.state == TRANSFER_WITHDRAWING) {
		return end(w, p, "withdrawn", p->asked.remark);
	}
	if (p->has_twin && p->twin.state == TRANSFER_DECLINING) {
		return end(w, p, "declined", p->twin.remark);
	}
	if (p->has_twin && p->twin.state == TRANSFER_ACCEPTED) {
		return move(w, p);
	}
	if (p->has_twin) {
		return RC_OK;
	}
	rc = mover_check_asked(w, &p->asked, &why);
	if (rc == RC_OK && why == NULL) {
		why = check_box(w, &p->asked);
	}
	if (rc == RC_OK && why != NULL) {
		return end(w, p, "void", bytes_of(why));
	}
	return rc == RC_OK ? make_twin(w, &p->asked) : rc;
}

enum rc react_move(struct work *w, struct uuid transfer)
{
	struct pair p;
	enum rc rc = load_pair(w, transfer, &p);

	if (rc == RC_NOTFOUND || (rc == RC_OK && !transfers_is_open(&p.asked))) {
		return RC_OK; /* it does not say what it must, or it is over */
	}
	return rc == RC_OK ? take_step(w, &p) : rc;
}
