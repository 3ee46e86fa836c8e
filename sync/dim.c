#include <assert.h>

#include "sync/date.h"
#include "sync/expr.h"

enum { NUMBER_MAX = 10 };

/* The date of a record, 0 if it is not set: every part of 0 is unknown. */
static int32_t read_date(const struct schema_field *field, const struct expr_source *src)
{
	struct values v = src->field(src->ctx, field);

	return v.count == 0 ? 0 : (int32_t)value_number(field->type, v.items[0]);
}

/* The lower bound of the class, or -1: a part of a date is unknown, or the
 * dates stand the wrong way round. */
static int64_t find_class(const struct dim *d, const struct expr_source *src)
{
	int32_t from = read_date(d->field, src);
	int32_t on = read_date(d->on, src);
	int age;

	if (date_day(from) == 0 || date_day(on) == 0) {
		return -1;
	}
	age = date_age(from, on);
	return age < 0 ? -1 : age - age % (int)d->width;
}

/* The number of the cell, or -1 for unknown. */
static int64_t find_number(const struct dim *d, const struct expr_source *src)
{
	int32_t date = 0;
	int64_t year, month;

	if (d->type == DIM_AGE) {
		return find_class(d, src);
	}
	date = read_date(d->field, src);
	year = date_year(date);
	month = date_month(date);
	if (year == 0 || (month == 0 && d->type != DIM_YEAR)) {
		return -1;
	}
	if (d->type == DIM_YEAR) {
		return year;
	}
	return d->type == DIM_QUARTER ? year * 4 + (month - 1) / 3 : year * 12 + month - 1;
}

static uint32_t put_number(int64_t n, struct arena *a, struct bytes *out)
{
	struct bytes_writer w;

	*out = bytes_at(NULL, 0);
	if (n < 0) {
		return 1;
	}
	w = bytes_writer_init(arena_take(a, NUMBER_MAX), NUMBER_MAX);
	if (w.p == NULL) {
		return 0;
	}
	value_put_number(&w, n);
	*out = bytes_written(&w);
	return 1;
}

static bool has_value(const struct bytes *list, uint32_t count, struct bytes value)
{
	uint32_t i = 0;

	while (i < count && !bytes_equal(list[i], value)) {
		i++;
	}
	return i < count;
}

/* codes: NULL, or what the values count as; two that count as one are one. */
static uint32_t copy_values(struct values v, const struct schema_codes *codes, struct arena *a,
			    struct bytes *out, uint32_t max)
{
	uint32_t i, count = 0;

	if (v.count == 0) {
		out[0] = bytes_at(NULL, 0);
		return 1;
	}
	for (i = 0; i < v.count && count < max; i++) {
		struct bytes value = v.items[i];

		if (codes != NULL) {
			value = schema_code_current(codes, value);
			if (has_value(out, count, value)) {
				continue;
			}
		}
		out[count] = arena_copy(a, value);
		if (out[count++].p == NULL) {
			return 0;
		}
	}
	return count;
}

uint32_t dim_cells(const struct dim *d, const struct expr_source *src, struct arena *a,
		   struct bytes *out, uint32_t max)
{
	struct bytes office;
	struct values one = { .items = &office, .count = 1 };

	assert(max > 0);
	switch (d->type) {
	case DIM_FIELD:
		return copy_values(src->field(src->ctx, d->field),
				   d->follows ? d->field->codes : NULL, a, out, max);
	case DIM_YEAR:
	case DIM_QUARTER:
	case DIM_MONTH:
	case DIM_AGE:
		return put_number(find_number(d, src), a, out);
	case DIM_OFFICE:
		office = src->office(src->ctx);
		return copy_values(one, NULL, a, out, max);
	}
	return 0;
}

bool dim_is_set(const struct dim *d)
{
	return d->type == DIM_FIELD && d->field->merge == MERGE_SET;
}

static void put_int(struct bytes_writer *w, int64_t n)
{
	uint8_t buffer[NUMBER_MAX];
	struct bytes_writer v = bytes_writer_init(buffer, sizeof(buffer));

	value_put_number(&v, n);
	value_format(VALUE_INT, 0, bytes_written(&v), w);
}

/* "15-19", or "15" when a class is one year. */
static void format_class(const struct dim *d, int64_t from, struct bytes_writer *w)
{
	put_int(w, from);
	if (d->width > 1) {
		bytes_put(w, "-", 1);
		put_int(w, from + d->width - 1);
	}
}

static void format_quarter(int64_t n, struct bytes_writer *w)
{
	date_format(date_pack((int)(n / 4), 0, 0), w);
	bytes_put(w, "-Q", 2);
	bytes_put_u8(w, (uint8_t)('1' + n % 4));
}

void dim_format(const struct dim *d, struct bytes cell, struct bytes_writer *w)
{
	int64_t n = value_number(VALUE_INT, cell);

	switch (d->type) {
	case DIM_FIELD:
		value_format(d->field->type, d->field->scale, cell, w);
		return;
	case DIM_YEAR:
		date_format(date_pack((int)n, 0, 0), w);
		return;
	case DIM_QUARTER:
		format_quarter(n, w);
		return;
	case DIM_MONTH:
		date_format(date_pack((int)(n / 12), (unsigned)(n % 12) + 1, 0), w);
		return;
	case DIM_AGE:
		format_class(d, n, w);
		return;
	case DIM_OFFICE:
		bytes_put(w, cell.p, cell.len);
		return;
	}
}
