/*
 * Simulated offices for tests: a centre and offices, each with a real store in
 * a temporary directory, that talk through memory instead of sockets.
 *
 *   struct fixture f; fixture_init(&f);
 *   a = fixture_office(&f, "Mary", 1, "TM-M");
 *   id = fixture_add(&f, a, "person", "name_tm=Aman", NULL);
 *   fixture_sync(&f, a);
 *   fixture_fini(&f);
 *
 * Calls that cannot fail in a sound program abort the test when they do.
 */
#ifndef KERWEN_FIXTURE_H
#define KERWEN_FIXTURE_H

#include "node/base/crypto.h"
#include "node/store/commit.h"
#include "node/store/store.h"
#include "node/store/talk.h"
#include "tests/node/wire.h"

enum { FIXTURE_OFFICES_MAX = 16 };

struct fixture_node {
	char dir[64];
	struct crypto_key key;
	bool shares_key; /* a clone: its original drops it */
	struct store *store;
};

/* A copy of a node's directory, on "another disk". */
struct fixture_backup {
	char dir[64];
	bool has_lease;
};

struct fixture {
	struct fixture_node centre;
	struct fixture_node offices[FIXTURE_OFFICES_MAX];
	uint32_t offices_count;
	int64_t cut_after;                      /* frames until the wire breaks; < 0: never */
	struct wire_end office_end, centre_end; /* of the last exchange */
};

/* A centre with the small schema of fixture.c. */
void fixture_init(struct fixture *f);
void fixture_fini(struct fixture *f);

/* Admits an office: it knows the schema and can work. */
struct fixture_node *fixture_office(struct fixture *f, const char *name, uint16_t number,
				    const char *region);

/* Adds a record from "FIELD=VALUE" texts, NULL at the end. home: 0, or for
 * whom the centre adds it. */
struct uuid fixture_add(struct fixture_node *n, uint16_t home, const char *kind, ...);

/* Adds `count` persons with nr=PREFIX0, PREFIX1 ... in one commit. */
void fixture_add_many(struct fixture_node *n, const char *prefix, uint32_t count);

/* Changes fields: "F=V", "F=" clears, "F+=V", "F-=V". Gives the code. */
enum rc fixture_set(struct fixture_node *n, const char *kind, struct uuid id, ...);
enum rc fixture_delete(struct fixture_node *n, const char *kind, struct uuid id);

/* Takes a copy of a node's database and lease; puts it back, with or without
 * the lease, as after the loss of a disk. The store is another one then. */
void fixture_backup(struct fixture_node *n, struct fixture_backup *out);
void fixture_restore(struct fixture_node *n, const struct fixture_backup *b, bool with_lease);
void fixture_backup_drop(const struct fixture_backup *b);

/* Another node that is a copy of this one: two machines, one office. */
struct fixture_node *fixture_clone(struct fixture *f, struct fixture_node *n);

/* Closes a store and opens it anew; it may be closed already. */
void fixture_close(struct fixture_node *n);
void fixture_reopen(struct fixture_node *n);

/* One exchange between an office and the centre. RC_OK: goals reached. */
enum rc fixture_sync(struct fixture *f, struct fixture_node *office);

/* The shown value as text; "" when unset; "?" when the record is not here.
 * Lives until the next call. */
const char *fixture_show(struct fixture_node *n, const char *kind, struct uuid id,
			 const char *field);

/* Makes the derived tables anew, as a new schema does. */
void fixture_derive(struct fixture_node *n);

/* How many records of a kind the node has. */
uint32_t fixture_count(struct fixture_node *n, const char *kind);

/* BLAKE2b over the record states of a scope: equal nodes, equal digests. */
void fixture_digest(struct fixture_node *n, uint16_t scope, uint8_t out[HASH_LEN]);

/* The sum of all cells of a figure. */
int64_t fixture_figure(struct fixture_node *n, const char *figure);

#endif
