#include "node/store/damage.h"

#include <string.h>

#include "node/store/key.h"

static const char word[] = "damaged";

enum { WORD_LEN = sizeof(word) - 1 };

const char *damage_text(enum damage_what what)
{
	switch (what) {
	case DAMAGE_ENTRY:
		return "it is not what its author wrote";
	case DAMAGE_SEAL:
		return "its seal does not fit";
	case DAMAGE_GENESIS:
		return "the genesis of its feed does not fit";
	}
	return "";
}

static struct key key_of(struct dot d)
{
	struct key k = key_dot(d), out = { .len = WORD_LEN + k.len };

	memcpy(out.b, word, WORD_LEN);
	memcpy(out.b + WORD_LEN, k.b, k.len);
	return out;
}

enum rc damage_note(struct kv_txn *t, struct dot d, enum damage_what what)
{
	struct key k = key_of(d);
	uint8_t value = (uint8_t)what;

	return kv_put(t, KV_META, key_bytes(&k), bytes_at(&value, 1));
}

enum rc damage_clear(struct kv_txn *t, struct dot d)
{
	struct key k = key_of(d);

	return kv_del(t, KV_META, key_bytes(&k));
}

static enum rc read_note(struct bytes key, struct bytes value, struct dot *out,
			 enum damage_what *what)
{
	struct bytes_reader r = bytes_reader_init(key);
	struct bytes w = bytes_get(&r, WORD_LEN);

	out->feed = bytes_get_be64(&r);
	out->seq = bytes_get_be64(&r);
	if (!bytes_is_done(&r) || memcmp(w.p, word, WORD_LEN) != 0 || value.len != 1) {
		return RC_NOTFOUND; /* another word: notes end here */
	}
	*what = value.p[0] == DAMAGE_SEAL || value.p[0] == DAMAGE_GENESIS ?
			(enum damage_what)value.p[0] :
			DAMAGE_ENTRY;
	return RC_OK;
}

enum rc damage_next(struct kv_txn *t, struct dot d, struct dot *out, enum damage_what *what)
{
	struct key k = key_of(d);
	struct kv_cursor *c = kv_cursor_open(t, KV_META);
	struct bytes key, value;
	enum rc rc = c == NULL ? RC_NOMEM : kv_cursor_seek(c, key_bytes(&k), &key, &value);

	if (rc == RC_OK) {
		rc = read_note(key, value, out, what);
	}
	kv_cursor_close(c);
	return rc;
}

enum rc damage_count(struct kv_txn *t, uint64_t *out)
{
	struct dot d = { 0, 0 };
	enum damage_what what;
	enum rc rc = RC_OK;

	for (*out = 0; rc == RC_OK; d.seq++) {
		rc = damage_next(t, d, &d, &what);
		*out += rc == RC_OK;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}
