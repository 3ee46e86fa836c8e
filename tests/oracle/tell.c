#include "tell.h"

#include <stdlib.h>
#include <string.h>

#include "node/store/doubles.h"
#include "node/store/feeds.h"
#include "node/store/key.h"
#include "node/store/parts.h"
#include "node/store/records.h"

enum { BUFFER_BYTES = 1 << 22, FEEDS_MAX = 512, LENGTH_BYTES = 4 };

static void must(bool is_sound, const char *what)
{
	if (!is_sound) {
		(void)fprintf(stderr, "telling a history: %s\n", what);
		abort();
	}
}

void tell_open(struct tell *t, FILE *out)
{
	memset(t, 0, sizeof(*t));
	t->out = out;
	t->buffer = malloc(BUFFER_BYTES);
	t->world = (struct vv){ calloc(FEEDS_MAX, sizeof(struct dot)), 0, FEEDS_MAX };
	t->history = (struct vv){ calloc(FEEDS_MAX, sizeof(struct dot)), 0, FEEDS_MAX };
	must(t->buffer != NULL && t->world.dots != NULL && t->history.dots != NULL, "memory");
}

void tell_close(struct tell *t)
{
	free(t->buffer);
	free(t->world.dots);
	free(t->history.dots);
}

static void begin(struct tell *t)
{
	t->w = bytes_writer_init(t->buffer, BUFFER_BYTES);
}

static void send(struct tell *t, char letter)
{
	uint8_t head[1 + LENGTH_BYTES];
	struct bytes_writer w = bytes_writer_init(head, sizeof(head));

	must(t->w.rc == RC_OK, "a message too long");
	bytes_put_u8(&w, (uint8_t)letter);
	bytes_put_be32(&w, (uint32_t)t->w.len);
	must(fwrite(head, sizeof(head), 1, t->out) == 1 &&
		     fwrite(t->buffer, 1, t->w.len, t->out) == t->w.len,
	     "the model hung up");
}

static void put_block16(struct bytes_writer *w, struct bytes b)
{
	bytes_put_be16(w, (uint16_t)b.len);
	bytes_put(w, b.p, b.len);
}

/* Fills in a length that is known only now. */
static void set_be16(struct tell *t, size_t at, uint32_t v)
{
	must(v <= UINT16_MAX && t->w.rc == RC_OK, "a count too large");
	t->buffer[at] = (uint8_t)(v >> 8);
	t->buffer[at + 1] = (uint8_t)v;
}

static size_t leave_be16(struct tell *t)
{
	bytes_put_be16(&t->w, 0);
	return t->w.len - 2;
}

/* --- entries ------------------------------------------------------------------ */

static void tell_entries(struct tell *t, struct kv_txn *txn, const struct feed_state *f)
{
	uint64_t seq = vv_get(&t->history, f->feed);
	struct feed_entry e;

	if (seq == 0) {
		begin(t);
		bytes_put_be64(&t->w, f->feed);
		bytes_put(&t->w, f->genesis.p, f->genesis.len);
		send(t, 'G');
	}
	while (seq++ < f->head) {
		must(feeds_get_entry(txn, (struct dot){ f->feed, seq }, &e) == RC_OK,
		     "an entry is gone");
		begin(t);
		bytes_put_be64(&t->w, f->feed);
		bytes_put(&t->w, e.bytes.p, e.bytes.len);
		send(t, 'E');
	}
	must(vv_raise(&t->history, (struct dot){ f->feed, f->head }) == RC_OK, "too many feeds");
}

/* What a node wrote since it was asked last; told by its author alone. */
static void tell_own(struct tell *t, struct play *p, uint32_t node)
{
	struct store *s = p->nodes[node].wire.store;
	uint64_t from = (uint64_t)s->info.number << 48;
	struct kv_txn *txn = NULL;
	struct feed_state f;

	must(store_begin(s, false, &txn) == RC_OK, "no transaction");
	while (feeds_next(txn, from, &f) == RC_OK && f.feed >> 48 == s->info.number) {
		if (vv_get(&t->history, f.feed) < f.head) {
			tell_entries(t, txn, &f);
		}
		from = f.feed + 1;
	}
	store_end(s, txn);
}

/* What anybody wrote: cuts say what others had seen. */
static void tell_all(struct tell *t, struct play *p)
{
	uint32_t i;

	for (i = 0; i < p->members_count; i++) {
		tell_own(t, p, p->members[i]);
	}
}

static void copy_vv(const struct vv *from, struct vv *to)
{
	memcpy(to->dots, from->dots, from->count * sizeof(*from->dots));
	to->count = from->count;
}

void tell_world(struct tell *t, struct play *p)
{
	begin(t);
	send(t, 'W');
	tell_own(t, p, 0);
	copy_vv(&t->history, &t->world);
}

void tell_begin(struct tell *t, struct play *p)
{
	copy_vv(&t->world, &t->history);
	begin(t);
	bytes_put_be64(&t->w, p->seed);
	send(t, 'H');
}

/* --- commits -------------------------------------------------------------------- */

static void put_draft(struct tell *t, const struct draft *d)
{
	uint32_t i;

	bytes_put_be16(&t->w, d->kind->number);
	bytes_put(&t->w, d->id.b, sizeof(d->id.b));
	bytes_put_u8(&t->w, (uint8_t)d->act);
	bytes_put_u8(&t->w, d->has_form);
	bytes_put_be16(&t->w, (uint16_t)d->form.count);
	for (i = 0; i < d->form.count; i++) {
		bytes_put_be64(&t->w, d->form.dots[i].feed);
		bytes_put_be64(&t->w, d->form.dots[i].seq);
	}
	bytes_put_be16(&t->w, (uint16_t)d->ops_count);
	for (i = 0; i < d->ops_count; i++) {
		bytes_put_be16(&t->w, d->ops[i].field->number);
		bytes_put_u8(&t->w, (uint8_t)d->ops[i].code);
		put_block16(&t->w, d->ops[i].value);
	}
}

static void put_applied(struct tell *t, struct store *s)
{
	struct kv_txn *txn = NULL;
	struct feed_state f;
	uint64_t from = 0;
	uint32_t count = 0;
	size_t at = leave_be16(t);

	must(store_begin(s, false, &txn) == RC_OK, "no transaction");
	while (feeds_next(txn, from, &f) == RC_OK) {
		bytes_put_be64(&t->w, f.feed);
		bytes_put_be64(&t->w, f.applied);
		from = f.feed + 1;
		count++;
	}
	set_be16(t, at, count);
	store_end(s, txn);
}

void tell_commit(struct tell *t, struct play *p, uint32_t node, uint64_t commit,
		 const struct draft *drafts, uint32_t count)
{
	const struct store_info *info = &p->nodes[node].wire.store->info;
	uint32_t i;

	tell_all(t, p);
	begin(t);
	bytes_put_be16(&t->w, info->number);
	bytes_put_be32(&t->w, info->incarnation);
	bytes_put_be64(&t->w, commit);
	put_applied(t, p->nodes[node].wire.store);
	bytes_put_be16(&t->w, (uint16_t)count);
	for (i = 0; i < count; i++) {
		put_draft(t, &drafts[i]);
	}
	send(t, 'C');
}

/* --- looks ---------------------------------------------------------------------- */

static void put_feeds(struct tell *t, struct kv_txn *txn)
{
	struct feed_state f;
	uint64_t from = 0;
	uint32_t count = 0;
	size_t at = leave_be16(t);

	while (feeds_next(txn, from, &f) == RC_OK) {
		bytes_put_be64(&t->w, f.feed);
		bytes_put_be64(&t->w, f.head);
		bytes_put_be64(&t->w, f.applied);
		bytes_put(&t->w, f.hash, HASH_LEN);
		from = f.feed + 1;
		count++;
	}
	set_be16(t, at, count);
}

static void put_value(struct tell *t, const struct item *item)
{
	bytes_put_u8(&t->w, !item->cleared);
	put_block16(&t->w, item->cleared ? bytes_at(NULL, 0) : item->value);
}

static void put_field(struct tell *t, const struct schema_field *f, const struct field_view *v)
{
	uint8_t number[16];
	struct bytes_writer w = bytes_writer_init(number, sizeof(number));
	struct item shown = { .cleared = true };
	uint32_t i, count = f->merge == MERGE_COUNTER ? 0 : v->count;

	if (f->merge == MERGE_REGISTER && v->shown < v->count) {
		shown = *v->items[v->shown];
	} else if (f->merge == MERGE_COUNTER && v->count > 0) {
		value_put_number(&w, v->sum);
		shown = (struct item){ .value = bytes_written(&w) };
	}
	bytes_put_u8(&t->w, v->conflict);
	put_value(t, &shown);
	bytes_put_be16(&t->w, (uint16_t)count);
	for (i = 0; i < count; i++) {
		put_value(t, v->items[i]);
	}
}

static const struct schema_field *field_after(const struct schema_kind *k, uint32_t number)
{
	const struct schema_field *next = NULL;
	uint32_t i;

	for (i = 0; i < k->fields_count; i++) {
		const struct schema_field *f = &k->fields[i];

		if (f->number > number && (next == NULL || f->number < next->number)) {
			next = f;
		}
	}
	return next;
}

static void put_view(struct tell *t, struct store *s, struct kv_txn *txn, const struct record *r)
{
	struct records_stamps stamps = { txn, s->info.centre_incarnation, &s->arena };
	struct view_source source = records_source(&stamps);
	const struct schema_field *f = field_after(r->kind, 0);
	struct record_life life = view_life(r);
	uint16_t office = 0, region = 0;
	bool conflict = false;

	must(view_has_conflict(r, &source, &s->arena, &conflict) == RC_OK, "no view");
	(void)view_home(r, &office, &region);
	bytes_put_u8(&t->w, (uint8_t)(life.deleted | life.conflict << 1 | conflict << 2 |
				      life.moved << 3 | life.exists << 4));
	bytes_put_be16(&t->w, office);
	bytes_put_be16(&t->w, region);
	for (; f != NULL; f = field_after(r->kind, f->number)) {
		struct field_view v;

		must(view_field(r, f, &source, &s->arena, &v) == RC_OK, "no view");
		put_field(t, f, &v);
	}
}

/* The states of a record as stored, each in its canonical form. */
static void put_parts(struct tell *t, struct store *s, struct kv_txn *txn, const struct record *r)
{
	uint32_t i;

	bytes_put_u8(&t->w, (uint8_t)r->parts_count);
	for (i = 0; i < r->parts_count; i++) {
		struct key k = key_part(r->kind_number, r->id, r->parts[i].scope);
		struct bytes v, state;

		must(kv_get(txn, KV_RECORD, key_bytes(&k), &v) == RC_OK, "a state is gone");
		must(parts_canonical(txn, v, &s->arena, &state) == RC_OK, "a state is corrupt");
		bytes_put_be16(&t->w, r->parts[i].scope);
		put_block16(&t->w, state);
	}
}

/* How many records its group has, and whether it is the one that counts. */
static void put_group(struct tell *t, struct store *s, struct kv_txn *txn, const struct record *r)
{
	struct doubles_store stored = { txn, s->catalog };
	struct doubles_source source = doubles_stored(&stored);
	struct doubles_group group = { .count = 0 };
	struct record_life life = view_life(r);

	if (r->kind != NULL && schema_doubles_same(r->kind) != NULL) {
		must(doubles_find_group(&source, r, &s->arena, &group) == RC_OK, "no group");
	}
	bytes_put_u8(&t->w, (uint8_t)group.count);
	bytes_put_u8(&t->w, group.count > 0 && life.exists && !life.deleted &&
				    doubles_counts(&group, r->id));
}

static void put_record(struct tell *t, struct store *s, struct kv_txn *txn, const struct record *r)
{
	size_t at, before;

	bytes_put_be16(&t->w, r->kind_number);
	bytes_put(&t->w, r->id.b, sizeof(r->id.b));
	put_parts(t, s, txn, r);
	at = leave_be16(t);
	before = t->w.len;
	if (r->kind_number >= SCHEMA_KIND_FIRST) {
		put_view(t, s, txn, r);
	}
	set_be16(t, at, (uint32_t)(t->w.len - before));
	put_group(t, s, txn, r);
}

static uint32_t put_kind(struct tell *t, struct store *s, struct kv_txn *txn,
			 const struct schema_kind *k)
{
	struct records_walk walk;
	struct record r;
	uint32_t count = 0;

	must(records_walk_start(&walk, txn, s->catalog, k->number, NULL) == RC_OK, "no walk");
	while (records_walk_next(&walk, &s->arena, &r) == RC_OK) {
		put_record(t, s, txn, &r);
		count++;
	}
	records_walk_end(&walk);
	return count;
}

void tell_look(struct tell *t, struct play *p, uint32_t node, bool is_settled)
{
	struct store *s = p->nodes[node].wire.store;
	struct kv_txn *txn = NULL;
	uint32_t i, count = 0;
	size_t at;

	tell_all(t, p);
	must(store_begin(s, false, &txn) == RC_OK, "no transaction");
	begin(t);
	bytes_put_be16(&t->w, s->info.number);
	bytes_put_u8(&t->w, is_settled);
	put_feeds(t, txn);
	at = leave_be16(t);
	for (i = 0; i < s->catalog->schema.kinds_count; i++) {
		const struct schema_kind *k = &s->catalog->schema.kinds[i];

		/* The records of the founded world are the same everywhere. */
		if (k->number >= SCHEMA_KIND_FIRST) {
			count += put_kind(t, s, txn, k);
		}
	}
	set_be16(t, at, count);
	store_end(s, txn);
	send(t, 'D');
}

void tell_text(struct tell *t, const char *text)
{
	begin(t);
	bytes_put(&t->w, text, strlen(text));
	send(t, 'T');
}

void tell_end(struct tell *t, const struct play *p)
{
	begin(t);
	bytes_put_be64(&t->w, p->operations);
	send(t, 'Z');
}

void tell_all_over(struct tell *t)
{
	begin(t);
	send(t, 'Q');
}
