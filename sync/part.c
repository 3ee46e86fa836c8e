#include "sync/part.h"

#include <string.h>

#include "sync/value.h"

enum field_class part_class_of(enum op_code code)
{
	switch (code) {
	case OP_PUT:
	case OP_CLEAR:
		return CLASS_REGISTER;
	case OP_SET_ADD:
	case OP_SET_REMOVE:
		return CLASS_SET;
	case OP_COUNT:
		return CLASS_COUNTER;
	case OP_LOG:
		return CLASS_LOG;
	}
	return CLASS_REGISTER;
}

struct part part_init(void)
{
	struct part p = { .vector = { NULL, 0, 0 } };
	return p;
}

int part_compare_items(enum field_class class, const struct item *a, const struct item *b)
{
	int by_value = bytes_compare(a->value, b->value);
	int by_dot = dot_compare(a->dot, b->dot);

	if (class == CLASS_SET) {
		return by_value != 0 ? by_value : by_dot;
	}
	if (by_dot != 0) {
		return by_dot;
	}
	if (a->cleared != b->cleared) {
		return a->cleared ? -1 : 1;
	}
	return by_value;
}

/* The place of the first item that does not stand before `item`. */
static uint32_t find_item(const struct part_field *f, const struct item *item)
{
	uint32_t low = 0, high = f->items_count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (part_compare_items(f->class, &f->items[mid], item) < 0) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	return low;
}

/* Inserts in order. There is room: see open_items. */
static void insert_item(struct part_field *f, struct item item)
{
	uint32_t i = 0;

	if (f->items_count == 0) { /* as most often */
		f->items[f->items_count++] = item;
		return;
	}
	i = find_item(f, &item);
	if (i < f->items_count && part_compare_items(f->class, &f->items[i], &item) == 0) {
		return;
	}
	memmove(f->items + i + 1, f->items + i, (f->items_count - i) * sizeof(item));
	f->items[i] = item;
	f->items_count++;
}

/*
 * Makes room for one more item, when there is none. Items that stood before this change are copied
 * first, since somebody may still look at them (items_max 0); the copy grows by
 * doubling, so that a change which adds many stays linear.
 */
static enum rc open_items(struct part_field *f, struct arena *a)
{
	uint32_t max = f->items_max == 0 ? f->items_count + 1 : f->items_count * 2;
	struct item *items = NULL;

	items = arena_take(a, (size_t)max * sizeof(*items));
	if (items == NULL) {
		return RC_NOMEM;
	}
	if (f->items_count > 0) {
		memcpy(items, f->items, f->items_count * sizeof(*items));
	}
	f->items = items;
	f->items_max = max;
	return RC_OK;
}

/* The place of a field: found, or where it belongs. Changes name fields in
 * ascending order, so that the end is looked at first. */
static uint32_t find_field(const struct part *p, uint16_t number, enum field_class class,
			   bool *found)
{
	uint32_t low = 0, high = p->fields_count;

	if (high > 0 && p->fields[high - 1].number < number) {
		*found = false;
		return high;
	}
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		const struct part_field *f = &p->fields[mid];

		if (f->number < number || (f->number == number && f->class < class)) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	*found = low < p->fields_count && p->fields[low].number == number &&
		 p->fields[low].class == class;
	return low;
}

const struct part_field *part_find(const struct part *p, uint16_t number, enum field_class class)
{
	bool found = false;
	uint32_t i = find_field(p, number, class, &found);

	return found ? &p->fields[i] : NULL;
}

/* Room for what a change adds: a field and an item each operation. */
struct room {
	struct arena *arena;
	struct item *items; /* one for each operation */
};

static enum rc open_fields(struct part *p, uint32_t more, struct arena *a, struct room *out)
{
	size_t count = (size_t)p->fields_count + more;
	struct part_field *fields = arena_take(a, count * sizeof(*fields));
	uint32_t i;

	out->arena = a;
	out->items = arena_take(a, more * sizeof(*out->items));
	if (fields == NULL || out->items == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < p->fields_count; i++) {
		fields[i] = p->fields[i];
		fields[i].items_max = 0;
	}
	p->fields = fields;
	return RC_OK;
}

/* The field to change. A new one holds nothing, and has room for one item. */
static struct part_field *take_field(struct part *p, uint16_t number, enum field_class class,
				     struct room *room)
{
	bool found = false;
	uint32_t i = find_field(p, number, class, &found);
	struct part_field *f = &p->fields[i];

	if (!found) {
		if (i < p->fields_count) {
			memmove(f + 1, f, (p->fields_count - i) * sizeof(*f));
		}
		*f = (struct part_field){
			.number = number, .class = class, .items = room->items++, .items_max = 1
		};
		p->fields_count++;
	}
	return f;
}

/* Drops the items that the author had seen; of a set, those of one value. */
static void drop_covered(struct part_field *f, const struct bytes *value, const struct seen *seen)
{
	struct item first = { .dot = { 0, 0 } };
	uint32_t i = 0, kept, end;

	if (f->items_count == 0) {
		return;
	}
	if (value != NULL) {
		first.value = *value;
		i = find_item(f, &first);
	}
	kept = i;
	for (; i < f->items_count; i++) {
		if (value != NULL && !bytes_equal(*value, f->items[i].value)) {
			break;
		}
		if (!seen->covers(seen->ctx, f->items[i].dot)) {
			f->items[kept++] = f->items[i];
		}
	}
	end = f->items_count;
	f->items_count = kept + (end - i);
	if (kept < i) {
		memmove(f->items + kept, f->items + i, (end - i) * sizeof(*f->items));
	}
}

static struct item count_of(uint64_t feed, struct bytes value)
{
	struct bytes_reader r = bytes_reader_init(value);
	struct item item = { .dot = { .feed = feed, .seq = 0 } };

	item.sum = bytes_get_zigzag(&r);
	return item;
}

/* Sums wrap: a hostile sum must not make the order of additions matter. */
static void add_count(struct part_field *f, uint64_t feed, struct bytes value)
{
	struct item item = count_of(feed, value);
	uint32_t i;

	for (i = 0; i < f->items_count; i++) {
		if (f->items[i].dot.feed == feed) {
			f->items[i].sum = value_add(f->items[i].sum, item.sum);
			return;
		}
	}
	insert_item(f, item);
}

static enum rc apply_op(struct part *p, const struct op *op, struct dot e, const struct seen *seen,
			struct room *room)
{
	struct part_field *f = take_field(p, op->field, part_class_of(op->code), room);
	struct item item = { .dot = e, .value = op->value };
	enum rc rc = f->items_count < f->items_max ? RC_OK : open_items(f, room->arena);

	if (rc != RC_OK) {
		return rc;
	}
	switch (op->code) {
	case OP_PUT:
	case OP_CLEAR:
		drop_covered(f, NULL, seen);
		item.cleared = op->code == OP_CLEAR;
		insert_item(f, item);
		break;
	case OP_SET_ADD:
		drop_covered(f, &op->value, seen);
		insert_item(f, item);
		break;
	case OP_SET_REMOVE:
		drop_covered(f, &op->value, seen);
		break;
	case OP_COUNT:
		add_count(f, e.feed, op->value);
		break;
	case OP_LOG:
		insert_item(f, item);
		break;
	}
	return RC_OK;
}

static enum rc apply_life(struct part *p, enum life life, struct dot e, const struct seen *seen,
			  struct arena *a)
{
	struct head *heads = NULL;
	uint32_t i, kept = 0;
	bool placed = false;

	if (life == LIFE_NONE) {
		return RC_OK;
	}
	heads = arena_take(a, ((size_t)p->heads_count + 1) * sizeof(*heads));
	if (heads == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < p->heads_count; i++) {
		if (!placed && dot_compare(e, p->heads[i].dot) < 0) {
			heads[kept++] = (struct head){ e, life == LIFE_DELETED };
			placed = true;
		}
		if (!seen->covers(seen->ctx, p->heads[i].dot)) {
			heads[kept++] = p->heads[i];
		}
	}
	if (!placed) {
		heads[kept++] = (struct head){ e, life == LIFE_DELETED };
	}
	p->heads = heads;
	p->heads_count = kept;
	return RC_OK;
}

static enum rc raise_vector(struct part *p, struct dot e, struct arena *a)
{
	struct vv wider = p->vector;

	if (vv_get(&p->vector, e.feed) == 0 && p->vector.count == p->vector.max) {
		wider.max = p->vector.max + 1;
		wider.dots = arena_take(a, wider.max * sizeof(*wider.dots));
		if (wider.dots == NULL) {
			return RC_NOMEM;
		}
		if (p->vector.count > 0) {
			memcpy(wider.dots, p->vector.dots, p->vector.count * sizeof(*wider.dots));
		}
		p->vector = wider;
	}
	return vv_raise(&p->vector, e);
}

/* Fields whose last item is gone (a set emptied) leave no trace. */
static void drop_empty_fields(struct part *p)
{
	uint32_t i = 0, kept = 0;

	while (i < p->fields_count && p->fields[i].items_count > 0) {
		i++;
	}
	for (kept = i; i < p->fields_count; i++) {
		if (p->fields[i].items_count > 0) {
			p->fields[kept++] = p->fields[i];
		}
	}
	p->fields_count = kept;
}

/* Whether each operation makes a field of its own, behind the one before: nearly
 * every first change does. */
static bool is_plain(const struct change *c)
{
	uint32_t i;

	for (i = 0; i < c->ops_count; i++) {
		if (c->ops[i].code == OP_SET_REMOVE ||
		    (i > 0 && c->ops[i].field <= c->ops[i - 1].field)) {
			return false;
		}
	}
	return true;
}

/* The fields of a part that had none, by a plain change: each has one item. */
static void begin_fields(struct part *p, const struct change *c, struct dot e, struct room *room)
{
	uint32_t i;

	for (i = 0; i < c->ops_count; i++) {
		const struct op *op = &c->ops[i];
		struct part_field *f = &p->fields[i];
		struct item *item = room->items++;

		*item = (struct item){ .dot = e };
		if (op->code == OP_COUNT) {
			*item = count_of(e.feed, op->value);
		} else {
			item->value = op->value;
			item->cleared = op->code == OP_CLEAR;
		}
		*f = (struct part_field){ .number = op->field,
					  .class = part_class_of(op->code),
					  .items = item,
					  .items_count = 1,
					  .items_max = 1 };
	}
	p->fields_count = c->ops_count;
}

enum rc part_apply(struct part *p, const struct change *c, struct dot e, const struct seen *seen,
		   struct arena *a)
{
	struct room room;
	enum rc rc = RC_OK;
	uint32_t i;

	if (vv_covers(&p->vector, e)) {
		return RC_OK;
	}
	rc = open_fields(p, c->ops_count, a, &room);
	if (rc == RC_OK && p->fields_count == 0 && is_plain(c)) {
		begin_fields(p, c, e, &room);
	} else {
		for (i = 0; i < c->ops_count && rc == RC_OK; i++) {
			rc = apply_op(p, &c->ops[i], e, seen, &room);
		}
	}
	if (rc == RC_OK) {
		drop_empty_fields(p);
		rc = apply_life(p, c->life, e, seen, a);
	}
	return rc == RC_OK ? raise_vector(p, e, a) : rc;
}
