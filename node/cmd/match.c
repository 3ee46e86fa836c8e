#include "node/cmd/match.h"

#include <string.h>

#include "node/base/text.h"

static struct values on_field(void *ctx, const struct schema_field *f)
{
	struct match *m = ctx;
	struct values v = { NULL, 0 };
	enum rc rc = view_values(m->record, f, &m->source, m->arena, &v);

	if (m->rc == RC_OK) {
		m->rc = rc;
	}
	return v;
}

static struct bytes on_office(void *ctx)
{
	const struct match *m = ctx;
	uint16_t office = 0, region = 0;
	const char *name = NULL;

	if (view_home(m->record, &office, &region)) {
		name = catalog_office_name(m->store->catalog, office);
	}
	return bytes_of(name == NULL ? "" : name);
}

enum rc match_begin(struct match *m, const struct store *s, struct kv_txn *t, struct arena *a,
		    const struct schema_kind *kind, const char *where, struct expr_error *e)
{
	memset(m, 0, sizeof(*m));
	m->store = s;
	m->arena = a;
	m->stamps = (struct records_stamps){ t, s->info.centre_incarnation, a };
	m->source = records_source(&m->stamps);
	return where == NULL ? RC_OK :
			       expr_parse(&s->catalog->schema, kind, text_expression(where, a), a,
					  &m->where, e);
}

bool match_record(struct match *m, const struct record *r)
{
	struct expr_source source = { .ctx = m, .field = on_field, .office = on_office };
	struct record_life life = view_life(r);

	m->record = r;
	return life.exists && !life.deleted && expr_eval(m->where, &source) && m->rc == RC_OK;
}
