#include "node/cmd/shared.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node/cmd/origin.h"
#include "node/store/builtin.h"
#include "node/store/claims.h"

enum { TEXT_MAX = 8192, LISTED_OFFICES_MAX = 12 };

/* The keys of the record that others hold, too. */
static enum rc find_keys(struct kv_txn *t, const struct record *r, const struct claims *c,
			 struct arena *a, struct shared *out)
{
	struct shared_key *keys = arena_take_zeroed(a, c->count, sizeof(*keys));
	enum rc rc = keys == NULL ? RC_NOMEM : RC_OK;
	uint32_t i;

	for (i = 0; i < c->count && rc == RC_OK; i++) {
		struct shared_key *k = &keys[out->keys_count];

		if (!c->has[i] || c->holder.deleted) {
			continue;
		}
		rc = unique_list(t, &c->keys[i], r->id, k->others, SHARED_LISTED_MAX, &k->total);
		if (rc == RC_OK && k->total > 0) {
			rc = notice_name_key(r->kind, i, a, &k->fields);
			out->keys_count++;
		}
	}
	out->keys = keys;
	return rc;
}

enum rc shared_find(const struct store *s, struct kv_txn *t, const struct record *r,
		    const struct view_source *src, struct arena *a, struct shared *out)
{
	struct notice_list list = { NULL, 0 };
	struct claims c;
	enum rc rc = RC_OK;

	memset(out, 0, sizeof(*out));
	out->store = s;
	out->arena = a;
	if (r->kind == NULL || r->kind->number < SCHEMA_KIND_FIRST) {
		return RC_OK;
	}
	rc = claims_of(s->crypto, r, src, NULL, a, &c);
	if (rc == RC_OK) {
		rc = find_keys(t, r, &c, a, out);
	}
	if (rc == RC_OK && !s->info.is_centre) {
		rc = notice_about(s, t, r->id, a, &list);
	}
	out->notices = list.items;
	while (rc == RC_OK && out->notices_count < list.count &&
	       !list.items[out->notices_count].deleted) {
		out->notices_count++;
	}
	return rc;
}

static void put_text(struct bytes_writer *w, const char *text)
{
	bytes_put(w, text, strlen(text));
}

/* "issuer, doctype and number are", "nr is". */
static void put_fields(struct bytes_writer *w, struct bytes fields)
{
	size_t i, last = fields.len;

	for (i = 0; i < fields.len; i++) {
		last = fields.p[i] == ',' ? i : last;
	}
	for (i = 0; i < fields.len; i++) {
		if (fields.p[i] == ',') {
			put_text(w, i == last ? " and " : ", ");
		} else {
			bytes_put(w, &fields.p[i], 1);
		}
	}
	put_text(w, last < fields.len ? " are" : " is");
}

/* What stands between the things of a list. */
static const char *joint(uint32_t i, uint32_t count)
{
	return i == 0 ? "" : i + 1 == count ? " and " : ", ";
}

/* "8f3c12ab4455 (Mary)"; the last group of an id can be typed. */
static void put_holder(const struct shared *s, struct bytes_writer *w,
		       const struct unique_holder *h)
{
	struct bytes office = origin_office(s->store, h->office, s->arena);
	char id[UUID_TEXT_LEN + 1];

	uuid_format(h->id, id);
	put_text(w, strrchr(id, '-') + 1);
	put_text(w, " (");
	bytes_put(w, office.p, office.len);
	put_text(w, ")");
}

static enum rc open_text(const struct shared *s, struct bytes_writer *w)
{
	*w = bytes_writer_init(arena_take(s->arena, TEXT_MAX), TEXT_MAX);
	return w->p == NULL ? RC_NOMEM : RC_OK;
}

static void put_more(struct bytes_writer *w, uint64_t more)
{
	char text[32];

	(void)snprintf(text, sizeof(text), " and %" PRIu64 " more", more);
	put_text(w, text);
}

enum rc shared_key_text(const struct shared *s, uint32_t i, struct bytes *out)
{
	const struct shared_key *k = &s->keys[i];
	bool is_cut = k->total > SHARED_LISTED_MAX;
	uint32_t at, listed = is_cut ? SHARED_LISTED_MAX : (uint32_t)k->total;
	struct bytes_writer w;
	enum rc rc = open_text(s, &w);

	if (rc != RC_OK) {
		return rc;
	}
	put_fields(&w, k->fields);
	put_text(&w, " also used by ");
	for (at = 0; at < listed; at++) {
		put_text(&w, joint(at, is_cut ? listed + 1 : listed));
		put_holder(s, &w, &k->others[at]);
	}
	if (is_cut) {
		put_more(&w, k->total - listed);
	}
	*out = bytes_written(&w);
	return w.rc;
}

/* Its own office stands last: the other record is here. */
static void put_offices(const struct shared *s, struct bytes_writer *w, const struct notice *n)
{
	uint32_t i, put = 0, others = 0, listed = 0;

	for (i = 0; i < n->offices_count; i++) {
		others += n->offices[i] != n->office;
	}
	listed = others > LISTED_OFFICES_MAX ? LISTED_OFFICES_MAX : others;
	for (i = 0; i < n->offices_count && put < listed; i++) {
		if (n->offices[i] != n->office) {
			struct bytes name = origin_office(s->store, n->offices[i], s->arena);

			put_text(w, put == 0 ? " in " : joint(put, others));
			bytes_put(w, name.p, name.len);
			put++;
		}
	}
	if (listed < others) {
		put_more(w, others - listed);
	}
	if (others < n->offices_count) {
		put_text(w,
			 others > 0 ? ", and by another record here" : " by another record here");
	}
}

enum rc shared_notice_text(const struct shared *s, uint32_t i, struct bytes *out)
{
	struct bytes_writer w;
	enum rc rc = open_text(s, &w);

	if (rc != RC_OK) {
		return rc;
	}
	put_text(&w, "the centre says: ");
	put_fields(&w, s->notices[i].fields);
	put_text(&w, " also used");
	put_offices(s, &w, &s->notices[i]);
	*out = bytes_written(&w);
	return w.rc;
}

bool shared_is_offices(const struct schema_field *f)
{
	const struct schema_kind *kind = schema_kind_by_number(schema_builtin(), BUILTIN_NOTICE);

	return f == schema_field_by_name(kind, bytes_of("other_offices"));
}

enum rc shared_offices_cell(const struct store *s, const struct record *r,
			    const struct schema_field *f, const struct view_source *src,
			    struct arena *a, struct bytes *out)
{
	struct values v = { NULL, 0 };
	struct bytes_writer w;
	size_t max = 1;
	uint32_t i;
	enum rc rc = view_values(r, f, src, a, &v);

	max += v.count * (size_t)(LIMIT_NAME_BYTES_MAX + 2);
	w = bytes_writer_init(rc == RC_OK ? arena_take(a, max) : NULL, max);
	if (w.p == NULL) {
		return rc == RC_OK ? RC_NOMEM : rc;
	}
	for (i = 0; i < v.count; i++) {
		uint16_t number = (uint16_t)value_number(VALUE_INT, v.items[i]);
		struct bytes name = origin_office(s, number, a);

		put_text(&w, i > 0 ? ", " : "");
		bytes_put(&w, name.p, name.len);
	}
	*out = bytes_written(&w);
	return w.rc;
}

/* --- JSON ----------------------------------------------------------------------- */

/* The names between the commas. Gives. */
static json_t *list_fields(struct bytes fields)
{
	json_t *list = json_array();
	size_t from = 0, i;

	for (i = 0; i <= fields.len; i++) {
		if (i == fields.len || fields.p[i] == ',') {
			json_array_append_new(list,
					      out_string(bytes_at(fields.p + from, i - from)));
			from = i + 1;
		}
	}
	return list;
}

static json_t *make_key(const struct shared *s, const struct shared_key *k)
{
	json_t *records = json_array();
	uint32_t i;

	for (i = 0; i < k->total && i < SHARED_LISTED_MAX; i++) {
		struct bytes home = origin_office(s->store, k->others[i].office, s->arena);
		char id[UUID_TEXT_LEN + 1];

		uuid_format(k->others[i].id, id);
		json_array_append_new(records,
				      json_pack("{s:s, s:o}", "id", id, "home", out_string(home)));
	}
	return json_pack("{s:o, s:o, s:I}", "fields", list_fields(k->fields), "records", records,
			 "count", (json_int_t)k->total);
}

static json_t *make_notice(const struct shared *s, const struct notice *n)
{
	json_t *offices = json_array();
	uint32_t i;

	for (i = 0; i < n->offices_count; i++) {
		json_array_append_new(offices,
				      out_string(origin_office(s->store, n->offices[i], s->arena)));
	}
	return json_pack("{s:o, s:o, s:o}", "rule", out_string(n->rule), "fields",
			 list_fields(n->fields), "offices", offices);
}

enum rc shared_put_json(const struct shared *s, json_t *object)
{
	json_t *keys = json_array(), *notices = json_array();
	int failed = keys == NULL || notices == NULL;
	uint32_t i;

	for (i = 0; i < s->keys_count; i++) {
		failed |= json_array_append_new(keys, make_key(s, &s->keys[i]));
	}
	for (i = 0; i < s->notices_count; i++) {
		failed |= json_array_append_new(notices, make_notice(s, &s->notices[i]));
	}
	if (failed == 0 && s->keys_count > 0) {
		failed |= json_object_set(object, "shared", keys);
	}
	if (failed == 0 && s->notices_count > 0) {
		failed |= json_object_set(object, "notices", notices);
	}
	json_decref(keys);
	json_decref(notices);
	return failed == 0 ? RC_OK : RC_NOMEM;
}
