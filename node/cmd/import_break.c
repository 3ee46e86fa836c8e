#include "node/cmd/import_break.h"

#include <string.h>

static bool is_passage(const struct import_passage *p, uint16_t field, struct bytes from,
		       struct bytes to)
{
	return p->field == field && bytes_equal(bytes_at(p->from, p->from_len), from) &&
	       bytes_equal(bytes_at(p->to, p->to_len), to);
}

/* A place for a new passage: a free one, or the rarest one's. Among the rarest
 * the hand goes round, so that a new one has time to come again. */
static struct import_passage *take_place(struct import_passages *p)
{
	uint32_t i, rarest = p->hand;

	if (p->count < IMPORT_PASSAGES_MAX) {
		return &p->items[p->count++];
	}
	for (i = 1; i < p->count; i++) {
		uint32_t at = (p->hand + i) % IMPORT_PASSAGES_MAX;

		rarest = p->items[at].rows < p->items[rarest].rows ? at : rarest;
	}
	p->hand = (rarest + 1) % IMPORT_PASSAGES_MAX;
	return &p->items[rarest];
}

static void fill(struct import_passage *p, uint16_t field, struct bytes from, struct bytes to)
{
	memset(p, 0, sizeof(*p));
	p->field = field;
	p->from_len = (uint8_t)from.len;
	p->to_len = (uint8_t)to.len;
	memcpy(p->from, from.p, from.len);
	memcpy(p->to, to.p, to.len);
}

static bool is_code(struct bytes code)
{
	return code.len > 0 && code.len <= LIMIT_NAME_BYTES_MAX;
}

void import_break_count(struct import_passages *p, uint16_t field, struct bytes from,
			struct bytes to)
{
	struct import_passage *found = NULL;
	uint32_t i;

	for (i = 0; i < p->count && found == NULL; i++) {
		found = is_passage(&p->items[i], field, from, to) ? &p->items[i] : NULL;
	}
	if (found == NULL && is_code(from) && is_code(to)) {
		found = take_place(p);
		fill(found, field, from, to);
	}
	if (found != NULL) {
		found->rows++;
	}
}

bool import_break_is(const struct import_passage *p, uint64_t rows)
{
	return p->rows >= IMPORT_BREAK_ROWS_MIN &&
	       p->rows >= (rows * IMPORT_BREAK_PERCENT_MIN + 99) / 100;
}

void import_break_encode(const struct import_passages *p, struct bytes_writer *w)
{
	uint32_t i;

	bytes_put_u8(w, (uint8_t)p->count);
	for (i = 0; i < p->count; i++) {
		const struct import_passage *one = &p->items[i];

		bytes_put_u8(w, (uint8_t)(one->field >> 8));
		bytes_put_u8(w, (uint8_t)one->field);
		bytes_put_block(w, bytes_at(one->from, one->from_len));
		bytes_put_block(w, bytes_at(one->to, one->to_len));
		bytes_put_be64(w, one->rows);
	}
}

enum rc import_break_decode(struct bytes_reader *r, struct import_passages *out)
{
	uint32_t i, count = bytes_get_u8(r);

	out->count = 0;
	for (i = 0; i < count && r->rc == RC_OK && i < IMPORT_PASSAGES_MAX; i++) {
		uint16_t field = (uint16_t)(bytes_get_u8(r) << 8);
		struct bytes from, to;

		field = (uint16_t)(field | bytes_get_u8(r));
		from = bytes_get_block(r);
		to = bytes_get_block(r);
		if (!is_code(from) || !is_code(to)) {
			return RC_CORRUPT;
		}
		fill(&out->items[i], field, from, to);
		out->items[i].rows = bytes_get_be64(r);
		out->count++;
	}
	return r->rc == RC_OK && out->count == count ? RC_OK : RC_CORRUPT;
}

static bool looks_at(const struct counter *c, const struct schema_field *field)
{
	uint32_t i;

	for (i = 0; i < c->dims_count; i++) {
		if (c->dims[i].field == field) {
			return true;
		}
	}
	return expr_uses(c->where, field);
}

bool import_break_touches(const struct schema *s, const struct counters *all,
			  const struct schema_figure *figure, const struct schema_kind *kind,
			  const struct schema_field *field)
{
	const struct schema_figure *base = figure;
	uint32_t i;

	if (figure->type == FIGURE_RUN) {
		base = schema_figure_by_name(s, bytes_of(figure->of_figure));
	}
	if (base == NULL || base->closed || figure->closed) {
		return false;
	}
	for (i = 0; i < all->count; i++) {
		const struct counter *c = &all->items[i];

		if (c->figure == base->number && c->kind == kind && looks_at(c, field)) {
			return true;
		}
	}
	return false;
}
