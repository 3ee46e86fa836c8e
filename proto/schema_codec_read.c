#include "proto/schema_codec_read.h"
#include "proto/schema.pb-c.h"
#include "proto/unpack.h"

#include <string.h>

/* The enums of schema.proto and of schema.h have the same numbers; others do not
 * get past the screening of unpack_message. */
_Static_assert(KERWEN__FIELD_TYPE__FIELD_TYPE_LINK == (int)VALUE_LINK, "types");
_Static_assert(KERWEN__FIELD_MERGE__FIELD_MERGE_LOG == (int)MERGE_LOG, "merges");
_Static_assert(KERWEN__FIELD_POLICY__FIELD_POLICY_FLOW == (int)POLICY_FLOW, "policies");
_Static_assert(KERWEN__FIELD_REACH__FIELD_REACH_NATION == (int)REACH_NATION, "reaches");
_Static_assert(KERWEN__FIELD_DERIVE__FIELD_DERIVE_SAME == (int)DERIVE_SAME, "derivations");
_Static_assert(KERWEN__FIELD_CHECK__FIELD_CHECK_MRZ == (int)CHECK_MRZ, "checks");
_Static_assert(KERWEN__KIND_WRITERS__KIND_WRITERS_CENTRE == (int)WRITERS_CENTRE, "writers");
_Static_assert(KERWEN__FIGURE_TYPE__FIGURE_TYPE_CONTROL == (int)FIGURE_CONTROL, "figures");

/* Texts of messages live in the arena already; an empty one means none. */
static const char *read_text(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

static enum rc read_codes(struct arena *a, const Kerwen__CodeList *m, struct schema_codes *out)
{
	struct schema_code *codes = NULL;
	size_t i;

	if (m->n_codes == 0 || m->n_codes > LIMIT_CODES_PER_LIST_MAX) {
		return m->n_codes == 0 ? RC_CORRUPT : RC_LIMIT;
	}
	codes = arena_take_zeroed(a, m->n_codes, sizeof(*codes));
	if (codes == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < m->n_codes; i++) {
		if (m->codes[i]->valid_to > INT32_MAX) {
			return RC_CORRUPT;
		}
		codes[i].code = m->codes[i]->code;
		codes[i].label = m->codes[i]->label;
		codes[i].valid_to = (int32_t)m->codes[i]->valid_to;
		codes[i].successor = read_text(m->codes[i]->successor);
		codes[i].label_tk = read_text(m->codes[i]->label_tk);
		codes[i].label_ru = read_text(m->codes[i]->label_ru);
	}
	out->codes = codes;
	out->codes_count = (uint32_t)m->n_codes;
	return RC_OK;
}

static enum rc read_flow(struct arena *a, const Kerwen__Field *m, struct schema_field *out)
{
	struct schema_rank *ranks = arena_take_zeroed(a, m->n_flow, sizeof(*ranks));
	size_t i;

	if (ranks == NULL) {
		return RC_NOMEM;
	}
	if (m->n_flow > LIMIT_CODES_PER_LIST_MAX) {
		return RC_LIMIT;
	}
	for (i = 0; i < m->n_flow; i++) {
		ranks[i].value = m->flow[i]->code;
		ranks[i].rank = m->flow[i]->rank;
	}
	out->ranks = m->n_flow == 0 ? NULL : ranks;
	out->ranks_count = (uint32_t)m->n_flow;
	return RC_OK;
}

static bool is_field_formed(const Kerwen__Field *m)
{
	return m->number > 0 && m->number <= UINT16_MAX && m->name[0] != '\0' && m->scale <= 9;
}

static bool read_derived(const Kerwen__Field *m, struct schema_field *out)
{
	size_t i;

	out->derive = (enum derive)m->derive;
	if (m->n_derive_from > SCHEMA_DERIVE_FROM_MAX) {
		return false;
	}
	for (i = 0; i < m->n_derive_from; i++) {
		out->derive_from[i] = read_text(m->derive_from[i]);
		if (out->derive_from[i] == NULL) {
			return false;
		}
	}
	return true;
}

static enum rc read_field(struct arena *a, const struct schema *lists, const Kerwen__Field *m,
			  struct schema_field *out)
{
	if (!is_field_formed(m)) {
		return RC_CORRUPT;
	}
	out->number = (uint16_t)m->number;
	out->name = m->name;
	out->type = (enum value_type)m->type;
	out->merge = (enum merge)m->merge;
	out->policy = (enum policy)m->policy;
	out->reach = (enum reach)m->reach;
	out->required = m->required;
	out->closed = m->closed;
	out->index = m->index;
	out->scale = (uint8_t)m->scale;
	out->to = read_text(m->to);
	out->check = (enum check)m->check;
	if (m->codes[0] != '\0') {
		out->codes = schema_codes_by_name(lists, bytes_of(m->codes));
		if (out->codes == NULL) {
			return RC_CORRUPT;
		}
	}
	return read_derived(m, out) ? read_flow(a, m, out) : RC_CORRUPT;
}

static enum rc read_places(struct arena *a, const uint32_t *places, size_t count,
			   uint32_t fields_count, struct schema_key *out)
{
	uint16_t *fields = arena_take_zeroed(a, count, sizeof(*fields));
	size_t i;

	if (fields == NULL) {
		return RC_NOMEM;
	}
	if (count > LIMIT_FIELDS_PER_KIND_MAX) {
		return RC_LIMIT;
	}
	for (i = 0; i < count; i++) {
		if (places[i] >= fields_count) {
			return RC_CORRUPT;
		}
		fields[i] = (uint16_t)places[i];
	}
	out->fields = fields;
	out->fields_count = (uint32_t)count;
	return RC_OK;
}

static enum rc read_uniques(struct arena *a, const Kerwen__Kind *m, struct schema_kind *out)
{
	struct schema_key *keys = arena_take_zeroed(a, m->n_uniques, sizeof(*keys));
	enum rc rc = keys == NULL ? RC_NOMEM : RC_OK;
	size_t i;

	if (m->n_uniques > LIMIT_FIELDS_PER_KIND_MAX) {
		return RC_LIMIT;
	}
	for (i = 0; i < m->n_uniques && rc == RC_OK; i++) {
		rc = read_places(a, m->uniques[i]->fields, m->uniques[i]->n_fields,
				 out->fields_count, &keys[i]);
	}
	out->uniques = keys;
	out->uniques_count = (uint32_t)m->n_uniques;
	return rc;
}

static enum rc read_doubles(const Kerwen__Kind *m, struct schema_kind *out)
{
	const Kerwen__KindDoubles *d = m->doubles;

	if (d == NULL) {
		return RC_OK;
	}
	if (d->key >= out->fields_count || d->same >= out->fields_count ||
	    d->different >= out->fields_count) {
		return RC_CORRUPT;
	}
	out->doubles = (struct schema_doubles){ .is_set = true,
						.key = (uint16_t)d->key,
						.same = (uint16_t)d->same,
						.different = (uint16_t)d->different };
	return RC_OK;
}

static enum rc read_fields(struct arena *a, const struct schema *lists, const Kerwen__Kind *m,
			   struct schema_kind *out)
{
	struct schema_field *fields = arena_take_zeroed(a, m->n_fields, sizeof(*fields));
	enum rc rc = fields == NULL ? RC_NOMEM : RC_OK;
	size_t i;

	if (m->n_fields > LIMIT_FIELDS_PER_KIND_MAX) {
		return RC_LIMIT;
	}
	for (i = 0; i < m->n_fields && rc == RC_OK; i++) {
		rc = read_field(a, lists, m->fields[i], &fields[i]);
		if (fields[i].reach > out->reach) {
			out->reach = fields[i].reach;
		}
	}
	out->fields = fields;
	out->fields_count = (uint32_t)m->n_fields;
	return rc;
}

static enum rc read_kind(struct arena *a, const struct schema *lists, const Kerwen__Kind *m,
			 struct schema_kind *out)
{
	enum rc rc;

	if (m->number < SCHEMA_KIND_FIRST || m->number > UINT16_MAX) {
		return RC_CORRUPT;
	}
	out->number = (uint16_t)m->number;
	out->writers = (enum writers)m->writers;
	out->closed = m->closed;
	rc = read_fields(a, lists, m, out);
	if (rc == RC_OK) {
		rc = read_places(a, m->title, m->n_title, out->fields_count, &out->title);
	}
	if (rc == RC_OK) {
		rc = read_doubles(m, out);
	}
	return rc == RC_OK ? read_uniques(a, m, out) : rc;
}

static enum rc read_measure(struct arena *a, const Kerwen__FigureMeasure *m,
			    struct schema_measure *out)
{
	const char **by = NULL;
	size_t i;

	if (m == NULL) {
		return RC_OK;
	}
	by = arena_take(a, m->n_by * sizeof(*by));
	if (by == NULL) {
		return RC_NOMEM;
	}
	if (m->n_by > LIMIT_DIMENSIONS_MAX) {
		return RC_LIMIT;
	}
	for (i = 0; i < m->n_by; i++) {
		by[i] = m->by[i];
	}
	out->field = read_text(m->sum);
	out->type = out->field == NULL ? MEASURE_COUNT : MEASURE_SUM;
	out->of = read_text(m->of);
	out->where = read_text(m->where);
	out->by = by;
	out->by_count = (uint32_t)m->n_by;
	out->negative = m->negative;
	return RC_OK;
}

static enum rc read_recorded(struct arena *a, const Kerwen__Figure *m, struct schema_figure *out)
{
	struct schema_measure *list = arena_take_zeroed(a, m->n_recorded, sizeof(*list));
	enum rc rc = list == NULL ? RC_NOMEM : RC_OK;
	size_t i;

	if (m->n_recorded > LIMIT_DIMENSIONS_MAX) {
		return RC_LIMIT;
	}
	for (i = 0; i < m->n_recorded && rc == RC_OK; i++) {
		rc = read_measure(a, m->recorded[i], &list[i]);
	}
	out->recorded = list;
	out->recorded_count = (uint32_t)m->n_recorded;
	return rc;
}

static enum rc read_figure(struct arena *a, const Kerwen__Figure *m, struct schema_figure *out)
{
	enum rc rc;

	if (m->number == 0 || m->number > UINT16_MAX) {
		return RC_CORRUPT;
	}
	out->number = (uint16_t)m->number;
	out->type = (enum figure_type)m->type;
	out->closed = m->closed;
	out->from = read_text(m->from);
	out->to = read_text(m->to);
	out->of_figure = read_text(m->of_figure);
	out->over = read_text(m->over);
	out->match_recorded = read_text(m->match_recorded);
	out->match_announced = read_text(m->match_announced);
	rc = read_measure(a, m->measure, &out->measure);
	if (rc == RC_OK) {
		rc = read_measure(a, m->announced, &out->announced);
	}
	return rc == RC_OK ? read_recorded(a, m, out) : rc;
}

enum rc schema_codec_read_head(struct bytes b, struct arena *a, struct schema_codec_head *out)
{
	ProtobufCMessage *message = NULL;
	const Kerwen__SchemaHead *m = NULL;
	enum rc rc = unpack_message(&kerwen__schema_head__descriptor, b, a, &message);

	if (rc != RC_OK) {
		return rc;
	}
	m = (const Kerwen__SchemaHead *)message;
	if (m->codes > LIMIT_CODE_LISTS_MAX || m->kinds > LIMIT_KINDS_MAX ||
	    m->figures > LIMIT_FIGURES_MAX) {
		return RC_LIMIT;
	}
	out->version = m->version;
	out->codes_count = m->codes;
	out->kinds_count = m->kinds;
	out->figures_count = m->figures;
	return RC_OK;
}

enum rc schema_codec_read_piece(struct bytes b, struct arena *a, struct schema_codec_piece *out)
{
	ProtobufCMessage *message = NULL;
	const Kerwen__SchemaPiece *m = NULL;
	enum rc rc = unpack_message(&kerwen__schema_piece__descriptor, b, a, &message);

	if (rc == RC_OK) {
		m = (const Kerwen__SchemaPiece *)message;
		out->pieces = m->pieces;
		out->data = bytes_at(m->data.data, m->data.len);
	}
	return rc;
}

enum rc schema_codec_read_codes(struct bytes b, struct arena *a, struct schema_codes *out)
{
	ProtobufCMessage *message = NULL;
	enum rc rc = unpack_message(&kerwen__code_list__descriptor, b, a, &message);

	return rc == RC_OK ? read_codes(a, (const Kerwen__CodeList *)message, out) : rc;
}

enum rc schema_codec_read_kind(struct bytes b, const struct schema *lists, struct arena *a,
			       struct schema_kind *out)
{
	ProtobufCMessage *message = NULL;
	enum rc rc = unpack_message(&kerwen__kind__descriptor, b, a, &message);

	return rc == RC_OK ? read_kind(a, lists, (const Kerwen__Kind *)message, out) : rc;
}

enum rc schema_codec_read_figure(struct bytes b, struct arena *a, struct schema_figure *out)
{
	ProtobufCMessage *message = NULL;
	enum rc rc = unpack_message(&kerwen__figure__descriptor, b, a, &message);

	return rc == RC_OK ? read_figure(a, (const Kerwen__Figure *)message, out) : rc;
}
