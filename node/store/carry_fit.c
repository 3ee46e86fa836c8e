/* What of carry.h has to do with what is there already. */
#include "node/store/carry_fit.h"

#include <stdlib.h>
#include <string.h>

#include "sync/feed.h"

enum { NUMBER_BYTES_MAX = 10 };

/* A sum wraps as the parts of it did; what is written is a number. */
int64_t carry_sum(const struct part_field *f)
{
	uint64_t wrapped = 0;
	int64_t sum = 0;
	uint32_t i;

	for (i = 0; f != NULL && i < f->items_count; i++) {
		wrapped += (uint64_t)f->items[i].sum;
	}
	memcpy(&sum, &wrapped, sizeof(sum));
	return sum > VALUE_INT_MAX ? VALUE_INT_MAX : sum < -VALUE_INT_MAX ? -VALUE_INT_MAX : sum;
}

enum rc carry_add_op(struct carry_piece *p, uint16_t field, enum op_code code, struct bytes value,
		     struct arena *a)
{
	struct op *op = &p->ops[p->ops_count];

	*op = (struct op){ field, code, bytes_at(NULL, 0) };
	if (code != OP_CLEAR) {
		op->value = arena_copy(a, value);
		if (op->value.p == NULL) {
			return RC_NOMEM;
		}
	}
	p->ops_count++;
	return RC_OK;
}

enum rc carry_add_count(struct carry_piece *p, uint16_t field, int64_t n, struct arena *a)
{
	uint8_t buffer[NUMBER_BYTES_MAX];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));

	value_put_number(&w, n);
	return carry_add_op(p, field, OP_COUNT, bytes_written(&w), a);
}

/* The lines of a log by value, and how many of each are taken already. */
struct lines {
	struct bytes *values;
	uint32_t *taken; /* at the first of equal ones */
	uint32_t count;
};

static int order_values(const void *a, const void *b)
{
	return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

static enum rc open_lines(uint32_t max, struct arena *a, struct lines *out)
{
	out->count = 0;
	out->values = arena_take(a, max * sizeof(*out->values));
	out->taken = arena_take_zeroed(a, max, sizeof(*out->taken));
	return out->values == NULL || out->taken == NULL ? RC_NOMEM : RC_OK;
}

static void sort_lines(struct lines *l)
{
	if (l->count > 1) {
		qsort(l->values, l->count, sizeof(*l->values), order_values);
	}
}

/* Takes one line of this value. False: there is none left. */
static bool take_line(struct lines *l, struct bytes value)
{
	uint32_t low = 0, high = l->count, next;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (bytes_compare(l->values[mid], value) < 0) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	next = low < l->count ? low + l->taken[low] : l->count;
	if (next >= l->count || !bytes_equal(l->values[next], value)) {
		return false;
	}
	l->taken[low]++;
	return true;
}

/* Drops the lines of a log that stand there already. */
static enum rc drop_lines(struct carry *c, const struct part_field *f, struct arena *a)
{
	struct lines lines;
	enum rc rc = open_lines(f->items_count, a, &lines);
	uint32_t i, k;

	for (i = 0; i < f->items_count && rc == RC_OK; i++) {
		lines.values[lines.count++] = f->items[i].value;
	}
	sort_lines(&lines);
	for (i = 0; i < c->count && rc == RC_OK; i++) {
		struct carry_piece *p = &c->pieces[i];
		uint32_t kept = 0;

		for (k = 0; k < p->ops_count; k++) {
			const struct op *op = &p->ops[k];

			if (op->code != OP_LOG || op->field != f->number ||
			    !take_line(&lines, op->value)) {
				p->ops[kept++] = *op;
			}
		}
		p->ops_count = kept;
	}
	return rc;
}

/* Takes from a sum what is counted there already. */
static enum rc subtract(struct carry *c, const struct part_field *f, struct carry_piece *tidy,
			struct arena *a)
{
	int64_t sum = -carry_sum(f);
	uint32_t i, k;

	for (i = 0; i < c->count; i++) {
		struct carry_piece *p = &c->pieces[i];
		uint32_t kept = 0;

		for (k = 0; k < p->ops_count; k++) {
			if (p->ops[k].code == OP_COUNT && p->ops[k].field == f->number) {
				sum += value_number(VALUE_INT, p->ops[k].value);
			} else {
				p->ops[kept++] = p->ops[k];
			}
		}
		p->ops_count = kept;
	}
	sum = sum > VALUE_INT_MAX ? VALUE_INT_MAX : sum < -VALUE_INT_MAX ? -VALUE_INT_MAX : sum;
	return sum == 0 ? RC_OK : carry_add_count(tidy, f->number, sum, a);
}

/* Whether a piece puts the register. */
static bool is_put(const struct carry *c, uint16_t field)
{
	uint32_t i, k;

	for (i = 0; i < c->count; i++) {
		for (k = 0; k < c->pieces[i].ops_count; k++) {
			const struct op *op = &c->pieces[i].ops[k];

			if (op->field == field && part_class_of(op->code) == CLASS_REGISTER) {
				return true;
			}
		}
	}
	return false;
}

/* The members that the pieces add to a set, by value. */
static enum rc list_members(const struct carry *c, uint16_t field, struct arena *a,
			    struct lines *out)
{
	uint32_t i, k, max = 0;
	enum rc rc = RC_OK;

	for (i = 0; i < c->count; i++) {
		max += c->pieces[i].ops_count;
	}
	rc = open_lines(max, a, out);
	for (i = 0; i < c->count && rc == RC_OK; i++) {
		for (k = 0; k < c->pieces[i].ops_count; k++) {
			const struct op *op = &c->pieces[i].ops[k];

			if (op->code == OP_SET_ADD && op->field == field) {
				out->values[out->count++] = op->value;
			}
		}
	}
	sort_lines(out);
	return rc;
}

/* Takes out the members of a set that are not to be in it. */
static enum rc remove_members(struct carry *c, const struct part_field *f, struct carry_piece *tidy,
			      struct arena *a)
{
	struct lines wanted;
	enum rc rc = list_members(c, f->number, a, &wanted);
	uint32_t i;

	for (i = 0; i < f->items_count && rc == RC_OK; i++) {
		struct bytes value = f->items[i].value;

		if ((i == 0 || !bytes_equal(f->items[i - 1].value, value)) &&
		    !take_line(&wanted, value)) {
			rc = carry_add_op(tidy, f->number, OP_SET_REMOVE, value, a);
		}
	}
	return rc;
}

/* Whether the member was added there by the same office at the same time: then
 * it stays as it is, and whoever has seen it can take it out. */
static bool is_there(const struct part_field *f, const struct stamp *stamps, struct bytes value,
		     const struct author_origin *origin)
{
	uint32_t i;

	for (i = 0; i < f->items_count; i++) {
		if (stamps[i].office == origin->office && stamps[i].time_ms == origin->time_ms &&
		    bytes_equal(f->items[i].value, value)) {
			return true;
		}
	}
	return false;
}

/* Drops the members of a set that stand there already. */
static enum rc drop_members(struct carry *c, const struct part_field *f,
			    const struct view_source *src, struct arena *a)
{
	struct stamp *stamps = arena_take_zeroed(a, f->items_count, sizeof(*stamps));
	enum rc rc = stamps == NULL ? RC_NOMEM : RC_OK;
	uint32_t i, k;

	for (i = 0; i < f->items_count && rc == RC_OK; i++) {
		stamps[i].office = feed_office(f->items[i].dot.feed);
		rc = src->stamp(src->ctx, f->items[i].dot, &stamps[i]);
	}
	for (i = 0; i < c->count && rc == RC_OK; i++) {
		struct carry_piece *p = &c->pieces[i];
		uint32_t kept = 0;

		for (k = 0; k < p->ops_count; k++) {
			const struct op *op = &p->ops[k];

			if (op->code != OP_SET_ADD || op->field != f->number ||
			    !is_there(f, stamps, op->value, &p->origin)) {
				p->ops[kept++] = *op;
			}
		}
		p->ops_count = kept;
	}
	return rc;
}

static enum rc fit_set(struct carry *c, const struct part_field *f, const struct view_source *src,
		       struct carry_piece *tidy, struct arena *a)
{
	enum rc rc = remove_members(c, f, tidy, a);

	return rc == RC_OK ? drop_members(c, f, src, a) : rc;
}

static enum rc fit_field(struct carry *c, const struct part_field *f, const struct view_source *src,
			 struct carry_piece *tidy, struct arena *a)
{
	switch (f->class) {
	case CLASS_REGISTER:
		return f->number == FIELD_HOME || is_put(c, f->number) ?
			       RC_OK :
			       carry_add_op(tidy, f->number, OP_CLEAR, bytes_at(NULL, 0), a);
	case CLASS_SET:
		return fit_set(c, f, src, tidy, a);
	case CLASS_COUNTER:
		return subtract(c, f, tidy, a);
	case CLASS_LOG:
		return drop_lines(c, f, a);
	}
	return RC_OK;
}

/* Puts a piece before the others, and drops those that have become empty. */
static enum rc put_first(struct carry *c, const struct carry_piece *first, struct arena *a)
{
	struct carry_piece *pieces = arena_take(a, ((size_t)c->count + 1) * sizeof(*pieces));
	uint32_t i, count = 0;

	if (pieces == NULL) {
		return RC_NOMEM;
	}
	if (first->ops_count > 0) {
		pieces[count++] = *first;
	}
	for (i = 0; i < c->count; i++) {
		if (c->pieces[i].ops_count > 0) {
			pieces[count++] = c->pieces[i];
		}
	}
	c->pieces = pieces;
	c->count = count;
	return RC_OK;
}

enum rc carry_fit(struct carry *c, const struct part *there, const struct view_source *src,
		  struct arena *a)
{
	struct carry_piece tidy = { .is_own = true };
	size_t max = 0;
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < there->fields_count; i++) {
		max += there->fields[i].items_count;
	}
	tidy.ops = arena_take(a, max * sizeof(*tidy.ops));
	if (tidy.ops == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < there->fields_count && rc == RC_OK; i++) {
		rc = fit_field(c, &there->fields[i], src, &tidy, a);
	}
	return rc == RC_OK ? put_first(c, &tidy, a) : rc;
}
