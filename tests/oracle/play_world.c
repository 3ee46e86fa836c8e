#include "play_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/base/crypto.h"
#include "node/base/mem.h"
#include "node/base/random.h"
#include "node/base/schema_yaml.h"
#include "node/store/admit.h"
#include "node/store/found.h"
#include "tests/sim/kv_sim.h"

/* All kinds of field, all policies, in two or three scopes a record. The key is
 * derived from what no clock has a say in. */
static const char schema_text[] =
	"schema: oracle\n"
	"version: 1\n"
	"codes:\n"
	"  - name: STATE\n"
	"    values: [{code: A, en: a}, {code: B, en: b}, {code: C, en: c}, {code: D, en: d},"
	" {code: E, en: e}]\n"
	"kinds:\n"
	"  - name: person\n"
	"    reach: region\n"
	"    doubles: {key: key, same: same_as, different: not_same}\n"
	"    fields:\n"
	"      - {name: born, type: date, policy: ask}\n"
	"      - {name: city, type: text, policy: latest}\n"
	"      - {name: origin, type: code, codes: STATE, policy: fixed}\n"
	"      - {name: level, type: code, codes: STATE, policy: centre}\n"
	"      - {name: since, type: date, policy: min}\n"
	"      - {name: size, type: int, policy: max}\n"
	"      - {name: state, type: code, codes: STATE, policy: \"flow(A<B<C|D)\"}\n"
	"      - {name: tags, type: text, merge: set}\n"
	"      - {name: visits, type: int, merge: counter}\n"
	"      - {name: notes, type: text, merge: log}\n"
	"      - {name: file, type: text, policy: ask, reach: centre}\n"
	"      - {name: grade, type: code, codes: STATE, policy: centre, reach: centre}\n"
	"      - {name: marks, type: text, merge: set, reach: centre}\n"
	"      - {name: secret, type: text, policy: ask, reach: office}\n"
	"      - {name: diary, type: text, merge: log, reach: office}\n"
	"      - {name: called, type: text, policy: fixed}\n"
	"      - {name: key, type: text, derived: \"same(called, since, origin)\", policy: "
	"latest}\n"
	"      - {name: same_as, type: link, to: person, merge: set}\n"
	"      - {name: not_same, type: link, to: person, merge: set}\n"
	"  - name: case\n"
	"    reach: centre\n"
	"    fields:\n"
	"      - {name: topic, type: text, policy: latest}\n"
	"      - {name: stage, type: code, codes: STATE, policy: \"flow(A<B<C|D)\"}\n"
	"      - {name: basis, type: text, policy: fixed}\n"
	"      - {name: hours, type: int, merge: counter}\n"
	"      - {name: draft, type: text, policy: latest, reach: office}\n"
	"      - {name: labels, type: text, merge: set, reach: office}\n"
	"  - name: decree\n"
	"    reach: nation\n"
	"    writers: centre\n"
	"    fields:\n"
	"      - {name: number, type: text, policy: ask}\n"
	"      - {name: topics, type: text, merge: set}\n"
	"      - {name: people, type: int, merge: counter}\n"
	"      - {name: lines, type: text, merge: log}\n";

enum { MAP_BYTES = 1 << 30 };

static int64_t world_time_ms = INT64_C(1789999990000);
static uint64_t world_chance = 1;

static void must(bool is_sound, const char *what)
{
	if (!is_sound) {
		(void)fprintf(stderr, "founding the world: %s\n", what);
		abort();
	}
}

static void draw_bytes(void *out, size_t len)
{
	uint8_t *p = out;

	for (; len > 0; len--) {
		world_chance = world_chance * UINT64_C(6364136223846793005) + 1442695040888963407;
		*p++ = (uint8_t)(world_chance >> 56);
	}
}

static int64_t now_ms(void)
{
	return world_time_ms;
}

void play_world_set_time(int64_t now)
{
	world_time_ms = now;
}

/*
 * Signatures that cost nothing: whoever knows the public key can sign. That
 * nobody signs for others is proved elsewhere; here the real ones would take
 * most of the time. Hashes are the real ones.
 */
static void sign_with(const uint8_t key[KEY_LEN], struct bytes text, uint8_t out[SIG_LEN])
{
	struct bytes pieces[2] = { bytes_at(key, KEY_LEN), text };

	crypto_sodium.hash(out, pieces, 2);
	memcpy(out + HASH_LEN, out, SIG_LEN - HASH_LEN);
}

static bool verify(const uint8_t key[KEY_LEN], struct bytes text, const uint8_t sig[SIG_LEN])
{
	uint8_t wanted[SIG_LEN];

	sign_with(key, text, wanted);
	return memcmp(wanted, sig, SIG_LEN) == 0;
}

static void sign(void *ctx, struct bytes text, uint8_t seal[SIG_LEN])
{
	const struct play_node *n = ctx;

	sign_with(n->key.public, text, seal);
}

static struct crypto world_crypto;
static const struct store_world world = { .crypto = &world_crypto,
					  .random = draw_bytes,
					  .now_ms = now_ms };

static void node_dir(const struct play *p, uint32_t node, char out[96])
{
	(void)snprintf(out, 96, "%s/%u", p->dir, node);
}

/* The names of disks: the stores', and the copies that histories begin with. */
static void disk_names(const struct play *p, uint32_t node, char live[128], char founded[128])
{
	(void)snprintf(live, 128, "%s/%u/%s", p->dir, node, STORE_DIR);
	(void)snprintf(founded, 128, "%s/%u/founded", p->dir, node);
}

static void make_store(struct play *p, uint32_t node, struct store_info *info)
{
	struct play_node *n = &p->nodes[node];
	char dir[96];

	node_dir(p, node, dir);
	must(crypto_key_make(&n->key) == RC_OK, "a key");
	memcpy(info->key, n->key.public, KEY_LEN);
	if (node == 0) {
		memcpy(info->centre_key, n->key.public, KEY_LEN);
	}
	must(store_create(dir, MAP_BYTES, &world, info, &n->wire.store) == RC_OK, dir);
	/* Each history puts the same databases back: that is no accident here. */
	must(store_keep_lease_in(n->wire.store, NULL) == RC_OK, "no lease");
	n->play = p;
	n->wire.signer = (struct send_signer){ n, sign };
}

static void found_play_centre(struct play *p)
{
	struct found found = { .name = "oracle", .author = bytes_of("t") };
	struct path_problem why = { "", "" };
	struct store_info info;
	struct schema_error e = { "" };
	struct schema schema;
	struct arena a;

	must(found_info(&found, &world, &info) == RC_OK, "the centre's info");
	must(mem_arena_open(&a, 64 << 20) == RC_OK, "memory");
	must(schema_yaml_parse(bytes_of(schema_text), &a, &schema, &e) == RC_OK, e.text);
	found.schema = &schema;
	make_store(p, 0, &info);
	must(found_system(p->nodes[0].wire.store, &found, &why) == RC_OK, why.text);
	mem_arena_close(&a);
}

static void found_office(struct play *p, uint32_t number)
{
	static const char *const regions[PLAY_REGIONS] = { "TM-A", "TM-B", "TM-L" };
	struct store *centre = p->nodes[0].wire.store;
	struct store_info info = centre->info;
	struct admit_request request = { .number = (uint16_t)number, .author = bytes_of("t") };
	struct path_problem why = { "", "" };
	uint8_t token[TOKEN_LEN];
	char name[16];

	(void)snprintf(name, sizeof(name), "office %u", number);
	request.name = bytes_of(name);
	request.region = bytes_of(regions[(number - 1) / 3]);
	must(admit_office(centre, &request, token, &why) == RC_OK, why.text);
	info.is_centre = false;
	info.number = (uint16_t)number;
	info.incarnation = number;
	make_store(p, number, &info);
	must(admit_first_contact(centre, info.number, token, p->nodes[number].key.public) == RC_OK,
	     "the office's key");
}

/* Kinds are looked up in catalogs, and those are read in transactions. */
static void keep_founded(struct play *p, uint32_t node)
{
	struct play_node *n = &p->nodes[node];
	char live[128], founded[128];
	struct kv_txn *t = NULL;

	n->wire.writer = wire_writer(n->wire.store);
	must(store_begin(n->wire.store, false, &t) == RC_OK, "a transaction");
	store_end(n->wire.store, t);
	disk_names(p, node, live, founded);
	kv_sim_clone(live, founded);
}

void play_world_found(struct play *p)
{
	uint32_t i;

	random_init();
	world_crypto = (struct crypto){ .hash = crypto_sodium.hash, .verify = verify };
	world_chance = 1;
	(void)snprintf(p->dir, sizeof(p->dir), "/tmp/kerwen-play-XXXXXX");
	must(mkdtemp(p->dir) != NULL, "a directory");
	for (i = 0; i < PLAY_NODES; i++) {
		struct path_problem why = { "", "" };
		char dir[96];

		node_dir(p, i, dir);
		must(path_make_dir(dir, &why) == RC_OK, why.text);
	}
	found_play_centre(p);
	for (i = 1; i < PLAY_NODES; i++) {
		found_office(p, i);
	}
	for (i = 1; i < PLAY_NODES; i++) {
		wire_hand_over(&p->nodes[0].wire, p->nodes[i].wire.store);
	}
	for (i = 0; i < PLAY_NODES; i++) {
		keep_founded(p, i);
	}
}

/* A fresh incarnation for each history, so that feeds are told apart. */
void play_world_reset(struct play *p, uint64_t seed)
{
	uint32_t i;

	world_chance = seed;
	for (i = 0; i < PLAY_NODES; i++) {
		struct wire_node *n = &p->nodes[i].wire;
		char live[128], founded[128];

		disk_names(p, i, live, founded);
		kv_sim_clone(founded, live);
		if (i > 0) {
			n->store->info.incarnation = (uint32_t)seed * 16 + i;
			n->writer->info.incarnation = n->store->info.incarnation;
		}
	}
}

const struct schema_kind *play_world_kind(const struct store *s, enum play_reach reach)
{
	static const char *const names[] = {
		[PLAY_OF_NATION] = "decree", [PLAY_OF_REGION] = "person", [PLAY_OF_OFFICE] = "case"
	};

	return schema_kind_by_name(&s->catalog->schema, bytes_of(names[reach]));
}

void play_world_close(struct play *p)
{
	uint32_t i;

	for (i = 0; i < PLAY_NODES; i++) {
		char live[128], founded[128], dir[96];

		store_close(p->nodes[i].wire.writer);
		store_close(p->nodes[i].wire.store);
		crypto_key_drop(&p->nodes[i].key);
		disk_names(p, i, live, founded);
		kv_sim_forget(live);
		kv_sim_forget(founded);
		(void)rmdir(live);
		node_dir(p, i, dir);
		(void)rmdir(dir);
	}
	(void)rmdir(p->dir);
}
