#include "node/store/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "node/base/mem.h"
#include "node/store/feeds.h"
#include "node/store/line.h"
#include "node/store/records.h"
#include "node/store/replay.h"
#include "proto/schema_codec.h"
#include "sync/feed.h"

enum {
	CATALOG_BYTES = 64 << 20, /* reserved; only what is used takes memory */
	KIND_OFFICE = 1,
	KIND_SCHEMA_PART = 2,
	KIND_SYSTEM = 3,
	OFFICES_MAX = LIMIT_OFFICE_MAX + 1,
	PARTS_MAX = 4096,
	SCOPE_FIRST = 1
};

/* The scope that is there before any office. */
static const struct scope_info nation = { .scope = 0, .reach = REACH_NATION };

/* Knows the built-in kinds, and no office. */
static void begin(struct catalog *c)
{
	c->schema = *schema_builtin();
	c->offices_count = 0;
	c->scopes = &nation;
	c->scopes_count = 1;
	c->scope_next = SCOPE_FIRST;
}

struct catalog *catalog_new(void)
{
	struct catalog *c = calloc(1, sizeof(*c));

	if (c != NULL && mem_arena_open(&c->arena, CATALOG_BYTES) != RC_OK) {
		free(c);
		c = NULL;
	}
	if (c != NULL) {
		begin(c);
	}
	return c;
}

void catalog_free(struct catalog *c)
{
	if (c != NULL) {
		mem_arena_close(&c->arena);
		free(c);
	}
}

/* The load under way. */
struct load {
	struct catalog *c;
	struct kv_txn *t;
	const struct crypto *crypto;
	struct records_stamps stamps;
	struct arena *a;
	struct replay *replay; /* NULL: as the records are now; else as of: */
	const struct vv *as_of;
	uint64_t last_change; /* of any record, in the centre's present feed */
	uint64_t national;    /* where that stands; with replay: 0 */
};

/* The shown value of a field; empty when unset. Lives in the arena. */
static struct bytes shown(struct load *l, const struct record *r, const char *field)
{
	struct view_source source = records_source(&l->stamps);
	const struct schema_field *f = schema_field_by_name(r->kind, bytes_of(field));
	struct values v = { NULL, 0 };

	if (f == NULL || view_values(r, f, &source, l->a, &v) != RC_OK || v.count == 0) {
		return bytes_at(NULL, 0);
	}
	return v.items[0];
}

static const char *shown_text(struct load *l, const struct record *r, const char *field)
{
	struct bytes v = shown(l, r, field);
	char *text = arena_take_zeroed(l->a, v.len + 1, 1);

	if (text != NULL && v.len > 0) {
		memcpy(text, v.p, v.len);
	}
	return text == NULL ? "" : text;
}

static uint16_t shown_number(struct load *l, const struct record *r, const char *field)
{
	struct bytes v = shown(l, r, field);

	return v.len == 0 ? 0 : (uint16_t)value_number(VALUE_INT, v);
}

/* The entry that last wrote a register of a record; seq 0: none did. */
static struct dot written_by(const struct record *r, const char *field)
{
	const struct schema_field *f = schema_field_by_name(r->kind, bytes_of(field));
	struct dot d = { 0, 0 };
	uint32_t i;

	for (i = 0; i < r->parts_count; i++) {
		const struct part_field *state =
			part_find(&r->parts[i].part, f->number, CLASS_REGISTER);

		if (state != NULL) {
			d = state->items[state->items_count - 1].dot;
		}
	}
	return d;
}

static void read_closing(struct load *l, const struct record *r, struct office_info *o)
{
	const char *state = shown_text(l, r, "state");
	struct bytes on = shown(l, r, "closed_on");

	o->is_closed = state[0] != '\0';
	o->is_revoked = strcmp(state, "revoked") == 0;
	o->closed_for = shown_text(l, r, "closed_for");
	o->closed_on = on.len == 0 ? 0 : (int32_t)value_number(VALUE_DATE, on);
	o->closed_by = written_by(r, "state");
}

static void read_office(struct load *l, const struct record *r, struct office_info *o)
{
	struct bytes key = shown(l, r, "key");

	memset(o, 0, sizeof(*o));
	o->id = r->id;
	o->number = shown_number(l, r, "number");
	o->name = shown_text(l, r, "name");
	o->region = shown_text(l, r, "region");
	o->scope_office = shown_number(l, r, "scope_office");
	o->scope_centre = shown_number(l, r, "scope_centre");
	o->scope_region = shown_number(l, r, "scope_region");
	o->has_key = key.len == KEY_LEN;
	o->key_is_void = !o->has_key && written_by(r, "key").seq > 0;
	if (o->has_key) {
		memcpy(o->key, key.p, KEY_LEN);
	}
	read_closing(l, r, o);
}

static int order_offices(const void *a, const void *b)
{
	const struct office_info *x = a, *y = b;

	return (int)x->number - (int)y->number;
}

/* Where in the centre's present feed the record changed last. */
static enum rc note_change(struct load *l, const struct vv *v)
{
	uint64_t centre = feed_pack(0, 0, l->c->centre_incarnation), seq = 0;
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < v->count && rc == RC_OK && l->replay == NULL; i++) {
		rc = line_first(l->t, centre, v->dots[i], l->national, &seq);
		l->last_change = seq > l->last_change ? seq : l->last_change;
	}
	return rc;
}

/* The record as of the load's version, and when it changed last. */
static enum rc go_back(struct load *l, struct record *r)
{
	struct record then;
	uint32_t i;
	enum rc rc = RC_OK;

	for (i = 0; i < r->parts_count && rc == RC_OK; i++) {
		rc = note_change(l, &r->parts[i].part.vector);
	}
	if (rc == RC_OK && l->replay != NULL) {
		rc = replay_as_of(l->replay, r, l->as_of, l->a, &then);
		*r = then;
	}
	return rc == RC_NOTFOUND ? RC_CORRUPT : rc;
}

/* Calls each for every record of a built-in kind. */
static enum rc each_record(struct load *l, uint16_t kind, void *ctx,
			   enum rc (*each)(struct load *l, void *ctx, const struct record *r))
{
	struct records_walk w;
	struct record r;
	enum rc rc = records_walk_start(&w, l->t, l->c, kind, NULL);

	while (rc == RC_OK) {
		rc = records_walk_next(&w, l->a, &r);
		if (rc == RC_OK) {
			rc = go_back(l, &r);
		}
		if (rc == RC_OK && view_life(&r).exists && !view_life(&r).deleted) {
			rc = each(l, ctx, &r);
		} else if (rc == RC_CORRUPT) {
			l->c->is_partial = true;
			records_walk_skip(&w);
			rc = RC_OK;
		}
	}
	records_walk_end(&w);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

struct offices {
	struct office_info *items;
	uint32_t count;
};

/* Closed feeds, while the list grows. */
struct closed {
	struct closed_feed *items;
	uint32_t count, max;
};

/* Room by doubling: most offices closed nothing, and take none. */
static enum rc make_room(struct load *l, struct closed *c, uint32_t more)
{
	uint32_t max = 2 * (c->count + more);
	struct closed_feed *items = c->items;

	if (c->count + more <= c->max) {
		return RC_OK;
	}
	items = arena_take(l->a, max * sizeof(*items));
	if (items == NULL) {
		return RC_NOMEM;
	}
	if (c->count > 0) {
		memcpy(items, c->items, c->count * sizeof(*items));
	}
	c->items = items;
	c->max = max;
	return RC_OK;
}

/* Adds what an office's record says of closed feeds. The last word on a feed
 * would only lower it: the first one counts. */
static enum rc add_closed(struct load *l, void *ctx, const struct record *r)
{
	const struct schema_field *f = schema_field_by_name(r->kind, bytes_of("closed_feeds"));
	const struct part_field *state =
		r->parts_count == 0 ? NULL : part_find(&r->parts[0].part, f->number, CLASS_SET);
	struct closed *c = ctx;
	uint32_t i, count = state == NULL ? 0 : state->items_count;
	enum rc rc = make_room(l, c, count);

	for (i = 0; i < count && rc == RC_OK; i++) {
		if (closed_feed_read(state->items[i].value, &c->items[c->count]) == RC_OK) {
			c->items[c->count++].by = state->items[i].dot;
		}
	}
	return rc;
}

static int order_closed(const void *a, const void *b)
{
	const struct closed_feed *x = a, *y = b;

	if (x->last.feed != y->last.feed) {
		return x->last.feed < y->last.feed ? -1 : 1;
	}
	return dot_compare(x->by, y->by);
}

static enum rc load_closed(struct load *l)
{
	struct closed c = { NULL, 0, 0 };
	enum rc rc = each_record(l, KIND_OFFICE, &c, add_closed);

	if (c.count > 1) {
		qsort(c.items, c.count, sizeof(*c.items), order_closed);
	}
	l->c->closed = c.items;
	l->c->closed_count = c.count;
	return rc;
}

static enum rc add_office(struct load *l, void *ctx, const struct record *r)
{
	struct offices *o = ctx;

	if (o->count < OFFICES_MAX) {
		read_office(l, r, &o->items[o->count]);
		o->count += o->items[o->count].number != 0;
	}
	return RC_OK;
}

static enum rc load_offices(struct load *l)
{
	struct offices o = { arena_take(l->a, OFFICES_MAX * sizeof(*o.items)), 0 };
	enum rc rc = o.items == NULL ? RC_NOMEM : each_record(l, KIND_OFFICE, &o, add_office);

	if (o.count > 1) {
		qsort(o.items, o.count, sizeof(*o.items), order_offices);
	}
	l->c->offices = o.items;
	l->c->offices_count = o.count;
	return rc;
}

static int order_scopes(const void *a, const void *b)
{
	const struct scope_info *x = a, *y = b;

	return (int)x->scope - (int)y->scope;
}

static enum rc load_scopes(struct load *l)
{
	struct catalog *c = l->c;
	size_t max = 3 * (size_t)c->offices_count + 1;
	struct scope_info *s = arena_take(l->a, max * sizeof(*s));
	uint32_t i, kept = 1, n = 0;

	if (s == NULL) {
		return RC_NOMEM;
	}
	s[n++] = (struct scope_info){ 0, REACH_NATION, 0 };
	for (i = 0; i < c->offices_count; i++) {
		const struct office_info *o = &c->offices[i];

		s[n++] = (struct scope_info){ o->scope_office, REACH_OFFICE, o->number };
		s[n++] = (struct scope_info){ o->scope_centre, REACH_CENTRE, o->number };
		s[n++] = (struct scope_info){ o->scope_region, REACH_REGION, 0 };
	}
	qsort(s, n, sizeof(*s), order_scopes);
	for (i = 1; i < n; i++) {
		if (s[i].scope != s[kept - 1].scope) {
			s[kept++] = s[i];
		}
	}
	c->scopes = s;
	c->scopes_count = kept;
	c->scope_next = (uint16_t)(s[kept - 1].scope + 1);
	return line_skips(l->t, LINE_SCOPES, &c->scope_next);
}

struct parts {
	struct schema_codec_part *items;
	uint32_t count;
};

static enum rc add_part(struct load *l, void *ctx, const struct record *r)
{
	struct parts *p = ctx;
	struct schema_codec_part *part = &p->items[p->count];

	if (p->count == PARTS_MAX) {
		return RC_LIMIT;
	}
	part->type = shown(l, r, "type");
	part->name = shown(l, r, "name");
	part->body = shown(l, r, "body");
	p->count += part->body.len > 0;
	return RC_OK;
}

/* The built-in kinds stand before the schema's own. */
static enum rc join_schemas(struct load *l, const struct schema *own)
{
	const struct schema *base = schema_builtin();
	uint32_t count = base->kinds_count + own->kinds_count;
	struct schema_kind *kinds = arena_take(l->a, count * sizeof(*kinds));

	if (kinds == NULL) {
		return RC_NOMEM;
	}
	memcpy(kinds, base->kinds, base->kinds_count * sizeof(*kinds));
	if (own->kinds_count > 0) {
		memcpy(kinds + base->kinds_count, own->kinds, own->kinds_count * sizeof(*kinds));
	}
	l->c->schema = *own;
	l->c->schema.kinds = kinds;
	l->c->schema.kinds_count = count;
	l->c->own = *own;
	return figure_compile(&l->c->schema, l->a, &l->c->counters);
}

static void hash_parts(struct load *l, const struct parts *p)
{
	uint32_t i;

	memset(l->c->schema_hash, 0, HASH_LEN);
	for (i = 0; i < p->count; i++) {
		struct bytes pieces[4] = { bytes_at(l->c->schema_hash, HASH_LEN), p->items[i].type,
					   p->items[i].name, p->items[i].body };

		l->crypto->hash(l->c->schema_hash, pieces, 4);
	}
}

static enum rc load_schema(struct load *l)
{
	struct parts p = { arena_take(l->a, PARTS_MAX * sizeof(*p.items)), 0 };
	struct schema own = { .name = NULL };
	enum rc rc = p.items == NULL ? RC_NOMEM : each_record(l, KIND_SCHEMA_PART, &p, add_part);

	if (rc == RC_OK) {
		hash_parts(l, &p);
	}
	if (rc == RC_OK && p.count > 0) {
		rc = schema_codec_decode(p.items, p.count, l->a, &own);
		/* A schema that is not whole is not in force. */
		if (rc == RC_GAP || rc == RC_NOTFOUND || rc == RC_CORRUPT) {
			memset(&own, 0, sizeof(own));
			rc = RC_OK;
		}
	}
	return rc == RC_OK ? join_schemas(l, &own) : rc;
}

static void read_secret(struct load *l, const struct record *r)
{
	struct bytes secret = shown(l, r, "name_secret");

	l->c->has_name_secret = secret.len == KEY_LEN;
	if (l->c->has_name_secret) {
		memcpy(l->c->name_secret, secret.p, KEY_LEN);
	}
}

static enum rc read_system(struct load *l, void *ctx, const struct record *r)
{
	struct view_source source = records_source(&l->stamps);
	const struct schema_field *f = schema_field_by_name(r->kind, bytes_of("addresses"));
	struct values v = { NULL, 0 };
	const char **list = NULL;
	uint32_t i;
	enum rc rc = view_values(r, f, &source, l->a, &v);

	(void)ctx;
	l->c->system_id = r->id;
	read_secret(l, r);
	if (rc != RC_OK) {
		return rc;
	}
	list = arena_take(l->a, v.count * sizeof(*list));
	for (i = 0; i < v.count && list != NULL; i++) {
		char *text = arena_take_zeroed(l->a, v.items[i].len + 1, 1);

		if (text == NULL) {
			return RC_NOMEM;
		}
		memcpy(text, v.items[i].p, v.items[i].len);
		list[i] = text;
	}
	l->c->centre_addresses = list;
	l->c->centre_addresses_count = v.count;
	return list == NULL ? RC_NOMEM : RC_OK;
}

static enum rc load_all(struct load *l)
{
	enum rc rc = load_offices(l);

	if (rc == RC_OK) {
		rc = load_closed(l);
	}
	if (rc == RC_OK) {
		rc = load_scopes(l);
	}
	if (rc == RC_OK) {
		rc = each_record(l, KIND_SYSTEM, NULL, read_system);
	}
	return rc == RC_OK ? load_schema(l) : rc;
}

static struct load begin_load(struct catalog *c, struct kv_txn *t, const struct crypto *crypto,
			      uint64_t centre_feed)
{
	struct load l = { .c = c, .t = t, .crypto = crypto, .a = &c->arena };

	mem_arena_reset(&c->arena);
	begin(c);
	l.stamps = (struct records_stamps){ t, feed_incarnation(centre_feed), &c->arena };
	c->national_seq = UINT64_MAX; /* a load that fails is done again */
	c->is_partial = false;
	c->centre_addresses_count = 0;
	c->has_name_secret = false;
	c->centre_incarnation = feed_incarnation(centre_feed);
	return l;
}

enum rc catalog_load(struct catalog *c, struct kv_txn *t, const struct crypto *crypto,
		     uint64_t centre_feed)
{
	struct load l = begin_load(c, t, crypto, centre_feed);
	struct feed_state national;
	uint64_t seq = 0;
	enum rc rc = feeds_get(t, centre_feed, &national);

	seq = l.national = rc == RC_OK ? national.applied : 0;
	rc = load_all(&l);
	if (rc == RC_OK) {
		c->national_seq = seq;
		c->last_change = l.last_change;
	}
	return rc;
}

enum rc catalog_load_as_of(struct catalog *c, struct kv_txn *t, const struct crypto *crypto,
			   const struct vv *national, uint64_t centre_feed)
{
	struct load l = begin_load(c, t, crypto, centre_feed);
	struct replay replay = { .txn = t };
	enum rc rc = RC_OK;

	l.replay = &replay;
	l.as_of = national;
	rc = load_all(&l);
	replay_close(&replay);
	if (rc == RC_OK) {
		c->national_seq = vv_get(national, centre_feed);
	}
	return rc;
}
