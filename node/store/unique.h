/*
 * The index of unique fields: (kind, key number, values) -> who holds them.
 *
 * Unique cannot be enforced offline: several records may hold the same
 * values, and the index lists them all, the living before the deleted, each by
 * home and id. Deleted records stay: an old file that comes again must find
 * them, not bring them back. A key with an unset field is not in the index.
 * Values stand in the key as far as they fit, so that sorted imports grow the
 * index at its end; a hash makes it exact.
 */
#ifndef KERWEN_UNIQUE_H
#define KERWEN_UNIQUE_H

#include "node/store/kv.h"
#include "sync/crypto.h"
#include "sync/view.h"

#include "node/store/key.h"

enum { UNIQUE_DIGEST_LEN = 16 };

/* What stands for a list of values, in an index key and in memory. */
void unique_digest(const struct crypto *c, const struct bytes *values, uint32_t count,
		   uint8_t out[UNIQUE_DIGEST_LEN]);

/* The index key of values (one for each field of kind->uniques[number]),
 * without the id. */
struct key unique_key(const struct crypto *c, const struct schema_kind *kind, uint32_t number,
		      const struct bytes *values);

/* The same for a record as shown. False: a field of it is unset. */
enum rc unique_key_of(const struct crypto *c, const struct record *r, uint32_t number,
		      const struct view_source *src, struct arena *a, struct key *out, bool *has);

/* A key that somebody worked out already. */
struct unique_known {
	uint32_t number;
	struct key key;
};

/* A record that holds a key. */
struct unique_holder {
	bool deleted;
	uint16_t office; /* its home; 0: the centre, or not known here */
	struct uuid id;
};

enum rc unique_put(struct kv_txn *t, const struct key *k, const struct unique_holder *h);
enum rc unique_del(struct kv_txn *t, const struct key *k, const struct unique_holder *h);

bool unique_has(struct kv_txn *t, const struct key *k, const struct unique_holder *h);

/* The first holder of the key, or the next one behind `after`, in the order of
 * the index. RC_NOTFOUND. */
enum rc unique_find(struct kv_txn *t, const struct key *k, const struct unique_holder *after,
		    struct unique_holder *out);

/* Living holders of the key other than id - office: of this home, NULL: of any:
 * up to two of them, and how many those are. */
enum rc unique_others(struct kv_txn *t, const struct key *k, struct uuid id, const uint16_t *office,
		      struct unique_holder out[2], uint32_t *count);

/* Living holders other than id: up to max of them, and how many there are.
 * Walks them all: for people. RC_NOMEM. */
enum rc unique_list(struct kv_txn *t, const struct key *k, struct uuid id,
		    struct unique_holder *out, uint32_t max, uint64_t *total);

/*
 * The homes of the living holders other than id, ascending, up to max of them.
 * Costs a look-up for each home, whatever they hold. RC_NOMEM.
 */
enum rc unique_offices(struct kv_txn *t, const struct key *k, struct uuid id, uint16_t *out,
		       uint32_t max, uint32_t *count);

/* How many living holders all keys of a number have together: for kinds of
 * which each record has that key. Walks them. */
enum rc unique_count_living(struct kv_txn *t, uint16_t kind, uint32_t number, uint64_t *out);

/* Splits a key of the index: the holder at its end. False: it is none. */
bool unique_split(struct bytes key, const struct key *k, struct unique_holder *out);

#endif
