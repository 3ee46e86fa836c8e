/*
 * What the national scope says of the system: schema, offices and scopes.
 *
 * A catalog is a snapshot read from the built-in kinds (schema_builtin) and
 * compiled for use. It borrows nothing: it has its own memory.
 */
#ifndef KERWEN_CATALOG_H
#define KERWEN_CATALOG_H

#include "node/store/closed_feed.h"
#include "node/store/kv.h"
#include "sync/crypto.h"
#include "sync/figure.h"
#include "sync/schema.h"

struct office_info {
	uint16_t number;
	struct uuid id; /* of its record */
	const char *name, *region;
	uint16_t scope_office, scope_centre, scope_region;
	bool has_key;
	uint8_t key[KEY_LEN];
	bool key_is_void;             /* it had one, and has none now */
	const char *const *addresses; /* not read; see centre_addresses */
	bool is_closed;               /* retired or revoked: not admitted any more */
	bool is_revoked;              /* with is_closed: it was stolen */
	int32_t closed_on;            /* packed date (date.h); 0: not said */
	const char *closed_for;       /* the reason */
	struct dot closed_by;         /* the entry that said so */
};

/* A place in the centre's national feed. */
struct epoch {
	uint32_t incarnation;
	uint64_t seq;
};

/* What a scope number stands for. */
struct scope_info {
	uint16_t scope;
	enum reach reach;
	uint16_t office; /* REACH_OFFICE and REACH_CENTRE: whose */
};

struct catalog {
	uint64_t national_seq;         /* the point of the national feed it shows */
	uint64_t last_change;          /* the last of its entries that changed anything of this */
	uint32_t centre_incarnation;   /* of that feed */
	struct schema schema;          /* built-in kinds first, then the schema's */
	struct schema own;             /* the schema alone, as applied; name NULL: none */
	uint8_t schema_hash[HASH_LEN]; /* of all parts of the schema */
	struct counters counters;
	const struct office_info *offices; /* by number */
	uint32_t offices_count;
	const struct closed_feed *closed; /* by feed */
	uint32_t closed_count;
	const struct scope_info *scopes; /* by number; 0 is the nation */
	uint32_t scopes_count;
	const char *const *centre_addresses; /* HOST:PORT */
	uint32_t centre_addresses_count;
	struct uuid system_id; /* of the system's record */
	bool has_name_secret;
	uint8_t name_secret[KEY_LEN]; /* of the system, see samekey.h */
	bool is_partial;              /* some record of it is damaged: nothing is written */
	uint16_t scope_next;          /* the first scope number not given out */
	struct arena arena;           /* its memory */
};

/* A catalog that knows the built-in kinds only. NULL: out of memory. */
struct catalog *catalog_new(void);
void catalog_free(struct catalog *c); /* NULL is fine */

/*
 * Reads everything again as of t. centre_feed: the centre's national feed.
 * RC_CORRUPT: a part of the schema does not decode; RC_NOMEM.
 */
enum rc catalog_load(struct catalog *c, struct kv_txn *t, const struct crypto *crypto,
		     uint64_t centre_feed);

/* The same as it was when the national feeds had come to a version. Only the
 * offices, scopes and the schema are meant to be asked. */
enum rc catalog_load_as_of(struct catalog *c, struct kv_txn *t, const struct crypto *crypto,
			   const struct vv *national, uint64_t centre_feed);

/* NULL: there is none. */
const struct office_info *catalog_office(const struct catalog *c, uint16_t number);
const struct office_info *catalog_office_by_name(const struct catalog *c, struct bytes name);
const struct scope_info *catalog_scope(const struct catalog *c, uint16_t scope);

/* The scope of a region, or 0 when no office is in it yet. */
uint16_t catalog_region_scope(const struct catalog *c, struct bytes region);

/*
 * The scope that a field of some reach has for a home. home 0 is the centre,
 * which has no other scope than the nation's. RC_NOTFOUND: no such office;
 * RC_INVALID: this home has no such scope.
 */
enum rc catalog_scope_of(const struct catalog *c, enum reach reach, uint16_t home,
			 uint16_t region_scope, uint16_t *out);

/* Whether a node (0: the centre) is a member of a scope. */
bool catalog_is_member(const struct catalog *c, uint16_t office, uint16_t scope);

/* Whether an office counts on a day (packed date): it is open, or was. */
bool catalog_counts_on(const struct office_info *o, int32_t day);

/* The name of an office; "centre" for 0; NULL when unknown. */
const char *catalog_office_name(const struct catalog *c, uint16_t number);

#endif
