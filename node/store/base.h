/*
 * Bases: what stands for the entries below a floor, as bytes.
 *
 * The rows of a base (base_walk.h) one behind the other are its bytes, the same
 * on every node that applied the same entries. They are cut into *pieces* of
 * BASE_PIECE_BYTES, the last one shorter; the *list* is the hashes of all
 * pieces, and the *root* the hash of the list. The centre states (F, bytes,
 * root) in an entry, and by a signature of its own to whom it gives the base:
 *
 *   statement   be64 feed of the centre, be64 F, be64 bytes, root 32, seal 64;
 *               the seal signs "kerwen.base" and a NUL, system 16, and these
 *
 * Pieces travel by number: 0 is the statement; then the list, cut into pieces of
 * BASE_LIST_BYTES; then the base. Each is checked when it comes, so that all
 * that is held is what the centre signed. When the last one is here, and all
 * of it makes sense (base_check.c), it is taken in (base_take.h).
 *
 * Table piece:  scope 2, number 4: at the centre hash 32 and where the piece
 * begins; at an office that takes a base in, the piece.
 */
#ifndef KERWEN_BASE_H
#define KERWEN_BASE_H

#include "node/store/base_walk.h"
#include "node/store/send.h"

enum {
	BASE_PIECE_BYTES = 57344,
	BASE_LIST_HASHES = BASE_PIECE_BYTES / HASH_LEN,
	BASE_STATEMENT_LEN = 8 + 8 + 8 + HASH_LEN + SIG_LEN
};

struct key base_key_piece(uint16_t scope, uint32_t number);

/* How many pieces a base of so many bytes has, and its list; all with the
 * statement. 0: too many. */
uint32_t base_count_pieces(uint64_t bytes);
uint32_t base_count_lists(uint64_t bytes);
uint32_t base_count_all(uint64_t bytes);

/*
 * Measures the base of a floor as the tables are now: fills in point.bytes and
 * point.root. keeps: also notes in the table piece where each one begins, in
 * place of what stood there. RC_LIMIT: it is too large.
 */
enum rc base_measure(struct store *s, struct kv_txn *t, struct floor *f, struct arena *a,
		     bool keeps);

/* Makes piece `number` of the base that is here; it lives in the store's arena.
 * RC_NOTFOUND: there is none of this scope and seq, or no such piece. */
enum rc base_get_piece(struct store *s, struct kv_txn *t, const struct send_signer *signer,
		       uint16_t scope, uint64_t seq, uint32_t number, struct bytes *out);

/* The text that the statement's seal signs. */
enum { BASE_TEXT_LEN = 12 + SYSTEM_LEN + 8 + 8 + 8 + HASH_LEN };
void base_text(const uint8_t system[SYSTEM_LEN], uint64_t feed, const struct base_point *p,
	       uint8_t out[BASE_TEXT_LEN]);

#endif
