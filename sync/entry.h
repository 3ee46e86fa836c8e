/*
 * Entries in memory: what a change set says, after decoding.
 *
 * Everything borrows from the entry's bytes or from an arena. The written
 * form is proto/entry.proto, made and read by proto/entry_codec.
 */
#ifndef KERWEN_ENTRY_H
#define KERWEN_ENTRY_H

#include "sync/crypto.h"
#include "sync/uuid.h"
#include "sync/vv.h"

/* How one operation changes one field; the operation alone says how it
 * merges, so that a node which does not know the field merges it too. */
enum op_code {
	OP_PUT,        /* register: this value stands for those seen */
	OP_CLEAR,      /* register: no value stands for those seen */
	OP_SET_ADD,    /* set: the value is in it */
	OP_SET_REMOVE, /* set: the additions seen are gone */
	OP_COUNT,      /* counter: add the number (zigzag varint) */
	OP_LOG         /* log: append the value */
};

enum { OP_CODES = 6 };

/* The field that holds a record's home: a register of the existence part. Its
 * value is be16 office, be16 region scope. Schema fields start at 1. */
enum { FIELD_HOME = 0, HOME_LEN = 4 };

struct op {
	uint16_t field;
	enum op_code code;
	struct bytes value; /* empty for OP_CLEAR */
};

/* What a change says of a record's existence. */
enum life {
	LIFE_NONE, /* not the scope where existence lives */
	LIFE_ALIVE,
	LIFE_DELETED
};

struct change {
	uint16_t kind;
	struct uuid id;
	enum life life;
	const struct op *ops;
	uint32_t ops_count;
	bool has_form;  /* the author saw `form`, not what the disk held */
	struct vv form; /* the record's vector in this scope, as the form had it */
};

/* "In this scope I have now applied feed up to (seq, hash)." */
struct cut {
	uint64_t feed, seq;
	uint8_t hash[HASH_LEN];
};

/* "The change at this place of entry (feed, seq), which is in quarantine, is
 * accepted", or discarded. */
struct ruling {
	struct dot dot;
	uint32_t place;
	bool accept;
};

/* "A base stands for all that I had applied of this scope at my entry seq": so
 * many bytes, and the hash of the list of its pieces' hashes. */
struct base_point {
	uint64_t seq, bytes;
	uint8_t root[HASH_LEN];
};

/* One of the scopes that a commit of several touches: its last entry there. */
struct commit_part {
	uint16_t scope;
	uint64_t last_seq;
};

struct header {
	uint64_t feed, seq;
	uint64_t seen_centre; /* the centre's seq applied in this scope */
	uint64_t seen_own;    /* the author's own seq */
	uint32_t epoch_incarnation;
	uint64_t epoch_seq; /* of the centre's national feed; 0: none yet */
	int64_t time_ms;    /* the author's clock */
	uint64_t commit;    /* the author's count of commits */
	uint32_t changes_count;
	uint32_t touches; /* changes with a life: what people count as changes */
	struct bytes author, reason;
	bool has_base;
	struct uuid base_id;             /* ids of new records are steps from it */
	bool is_carried;                 /* says again what another entry said: */
	uint16_t carried_office;         /* of this office, 0 the centre, */
	int64_t carried_ms;              /* at this time (see view.h) */
	const struct commit_part *parts; /* all of them; none: this entry is the commit */
	uint32_t parts_count;
	const struct cut *cuts; /* entries of the centre only */
	uint32_t cuts_count;
	bool has_replaces;
	struct cut replaces;          /* the entry of a forked feed that this one stands for */
	const struct ruling *rulings; /* entries of the centre only */
	uint32_t rulings_count;
	bool has_floor;
	struct base_point floor; /* entries of the centre only */
};

struct entry {
	struct bytes header_bytes, salt;
	struct header header;
	const struct bytes *changes; /* encoded; see entry_decode_change */
	uint32_t changes_count;
};

/* The beginning of a feed. */
struct genesis {
	uint8_t system[SYSTEM_LEN];
	uint64_t feed;
	uint8_t key[KEY_LEN];
	const struct cut *follows; /* what this incarnation continues */
	uint32_t follows_count;
};

#endif
