/*
 * Backups: a whole node in one encrypted file, written while the node works.
 *
 *   write   backup_write                       (backup_write.c)
 *   look    backup_open -> b.header -> backup_close
 *   read    backup_open -> backup_unlock_* -> restore.h -> backup_close
 *
 * The format is described in node/README.md. Whoever has the file alone reads
 * its header: whose backup it is and from when. What the header says is proved
 * only when the rest has been read with the secret.
 */
#ifndef KERWEN_BACKUP_H
#define KERWEN_BACKUP_H

#include "node/base/passphrase.h"
#include "node/base/recipient.h"
#include "node/base/secretfile.h"
#include "node/store/store.h"

enum {
	BACKUP_LOCKS_MAX = 16,
	BACKUP_FILE_BYTES_MAX = 65536, /* of kerwen.yaml; a key is smaller */
	BACKUP_ROW_BYTES_MAX = LIMIT_STEP_ARENA_BYTES,
	BACKUP_TABLE_NAME_MAX = 32
};

enum backup_lock_kind { BACKUP_PASSPHRASE = 1, BACKUP_RECIPIENT = 2 };

/* One way to the file's own key. */
struct backup_lock {
	enum backup_lock_kind kind;
	uint8_t recipient[RECIPIENT_LEN];
	uint8_t lock[PASSPHRASE_LOCK_LEN]; /* or, shorter, RECIPIENT_LOCK_LEN */
};

struct backup_header {
	uint32_t store_format;
	uint64_t time_ms;
	uint8_t system[SYSTEM_LEN];
	uint16_t number; /* of the office; 0 is the centre */
	uint32_t incarnation;
	char system_name[LIMIT_NAME_BYTES_MAX + 1];
	char name[LIMIT_NAME_BYTES_MAX + 1];
	uint64_t rows;    /* of all tables */
	uint64_t entries; /* of these, change sets */
	uint32_t locks_count;
	struct backup_lock locks[BACKUP_LOCKS_MAX];
};

/* The file's first bytes, up to where the secret part begins. RC_LIMIT. */
enum { BACKUP_HEAD_BYTES_MAX = 4096 };
enum rc backup_header_encode(const struct backup_header *h, struct bytes_writer *w);
/* Only what stands behind the length. RC_CORRUPT. */
enum rc backup_header_decode(struct bytes text, struct backup_header *out);

/* The 16 bytes that a file begins with. RC_INVALID: it is no backup;
 * RC_VERSION: of a program that is newer. */
enum { BACKUP_MAGIC_LEN = 16 };
enum rc backup_header_check_magic(struct bytes magic);

struct backup_options {
	const char *dir;  /* the data directory of the store */
	const char *path; /* of the new file */
	/* One passphrase (len 0: none) or up to BACKUP_LOCKS_MAX recipients. */
	struct passphrase passphrase;
	struct passphrase_cost cost;
	const uint8_t (*recipients)[RECIPIENT_LEN];
	uint32_t recipients_count;
	void *ctx;
	/* Called now and then; false: give up with RC_CLOSED. May be NULL. */
	bool (*on_progress)(void *ctx, uint64_t done, uint64_t total);
};

struct backup_result {
	struct backup_header header;
	uint64_t bytes; /* of the file */
};

/*
 * Writes a backup of what one reading transaction sees. On failure no file is
 * left. RC_EXISTS: there is a file; RC_BUSY: another process is writing it;
 * RC_BADSIG: DIR/key is not the key of this database; RC_CLOSED: given up;
 * RC_FULL, RC_IO, RC_NOMEM, RC_DENIED, RC_NOTFOUND.
 */
enum rc backup_write(struct store *s, const struct backup_options *o, struct backup_result *out,
		     struct path_problem *why);

/* A backup that is read. */
struct backup {
	int fd;
	const char *path; /* borrowed */
	uint64_t bytes;
	struct backup_header header; /* not proved */
	struct secretfile_key key;   /* once it is unlocked */
};

/* Reads the header. Gives; close it. RC_INVALID: not a backup; RC_VERSION: of
 * a newer format; RC_CORRUPT: damaged; RC_NOTFOUND, RC_DENIED, RC_IO. */
enum rc backup_open(struct backup *b, const char *path, struct path_problem *why);
void backup_close(struct backup *b);

/* RC_DENIED: it is not locked in this way; RC_BADSIG: another passphrase or
 * key, or the file was altered; RC_NOMEM, RC_VERSION. */
enum rc backup_unlock_passphrase(struct backup *b, const struct passphrase *p,
				 struct path_problem *why);
enum rc backup_unlock_recipient(struct backup *b, const struct recipient_key *key,
				struct path_problem *why);

#endif
