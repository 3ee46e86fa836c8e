#include "node/store/carry.h"

#include <stdlib.h>
#include <string.h>

#include "node/store/carry_fit.h"
#include "node/store/history.h"
#include "sync/feed.h"

/* What the ops of one change may take, so that it fits an entry with its form. */
enum { OPS_BYTES_MAX = 24000, OP_OVERHEAD = 12 };

/* One item of a part, with where it stands. */
struct found {
	struct dot dot;
	struct stamp stamp;
	uint16_t field;
	uint32_t at; /* among the items of its field */
	struct op op;
};

struct search {
	struct kv_txn *txn;
	const struct view_source *source;
	struct arena *arena;
	struct found *items;
	uint32_t count;
};

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* In the order of places, as a view orders a log; items of one entry side by
 * side. */
static int order_found(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	int order = compare_numbers(x->stamp.place, y->stamp.place);

	if (order == 0) {
		order = compare_numbers(x->stamp.office, y->stamp.office);
	}
	if (order == 0) {
		order = compare_numbers(feed_incarnation(x->dot.feed),
					feed_incarnation(y->dot.feed));
	}
	if (order == 0) {
		order = dot_compare(x->dot, y->dot);
	}
	if (order == 0) {
		order = compare_numbers(x->field, y->field);
	}
	return order != 0 ? order : compare_numbers(x->at, y->at);
}

static enum op_code code_of(enum field_class class, const struct item *item)
{
	switch (class) {
	case CLASS_REGISTER:
		return item->cleared ? OP_CLEAR : OP_PUT;
	case CLASS_SET:
		return OP_SET_ADD;
	case CLASS_COUNTER:
		return OP_COUNT;
	case CLASS_LOG:
		return OP_LOG;
	}
	return OP_PUT;
}

static enum rc find_items(struct search *s, const struct part_field *f)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < f->items_count && rc == RC_OK; i++) {
		const struct item *item = &f->items[i];
		struct found *found = &s->items[s->count];

		memset(found, 0, sizeof(*found));
		found->dot = item->dot;
		found->field = f->number;
		found->at = i;
		found->op = (struct op){ f->number, code_of(f->class, item), item->value };
		found->stamp.office = feed_office(item->dot.feed);
		if (s->count > 0 && dot_equal(found[-1].dot, item->dot)) {
			found->stamp = found[-1].stamp;
		} else {
			rc = s->source->stamp(s->source->ctx, item->dot, &found->stamp);
		}
		if (!item->cleared && rc == RC_OK) {
			found->op.value = arena_copy(s->arena, item->value);
			rc = found->op.value.p == NULL ? RC_NOMEM : RC_OK;
		}
		s->count++;
	}
	return rc;
}

enum rc carry_origin(struct kv_txn *t, struct dot d, const struct view_source *src, struct arena *a,
		     struct author_origin *out)
{
	size_t mark = arena_mark(a);
	struct stamp stamp = { .office = feed_office(d.feed) };
	uint8_t name[LIMIT_AUTHOR_BYTES_MAX];
	struct entry e;
	size_t len = 0;
	enum rc rc = src->stamp(src->ctx, d, &stamp);

	if (rc == RC_OK) {
		rc = history_load(t, d, a, &e);
	}
	if (rc == RC_OK) {
		len = e.header.author.len;
		if (len > 0) {
			memcpy(name, e.header.author.p, len);
		}
	}
	arena_release(a, mark);
	out->office = stamp.office;
	out->time_ms = stamp.time_ms;
	out->author = arena_copy(a, bytes_at(name, len));
	return rc == RC_OK && out->author.p == NULL ? RC_NOMEM : rc;
}

/* The items of one entry as a piece. */
static enum rc take_piece(struct search *s, uint32_t first, uint32_t end, struct carry_piece *out)
{
	uint32_t i;

	memset(out, 0, sizeof(*out));
	out->ops = arena_take(s->arena, (end - first) * sizeof(*out->ops));
	if (out->ops == NULL) {
		return RC_NOMEM;
	}
	for (i = first; i < end; i++) {
		out->ops[out->ops_count++] = s->items[i].op;
	}
	return carry_origin(s->txn, s->items[first].dot, s->source, s->arena, &out->origin);
}

/* The sums, as the first piece. */
static enum rc take_sums(const struct part *p, struct arena *a, struct carry_piece *out)
{
	enum rc rc = RC_OK;
	uint32_t i;

	memset(out, 0, sizeof(*out));
	out->is_own = true;
	out->ops = arena_take(a, p->fields_count * sizeof(*out->ops));
	if (out->ops == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < p->fields_count && rc == RC_OK; i++) {
		const struct part_field *f = &p->fields[i];

		if (f->class == CLASS_COUNTER) {
			rc = carry_add_count(out, f->number, carry_sum(f), a);
		}
	}
	return rc;
}

static enum rc find_all(struct search *s, const struct part *p)
{
	size_t max = 0;
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < p->fields_count; i++) {
		max += p->fields[i].items_count;
	}
	s->items = arena_take(s->arena, max * sizeof(*s->items));
	for (i = 0; s->items != NULL && i < p->fields_count && rc == RC_OK; i++) {
		const struct part_field *f = &p->fields[i];

		if (f->class != CLASS_COUNTER && f->number != FIELD_HOME) {
			rc = find_items(s, f);
		}
	}
	if (s->items != NULL && s->count > 1) {
		qsort(s->items, s->count, sizeof(*s->items), order_found);
	}
	return s->items == NULL ? RC_NOMEM : rc;
}

enum rc carry_take(struct kv_txn *t, const struct part *p, const struct view_source *src,
		   struct arena *a, struct carry *out)
{
	struct search s = { .txn = t, .source = src, .arena = a };
	enum rc rc = find_all(&s, p);
	uint32_t i, end;

	out->count = 0;
	out->pieces = arena_take(a, ((size_t)s.count + 1) * sizeof(*out->pieces));
	if (rc != RC_OK || out->pieces == NULL) {
		return rc == RC_OK ? RC_NOMEM : rc;
	}
	rc = take_sums(p, a, &out->pieces[out->count++]);
	for (i = 0; i < s.count && rc == RC_OK; i = end) {
		end = i + 1;
		while (end < s.count && dot_equal(s.items[i].dot, s.items[end].dot)) {
			end++;
		}
		rc = take_piece(&s, i, end, &out->pieces[out->count++]);
	}
	return rc;
}

static void put_op(struct bytes_writer *w, const struct op *op)
{
	bytes_put_varint(w, (uint64_t)op->field << 3 | (uint64_t)op->code);
	bytes_put_block(w, op->value);
}

void carry_encode(const struct carry *c, struct bytes_writer *w)
{
	uint32_t i, k;

	for (i = 0; i < c->count; i++) {
		const struct carry_piece *p = &c->pieces[i];

		if (p->ops_count == 0) {
			continue;
		}
		bytes_put_u8(w, !p->is_own);
		if (!p->is_own) {
			bytes_put_varint(w, p->origin.office);
			bytes_put_varint(w, (uint64_t)p->origin.time_ms);
			bytes_put_block(w, p->origin.author);
		}
		bytes_put_varint(w, p->ops_count);
		for (k = 0; k < p->ops_count; k++) {
			put_op(w, &p->ops[k]);
		}
	}
}

static enum rc get_ops(struct bytes_reader *r, struct arena *a, struct carry_piece *out)
{
	uint64_t count = bytes_get_varint(r), i;

	if (r->rc != RC_OK || count == 0 || count > LIMIT_OPS_PER_CHANGE_MAX) {
		return RC_CORRUPT;
	}
	out->ops = arena_take(a, (size_t)count * sizeof(*out->ops));
	for (i = 0; out->ops != NULL && i < count; i++) {
		uint64_t number = bytes_get_varint(r);
		struct bytes value = bytes_get_block(r);

		if (r->rc != RC_OK || (number & 7) >= OP_CODES || number >> 3 > UINT16_MAX) {
			return RC_CORRUPT;
		}
		out->ops[out->ops_count++] =
			(struct op){ (uint16_t)(number >> 3), (enum op_code)(number & 7), value };
	}
	return out->ops == NULL ? RC_NOMEM : RC_OK;
}

static enum rc get_piece(struct bytes_reader *r, struct arena *a, struct carry_piece *out)
{
	uint8_t mark = bytes_get_u8(r);
	uint64_t office = 0, time_ms = 0;

	memset(out, 0, sizeof(*out));
	out->is_own = mark == 0;
	if (mark == 1) {
		office = bytes_get_varint(r);
		time_ms = bytes_get_varint(r);
		out->origin.author = bytes_get_block(r);
	}
	if (r->rc != RC_OK || mark > 1 || office > UINT16_MAX || time_ms > INT64_MAX ||
	    out->origin.author.len > LIMIT_AUTHOR_BYTES_MAX) {
		return RC_CORRUPT;
	}
	out->origin.office = (uint16_t)office;
	out->origin.time_ms = (int64_t)time_ms;
	return get_ops(r, a, out);
}

enum rc carry_decode(struct bytes b, struct arena *a, struct carry *out)
{
	struct bytes_reader r = bytes_reader_init(b);
	struct carry_piece piece;
	uint32_t max = 0, i;
	enum rc rc = RC_OK;

	/* Read twice: the first time they are counted. */
	for (i = 0; i < 2 && rc == RC_OK; i++) {
		size_t mark = arena_mark(a);

		r = bytes_reader_init(b);
		out->count = 0;
		out->pieces = i == 0 ? &piece : arena_take(a, max * sizeof(piece));
		while (out->pieces != NULL && rc == RC_OK && r.p < r.end) {
			rc = get_piece(&r, a, &out->pieces[i == 0 ? 0 : out->count]);
			out->count++;
		}
		max = out->count;
		if (i == 0) {
			arena_release(a, mark);
		}
	}
	return rc == RC_OK && out->pieces == NULL ? RC_NOMEM : rc;
}

/* How many ops from `first` on fit one change. */
static uint32_t count_fitting(const struct carry_piece *p, uint32_t first)
{
	size_t len = 0;
	uint32_t i = first;

	while (i < p->ops_count && i - first < LIMIT_OPS_PER_CHANGE_MAX &&
	       (i == first || len + p->ops[i].value.len + OP_OVERHEAD <= OPS_BYTES_MAX)) {
		len += p->ops[i++].value.len + OP_OVERHEAD;
	}
	return i - first;
}

static enum rc put_piece(struct commit *c, const struct carry_target *to,
			 const struct carry_piece *p)
{
	struct change change = { .kind = to->kind, .id = to->id, .life = to->life };
	uint32_t first = 0;
	enum rc rc = RC_OK;

	change.has_form = true;
	change.form = to->form;
	while (first < p->ops_count && rc == RC_OK) {
		change.ops = p->ops + first;
		change.ops_count = count_fitting(p, first);
		first += change.ops_count;
		rc = commit_put(c, to->scope, &change, p->is_own ? NULL : &p->origin);
	}
	return rc;
}

enum rc carry_put(struct commit *c, const struct carry_target *to, const struct carry *carry,
		  uint32_t *from, uint32_t max)
{
	enum rc rc = RC_OK;

	for (; *from < carry->count && max > 0 && rc == RC_OK; max--) {
		rc = put_piece(c, to, &carry->pieces[(*from)++]);
	}
	return rc;
}
