#include "forge.h"

#include <criterion/criterion.h>
#include <string.h>

static uint8_t *take(struct forge *g, size_t len)
{
	uint8_t *p = arena_take(&g->arena, len);

	cr_assert_not_null(p, "the forge is full");
	return p;
}

struct genesis forge_plain_genesis(const struct forge *g)
{
	struct genesis plain = { .feed = g->feed };

	memcpy(plain.system, g->system, SYSTEM_LEN);
	memcpy(plain.key, g->node->key.public, KEY_LEN);
	return plain;
}

void forge_genesis(struct forge *g, const struct genesis *genesis)
{
	struct bytes_writer w = bytes_writer_init(take(g, 256), 256);

	entry_encode_genesis(genesis, &w);
	cr_assert_eq(w.rc, RC_OK);
	g->genesis = bytes_written(&w);
	feed_chain_first(&crypto_sodium, g->genesis, g->hashes[0]);
}

void forge_begin(struct forge *g, struct fixture_node *node, uint16_t scope)
{
	static uint32_t incarnation = 7000;
	const struct catalog *c = node->store->catalog;
	const struct schema_kind *k = schema_kind_by_name(&c->schema, bytes_of("person"));
	struct genesis genesis;

	memset(g, 0, offsetof(struct forge, memory));
	g->arena = arena_init(g->memory, sizeof(g->memory));
	g->node = node;
	g->feed = feed_pack(node->store->info.number, scope, incarnation++);
	g->epoch_incarnation = node->store->info.centre_incarnation;
	g->epoch_seq = c->national_seq;
	g->kind = k->number;
	g->field = schema_field_by_name(k, bytes_of("city"))->number;
	memcpy(g->system, node->store->info.system, SYSTEM_LEN);
	genesis = forge_plain_genesis(g);
	forge_genesis(g, &genesis);
}

struct header forge_header(struct forge *g)
{
	struct header h = {
		.feed = g->feed,
		.seq = g->count + 1,
		.seen_own = g->count,
		.epoch_incarnation = g->epoch_incarnation,
		.epoch_seq = g->epoch_seq,
		.time_ms = INT64_C(1789999999000),
		.commit = ++g->commit,
	};
	return h;
}

void forge_add_raw(struct forge *g, const struct header *h, const struct bytes *changes,
		   uint32_t count)
{
	static const uint8_t salt[FEED_SALT_LEN] = { 5 };
	struct bytes salt_bytes = bytes_at(salt, count == 0 ? 0 : sizeof(salt));
	struct bytes_writer hw = bytes_writer_init(take(g, 32768), 32768);
	struct bytes_writer w;
	size_t mark = arena_mark(&g->arena);

	entry_encode_header(h, &hw);
	cr_assert_eq(hw.rc, RC_OK);
	arena_release(&g->arena, mark - 32768 + hw.len);
	w = bytes_writer_init(take(g, 40000), 40000);
	entry_encode(bytes_written(&hw), salt_bytes, changes, count, &w);
	cr_assert_eq(w.rc, RC_OK);
	arena_release(&g->arena, (size_t)(w.p - g->memory) + w.len);
	feed_chain_next(&crypto_sodium, g->hashes[g->count], bytes_written(&hw), salt_bytes,
			changes, count, g->hashes[g->count + 1]);
	g->entries[g->count++] = bytes_written(&w);
}

void forge_add(struct forge *g, const struct header *h, const struct change *changes,
	       uint32_t count)
{
	struct bytes encoded[64];
	struct header with = *h;
	uint32_t i;

	for (i = 0; i < count; i++) {
		struct bytes_writer w = bytes_writer_init(take(g, 32768), 32768);

		entry_encode_change(&changes[i], -1, &w);
		cr_assert_eq(w.rc, RC_OK);
		arena_release(&g->arena, (size_t)(w.p - g->memory) + w.len);
		encoded[i] = bytes_written(&w);
		with.touches += changes[i].life != LIFE_NONE;
	}
	forge_add_raw(g, &with, encoded, count);
}

struct uuid forge_id(uint32_t n)
{
	uint8_t random[10] = { 9 };

	return uuid_step(uuid_make(UINT64_C(1789999999000), random), n);
}

struct op forge_op(struct forge *g, const char *kind, const char *field, enum op_code code,
		   struct bytes value)
{
	const struct schema *s = &g->node->store->catalog->schema;
	const struct schema_kind *k = schema_kind_by_name(s, bytes_of(kind));
	struct op op = { schema_field_by_name(k, bytes_of(field))->number, code, value };

	return op;
}

struct change forge_person(struct forge *g, struct uuid id, const char *city)
{
	struct op *ops = (struct op *)(void *)take(g, 2 * sizeof(*ops));
	uint8_t *home = take(g, HOME_LEN);
	struct bytes_writer w = bytes_writer_init(home, HOME_LEN);

	bytes_put_be16(&w, feed_office(g->feed));
	bytes_put_be16(&w, feed_scope(g->feed));
	ops[0] = (struct op){ FIELD_HOME, OP_PUT, bytes_written(&w) };
	ops[1] = (struct op){ g->field, OP_PUT, bytes_of(city) };
	return (struct change){
		.kind = g->kind, .id = id, .life = LIFE_ALIVE, .ops = ops, .ops_count = 2
	};
}

struct run forge_run(struct forge *g, uint64_t first, uint32_t count)
{
	struct run run = { .feed = g->feed, .first_seq = first, .entries_count = count };
	uint8_t text[FEED_SEAL_TEXT_LEN];
	uint64_t last = first + count - 1;

	run.genesis = first == 1 ? g->genesis : bytes_at(NULL, 0);
	run.entries = &g->entries[first - 1];
	feed_seal_text(g->system, g->feed, last, g->hashes[last], text);
	crypto_key_sign(&g->node->key, bytes_at(text, sizeof(text)), run.seal);
	return run;
}

enum rc forge_give(struct fixture_node *to, uint16_t from, const struct run *runs, uint32_t count,
		   struct receive_result *result)
{
	struct chunk chunk = { .runs = runs, .runs_count = count };
	struct apply_cuts cuts = { NULL, 0, 0 };
	struct work w;
	enum rc rc = RC_OK;

	cr_assert_eq(work_begin(to->store, &w), RC_OK);
	rc = receive_chunk(&w, from, NULL, &chunk, to->store->info.is_centre ? &cuts : NULL,
			   result);
	cr_assert(rc == RC_OK || receive_is_refusal(rc), "%s", rc_text(rc));
	cr_assert_eq(apply_write_cuts(&w, &cuts), RC_OK);
	cr_assert_eq(work_commit(&w), RC_OK);
	apply_cuts_free(&cuts);
	return rc;
}

enum rc forge_push(struct forge *g, struct fixture_node *to)
{
	struct run run = forge_run(g, g->pushed + 1, g->count - g->pushed);
	struct receive_result result;
	enum rc rc = forge_give(to, g->node->store->info.number, &run, 1, &result);

	if (rc == RC_OK) {
		g->pushed = g->count;
	}
	return rc;
}

uint64_t forge_quarantined(struct fixture_node *n)
{
	struct kv_txn *t = NULL;
	uint64_t count = 0;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	count = kv_count(t, KV_QUARANTINE);
	store_end(n->store, t);
	return count;
}

struct feed_state forge_state(struct fixture_node *n, uint64_t feed)
{
	struct feed_state state;
	struct kv_txn *t = NULL;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	if (feeds_get(t, feed, &state) != RC_OK) {
		memset(&state, 0, sizeof(state));
	}
	state.genesis = bytes_at(NULL, 0);
	store_end(n->store, t);
	return state;
}
