/* The part of a backup that everybody can read. */
#include <string.h>

#include "node/base/text.h"
#include "node/store/backup.h"

static const char magic[] = "kerwen-backup 1\n";
static const char magic_start[] = "kerwen-backup ";

_Static_assert(sizeof(magic) - 1 == BACKUP_MAGIC_LEN, "magic");

static void put_locks(struct bytes_writer *w, const struct backup_header *h)
{
	uint32_t i;

	bytes_put_u8(w, (uint8_t)h->locks_count);
	for (i = 0; i < h->locks_count; i++) {
		const struct backup_lock *l = &h->locks[i];

		bytes_put_u8(w, (uint8_t)l->kind);
		if (l->kind == BACKUP_RECIPIENT) {
			bytes_put(w, l->recipient, RECIPIENT_LEN);
			bytes_put(w, l->lock, RECIPIENT_LOCK_LEN);
		} else {
			bytes_put(w, l->lock, PASSPHRASE_LOCK_LEN);
		}
	}
}

static void put_fields(struct bytes_writer *w, const struct backup_header *h)
{
	bytes_put_be32(w, h->store_format);
	bytes_put_be64(w, h->time_ms);
	bytes_put(w, h->system, SYSTEM_LEN);
	bytes_put_be16(w, h->number);
	bytes_put_be32(w, h->incarnation);
	bytes_put_block(w, bytes_of(h->system_name));
	bytes_put_block(w, bytes_of(h->name));
	bytes_put_be64(w, h->rows);
	bytes_put_be64(w, h->entries);
	put_locks(w, h);
}

enum rc backup_header_encode(const struct backup_header *h, struct bytes_writer *w)
{
	uint8_t room[BACKUP_HEAD_BYTES_MAX];
	struct bytes_writer fields = bytes_writer_init(room, sizeof(room));

	put_fields(&fields, h);
	if (fields.rc != RC_OK) {
		return fields.rc;
	}
	bytes_put(w, magic, BACKUP_MAGIC_LEN);
	bytes_put_be32(w, (uint32_t)fields.len);
	bytes_put(w, room, fields.len);
	return w->rc;
}

enum rc backup_header_check_magic(struct bytes b)
{
	const size_t start = sizeof(magic_start) - 1;

	if (b.len < BACKUP_MAGIC_LEN || memcmp(b.p, magic_start, start) != 0) {
		return RC_INVALID;
	}
	return memcmp(b.p, magic, BACKUP_MAGIC_LEN) == 0 ? RC_OK : RC_VERSION;
}

static void get_fixed(struct bytes_reader *r, uint8_t *out, size_t len)
{
	struct bytes b = bytes_get(r, len);

	if (b.len == len) {
		memcpy(out, b.p, len);
	}
}

static void get_name(struct bytes_reader *r, char out[LIMIT_NAME_BYTES_MAX + 1])
{
	struct bytes b = bytes_get_block(r);

	int32_t control = 0;

	/* It is shown to people, proved or not. */
	if (b.len > LIMIT_NAME_BYTES_MAX || !text_is_utf8(b) ||
	    text_find_control(b, TEXT_LINE, &control)) {
		r->rc = RC_CORRUPT;
	} else if (b.len > 0) {
		memcpy(out, b.p, b.len);
	}
}

static void get_lock(struct bytes_reader *r, struct backup_lock *out)
{
	uint8_t kind = bytes_get_u8(r);

	if (kind == BACKUP_RECIPIENT) {
		out->kind = BACKUP_RECIPIENT;
		get_fixed(r, out->recipient, RECIPIENT_LEN);
		get_fixed(r, out->lock, RECIPIENT_LOCK_LEN);
	} else if (kind == BACKUP_PASSPHRASE) {
		out->kind = BACKUP_PASSPHRASE;
		get_fixed(r, out->lock, PASSPHRASE_LOCK_LEN);
	} else {
		r->rc = RC_CORRUPT;
	}
}

enum rc backup_header_decode(struct bytes text, struct backup_header *out)
{
	struct bytes_reader r = bytes_reader_init(text);
	uint32_t i;

	memset(out, 0, sizeof(*out));
	out->store_format = bytes_get_be32(&r);
	out->time_ms = bytes_get_be64(&r);
	get_fixed(&r, out->system, SYSTEM_LEN);
	out->number = bytes_get_be16(&r);
	out->incarnation = bytes_get_be32(&r);
	get_name(&r, out->system_name);
	get_name(&r, out->name);
	out->rows = bytes_get_be64(&r);
	out->entries = bytes_get_be64(&r);
	out->locks_count = bytes_get_u8(&r);
	if (out->locks_count == 0 || out->locks_count > BACKUP_LOCKS_MAX) {
		return RC_CORRUPT;
	}
	for (i = 0; i < out->locks_count; i++) {
		get_lock(&r, &out->locks[i]);
	}
	return bytes_is_done(&r) ? RC_OK : RC_CORRUPT;
}
