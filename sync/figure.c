#include "sync/figure.h"

#include "sync/date.h"

/* Most keys are short; a long one is built in the arena. */
enum { SHORT_KEY_BYTES = 256, VARINT_MAX = 10 };

/* One dimension of the record at hand. */
struct axis {
	struct bytes one;     /* the cell of a dimension that is no set */
	struct bytes *values; /* length 0: unknown */
	uint32_t count;
	bool has_all; /* a set: the cell "all" stands behind the values */
	uint32_t at;  /* the cell of the key under construction */
};

/* One call of figure_add. */
struct tally {
	const struct counter *counter;
	const struct record *record;
	const struct view_source *source;
	struct bytes (*office_name)(void *ctx, uint16_t office);
	void *office_ctx;
	struct arena *scratch;
	const struct figure_sink *sink;
	struct axis axes[LIMIT_DIMENSIONS_MAX];
	enum rc rc; /* of what expressions ask for: they cannot fail */
};

static struct values on_field(void *ctx, const struct schema_field *field)
{
	struct tally *t = ctx;
	struct values v = { .items = NULL, .count = 0 };
	enum rc rc = view_values(t->record, field, t->source, t->scratch, &v);

	if (t->rc == RC_OK) {
		t->rc = rc;
	}
	return v;
}

static struct bytes on_office(void *ctx)
{
	const struct tally *t = ctx;
	uint16_t office = 0, region_scope = 0;

	if (!view_home(t->record, &office, &region_scope)) {
		return bytes_at(NULL, 0);
	}
	return t->office_name(t->office_ctx, office);
}

/* The first value of a field as a number. */
static bool find_number(struct tally *t, const struct schema_field *f, int64_t *out)
{
	struct values v = on_field(t, f);

	if (v.count == 0) {
		return false;
	}
	*out = value_number(f->type, v.items[0]);
	return true;
}

/* What each cell moves by. What is no number is 0: it moves nothing. */
static int64_t find_amount(struct tally *t)
{
	int64_t amount = 1;

	if (t->counter->sum != NULL && !find_number(t, t->counter->sum, &amount)) {
		amount = 0;
	}
	return t->counter->negative ? -amount : amount;
}

static enum rc read_axis(struct tally *t, const struct dim *d, const struct expr_source *src,
			 struct axis *x)
{
	uint32_t max = 1;

	x->at = 0;
	x->values = &x->one;
	x->has_all = dim_is_set(d);
	if (x->has_all) {
		uint32_t count = on_field(t, d->field).count;

		if (count > LIMIT_CELLS_PER_RECORD_MAX) {
			return RC_LIMIT;
		}
		max = count > 0 ? count : 1;
		x->values = arena_take(t->scratch, max * sizeof(*x->values));
		if (x->values == NULL) {
			return RC_NOMEM;
		}
	}
	x->count = dim_cells(d, src, t->scratch, x->values, max);
	return x->count == 0 ? RC_NOMEM : RC_OK;
}

/* Reads all dimensions; *key_bytes: what the longest key needs. */
static enum rc read_axes(struct tally *t, const struct expr_source *src, size_t *key_bytes)
{
	uint64_t cells = 1;
	enum rc rc = RC_OK;
	uint32_t i, k;

	*key_bytes = sizeof(uint32_t);
	for (i = 0; i < t->counter->dims_count && rc == RC_OK; i++) {
		struct axis *x = &t->axes[i];
		size_t longest = 0;

		rc = read_axis(t, &t->counter->dims[i], src, x);
		if (rc != RC_OK) {
			break;
		}
		for (k = 0; k < x->count; k++) {
			longest = x->values[k].len > longest ? x->values[k].len : longest;
		}
		*key_bytes += 1 + VARINT_MAX + longest;
		cells *= x->count + x->has_all;
		rc = cells > LIMIT_CELLS_PER_RECORD_MAX ? RC_LIMIT : RC_OK;
	}
	return rc;
}

static void put_axis(struct bytes_writer *w, const struct axis *x)
{
	if (x->at == x->count) {
		bytes_put_u8(w, FIGURE_TAG_ALL);
	} else if (x->values[x->at].len == 0) {
		bytes_put_u8(w, FIGURE_TAG_UNKNOWN);
	} else {
		bytes_put_u8(w, FIGURE_TAG_VALUE);
		bytes_put_block(w, x->values[x->at]);
	}
}

/* Moves to the next cell, the last dimension first. False: that was all. */
static bool step_cell(struct tally *t)
{
	uint32_t i = t->counter->dims_count;

	while (i > 0) {
		struct axis *x = &t->axes[--i];

		if (++x->at < x->count + x->has_all) {
			return true;
		}
		x->at = 0;
	}
	return false;
}

/* Reports every cell; day: of dated stocks. The dimensions end up where they
 * began. */
static enum rc report_cells(struct tally *t, struct bytes_writer w, const int32_t *day,
			    int64_t amount)
{
	size_t start;
	uint32_t i;

	if (day != NULL) {
		bytes_put_be32(&w, (uint32_t)*day ^ UINT32_C(0x80000000));
	}
	start = w.len;
	do {
		enum rc rc = RC_OK;

		w.len = start;
		for (i = 0; i < t->counter->dims_count; i++) {
			put_axis(&w, &t->axes[i]);
		}
		rc = w.rc == RC_OK ?
			     t->sink->add(t->sink->ctx, t->counter, bytes_written(&w), amount) :
			     w.rc;
		if (rc != RC_OK) {
			return rc;
		}
	} while (step_cell(t));
	return RC_OK;
}

/* The day on which a stock's `from` begins, or that follows its `to`. Of what
 * a partial date does not know, `from` takes the first and `to` the last. */
static bool find_day(struct tally *t, const struct schema_field *f, bool after, int32_t *out)
{
	int64_t number = 0;
	int year;
	unsigned month, day;

	if (f == NULL || !find_number(t, f, &number) || number < 0 || number > INT32_MAX ||
	    !date_is_valid((int32_t)number, true)) {
		return false;
	}
	year = date_year((int32_t)number);
	month = date_month((int32_t)number);
	day = date_day((int32_t)number);
	if (!after) {
		*out = date_to_days(date_pack(year, month == 0 ? 1 : month, day == 0 ? 1 : day));
	} else if (day > 0) {
		*out = date_to_days((int32_t)number) + 1;
	} else if (month == 0 || month == 12) {
		*out = date_to_days(date_pack(year, 12, 31)) + 1;
	} else {
		*out = date_to_days(date_pack(year, month + 1, 1));
	}
	return true;
}

/* A stock that has no day to begin, or that ends before it begins, is never
 * there. */
static enum rc report_stock(struct tally *t, struct bytes_writer w, int64_t amount)
{
	int32_t first = 0, after = 0;
	bool begins = find_day(t, t->counter->from, false, &first);
	bool ends = find_day(t, t->counter->to, true, &after);
	enum rc rc = t->rc;

	if (rc != RC_OK || !begins || (ends && after <= first)) {
		return rc;
	}
	rc = report_cells(t, w, &first, amount);
	if (rc == RC_OK && ends) {
		rc = report_cells(t, w, &after, -amount);
	}
	return rc;
}

static enum rc report_record(struct tally *t, const struct expr_source *src, int64_t amount)
{
	uint8_t brief[SHORT_KEY_BYTES];
	struct bytes_writer w = bytes_writer_init(brief, sizeof(brief));
	size_t key_bytes = 0;
	enum rc rc = read_axes(t, src, &key_bytes);

	if (rc != RC_OK || t->rc != RC_OK) {
		return t->rc != RC_OK ? t->rc : rc;
	}
	if (key_bytes > sizeof(brief)) {
		w = bytes_writer_init(arena_take(t->scratch, key_bytes), key_bytes);
		if (w.p == NULL) {
			return RC_NOMEM;
		}
	}
	return t->counter->dated ? report_stock(t, w, amount) : report_cells(t, w, NULL, amount);
}

enum rc figure_add(const struct counter *c, const struct record *r, const struct view_source *src,
		   struct bytes (*office_name)(void *ctx, uint16_t office), void *office_ctx,
		   int64_t sign, struct arena *scratch, const struct figure_sink *sink)
{
	struct record_life life = view_life(r);
	struct tally t;
	struct expr_source seen = { .ctx = &t, .field = on_field, .office = on_office };
	int64_t amount = 0;
	bool counts = false;

	if (!life.exists || life.deleted) {
		return RC_OK;
	}
	t.counter = c;
	t.record = r;
	t.source = src;
	t.office_name = office_name;
	t.office_ctx = office_ctx;
	t.scratch = scratch;
	t.sink = sink;
	t.rc = RC_OK;
	counts = expr_eval(c->where, &seen);
	if (counts && t.rc == RC_OK) {
		amount = find_amount(&t);
	}
	if (!counts || t.rc != RC_OK || amount == 0) {
		return t.rc;
	}
	return report_record(&t, &seen, sign * amount);
}

enum rc figure_split(const struct counter *c, struct bytes key, uint8_t *tags, struct bytes *values,
		     int32_t *day)
{
	struct bytes_reader r = bytes_reader_init(key);
	uint32_t i;

	if (c->dated) {
		*day = (int32_t)((int64_t)bytes_get_be32(&r) + INT32_MIN);
	}
	for (i = 0; i < c->dims_count; i++) {
		tags[i] = bytes_get_u8(&r);
		values[i] = bytes_at(NULL, 0);
		if (tags[i] == FIGURE_TAG_VALUE) {
			values[i] = bytes_get_block(&r);
			if (values[i].len == 0) {
				return RC_CORRUPT;
			}
		} else if (tags[i] > FIGURE_TAG_ALL ||
			   (tags[i] == FIGURE_TAG_ALL && !dim_is_set(&c->dims[i]))) {
			return RC_CORRUPT;
		}
	}
	return bytes_is_done(&r) ? RC_OK : RC_CORRUPT;
}
