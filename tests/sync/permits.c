#include "tests/sync/permits.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/sync/told.h"

static const struct schema_code LETTERS[] = { { "A", "", 0, NULL, NULL, NULL },
					      { "B", "", 0, NULL, NULL, NULL },
					      { "REVOKED", "", 0, NULL, NULL, NULL } };
static const struct schema_codes CODES = { "LETTER", LETTERS, 3 };

static const struct schema_field PERMIT_FIELDS[] = {
	{ .number = 1, .name = "granted_on", .type = VALUE_PDATE, .policy = POLICY_LATEST },
	{ .number = 2, .name = "region", .type = VALUE_CODE, .codes = &CODES },
	{ .number = 3, .name = "state", .type = VALUE_CODE, .codes = &CODES },
	{ .number = 4, .name = "tags", .type = VALUE_TEXT, .merge = MERGE_SET },
	{ .number = 5, .name = "more", .type = VALUE_TEXT, .merge = MERGE_SET },
	{ .number = 6, .name = "holders", .type = VALUE_INT, .merge = MERGE_COUNTER },
	{ .number = 7, .name = "fee", .type = VALUE_INT },
	{ .number = 8, .name = "valid_from", .type = VALUE_PDATE },
	{ .number = 9, .name = "valid_to", .type = VALUE_PDATE },
	{ .number = 10, .name = "decree", .type = VALUE_TEXT },
};

static const struct schema_field DECREE_FIELDS[] = {
	{ .number = 1, .name = "number", .type = VALUE_TEXT },
	{ .number = 2, .name = "announced", .type = VALUE_INT },
};

static const struct schema_kind KINDS[] = {
	{ .number = 21, .name = "permit", .fields = PERMIT_FIELDS, .fields_count = 10 },
	{ .number = 20, .name = "decree", .fields = DECREE_FIELDS, .fields_count = 2 },
};

static const char *const BY_YEAR[] = { "year(granted_on)", "region" };
static const char *const BY_REGION[] = { "region" };
static const char *const BY_TAGS[] = { "tags", "region" };
static const char *const BY_SETS[] = { "tags", "more" };
static const char *const BY_OFFICE[] = { "office" };
static const char *const BY_DECREE[] = { "decree" };
static const char *const BY_NUMBER[] = { "number" };
static const char *const BY_TEXT[] = { "decree", "region" };

static const struct schema_measure RECORDED[] = {
	{ .of = "permit", .by = BY_DECREE, .by_count = 1 },
	{ .of = "permit", .where = "state = A", .by = BY_DECREE, .by_count = 1 },
};

static const struct schema_figure FIGURES[] = {
	{ .number = 1,
	  .name = "granted",
	  .measure = { .of = "permit",
		       .where = "state != REVOKED",
		       .by = BY_YEAR,
		       .by_count = 2 } },
	{ .number = 2,
	  .name = "tagged",
	  .measure = { .of = "permit", .by = BY_TAGS, .by_count = 2 } },
	{ .number = 3,
	  .name = "holders",
	  .measure = { .type = MEASURE_SUM, .field = "holders", .of = "permit" } },
	{ .number = 4,
	  .name = "fees",
	  .measure = { .type = MEASURE_SUM,
		       .field = "fee",
		       .of = "permit",
		       .by = BY_OFFICE,
		       .by_count = 1 } },
	{ .number = 5,
	  .name = "valid",
	  .type = FIGURE_STOCK,
	  .measure = { .of = "permit", .by = BY_REGION, .by_count = 1 },
	  .from = "valid_from",
	  .to = "valid_to" },
	{ .number = 6,
	  .name = "sets",
	  .measure = { .of = "permit", .by = BY_SETS, .by_count = 2 } },
	{ .number = 7,
	  .name = "total",
	  .type = FIGURE_RUN,
	  .of_figure = "granted",
	  .over = "year(granted_on)" },
	{ .number = 8,
	  .name = "gap",
	  .type = FIGURE_CONTROL,
	  .recorded = RECORDED,
	  .recorded_count = 2,
	  .announced = { .type = MEASURE_SUM,
			 .field = "announced",
			 .of = "decree",
			 .by = BY_NUMBER,
			 .by_count = 1 },
	  .match_recorded = "decree",
	  .match_announced = "number" },
	{ .number = 9, .name = "gone", .closed = true, .measure = { .of = "permit" } },
	{ .number = 10,
	  .name = "since",
	  .type = FIGURE_STOCK,
	  .measure = { .type = MEASURE_SUM, .field = "fee", .of = "permit" },
	  .from = "valid_from" },
	{ .number = 11,
	  .name = "texts",
	  .measure = { .of = "permit", .by = BY_TEXT, .by_count = 2 } },
	{ .number = 12, .name = "now", .type = FIGURE_STOCK, .measure = { .of = "permit" } },
};

const struct schema permits_schema = {
	.name = "test",
	.version = 1,
	.codes = &CODES,
	.codes_count = 1,
	.kinds = KINDS,
	.kinds_count = 2,
	.figures = FIGURES,
	.figures_count = sizeof(FIGURES) / sizeof(FIGURES[0]),
};

static void add_value(struct permits_draft *d, const struct schema_field *f, struct bytes text,
		      struct arena *a)
{
	struct part *p = &d->record.parts[0].part;
	struct part_field *to = p->fields_count == 0 ? NULL : &p->fields[p->fields_count - 1];
	struct bytes_writer w = bytes_writer_init(arena_take(a, text.len + 16), text.len + 16);
	struct item *item = &d->items[d->items_count++];

	cr_assert_leq(d->items_count, PERMITS_ITEMS_MAX);
	if (to == NULL || to->number != f->number) {
		cr_assert(to == NULL || to->number < f->number, "fields come by number");
		to = &p->fields[p->fields_count++];
		memset(to, 0, sizeof(*to));
		to->number = f->number;
		to->class = (enum field_class)f->merge;
		to->items = item;
	}
	to->items_count++;
	memset(item, 0, sizeof(*item));
	item->dot.feed = told_feed((uint16_t)to->items_count);
	item->dot.seq = 1;
	cr_assert_eq(value_parse(f->type, 0, text, &w), RC_OK);
	item->value = bytes_written(&w);
	if (f->merge == MERGE_COUNTER) {
		item->sum = value_number(VALUE_INT, item->value);
	}
}

void permits_draft(struct permits_draft *d, const struct schema_kind *kind, const char *text,
		   struct arena *a)
{
	static const uint8_t home[HOME_LEN] = { 0, 3, 0, 9 };

	memset(d, 0, sizeof(*d));
	d->record.kind = kind;
	d->record.kind_number = kind->number;
	d->record.parts = &d->part;
	d->record.parts_count = 1;
	d->record.parts[0].part.fields = d->fields;
	d->record.parts[0].part.heads = d->heads;
	d->record.parts[0].part.heads_count = 1;
	d->fields[0].items = d->items;
	d->fields[0].items_count = 1;
	d->record.parts[0].part.fields_count = 1;
	d->items[d->items_count++].value = bytes_at(home, HOME_LEN);
	while (*text != '\0') {
		size_t name = strcspn(text, "=");
		const struct schema_field *f = schema_field_by_name(kind, bytes_at(text, name));

		for (text += name; *text == '=' || *text == '|';) {
			size_t len = strcspn(++text, "| ");

			add_value(d, f, bytes_at(text, len), a);
			text += len;
		}
		text += *text == ' ';
	}
}

const struct counter *permits_counter(const struct counters *all, uint16_t figure, uint16_t part)
{
	uint32_t i;

	for (i = 0; i < all->count; i++) {
		if (all->items[i].figure == figure && all->items[i].part == part) {
			return &all->items[i];
		}
	}
	return NULL;
}
