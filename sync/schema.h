/*
 * The schema in memory: kinds, fields, code lists and figures, as plain
 * structs that only borrow (they live in one arena). Read from YAML by
 * node/base/schema_yaml, from the national scope by node/store/catalog;
 * sync/ only looks things up and judges meaning.
 *
 * Numbers name kinds, fields and figures on the wire and in the store. The
 * centre gives them out when it applies a schema (schema_adopt), by history,
 * not by place in the file; `type`, `merge` and `reach` of a field never
 * change. 0 means "not numbered yet".
 */
#ifndef KERWEN_SCHEMA_H
#define KERWEN_SCHEMA_H

#include "sync/arena.h"
#include "sync/limits.h"
#include "sync/value.h"

enum reach { REACH_OFFICE, REACH_CENTRE, REACH_REGION, REACH_NATION }; /* narrow to wide */
enum merge { MERGE_REGISTER, MERGE_SET, MERGE_COUNTER, MERGE_LOG };
enum policy {
	POLICY_ASK,
	POLICY_LATEST,
	POLICY_FIXED,
	POLICY_CENTRE,
	POLICY_MIN,
	POLICY_MAX,
	POLICY_FLOW
};
enum writers { WRITERS_ANY, WRITERS_CENTRE };
enum derive { DERIVE_NONE, DERIVE_YEAR, DERIVE_SAME };
enum check { CHECK_NONE, CHECK_MRZ };
enum figure_type { FIGURE_FLOW, FIGURE_STOCK, FIGURE_RUN, FIGURE_CONTROL };
enum measure_type { MEASURE_COUNT, MEASURE_SUM };

/* Kinds below this number are built in (see schema_builtin). */
enum { SCHEMA_KIND_FIRST = 16 };

/* year(date); same(name, date, another): see node/store/samekey.h. */
enum { SCHEMA_DERIVE_FROM_MAX = 3 };

/* One code of a list. */
struct schema_code {
	const char *code;
	const char *label;     /* English; never NULL, "" when none */
	int32_t valid_to;      /* packed date, the last day of its use; 0: open */
	const char *successor; /* code that it counts as from now on, or NULL */
	const char *label_tk;  /* Turkmen, Russian; NULL when none */
	const char *label_ru;
};

/* What people call a code, in one of the languages; NULL: nothing. */
enum { SCHEMA_LABELS = 3 };
const char *schema_code_label(const struct schema_code *c, uint32_t language);

struct schema_codes {
	const char *name;
	const struct schema_code *codes; /* in the file's order */
	uint32_t codes_count;
};

/* One step of a flow policy: codes of one rank stand beside each other. */
struct schema_rank {
	const char *value;
	uint32_t rank; /* 0 is the first */
};

struct schema_field {
	uint16_t number;
	const char *name;
	enum value_type type;
	enum merge merge;
	enum policy policy; /* registers only */
	enum reach reach;
	bool required, closed, index;
	uint8_t scale;                    /* decimals */
	const struct schema_codes *codes; /* VALUE_CODE, else NULL */
	const char *to;                   /* VALUE_LINK: the kind's name */
	const struct schema_rank *ranks;  /* POLICY_FLOW */
	uint32_t ranks_count;
	enum derive derive; /* computed by the writer from other fields of the kind: */
	const char *derive_from[SCHEMA_DERIVE_FROM_MAX]; /* the rest is NULL */
	enum check check; /* text registers: what the writer's value must pass */
};

/* A list of fields, by index into the kind's fields. */
struct schema_key {
	const uint16_t *fields;
	uint32_t fields_count;
};

/* How doubles of a kind are known, as places in its fields. */
struct schema_doubles {
	bool is_set;
	uint16_t key;       /* derived: same(...) */
	uint16_t same;      /* a set of links to the kind: the same, somebody said */
	uint16_t different; /* likewise: not the same */
};

struct schema_kind {
	uint16_t number;
	const char *name;
	enum reach reach; /* the widest reach of its fields: where existence lives */
	enum writers writers;
	bool closed;
	const struct schema_field *fields;
	uint32_t fields_count;
	struct schema_key title;
	const struct schema_key *uniques;
	uint32_t uniques_count;
	struct schema_doubles doubles;
};

/* Where a count or sum comes from. Texts are checked by schema_check. */
struct schema_measure {
	enum measure_type type;
	bool negative;     /* what is counted is taken away */
	const char *field; /* MEASURE_SUM */
	const char *of;    /* kind */
	const char *where; /* expression or NULL */
	const char *const *by;
	uint32_t by_count;
};

struct schema_figure {
	uint16_t number;
	const char *name;
	enum figure_type type;
	bool closed;
	struct schema_measure measure; /* FLOW, STOCK; RECORDED of CONTROL */
	const char *from, *to;         /* STOCK: date fields, or NULL */
	const char *of_figure, *over;  /* RUN: a flow figure and one of its dimensions */
	/* CONTROL: what is recorded (one or more), and what was announced. */
	const struct schema_measure *recorded;
	uint32_t recorded_count;
	struct schema_measure announced;
	const char *match_recorded, *match_announced;
};

struct schema {
	const char *name;
	uint32_t version;
	const struct schema_codes *codes;
	uint32_t codes_count;
	const struct schema_kind *kinds;
	uint32_t kinds_count;
	const struct schema_figure *figures;
	uint32_t figures_count;
	uint16_t floor; /* schema_adopt: new numbers are at least this; 0: any */
};

/* The kinds that every node knows, numbered below SCHEMA_KIND_FIRST. */
const struct schema *schema_builtin(void);

/* Look-ups; NULL when there is none. Closed things are found. */
const struct schema_kind *schema_kind_by_name(const struct schema *s, struct bytes name);
const struct schema_kind *schema_kind_by_number(const struct schema *s, uint16_t number);
const struct schema_field *schema_field_by_name(const struct schema_kind *k, struct bytes name);
const struct schema_field *schema_field_by_number(const struct schema_kind *k, uint16_t number);
/* The fields of a kind's doubles; NULL when it has none. */
const struct schema_field *schema_doubles_key(const struct schema_kind *k);
const struct schema_field *schema_doubles_same(const struct schema_kind *k);
const struct schema_field *schema_doubles_different(const struct schema_kind *k);
const struct schema_codes *schema_codes_by_name(const struct schema *s, struct bytes name);
const struct schema_code *schema_code_find(const struct schema_codes *c, struct bytes code);

/*
 * The code that a stored one counts as: its successor, the successor of that,
 * and so on; itself when it has none or is not of the list. The schema in force
 * decides, whatever the day, so that all nodes that have it agree.
 */
struct bytes schema_code_current(const struct schema_codes *c, struct bytes code);

/* Whether codes of the list count as others. */
bool schema_codes_follow(const struct schema_codes *c);

/* Whether writers should not use it any more on a day (a packed date): it was
 * valid up to a day before, or it was replaced without one. */
bool schema_code_is_closed(const struct schema_code *code, int32_t today);

const struct schema_figure *schema_figure_by_name(const struct schema *s, struct bytes name);

/* Texts of the enums, as a schema file spells them. */
const char *schema_reach_text(enum reach reach);
const char *schema_merge_text(enum merge merge);
const char *schema_figure_type_text(enum figure_type type);
/* "F" or "A, B, C": what a field is derived from; returns the buffer. */
enum { SCHEMA_DERIVE_TEXT_MAX = SCHEMA_DERIVE_FROM_MAX * (LIMIT_NAME_BYTES_MAX + 2) + 1 };
const char *schema_derive_text(const struct schema_field *f, char buffer[SCHEMA_DERIVE_TEXT_MAX]);
/* "ask", "flow(A<B|C)" ...; appended to w without a NUL. */
void schema_policy_format(const struct schema_field *f, struct bytes_writer *w);

/* Whether two schemas say the same, numbers and order included. */
bool schema_equal(const struct schema *a, const struct schema *b);

/* What is wrong with a schema: the thing, the reason, the next step. */
struct schema_error {
	char text[320];
};

/*
 * Judges meaning: names, references, policies against types, unique and title
 * fields, nation rule, figures and their expressions, run figures without a
 * cycle, limits. scratch is used and given back.
 * RC_INVALID with e filled in: names kind, field or figure.
 */
enum rc schema_check(const struct schema *s, struct arena *scratch, struct schema_error *e);

/* The greatest number of a kind, a field or a figure; 0: there is none. */
uint16_t schema_last_number(const struct schema *s);

/*
 * Numbers `next` (a checked schema) after `now` (what is in force, or NULL):
 * known names keep their numbers, new ones get the next free one, names that
 * are gone are kept as closed, codes that are gone are kept. Lists come out
 * by name, kinds and figures by number; a kind's closed fields stand last.
 * The result lives in a and borrows from both.
 * RC_INVALID with e: a type (with its code list, target or scale), merge or
 * reach changed (a kind's widest one too), the name of the schema changed, or
 * the version is not higher though something differs. RC_NOMEM with e.
 */
enum rc schema_adopt(const struct schema *now, const struct schema *next, struct arena *a,
		     struct schema *out, struct schema_error *e);

#endif
