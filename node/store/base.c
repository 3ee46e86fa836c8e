#include "node/store/base.h"

#include <stdlib.h>
#include <string.h>

struct key base_key_piece(uint16_t scope, uint32_t number)
{
	struct key k;
	struct bytes_writer w = bytes_writer_init(k.b, sizeof(k.b));

	bytes_put_be16(&w, scope);
	bytes_put_be32(&w, number);
	k.len = w.len;
	return k;
}

uint32_t base_count_pieces(uint64_t bytes)
{
	uint64_t n = (bytes + BASE_PIECE_BYTES - 1) / BASE_PIECE_BYTES;

	return n > LIMIT_BASE_PIECES_MAX ? 0 : (uint32_t)n;
}

uint32_t base_count_lists(uint64_t bytes)
{
	return (base_count_pieces(bytes) + BASE_LIST_HASHES - 1) / BASE_LIST_HASHES;
}

uint32_t base_count_all(uint64_t bytes)
{
	return 1 + base_count_lists(bytes) + base_count_pieces(bytes);
}

void base_text(const uint8_t system[SYSTEM_LEN], uint64_t feed, const struct base_point *p,
	       uint8_t out[BASE_TEXT_LEN])
{
	static const char type[12] = "kerwen.base";
	struct bytes_writer w = bytes_writer_init(out, BASE_TEXT_LEN);

	bytes_put(&w, type, sizeof(type));
	bytes_put(&w, system, SYSTEM_LEN);
	bytes_put_be64(&w, feed);
	bytes_put_be64(&w, p->seq);
	bytes_put_be64(&w, p->bytes);
	bytes_put(&w, p->root, HASH_LEN);
}

/* --- measuring ---------------------------------------------------------------------- */

/* Where a piece begins: in the row that comes next, so many bytes on. */
struct piece {
	uint8_t hash[HASH_LEN];
	struct base_place place;
	uint32_t offset;
};

struct measure {
	const struct crypto *crypto;
	struct piece *pieces;
	uint32_t count, max;
	uint8_t *buffer; /* of the piece under way */
	size_t len;
	uint64_t bytes;
};

static enum rc begin_piece(struct measure *m, const struct base_place *place, size_t offset)
{
	if (m->count == m->max) {
		uint32_t max = m->max == 0 ? 64 : 2 * m->max;
		struct piece *wider = realloc(m->pieces, max * sizeof(*wider));

		if (wider == NULL) {
			return RC_NOMEM;
		}
		m->pieces = wider;
		m->max = max;
	}
	if (m->count == LIMIT_BASE_PIECES_MAX) {
		return RC_LIMIT;
	}
	memset(&m->pieces[m->count], 0, sizeof(*m->pieces));
	m->pieces[m->count].place = *place;
	m->pieces[m->count++].offset = (uint32_t)offset;
	m->len = 0;
	return RC_OK;
}

static void end_piece(struct measure *m)
{
	struct bytes b = bytes_at(m->buffer, m->len);

	if (m->count > 0) {
		m->crypto->hash(m->pieces[m->count - 1].hash, &b, 1);
	}
}

/* Adds the bytes of a row, which stands at a place. */
static enum rc add_row(struct measure *m, struct bytes row, const struct base_place *place)
{
	size_t at = 0;
	enum rc rc = RC_OK;

	m->bytes += row.len;
	while (rc == RC_OK && at < row.len) {
		size_t n = 0;

		if (m->count == 0 || m->len == BASE_PIECE_BYTES) {
			end_piece(m);
			rc = begin_piece(m, place, at);
		}
		if (rc == RC_OK) {
			n = BASE_PIECE_BYTES - m->len;
			n = n < row.len - at ? n : row.len - at;
			memcpy(m->buffer + m->len, row.p + at, n);
			m->len += n;
			at += n;
		}
	}
	return rc;
}

/* The bytes of a row, behind it in the arena. */
static enum rc encode_row(struct arena *a, const struct base_row *row, struct bytes *out)
{
	struct bytes_writer w = bytes_writer_init(a->p + a->used, a->max - a->used);

	base_row_put(&w, row);
	*out = bytes_at(w.p, w.len);
	return w.rc == RC_OK ? RC_OK : RC_NOMEM;
}

static enum rc measure_rows(struct measure *m, struct kv_txn *t, const struct floor *f,
			    struct arena *a)
{
	struct base_walk w;
	struct base_row row;
	struct bytes b;
	enum rc rc = RC_OK;

	base_walk_start(&w, t, f, a, NULL);
	while (rc == RC_OK) {
		struct base_place place = w.place;
		size_t mark = arena_mark(a);

		rc = base_walk_next(&w, &row);
		if (rc == RC_OK) {
			rc = encode_row(a, &row, &b);
		}
		if (rc == RC_OK) {
			rc = add_row(m, b, &place);
		}
		arena_release(a, mark);
	}
	base_walk_end(&w);
	end_piece(m);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc make_root(const struct measure *m, uint8_t root[HASH_LEN])
{
	struct bytes list = { NULL, (size_t)m->count * HASH_LEN };
	uint8_t *p = malloc(list.len + 1);
	uint32_t i;

	if (p == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < m->count; i++) {
		memcpy(p + (size_t)i * HASH_LEN, m->pieces[i].hash, HASH_LEN);
	}
	list.p = p;
	m->crypto->hash(root, &list, 1);
	free(p);
	return RC_OK;
}

/* A row of the table: hash 32, sort 1, feed 4, offset 4, behind. */
static enum rc put_piece(struct kv_txn *t, uint16_t scope, uint32_t number, const struct piece *p)
{
	struct key k = base_key_piece(scope, number);
	uint8_t buffer[HASH_LEN + 1 + 4 + 4 + LIMIT_KEY_BYTES_MAX];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));

	bytes_put(&w, p->hash, HASH_LEN);
	bytes_put_u8(&w, (uint8_t)p->place.sort);
	bytes_put_be32(&w, p->place.feed);
	bytes_put_be32(&w, p->offset);
	bytes_put(&w, p->place.behind.b, p->place.behind.len);
	return kv_put(t, KV_PIECE, key_bytes(&k), bytes_written(&w));
}

static enum rc get_piece(struct kv_txn *t, uint16_t scope, uint32_t number, struct piece *out)
{
	struct key k = base_key_piece(scope, number);
	struct bytes v, part;
	struct bytes_reader r;
	enum rc rc = kv_get(t, KV_PIECE, key_bytes(&k), &v);

	if (rc != RC_OK) {
		return rc;
	}
	r = bytes_reader_init(v);
	part = bytes_get(&r, HASH_LEN);
	if (part.len == HASH_LEN) {
		memcpy(out->hash, part.p, HASH_LEN);
	}
	out->place.sort = (enum base_sort)bytes_get_u8(&r);
	out->place.feed = bytes_get_be32(&r);
	out->offset = bytes_get_be32(&r);
	out->place.behind.len = (size_t)(r.end - r.p);
	if (r.rc != RC_OK || out->place.behind.len > LIMIT_KEY_BYTES_MAX ||
	    out->place.sort >= BASE_SORTS) {
		return RC_CORRUPT;
	}
	memcpy(out->place.behind.b, r.p, out->place.behind.len);
	return RC_OK;
}

static enum rc put_pieces(const struct measure *m, struct kv_txn *t, uint16_t scope)
{
	enum rc rc = RC_OK;
	uint32_t i = 0;
	struct bytes v;

	for (i = 0; i < m->count && rc == RC_OK; i++) {
		rc = put_piece(t, scope, i, &m->pieces[i]);
	}
	while (rc == RC_OK) { /* those of a longer one before */
		struct key k = base_key_piece(scope, i++);

		rc = kv_get(t, KV_PIECE, key_bytes(&k), &v);
		rc = rc == RC_OK ? kv_del(t, KV_PIECE, key_bytes(&k)) : rc;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc base_measure(struct store *s, struct kv_txn *t, struct floor *f, struct arena *a,
		     bool keeps)
{
	struct measure m = { .crypto = s->crypto, .buffer = malloc(BASE_PIECE_BYTES) };
	enum rc rc = m.buffer == NULL ? RC_NOMEM : measure_rows(&m, t, f, a);

	if (rc == RC_OK) {
		f->point.bytes = m.bytes;
		rc = make_root(&m, f->point.root);
	}
	if (rc == RC_OK && keeps) {
		rc = put_pieces(&m, t, f->scope);
	}
	free(m.buffer);
	free(m.pieces);
	return rc;
}

/* --- giving ---------------------------------------------------------------------------- */

static enum rc make_statement(struct store *s, const struct send_signer *signer,
			      const struct floor *f, struct bytes *out)
{
	uint64_t feed = store_centre_feed(s, f->scope);
	uint8_t text[BASE_TEXT_LEN], seal[SIG_LEN];
	uint8_t *p = arena_take(&s->arena, BASE_STATEMENT_LEN);
	struct bytes_writer w = bytes_writer_init(p, p == NULL ? 0 : BASE_STATEMENT_LEN);

	base_text(s->info.system, feed, &f->point, text);
	signer->sign(signer->ctx, bytes_at(text, sizeof(text)), seal);
	bytes_put_be64(&w, feed);
	bytes_put_be64(&w, f->point.seq);
	bytes_put_be64(&w, f->point.bytes);
	bytes_put(&w, f->point.root, HASH_LEN);
	bytes_put(&w, seal, SIG_LEN);
	*out = bytes_written(&w);
	return w.rc == RC_OK ? RC_OK : RC_NOMEM;
}

static enum rc make_list(struct store *s, struct kv_txn *t, const struct floor *f, uint32_t number,
			 struct bytes *out)
{
	uint32_t i = number * BASE_LIST_HASHES, end = base_count_pieces(f->point.bytes);
	uint8_t *p = arena_take(&s->arena, BASE_PIECE_BYTES);
	struct bytes_writer w = bytes_writer_init(p, p == NULL ? 0 : BASE_PIECE_BYTES);
	struct piece piece;
	enum rc rc = p == NULL ? RC_NOMEM : RC_OK;

	end = end - i > BASE_LIST_HASHES ? i + BASE_LIST_HASHES : end;
	for (; i < end && rc == RC_OK; i++) {
		rc = get_piece(t, f->scope, i, &piece);
		if (rc == RC_OK) {
			bytes_put(&w, piece.hash, HASH_LEN);
		}
	}
	*out = bytes_at(w.p, w.len);
	return rc;
}

static enum rc make_piece(struct store *s, struct kv_txn *t, const struct floor *f, uint32_t number,
			  struct bytes *out)
{
	uint8_t *p = arena_take(&s->arena, BASE_PIECE_BYTES);
	size_t len = 0;
	struct piece piece;
	struct base_walk w;
	enum rc rc = p == NULL ? RC_NOMEM : get_piece(t, f->scope, number, &piece);

	if (rc != RC_OK) {
		return rc;
	}
	base_walk_start(&w, t, f, &s->arena, &piece.place);
	while (rc == RC_OK && len < BASE_PIECE_BYTES) {
		size_t mark = arena_mark(&s->arena), n = 0;
		struct base_row row;
		struct bytes b;

		rc = base_walk_next(&w, &row);
		rc = rc == RC_OK ? encode_row(&s->arena, &row, &b) : rc;
		if (rc == RC_OK && b.len > piece.offset) {
			n = b.len - piece.offset;
			n = n < BASE_PIECE_BYTES - len ? n : BASE_PIECE_BYTES - len;
			memcpy(p + len, b.p + piece.offset, n);
			len += n;
		}
		piece.offset = 0;
		arena_release(&s->arena, mark);
	}
	base_walk_end(&w);
	*out = bytes_at(p, len);
	return rc == RC_NOTFOUND && len > 0 ? RC_OK : rc;
}

enum rc base_get_piece(struct store *s, struct kv_txn *t, const struct send_signer *signer,
		       uint16_t scope, uint64_t seq, uint32_t number, struct bytes *out)
{
	struct floor f;
	uint32_t lists = 0;
	enum rc rc = floor_get(t, scope, FLOOR_HERE, &f);

	if (rc != RC_OK || f.point.seq != seq) {
		return rc == RC_OK ? RC_NOTFOUND : rc;
	}
	lists = base_count_lists(f.point.bytes);
	if (number == 0) {
		return make_statement(s, signer, &f, out);
	}
	return number <= lists ? make_list(s, t, &f, number - 1, out) :
				 make_piece(s, t, &f, number - 1 - lists, out);
}
