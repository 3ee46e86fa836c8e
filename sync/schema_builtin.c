/*
 * The built-in kinds: offices and keys, the schema in parts, the system,
 * notices, transfers.
 *
 * They are known before any schema has come, because a schema travels as
 * records of one of them. All are national and the centre alone writes them,
 * but for notices, each of which is for one office, and transfers. Numbers are
 * part of the format: fields are only added, at the end.
 */
#include "sync/schema.h"

#define COUNT(list) ((uint32_t)(sizeof(list) / sizeof((list)[0])))

#define FIELD(n, text, value, what)                                                                \
	{                                                                                          \
		.number = (n), .name = (text), .type = (value), .policy = (what),                  \
		.reach = REACH_NATION                                                              \
	}
#define SET(n, text, value)                                                                        \
	{                                                                                          \
		.number = (n), .name = (text), .type = (value), .merge = MERGE_SET,                \
		.reach = REACH_NATION                                                              \
	}

static const struct schema_field OFFICE_FIELDS[] = {
	FIELD(1, "number", VALUE_INT, POLICY_FIXED),
	FIELD(2, "name", VALUE_TEXT, POLICY_FIXED),
	FIELD(3, "region", VALUE_TEXT, POLICY_LATEST),
	FIELD(4, "scope_office", VALUE_INT, POLICY_FIXED),
	FIELD(5, "scope_centre", VALUE_INT, POLICY_FIXED),
	FIELD(6, "scope_region", VALUE_INT, POLICY_LATEST),
	FIELD(7, "key", VALUE_BYTES, POLICY_LATEST),
	SET(8, "addresses", VALUE_TEXT),
	FIELD(9, "state", VALUE_TEXT, POLICY_LATEST), /* unset, "retired" or "revoked" */
	FIELD(10, "closed_on", VALUE_DATE, POLICY_LATEST),
	SET(11, "closed_feeds", VALUE_BYTES),               /* see node/store/closing.h */
	FIELD(12, "closed_for", VALUE_TEXT, POLICY_LATEST), /* the reason */
};

static const struct schema_field PART_FIELDS[] = {
	FIELD(1, "type", VALUE_TEXT, POLICY_FIXED), /* schema, codes, kind, figure */
	FIELD(2, "name", VALUE_TEXT, POLICY_FIXED),
	FIELD(3, "body", VALUE_BYTES, POLICY_LATEST), /* see proto/schema.proto */
};

static const struct schema_field SYSTEM_FIELDS[] = {
	FIELD(1, "name", VALUE_TEXT, POLICY_LATEST),
	FIELD(2, "key", VALUE_BYTES, POLICY_LATEST),
	FIELD(3, "id", VALUE_BYTES, POLICY_FIXED),
	SET(4, "addresses", VALUE_TEXT),
	FIELD(5, "name_secret", VALUE_BYTES, POLICY_FIXED), /* node/store/samekey.h */
	FIELD(6, "recovery_key", VALUE_BYTES, POLICY_FIXED),
};

#define TOLD(n, text, value, how)                                                                  \
	{                                                                                          \
		.number = (n), .name = (text), .type = (value), .merge = (how),                    \
		.policy = POLICY_LATEST, .reach = REACH_CENTRE                                     \
	}

/* What only the centre can see, told to the home of a record. */
static const struct schema_field NOTICE_FIELDS[] = {
	TOLD(1, "about", VALUE_LINK, MERGE_REGISTER), /* the record */
	TOLD(2, "about_kind", VALUE_INT, MERGE_REGISTER),
	TOLD(3, "rule", VALUE_TEXT, MERGE_REGISTER),   /* "unique" */
	TOLD(4, "fields", VALUE_TEXT, MERGE_REGISTER), /* names, joined by commas */
	TOLD(5, "other_offices", VALUE_INT, MERGE_SET),
};

/* A record on its way from one office to another, in the centre scope of each.
 * Each field is written by one of the three only (see node/store/transfers.h). */
#define TRANSFER(n, text, value)                                                                   \
	{                                                                                          \
		.number = (n), .name = (text), .type = (value), .policy = POLICY_FIXED,            \
		.reach = REACH_CENTRE                                                              \
	}

static const struct schema_field TRANSFER_FIELDS[] = {
	TRANSFER(1, "record", VALUE_LINK),
	TRANSFER(2, "kind", VALUE_INT),
	TRANSFER(3, "from", VALUE_INT),
	TRANSFER(4, "to", VALUE_INT),
	TRANSFER(5, "reason", VALUE_TEXT),
	{ .number = 6,
	  .name = "sealed",
	  .type = VALUE_BYTES,
	  .merge = MERGE_LOG,
	  .reach = REACH_CENTRE },
	TRANSFER(7, "answer", VALUE_TEXT),
	TRANSFER(8, "withdrawn", VALUE_BOOL),
	TRANSFER(9, "outcome", VALUE_TEXT),
	TRANSFER(10, "note", VALUE_TEXT),
	TRANSFER(11, "twin", VALUE_LINK),
	TRANSFER(12, "remark", VALUE_TEXT),
};

/* Transfers are looked up by their record; a record may have several. */
static const uint16_t TRANSFER_RECORD[] = { 0 };
static const struct schema_key TRANSFER_KEYS[] = { { TRANSFER_RECORD, 1 } };

/* What a list shows, as places in the fields above. */
static const uint16_t FIRST[] = { 0 };
static const uint16_t FIRST_TWO[] = { 0, 1 };

#define KIND(n, text, list, shown)                                                                 \
	{                                                                                          \
		.number = (n), .name = (text), .reach = REACH_NATION, .writers = WRITERS_CENTRE,   \
		.fields = (list), .fields_count = COUNT(list), .title = {                          \
			.fields = (shown),                                                         \
			.fields_count = COUNT(shown)                                               \
		}                                                                                  \
	}

static const uint16_t ABOUT_WHAT[] = { 2, 3, 4, 0 };

/* By which the notices about a record are found. */
static const struct schema_key NOTICE_KEYS[] = { { .fields = FIRST,
						   .fields_count = COUNT(FIRST) } };

static const struct schema_kind KINDS[] = {
	KIND(1, "office", OFFICE_FIELDS, FIRST_TWO),
	KIND(2, "schema_part", PART_FIELDS, FIRST_TWO),
	KIND(3, "system", SYSTEM_FIELDS, FIRST),
	{
		.number = 4,
		.name = "notice",
		.reach = REACH_CENTRE,
		.writers = WRITERS_CENTRE,
		.fields = NOTICE_FIELDS,
		.fields_count = COUNT(NOTICE_FIELDS),
		.title = { .fields = ABOUT_WHAT, .fields_count = COUNT(ABOUT_WHAT) },
		.uniques = NOTICE_KEYS,
		.uniques_count = COUNT(NOTICE_KEYS),
	},
	{ .number = 5,
	  .name = "transfer",
	  .reach = REACH_CENTRE,
	  .writers = WRITERS_ANY,
	  .fields = TRANSFER_FIELDS,
	  .fields_count = COUNT(TRANSFER_FIELDS),
	  .title = { .fields = FIRST_TWO, .fields_count = COUNT(FIRST_TWO) },
	  .uniques = TRANSFER_KEYS,
	  .uniques_count = COUNT(TRANSFER_KEYS) },
};

static const struct schema BUILTIN = {
	.name = "builtin",
	.version = 1,
	.kinds = KINDS,
	.kinds_count = COUNT(KINDS),
};

const struct schema *schema_builtin(void)
{
	return &BUILTIN;
}
