#include "node/store/samekey.h"

#include <string.h>

#include "node/base/fold.h"
#include "sync/date.h"

/* With the NUL: no text of one is the beginning of another's. */
static const char NAME_PREFIX[] = "kerwen.name", SAME_PREFIX[] = "kerwen.same";

enum { HASH_BYTES = SAMEKEY_HASH_LEN * 5 / 8 };

/* RFC 4648, chapter 6, in small letters; 5 bits a character. */
static void put_base32(struct bytes_writer *w, const uint8_t *p, size_t len)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint32_t held = 0, bits = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		held = held << 8 | p[i];
		for (bits += 8; bits >= 5; bits -= 5) {
			bytes_put_u8(w, (uint8_t)digits[held >> (bits - 5) & 31]);
		}
	}
}

/* Puts the hash of the prefix, the secret and the pieces. */
static void put_hash(const struct store *s, const char *prefix, const struct bytes *pieces,
		     uint32_t count, struct bytes_writer *w)
{
	struct bytes all[8] = { bytes_at(prefix, strlen(prefix) + 1),
				bytes_at(s->catalog->name_secret, KEY_LEN) };
	uint8_t hash[HASH_LEN];

	memcpy(all + 2, pieces, count * sizeof(*pieces));
	s->crypto->hash(hash, all, 2 + count);
	put_base32(w, hash, HASH_BYTES);
}

/* Both sorts of date are written alike; one known to the day has a day. */
static bool knows_day(struct bytes date)
{
	return date.len > 0 && value_number(VALUE_PDATE, date) % 32 != 0;
}

enum rc samekey_make(const struct store *s, const struct samekey_parts *parts,
		     struct arena *scratch, uint8_t buffer[SAMEKEY_LEN_MAX], struct bytes *out)
{
	static const uint8_t gap = 0;
	struct bytes_writer w = bytes_writer_init(buffer, SAMEKEY_LEN_MAX);
	size_t mark = arena_mark(scratch);
	struct fold_name name = { .has_initials = false };
	enum rc rc = RC_OK;

	if (s->catalog->has_name_secret && parts->name.len > 0) {
		rc = fold_name(parts->name, scratch, &name);
	}
	if (rc == RC_OK && name.text.len > 0) {
		struct bytes pieces[5] = { name.text, bytes_at(&gap, 1), parts->date,
					   bytes_at(&gap, 1), parts->third };

		put_hash(s, NAME_PREFIX, pieces, 1, &w);
		if (!name.has_initials && knows_day(parts->date) && parts->third.len > 0) {
			bytes_put_u8(&w, '-');
			put_hash(s, SAME_PREFIX, pieces, 5, &w);
		}
	}
	arena_release(scratch, mark);
	*out = bytes_written(&w);
	return rc == RC_NOMEM ? rc : RC_OK;
}

bool samekey_read(struct bytes text, struct samekey *out)
{
	if (text.len != SAMEKEY_HASH_LEN &&
	    (text.len != SAMEKEY_LEN_MAX || text.p[SAMEKEY_HASH_LEN] != '-')) {
		return false;
	}
	out->name = bytes_at(text.p, SAMEKEY_HASH_LEN);
	out->same = bytes_at(text.p + text.len - SAMEKEY_HASH_LEN,
			     text.len == SAMEKEY_LEN_MAX ? SAMEKEY_HASH_LEN : 0);
	return true;
}
