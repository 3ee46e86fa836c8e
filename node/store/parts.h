/*
 * The state of one record in one scope, as the table `record` holds it.
 *
 * A record that one change made and nobody touched since is what that change
 * says: then the table holds a reference to the change in its entry, and the
 * values stand in the database once. Everything else is the bytes of
 * part_encode. The two are told apart by the first byte, which is 0 for a
 * reference: a state has at least one feed.
 *
 *   reference := 0, be64 feed, varint seq, varint offset, varint length
 */
#ifndef KERWEN_PARTS_H
#define KERWEN_PARTS_H

#include "node/store/kv.h"
#include "sync/part.h"

/* Where a change lies in its entry's bytes. */
struct parts_place {
	uint32_t offset, len;
};

/* Where all changes of an entry lie. The list lives in a. RC_CORRUPT: not an
 * entry; RC_NOMEM. */
enum rc parts_list(struct bytes entry, struct arena *a, struct parts_place **out, uint32_t *count);

void parts_put_reference(struct bytes_writer *w, struct dot d, struct parts_place place);

/* Whether a value of the table refers to a change, and to one of which entry. */
bool parts_is_reference(struct bytes value, struct dot *out);

/* Reads a value of the table, whichever it is; everything is copied into a.
 * RC_CORRUPT: neither a state nor a reference that leads somewhere. */
enum rc parts_read(struct kv_txn *t, struct bytes value, struct arena *a, struct part *out);

/* The bytes of part_encode for a value of the table: what digests are made
 * of. They live in a. Codes as parts_read. */
enum rc parts_canonical(struct kv_txn *t, struct bytes value, struct arena *a, struct bytes *out);

#endif
