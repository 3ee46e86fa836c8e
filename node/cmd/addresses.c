#include "node/cmd/addresses.h"

#include <string.h>

static void add(struct addresses *a, const char *address)
{
	uint32_t i;

	for (i = 0; i < a->count && strcmp(a->items[i], address) != 0; i++) {
	}
	if (i == a->count && i < ADDRESSES_MAX) {
		a->items[a->count++] = address;
	}
}

int addresses_find(struct cmd_context *c, struct cmd_node *n, struct addresses *out)
{
	struct kv_txn *t = NULL;
	const struct catalog *catalog = n->store->catalog;
	int code = open_read(c, n, &t);
	uint32_t i;

	out->count = 0;
	if (code != CMD_OK) {
		return code;
	}
	for (i = 0; i < n->config.centres_count; i++) {
		add(out, n->config.centres[i]);
	}
	for (i = 0; i < catalog->centre_addresses_count; i++) {
		struct bytes text = bytes_of(catalog->centre_addresses[i]);
		/* The catalog may be read again; its NUL is copied too. */
		struct bytes copy = arena_copy(&n->memory, bytes_at(text.p, text.len + 1));

		if (copy.p != NULL) {
			add(out, (const char *)copy.p);
		}
	}
	store_end(n->store, t);
	return CMD_OK;
}
