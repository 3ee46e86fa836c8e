/*
 * A hostile office: entries made by hand, chained and sealed with the office's
 * real key, and handed to another node as they are.
 *
 *   struct forge g; forge_begin(&g, a, scope);
 *   h = forge_header(&g); h.commit = 0;
 *   forge_add(&g, &h, &change, 1);
 *   rc = forge_push(&g, &f.centre);
 *
 * Everything is kept, so that runs can be taken from anywhere (forge_run).
 */
#ifndef KERWEN_FORGE_H
#define KERWEN_FORGE_H

#include <stddef.h>

#include "fixture.h"
#include "node/store/receive.h"
#include "proto/entry_codec.h"

enum { FORGE_ENTRIES_MAX = 6000, FORGE_BYTES = 1 << 22 };

struct forge {
	struct fixture_node *node; /* whose key signs */
	uint64_t feed, commit;
	uint32_t epoch_incarnation;
	uint64_t epoch_seq;
	uint8_t system[SYSTEM_LEN];
	struct bytes genesis;
	struct bytes entries[FORGE_ENTRIES_MAX];
	uint8_t hashes[FORGE_ENTRIES_MAX + 1][HASH_LEN]; /* [n]: after n entries */
	uint32_t count, pushed;
	uint16_t field, kind; /* "city" of "person" */
	_Alignas(max_align_t) uint8_t memory[FORGE_BYTES];
	struct arena arena;
};

/* A new feed of the node in a scope, in an incarnation that it never had. */
void forge_begin(struct forge *g, struct fixture_node *node, uint16_t scope);

/* Makes the genesis again, from what the caller wants in it. */
void forge_genesis(struct forge *g, const struct genesis *genesis);
struct genesis forge_plain_genesis(const struct forge *g);

/* What an honest office would write next: one entry, a commit of its own. */
struct header forge_header(struct forge *g);

/* Appends an entry. Changes carry their ids. */
void forge_add(struct forge *g, const struct header *h, const struct change *changes,
	       uint32_t count);
/* The same, with bytes that are no change. */
void forge_add_raw(struct forge *g, const struct header *h, const struct bytes *changes,
		   uint32_t count);

/* A change that makes a person with a city, or gives it another city. */
struct change forge_person(struct forge *g, struct uuid id, const char *city);
struct uuid forge_id(uint32_t n);
struct op forge_op(struct forge *g, const char *kind, const char *field, enum op_code code,
		   struct bytes value);

/* The entries from first (1..) on, count of them, with their seal. */
struct run forge_run(struct forge *g, uint64_t first, uint32_t count);

/* Hands a chunk of runs to a node as if `from` had sent it; cuts and commits. */
enum rc forge_give(struct fixture_node *to, uint16_t from, const struct run *runs, uint32_t count,
		   struct receive_result *result);

/* Hands over what was not handed over yet, as one run. */
enum rc forge_push(struct forge *g, struct fixture_node *to);

/* How many changes a node has put aside. */
uint64_t forge_quarantined(struct fixture_node *n);

/* head and applied of a feed; zeroes when it is not held. */
struct feed_state forge_state(struct fixture_node *n, uint64_t feed);

#endif
