#include "node/store/notice.h"

#include <string.h>

#include "node/store/builtin.h"
#include "node/store/conflicts.h"
#include "node/store/records.h"
#include "node/store/unique.h"

/* A record has few: one for each rule and key, and those of former homes. */
enum { NOTICES_MAX = 64 };

static enum rc read_text(const struct record *r, const char *field, const struct view_source *src,
			 struct arena *a, struct bytes *out)
{
	const struct schema_field *f = schema_field_by_name(r->kind, bytes_of(field));
	struct values v = { NULL, 0 };
	enum rc rc = view_values(r, f, src, a, &v);

	*out = rc == RC_OK && v.count > 0 ? v.items[0] : bytes_at(NULL, 0);
	return rc;
}

/* The members of the set stand by their bytes, not as numbers. */
static void sort_offices(uint16_t *offices, uint32_t count)
{
	uint32_t i, k;

	for (i = 1; i < count; i++) {
		uint16_t moved = offices[i];

		for (k = i; k > 0 && offices[k - 1] > moved; k--) {
			offices[k] = offices[k - 1];
		}
		offices[k] = moved;
	}
}

static enum rc read_offices(const struct record *r, const struct view_source *src, struct arena *a,
			    struct notice *out)
{
	const struct schema_field *f = schema_field_by_name(r->kind, bytes_of("other_offices"));
	struct values v = { NULL, 0 };
	enum rc rc = view_values(r, f, src, a, &v);
	uint16_t *offices = NULL;
	uint32_t i;

	if (rc != RC_OK) {
		return rc;
	}
	offices = arena_take(a, v.count * sizeof(*offices));
	for (i = 0; i < v.count && offices != NULL; i++) {
		offices[i] = (uint16_t)value_number(VALUE_INT, v.items[i]);
	}
	if (offices != NULL) {
		sort_offices(offices, v.count);
	}
	out->offices = offices;
	out->offices_count = v.count;
	return offices == NULL ? RC_NOMEM : RC_OK;
}

static enum rc read_notice(const struct store *s, struct kv_txn *t, const struct unique_holder *h,
			   struct arena *a, struct notice *out)
{
	struct records_stamps stamps = { t, s->info.centre_incarnation, a };
	struct view_source source = records_source(&stamps);
	struct record r;
	enum rc rc = records_get(t, s->catalog, BUILTIN_NOTICE, h->id, a, &r);

	*out = (struct notice){ .id = h->id, .deleted = h->deleted, .office = h->office };
	if (rc == RC_OK) {
		rc = read_text(&r, "rule", &source, a, &out->rule);
	}
	if (rc == RC_OK) {
		rc = read_text(&r, "fields", &source, a, &out->fields);
	}
	return rc == RC_OK ? read_offices(&r, &source, a, out) : rc;
}

static struct key key_of(const struct store *s, struct uuid about)
{
	const struct schema_kind *kind = schema_kind_by_number(schema_builtin(), BUILTIN_NOTICE);
	struct bytes value = bytes_at(about.b, UUID_LEN);

	return unique_key(s->crypto, kind, 0, &value);
}

bool notice_stands(const struct store *s, struct kv_txn *t, struct uuid about)
{
	struct key k = key_of(s, about);
	struct unique_holder first;

	return unique_find(t, &k, NULL, &first) == RC_OK && !first.deleted;
}

enum rc notice_mark(const struct store *s, struct kv_txn *t, const struct record *notice,
		    const struct view_source *src, struct arena *a)
{
	struct bytes about, kind;
	struct record r;
	uint16_t number;
	struct uuid id;
	enum rc rc = RC_OK;

	if (s->info.is_centre || notice->kind_number != BUILTIN_NOTICE) {
		return RC_OK;
	}
	rc = read_text(notice, "about", src, a, &about);
	if (rc == RC_OK) {
		rc = read_text(notice, "about_kind", src, a, &kind);
	}
	if (rc != RC_OK || about.len != UUID_LEN || kind.len == 0) {
		return rc;
	}
	memcpy(id.b, about.p, UUID_LEN);
	number = (uint16_t)value_number(VALUE_INT, kind);
	rc = records_get(t, s->catalog, number, id, a, &r);
	if (rc != RC_OK) {
		return rc == RC_NOTFOUND ? RC_OK : rc; /* it will look for itself */
	}
	return conflicts_mark(t, number, id, CONFLICTS_NOTICED, notice_stands(s, t, id));
}

enum rc notice_about(const struct store *s, struct kv_txn *t, struct uuid about, struct arena *a,
		     struct notice_list *out)
{
	struct key k = key_of(s, about);
	struct unique_holder holders[NOTICES_MAX];
	struct notice *items = NULL;
	uint32_t i, count = 0;
	enum rc rc = unique_find(t, &k, NULL, &holders[0]);

	while (rc == RC_OK) {
		count++;
		rc = count == NOTICES_MAX ?
			     RC_NOTFOUND :
			     unique_find(t, &k, &holders[count - 1], &holders[count]);
	}
	if (rc != RC_NOTFOUND) {
		return rc;
	}
	items = arena_take(a, count * sizeof(*items));
	rc = items == NULL ? RC_NOMEM : RC_OK;
	for (i = 0; i < count && rc == RC_OK; i++) {
		rc = read_notice(s, t, &holders[i], a, &items[i]);
	}
	out->items = items;
	out->count = count;
	return rc;
}

enum rc notice_count(struct kv_txn *t, uint64_t *out)
{
	return unique_count_living(t, BUILTIN_NOTICE, 0, out);
}

enum rc notice_name_key(const struct schema_kind *kind, uint32_t number, struct arena *a,
			struct bytes *out)
{
	const struct schema_key *key = &kind->uniques[number];
	size_t max = key->fields_count * (size_t)(LIMIT_NAME_BYTES_MAX + 1);
	struct bytes_writer w = bytes_writer_init(arena_take(a, max), max);
	uint32_t i;

	if (w.p == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < key->fields_count; i++) {
		struct bytes name = bytes_of(kind->fields[key->fields[i]].name);

		bytes_put(&w, ",", i > 0);
		bytes_put(&w, name.p, name.len);
	}
	*out = bytes_written(&w);
	return w.rc;
}
