#include "sync/vv.h"

#include <string.h>

/* The place of the first dot whose feed is not below the given one. */
static uint32_t find_place(const struct vv *v, uint64_t feed)
{
	uint32_t low = 0, high = v->count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (v->dots[mid].feed < feed) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	return low;
}

uint64_t vv_get(const struct vv *v, uint64_t feed)
{
	uint32_t i = find_place(v, feed);

	return i < v->count && v->dots[i].feed == feed ? v->dots[i].seq : 0;
}

bool vv_covers(const struct vv *v, struct dot d)
{
	return d.seq <= vv_get(v, d.feed);
}

enum rc vv_raise(struct vv *v, struct dot d)
{
	uint32_t i = find_place(v, d.feed);

	if (d.seq == 0) {
		return RC_OK;
	}
	if (i < v->count && v->dots[i].feed == d.feed) {
		if (v->dots[i].seq < d.seq) {
			v->dots[i].seq = d.seq;
		}
		return RC_OK;
	}
	if (v->count == v->max) {
		return RC_LIMIT;
	}
	memmove(v->dots + i + 1, v->dots + i, (v->count - i) * sizeof(*v->dots));
	v->dots[i] = d;
	v->count++;
	return RC_OK;
}

enum vv_order vv_compare(const struct vv *a, const struct vv *b)
{
	bool a_more = false, b_more = false;
	uint32_t i = 0, k = 0;

	while (i < a->count || k < b->count) {
		if (k == b->count || (i < a->count && a->dots[i].feed < b->dots[k].feed)) {
			a_more = true;
			i++;
		} else if (i == a->count || b->dots[k].feed < a->dots[i].feed) {
			b_more = true;
			k++;
		} else {
			a_more = a_more || a->dots[i].seq > b->dots[k].seq;
			b_more = b_more || b->dots[k].seq > a->dots[i].seq;
			i++;
			k++;
		}
	}
	if (a_more) {
		return b_more ? VV_CONCURRENT : VV_AFTER;
	}
	return b_more ? VV_BEFORE : VV_EQUAL;
}

/* How many feeds of other are not in v. */
static uint32_t count_missing(const struct vv *v, const struct vv *other)
{
	uint32_t i = 0, k, n = 0;

	for (k = 0; k < other->count; k++) {
		while (i < v->count && v->dots[i].feed < other->dots[k].feed) {
			i++;
		}
		n += i == v->count || v->dots[i].feed != other->dots[k].feed;
	}
	return n;
}

/* From the back, so that nothing is overwritten before it was read. */
enum rc vv_merge(struct vv *v, const struct vv *other)
{
	uint32_t missing = count_missing(v, other);
	uint32_t i = v->count, k = other->count, out = v->count + missing;

	if (missing > v->max - v->count) {
		return RC_LIMIT;
	}
	v->count = out;
	while (k > 0) {
		struct dot d = other->dots[k - 1];

		if (i > 0 && v->dots[i - 1].feed > d.feed) {
			v->dots[--out] = v->dots[--i];
			continue;
		}
		if (i > 0 && v->dots[i - 1].feed == d.feed) {
			i--;
			d.seq = v->dots[i].seq > d.seq ? v->dots[i].seq : d.seq;
		}
		v->dots[--out] = d;
		k--;
	}
	return RC_OK;
}

static void format_number(struct bytes_writer *w, uint64_t n)
{
	char text[20];
	size_t at = sizeof(text);

	do {
		text[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	bytes_put(w, text + at, sizeof(text) - at);
}

void vv_format(const struct vv *v, struct bytes_writer *w)
{
	uint32_t i;
	int shift;

	if (v->count == 0) {
		bytes_put_u8(w, '-');
	}
	for (i = 0; i < v->count; i++) {
		if (i > 0) {
			bytes_put_u8(w, ',');
		}
		for (shift = 60; shift >= 0; shift -= 4) {
			unsigned digit = (unsigned)(v->dots[i].feed >> shift) & 15;

			bytes_put_u8(w, (uint8_t) "0123456789abcdef"[digit]);
		}
		bytes_put_u8(w, ':');
		format_number(w, v->dots[i].seq);
	}
}

/* One hexadecimal digit, or -1. Lower case only: one text for one vector. */
static int digit_of(uint8_t c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads "FEED:SEQ" at *at and moves it behind. */
static enum rc parse_dot(struct bytes text, size_t *at, struct dot *d)
{
	size_t i = *at, end = i + 16;

	d->feed = d->seq = 0;
	if (text.len < end + 2 || text.p[end] != ':' || text.p[end + 1] == '0') {
		return RC_INVALID;
	}
	for (; i < end; i++) {
		int digit = digit_of(text.p[i]);

		if (digit < 0) {
			return RC_INVALID;
		}
		d->feed = d->feed << 4 | (unsigned)digit;
	}
	for (i = end + 1; i < text.len && text.p[i] >= '0' && text.p[i] <= '9'; i++) {
		unsigned digit = (unsigned)(text.p[i] - '0');

		if (d->seq > (UINT64_MAX - digit) / 10) {
			return RC_INVALID;
		}
		d->seq = d->seq * 10 + digit;
	}
	*at = i;
	return d->seq == 0 ? RC_INVALID : RC_OK;
}

enum rc vv_parse(struct bytes text, struct vv *v)
{
	size_t at = 0;
	struct dot d;

	v->count = 0;
	if (text.len == 1 && text.p[0] == '-') {
		return RC_OK;
	}
	for (;;) {
		if (parse_dot(text, &at, &d) != RC_OK ||
		    (v->count > 0 && v->dots[v->count - 1].feed >= d.feed)) {
			return RC_INVALID;
		}
		if (v->count == v->max) {
			return RC_LIMIT;
		}
		v->dots[v->count++] = d;
		if (at == text.len) {
			return RC_OK;
		}
		if (text.p[at++] != ',') {
			return RC_INVALID;
		}
	}
}
