#include "node/store/base_take.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/store/base.h"

enum { NAME_MAX_LEN = 24, ROW_BYTES_MAX = LIMIT_STEP_ARENA_BYTES / 4 };

static struct bytes name_of(uint16_t scope, char name[NAME_MAX_LEN])
{
	(void)snprintf(name, NAME_MAX_LEN, "taking %u", scope);
	return bytes_of(name);
}

enum rc base_take_stand(struct kv_txn *t, uint16_t scope, struct base_stand *out)
{
	char name[NAME_MAX_LEN];
	struct bytes v, root;
	struct bytes_reader r;
	enum rc rc = kv_get(t, KV_META, name_of(scope, name), &v);

	memset(out, 0, sizeof(*out));
	if (rc != RC_OK) {
		return rc == RC_NOTFOUND ? RC_OK : rc;
	}
	r = bytes_reader_init(v);
	out->point.seq = bytes_get_be64(&r);
	out->point.bytes = bytes_get_be64(&r);
	root = bytes_get(&r, HASH_LEN);
	out->have = bytes_get_be32(&r);
	if (!bytes_is_done(&r)) {
		return RC_CORRUPT;
	}
	memcpy(out->point.root, root.p, HASH_LEN);
	out->all = base_count_all(out->point.bytes);
	return RC_OK;
}

static enum rc put_stand(struct kv_txn *t, uint16_t scope, const struct base_stand *s)
{
	char name[NAME_MAX_LEN];
	uint8_t buffer[8 + 8 + HASH_LEN + 4];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));

	bytes_put_be64(&w, s->point.seq);
	bytes_put_be64(&w, s->point.bytes);
	bytes_put(&w, s->point.root, HASH_LEN);
	bytes_put_be32(&w, s->have);
	return kv_put(t, KV_META, name_of(scope, name), bytes_written(&w));
}

bool base_take_percent(struct store *s, struct kv_txn *t, unsigned *percent)
{
	uint64_t have = 0, all = 0;
	uint32_t i;

	for (i = 0; i < s->catalog->scopes_count; i++) {
		struct base_stand stand;

		if (base_take_stand(t, s->catalog->scopes[i].scope, &stand) == RC_OK) {
			have += stand.have;
			all += stand.all;
		}
	}
	*percent = all == 0 ? 0 : (unsigned)(have * 100 / all);
	return all > 0;
}

/* Forgets all that was taken of a base. */
static enum rc forget(struct kv_txn *t, uint16_t scope, const struct base_stand *s)
{
	char name[NAME_MAX_LEN];
	enum rc rc = kv_del(t, KV_META, name_of(scope, name));
	uint32_t i;

	for (i = 1; i < s->have && rc == RC_OK; i++) {
		struct key k = base_key_piece(scope, i);

		rc = kv_del(t, KV_PIECE, key_bytes(&k));
	}
	return rc;
}

/* --- one piece ------------------------------------------------------------------------ */

static enum rc take_statement(struct work *w, const struct base_piece *p)
{
	const struct store_info *info = &w->store->info;
	uint64_t feed = store_centre_feed(w->store, p->scope);
	struct base_stand old, s = { .have = 1 };
	uint8_t text[BASE_TEXT_LEN];
	struct bytes_reader r = bytes_reader_init(p->data);
	struct bytes root, seal;
	enum rc rc = base_take_stand(w->txn, p->scope, &old);

	if (rc != RC_OK) {
		return rc;
	}
	if (p->data.len != BASE_STATEMENT_LEN || bytes_get_be64(&r) != feed) {
		return RC_CORRUPT;
	}
	s.point.seq = bytes_get_be64(&r);
	s.point.bytes = bytes_get_be64(&r);
	root = bytes_get(&r, HASH_LEN);
	seal = bytes_get(&r, SIG_LEN);
	memcpy(s.point.root, root.p, HASH_LEN);
	base_text(info->system, feed, &s.point, text);
	if (!w->store->crypto->verify(info->centre_key, bytes_at(text, sizeof(text)), seal.p)) {
		return RC_BADSIG;
	}
	if (s.point.seq != p->seq || base_count_pieces(s.point.bytes) == 0) {
		return s.point.seq != p->seq ? RC_CORRUPT : RC_LIMIT;
	}
	rc = forget(w->txn, p->scope, &old);
	return rc == RC_OK ? put_stand(w->txn, p->scope, &s) : rc;
}

/* How long a piece must be, in its list or in the base. */
static size_t piece_len(uint64_t bytes, uint32_t i)
{
	uint64_t begin = (uint64_t)i * BASE_PIECE_BYTES;
	uint64_t left = bytes > begin ? bytes - begin : 0;

	return left > BASE_PIECE_BYTES ? BASE_PIECE_BYTES : (size_t)left;
}

/* The list, which is whole with this piece, must be what the root says. */
static enum rc check_list(struct work *w, uint16_t scope, const struct base_stand *s,
			  struct bytes last)
{
	uint32_t i, lists = base_count_lists(s->point.bytes);
	struct bytes *parts = arena_take(w->arena, lists * sizeof(*parts));
	uint8_t root[HASH_LEN];
	enum rc rc = parts == NULL ? RC_NOMEM : RC_OK;

	for (i = 1; i < lists && rc == RC_OK; i++) {
		struct key k = base_key_piece(scope, i);

		rc = kv_get(w->txn, KV_PIECE, key_bytes(&k), &parts[i - 1]);
	}
	if (rc != RC_OK) {
		return rc;
	}
	parts[lists - 1] = last;
	w->store->crypto->hash(root, parts, lists);
	return memcmp(root, s->point.root, HASH_LEN) == 0 ? RC_OK : RC_BADSIG;
}

/* A piece of the base must be what the list says. */
static enum rc check_data(struct work *w, uint16_t scope, uint32_t i, struct bytes data)
{
	struct key k = base_key_piece(scope, 1 + i / BASE_LIST_HASHES);
	uint8_t hash[HASH_LEN];
	struct bytes list;
	size_t at = (size_t)(i % BASE_LIST_HASHES) * HASH_LEN;
	enum rc rc = kv_get(w->txn, KV_PIECE, key_bytes(&k), &list);

	if (rc != RC_OK || list.len < at + HASH_LEN) {
		return rc == RC_OK ? RC_CORRUPT : rc;
	}
	w->store->crypto->hash(hash, &data, 1);
	return memcmp(hash, list.p + at, HASH_LEN) == 0 ? RC_OK : RC_BADSIG;
}

static enum rc check_piece(struct work *w, const struct base_piece *p, const struct base_stand *s)
{
	uint32_t lists = base_count_lists(s->point.bytes);
	uint64_t list_bytes = (uint64_t)base_count_pieces(s->point.bytes) * HASH_LEN;
	bool is_list = p->number <= lists;
	uint32_t i = is_list ? p->number - 1 : p->number - 1 - lists;

	if (p->data.len != piece_len(is_list ? list_bytes : s->point.bytes, i)) {
		return RC_CORRUPT;
	}
	if (!is_list) {
		return check_data(w, p->scope, i, p->data);
	}
	return p->number == lists ? check_list(w, p->scope, s, p->data) : RC_OK;
}

/* All of it is here: nothing of it was seen until now. */
static enum rc take_all(struct work *w, uint16_t scope, const struct base_stand *s)
{
	enum rc rc = work_flush(w);

	if (rc == RC_OK) {
		rc = base_check(w, s, scope);
	}
	if (rc == RC_OK) {
		rc = base_put(w, s, scope);
	}
	return rc == RC_OK ? forget(w->txn, scope, s) : rc;
}

static enum rc take(struct work *w, const struct base_piece *p)
{
	struct key k = base_key_piece(p->scope, p->number);
	struct base_stand s;
	enum rc rc = RC_OK;

	if (p->number == 0) {
		return take_statement(w, p);
	}
	rc = base_take_stand(w->txn, p->scope, &s);
	if (rc == RC_OK && (s.point.seq != p->seq || s.have != p->number)) {
		return RC_GAP;
	}
	if (rc == RC_OK) {
		rc = check_piece(w, p, &s);
	}
	if (rc == RC_OK) {
		rc = kv_put(w->txn, KV_PIECE, key_bytes(&k), p->data);
	}
	s.have++;
	if (rc == RC_OK) {
		rc = put_stand(w->txn, p->scope, &s);
	}
	return rc == RC_OK && s.have == s.all ? take_all(w, p->scope, &s) : rc;
}

enum rc base_take_piece(struct work *w, uint16_t from, const struct base_piece *p)
{
	const struct store *store = w->store;
	struct base_stand s;
	struct floor here;
	enum rc rc = RC_OK, dropped = RC_OK;

	if (store->info.is_centre || from != 0 || p->scope == 0 ||
	    !catalog_is_member(store->catalog, store->info.number, p->scope)) {
		return RC_DENIED;
	}
	if (floor_get(w->txn, p->scope, FLOOR_HERE, &here) == RC_OK && here.point.seq >= p->seq) {
		return RC_OK; /* it is here already: passed over, as entries are */
	}
	rc = take(w, p);
	/* What is not what was signed, or makes no sense, is begun anew. */
	if ((rc == RC_BADSIG || rc == RC_CORRUPT || rc == RC_SYSTEM || rc == RC_LIMIT) &&
	    w->rc == RC_OK && p->number > 0) {
		dropped = base_take_stand(w->txn, p->scope, &s);
		dropped = dropped == RC_OK ? forget(w->txn, p->scope, &s) : dropped;
	}
	return dropped == RC_OK ? rc : dropped;
}

/* --- reading the pieces --------------------------------------------------------------------- */

void base_reader_start(struct base_reader *r, struct kv_txn *t, struct arena *a,
		       const struct base_stand *s, uint16_t scope)
{
	memset(r, 0, sizeof(*r));
	r->txn = t;
	r->arena = a;
	r->scope = scope;
	r->number = 1 + base_count_lists(s->point.bytes);
	r->end = s->all;
}

void base_reader_end(struct base_reader *r)
{
	free(r->buffer);
	r->buffer = NULL;
}

/* Adds the next piece to what is left in the buffer. RC_NOTFOUND: none. */
static enum rc fill(struct base_reader *r)
{
	struct key k = base_key_piece(r->scope, r->number);
	uint8_t *wider = NULL;
	struct bytes v;
	enum rc rc = r->number == r->end ? RC_NOTFOUND :
					   kv_get(r->txn, KV_PIECE, key_bytes(&k), &v);

	if (rc != RC_OK) {
		return rc;
	}
	if (r->at > 0) {
		memmove(r->buffer, r->buffer + r->at, r->len - r->at);
		r->len -= r->at;
		r->at = 0;
	}
	if (r->len + v.len > r->max) {
		r->max = r->len + v.len > ROW_BYTES_MAX ? 0 : 2 * (r->len + v.len);
		wider = r->max == 0 ? NULL : realloc(r->buffer, r->max);
		if (wider == NULL) {
			return r->max == 0 ? RC_CORRUPT : RC_NOMEM;
		}
		r->buffer = wider;
	}
	memcpy(r->buffer + r->len, v.p, v.len);
	r->len += v.len;
	r->number++;
	return RC_OK;
}

/* Reads a row if all of it is in the buffer. */
static bool try_row(struct base_reader *r, struct base_row *out)
{
	struct bytes_reader b = bytes_reader_init(bytes_at(r->buffer + r->at, r->len - r->at));
	uint8_t sort = bytes_get_u8(&b);

	out->key = bytes_get_block(&b);
	out->value = bytes_get_block(&b);
	out->sort = (enum base_sort)sort;
	if (b.rc != RC_OK) {
		return false;
	}
	r->at = (size_t)(b.p - r->buffer);
	return true;
}

enum rc base_reader_next(struct base_reader *r, struct base_row *out)
{
	enum rc rc = RC_OK;

	while (rc == RC_OK && (r->len == r->at || !try_row(r, out))) {
		rc = fill(r);
		if (rc == RC_NOTFOUND && r->len > r->at) {
			return RC_CORRUPT; /* it ends within a row */
		}
	}
	if (rc != RC_OK) {
		return rc;
	}
	if (out->sort < BASE_FEED || out->sort >= BASE_SORTS ||
	    out->key.len > LIMIT_KEY_BYTES_MAX) {
		return RC_CORRUPT;
	}
	out->key = arena_copy(r->arena, out->key);
	out->value = arena_copy(r->arena, out->value);
	return out->key.p == NULL || out->value.p == NULL ? RC_NOMEM : RC_OK;
}
