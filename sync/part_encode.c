/*
 * The written form of a part. Every dot in a state belongs to a feed of the
 * vector, and mostly it is the vector's own: so dots are written as places in
 * the vector, with a seq only where it differs.
 *
 *   varint feeds; each: be64 feed, varint seq
 *   varint heads; each: ref with flag "deleted"
 *   fields to the end; each: varint number * 4 + class, varint items; each:
 *     register  ref with flag "cleared", then a block unless cleared
 *     set, log  ref, block
 *     counter   ref, zigzag sum
 *   ref := varint place * 4 + flag * 2 + other; if other: varint seq
 *
 * There is one written form for a state: everything stands in its order and
 * once, "other" only where it is needed. Anything else is corrupt.
 */
#include "sync/part.h"

#include <assert.h>
#include <string.h>

static uint32_t find_feed(const struct vv *v, uint64_t feed)
{
	uint32_t low = 0, high = v->count;

	if (high == 1) {
		assert(v->dots[0].feed == feed);
		return 0;
	}
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (v->dots[mid].feed < feed) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	assert(low < v->count && v->dots[low].feed == feed);
	return low;
}

static void put_ref(struct bytes_writer *w, const struct vv *v, struct dot d, bool flag)
{
	uint64_t place = find_feed(v, d.feed);
	bool other = v->dots[place].seq != d.seq;

	bytes_put_varint(w, place << 2 | (uint64_t)flag << 1 | other);
	if (other) {
		bytes_put_varint(w, d.seq);
	}
}

static void require(struct bytes_reader *r, bool holds)
{
	if (!holds && r->rc == RC_OK) {
		r->rc = RC_CORRUPT;
	}
}

static struct dot get_ref(struct bytes_reader *r, const struct vv *v, bool *flag)
{
	uint64_t ref = bytes_get_varint(r);
	struct dot d = { 0, 0 };

	*flag = ref >> 1 & 1;
	if (ref >> 2 >= v->count) {
		r->rc = RC_CORRUPT;
		return d;
	}
	d = v->dots[ref >> 2];
	if (ref & 1) {
		uint64_t last = d.seq;

		d.seq = bytes_get_varint(r);
		require(r, d.seq > 0 && d.seq < last);
	}
	return d;
}

static void encode_item(const struct part *p, const struct part_field *f, const struct item *item,
			struct bytes_writer *w)
{
	struct dot dot = item->dot;

	switch (f->class) {
	case CLASS_REGISTER:
		put_ref(w, &p->vector, dot, item->cleared);
		if (!item->cleared) {
			bytes_put_block(w, item->value);
		}
		break;
	case CLASS_SET:
	case CLASS_LOG:
		put_ref(w, &p->vector, dot, false);
		bytes_put_block(w, item->value);
		break;
	case CLASS_COUNTER:
		dot.seq = vv_get(&p->vector, dot.feed);
		put_ref(w, &p->vector, dot, false);
		bytes_put_zigzag(w, item->sum);
		break;
	}
}

void part_encode(const struct part *p, struct bytes_writer *w)
{
	uint32_t i, k;

	bytes_put_varint(w, p->vector.count);
	for (i = 0; i < p->vector.count; i++) {
		bytes_put_be64(w, p->vector.dots[i].feed);
		bytes_put_varint(w, p->vector.dots[i].seq);
	}
	bytes_put_varint(w, p->heads_count);
	for (i = 0; i < p->heads_count; i++) {
		put_ref(w, &p->vector, p->heads[i].dot, p->heads[i].deleted);
	}
	for (i = 0; i < p->fields_count; i++) {
		const struct part_field *f = &p->fields[i];

		bytes_put_varint(w, (uint64_t)f->number << 2 | f->class);
		bytes_put_varint(w, f->items_count);
		for (k = 0; k < f->items_count; k++) {
			encode_item(p, f, &f->items[k], w);
		}
	}
}

/* A count of things that take at least one byte each. */
static uint32_t get_count(struct bytes_reader *r)
{
	uint64_t n = bytes_get_varint(r);

	if (n > (uint64_t)(r->end - r->p)) {
		r->rc = RC_CORRUPT;
		return 0;
	}
	return (uint32_t)n;
}

static void decode_vector(struct bytes_reader *r, struct arena *a, struct vv *v)
{
	uint32_t i, count = get_count(r);

	v->dots = arena_take(a, ((size_t)count + 1) * sizeof(*v->dots));
	if (v->dots == NULL) {
		r->rc = RC_NOMEM;
		return;
	}
	v->count = count;
	v->max = count + 1; /* room for the next toucher */
	for (i = 0; i < count; i++) {
		v->dots[i].feed = bytes_get_be64(r);
		v->dots[i].seq = bytes_get_varint(r);
		require(r, v->dots[i].seq > 0);
		require(r, i == 0 || v->dots[i - 1].feed < v->dots[i].feed);
	}
}

static void decode_heads(struct bytes_reader *r, struct arena *a, struct part *p)
{
	uint32_t i, count = get_count(r);

	p->heads = arena_take(a, (size_t)count * sizeof(*p->heads));
	if (p->heads == NULL) {
		r->rc = RC_NOMEM;
		return;
	}
	p->heads_count = count;
	for (i = 0; i < count; i++) {
		p->heads[i].dot = get_ref(r, &p->vector, &p->heads[i].deleted);
		require(r, i == 0 || dot_compare(p->heads[i - 1].dot, p->heads[i].dot) < 0);
	}
}

static void decode_item(struct bytes_reader *r, const struct vv *v, enum field_class class,
			struct item *item)
{
	memset(item, 0, sizeof(*item));
	item->dot = get_ref(r, v, &item->cleared);
	require(r, !item->cleared || class == CLASS_REGISTER);
	if (class == CLASS_COUNTER) {
		require(r, item->dot.seq == vv_get(v, item->dot.feed));
		item->dot.seq = 0;
		item->sum = bytes_get_zigzag(r);
	} else if (!item->cleared) {
		item->value = bytes_get_block(r);
	}
}

static void decode_field(struct bytes_reader *r, struct arena *a, struct part *p,
			 struct part_field *f)
{
	uint64_t tag = bytes_get_varint(r);
	uint32_t i, count = get_count(r);

	memset(f, 0, sizeof(*f));
	if (tag >> 2 > UINT16_MAX) {
		r->rc = RC_CORRUPT;
		return;
	}
	f->number = (uint16_t)(tag >> 2);
	f->class = (enum field_class)(tag & 3);
	f->items = arena_take(a, (size_t)count * sizeof(*f->items));
	if (f->items == NULL) {
		r->rc = RC_NOMEM;
		return;
	}
	f->items_count = count;
	require(r, count > 0);
	for (i = 0; i < count && r->rc == RC_OK; i++) {
		decode_item(r, &p->vector, f->class, &f->items[i]);
		require(r,
			i == 0 || part_compare_items(f->class, &f->items[i - 1], &f->items[i]) < 0);
	}
}

static bool is_before(const struct part_field *a, const struct part_field *b)
{
	return a->number < b->number || (a->number == b->number && a->class < b->class);
}

/* How many fields follow: they are counted by walking them once. */
static uint32_t count_fields(struct bytes_reader r)
{
	uint32_t n = 0;

	while (r.rc == RC_OK && r.p < r.end) {
		uint64_t class = bytes_get_varint(&r) & 3;
		uint32_t items = get_count(&r);

		for (; items > 0 && r.rc == RC_OK; items--) {
			uint64_t ref = bytes_get_varint(&r);

			if (ref & 1) {
				(void)bytes_get_varint(&r);
			}
			if (class == CLASS_COUNTER) {
				(void)bytes_get_zigzag(&r);
			} else if ((ref & 2) == 0) {
				(void)bytes_get_block(&r);
			}
		}
		n++;
	}
	return n;
}

enum rc part_decode(struct bytes b, struct arena *a, struct part *out)
{
	struct bytes_reader r = bytes_reader_init(b);
	struct part p = part_init();
	uint32_t count = 0;

	decode_vector(&r, a, &p.vector);
	if (r.rc == RC_OK) {
		decode_heads(&r, a, &p);
	}
	if (r.rc != RC_OK) {
		return r.rc;
	}
	count = count_fields(r);
	p.fields = arena_take(a, (size_t)count * sizeof(*p.fields));
	if (p.fields == NULL) {
		return RC_NOMEM;
	}
	for (; p.fields_count < count && r.rc == RC_OK; p.fields_count++) {
		struct part_field *f = &p.fields[p.fields_count];

		decode_field(&r, a, &p, f);
		require(&r, p.fields_count == 0 || is_before(f - 1, f));
	}
	require(&r, bytes_is_done(&r));
	if (r.rc == RC_OK) {
		*out = p;
	}
	return r.rc;
}
