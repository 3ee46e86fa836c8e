/*
 * The index of unique fields: (kind, key number, values) -> record ids.
 *
 * Unique cannot be enforced offline: several records may hold the same
 * values, and the index lists them all. A key with an unset field is not in
 * it. Values stand in the key as far as they fit, so that sorted imports grow
 * the index at its end; a hash makes it exact.
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

enum rc unique_put(struct kv_txn *t, const struct key *k, struct uuid id);
enum rc unique_del(struct kv_txn *t, const struct key *k, struct uuid id);

bool unique_has(struct kv_txn *t, const struct key *k, struct uuid id);

/* The first record that holds the values, or the next one behind `after`.
 * RC_NOTFOUND. */
enum rc unique_find(struct kv_txn *t, const struct key *k, const struct uuid *after,
		    struct uuid *id);

#endif
