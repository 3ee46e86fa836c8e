/* What the tables are called, whatever holds them. */
#include "node/store/kv.h"

static const char *const table_names[KV_TABLES] = {
	[KV_META] = "meta",         [KV_FEED] = "feed",
	[KV_ENTRY] = "entry",       [KV_SEAL] = "seal",
	[KV_CUT] = "cut",           [KV_RECORD] = "record",
	[KV_DOT] = "dot",           [KV_UNIQUE] = "unique",
	[KV_CONFLICT] = "conflict", [KV_QUARANTINE] = "quarantine",
	[KV_FIGURE] = "figure",     [KV_FILE] = "file",
	[KV_PEER] = "peer",         [KV_ASIDE] = "aside",
	[KV_REPLACED] = "replaced", [KV_ACCEPT] = "accept",
	[KV_PROOF] = "proof",       [KV_BRANCH] = "branch",
};

const char *kv_table_name(enum kv_table table)
{
	return table_names[table];
}

enum kv_table kv_table_by_name(struct bytes name)
{
	unsigned i;

	for (i = 0; i < KV_TABLES && !bytes_equal(bytes_of(table_names[i]), name); i++) {
	}
	return (enum kv_table)i;
}
