/* Founding, admitting and joining, below the command line. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/base/mem.h"
#include "node/base/random.h"
#include "node/base/schema_yaml.h"
#include "node/store/admit.h"
#include "node/store/datadir.h"
#include "node/store/found.h"
#include "node/store/join.h"
#include "node/store/world.h"

enum { MAP_BYTES = 1 << 28 };

static const char schema_text[] = "schema: small\nversion: 1\n"
				  "kinds:\n"
				  "  - name: thing\n"
				  "    reach: centre\n"
				  "    fields:\n"
				  "      - {name: code, type: text}\n";

/* A centre in a directory of its own. */
struct world {
	char dir[64], path[96];
	struct arena arena;
	struct store *store;
	struct crypto_key key;
	struct path_problem why;
};

static void open_world(struct world *w)
{
	struct found f = { .name = "Demo", .listen = "c.example:1", .author = bytes_of("me") };
	struct schema schema;
	struct schema_error e;
	char key[128];

	random_init();
	memset(w, 0, sizeof(*w));
	(void)snprintf(w->dir, sizeof(w->dir), "/tmp/kerwen-test-XXXXXX");
	cr_assert_not_null(mkdtemp(w->dir));
	(void)snprintf(w->path, sizeof(w->path), "%s/c", w->dir);
	(void)snprintf(key, sizeof(key), "%s/" DATADIR_KEY_FILE, w->path);
	cr_assert_eq(mem_arena_open(&w->arena, SCHEMA_YAML_ARENA_BYTES), RC_OK);
	cr_assert_eq(schema_yaml_parse(bytes_of(schema_text), &w->arena, &schema, &e), RC_OK, "%s",
		     e.text);
	f.schema = &schema;
	cr_assert_eq(found_centre(w->path, MAP_BYTES, &f, &world_real, &w->why), RC_OK, "%s",
		     w->why.text);
	cr_assert_eq(store_open(w->path, MAP_BYTES, &world_real, &w->store), RC_OK);
	cr_assert_eq(crypto_key_load(key, &w->key, &w->why), RC_OK);
}

static void close_world(struct world *w)
{
	char command[128];

	store_close(w->store);
	crypto_key_drop(&w->key);
	mem_arena_close(&w->arena);
	(void)snprintf(command, sizeof(command), "rm -r %s", w->dir);
	cr_assert_eq(system(command), 0);
}

static void sign(void *ctx, struct bytes text, uint8_t seal[SIG_LEN])
{
	crypto_key_sign(ctx, text, seal);
}

static struct admit_request request(const char *name, uint16_t number, const char *region)
{
	return (struct admit_request){ .name = bytes_of(name),
				       .region = bytes_of(region),
				       .number = number,
				       .author = bytes_of("me") };
}

static enum rc admit(struct world *w, const char *name, uint16_t number, const char *region,
		     uint8_t token[TOKEN_LEN])
{
	struct admit_request r = request(name, number, region);

	return admit_office(w->store, &r, token, &w->why);
}

static enum rc check_token(struct world *w, uint16_t number, const uint8_t token[TOKEN_LEN])
{
	struct kv_txn *t = NULL;
	enum rc rc;

	cr_assert_eq(store_begin(w->store, false, &t), RC_OK);
	rc = admit_check_token(t, w->store->crypto, number, token);
	store_end(w->store, t);
	return rc;
}

/* The invitation of an office, decoded; lives in the world's arena. */
static struct invitation invite(struct world *w, uint16_t number, const uint8_t token[TOKEN_LEN])
{
	struct send_signer signer = { .ctx = &w->key, .sign = sign };
	struct admit_request r = request("", number, "");
	struct invitation i;
	uint8_t *file = NULL;
	size_t len = 0;

	cr_assert_eq(admit_invitation(w->store, &r, token, signer, &file, &len), RC_OK);
	cr_assert_eq(invitation_decode(bytes_at(file, len), &crypto_sodium, &w->arena, &i), RC_OK);
	free(file);
	return i;
}

static struct store *join(struct world *w, const struct invitation *i, const char *name)
{
	struct store *s = NULL;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	cr_assert_eq(join_office(path, MAP_BYTES, i, &world_real, &w->why), RC_OK, "%s",
		     w->why.text);
	cr_assert_eq(store_open(path, MAP_BYTES, &world_real, &s), RC_OK);
	return s;
}

Test(admit, offices_get_scopes_of_their_own_and_share_that_of_their_region)
{
	uint8_t token[TOKEN_LEN];
	const struct office_info *a = NULL, *b = NULL, *c = NULL;
	struct kv_txn *t = NULL;
	struct world w;

	open_world(&w);
	cr_assert_eq(admit(&w, "A", 1, "R1", token), RC_OK);
	cr_assert_eq(admit(&w, "B", 2, "R2", token), RC_OK);
	cr_assert_eq(admit(&w, "C", 3, "R1", token), RC_OK);
	cr_assert_eq(store_begin(w.store, false, &t), RC_OK);
	a = catalog_office(w.store->catalog, 1);
	b = catalog_office(w.store->catalog, 2);
	c = catalog_office(w.store->catalog, 3);
	cr_assert_eq(a->scope_region, c->scope_region);
	cr_assert_neq(a->scope_region, b->scope_region);
	cr_assert_eq(w.store->catalog->scopes_count, 1 + 3 * 2 + 2, "each number is used once");
	store_end(w.store, t);
	close_world(&w);
}

Test(admit, what_is_taken_or_wrong_is_refused_and_changes_nothing)
{
	static const struct {
		const char *name, *region, *why;
		uint16_t number;
		enum rc rc;
	} ROWS[] = {
		{ "A", "R1", "the name is taken", 2, RC_EXISTS },
		{ "B", "R1", "the number is taken", 1, RC_EXISTS },
		{ "B", "R1", "the centre's number", 0, RC_INVALID },
		{ "", "R1", "no name", 2, RC_INVALID },
		{ "B", "", "no region", 2, RC_INVALID },
		{ "B", "12345678901234567", "a long region", 2, RC_INVALID },
		{ "12345678901234567890123456789012345678901234567890123456789012345", "R1",
		  "a long name", 2, RC_INVALID },
	};
	uint8_t first[TOKEN_LEN], token[TOKEN_LEN];
	struct kv_txn *t = NULL;
	struct world w;
	size_t i;

	open_world(&w);
	cr_assert_eq(admit(&w, "A", 1, "R1", first), RC_OK);
	for (i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		cr_expect_eq(admit(&w, ROWS[i].name, ROWS[i].number, ROWS[i].region, token),
			     ROWS[i].rc, "%s", ROWS[i].why);
	}
	cr_assert_eq(store_begin(w.store, false, &t), RC_OK);
	cr_assert_eq(w.store->catalog->offices_count, 1);
	store_end(w.store, t);
	cr_assert_eq(check_token(&w, 1, first), RC_OK, "the invitation of A still opens");
	close_world(&w);
}

Test(admit, a_token_opens_once_and_only_for_its_office)
{
	uint8_t a[TOKEN_LEN], b[TOKEN_LEN], key[KEY_LEN], other[KEY_LEN];
	struct kv_txn *t = NULL;
	struct world w;

	memset(key, 1, sizeof(key));
	memset(other, 2, sizeof(other));
	open_world(&w);
	cr_assert_eq(admit(&w, "A", 1, "R1", a), RC_OK);
	cr_assert_eq(admit(&w, "B", 2, "R1", b), RC_OK);
	cr_assert_eq(check_token(&w, 2, a), RC_DENIED);
	cr_assert_eq(check_token(&w, 3, a), RC_NOTFOUND);
	cr_assert_eq(admit_first_contact(w.store, 1, b, key), RC_DENIED);
	cr_assert_eq(admit_first_contact(w.store, 1, a, key), RC_OK);
	cr_assert_eq(store_begin(w.store, false, &t), RC_OK);
	cr_assert(catalog_office(w.store->catalog, 1)->has_key);
	cr_assert_arr_eq(catalog_office(w.store->catalog, 1)->key, key, KEY_LEN);
	store_end(w.store, t);
	cr_assert_eq(admit_first_contact(w.store, 1, a, other), RC_NOTFOUND, "used");
	cr_assert_eq(admit_first_contact(w.store, 1, a, key), RC_OK, "the same node, again");
	cr_assert_eq(admit_again(w.store, 1, bytes_of("me"), b, &w.why), RC_OK);
	cr_assert_eq(check_token(&w, 1, a), RC_DENIED, "the older one is void");
	cr_assert_eq(admit_first_contact(w.store, 1, b, key), RC_OK);
	cr_assert_eq(check_token(&w, 1, b), RC_NOTFOUND, "used with the same key");
	cr_assert_eq(admit_again(w.store, 9, bytes_of("me"), b, &w.why), RC_NOTFOUND);
	close_world(&w);
}

Test(admit, an_office_that_joined_knows_schema_offices_and_token)
{
	uint8_t a[TOKEN_LEN], b[TOKEN_LEN], got[TOKEN_LEN];
	struct store *s = NULL;
	struct kv_txn *t = NULL;
	struct invitation i;
	struct world w;

	open_world(&w);
	cr_assert_eq(admit(&w, "A", 1, "R1", a), RC_OK);
	cr_assert_eq(admit(&w, "B", 2, "R1", b), RC_OK);
	i = invite(&w, 2, b);
	cr_assert_eq(i.addresses_count, 1, "the system's own");
	cr_assert(bytes_equal(i.addresses[0], bytes_of("c.example:1")));
	s = join(&w, &i, "b");
	cr_assert_str_eq(s->info.name, "B");
	cr_assert_eq(s->info.number, 2);
	cr_assert_arr_eq(s->info.centre_key, w.key.public, KEY_LEN);
	cr_assert_eq(s->info.centre_incarnation, w.store->info.incarnation);
	cr_assert_eq(store_begin(s, false, &t), RC_OK);
	cr_assert_str_eq(s->catalog->own.name, "small");
	cr_assert_eq(s->catalog->offices_count, 2);
	cr_assert_eq(join_get_token(t, got), RC_OK);
	cr_assert_arr_eq(got, b, TOKEN_LEN);
	store_end(s, t);
	store_close(s);
	close_world(&w);
}

Test(admit, an_invitation_for_another_office_or_system_is_refused)
{
	uint8_t a[TOKEN_LEN], b[TOKEN_LEN];
	struct store *s = NULL;
	struct invitation first, second, wrong;
	struct world w;

	open_world(&w);
	cr_assert_eq(admit(&w, "A", 1, "R1", a), RC_OK);
	cr_assert_eq(admit(&w, "B", 2, "R1", b), RC_OK);
	first = invite(&w, 1, a);
	second = invite(&w, 2, b);
	s = join(&w, &first, "a");
	cr_assert_eq(join_take(s, &second, &w.why), RC_DENIED);
	cr_assert_eq(join_take(w.store, &first, &w.why), RC_DENIED, "a centre");
	wrong = first;
	wrong.system[0] ^= 1;
	cr_assert_eq(join_take(s, &wrong, &w.why), RC_SYSTEM);
	wrong = first;
	wrong.centre_key[0] ^= 1;
	cr_assert_eq(join_take(s, &wrong, &w.why), RC_BADSIG);
	cr_assert_eq(join_take(s, &first, &w.why), RC_OK, "its own, again");
	store_close(s);
	close_world(&w);
}

Test(admit, entries_that_do_not_verify_leave_no_directory)
{
	uint8_t a[TOKEN_LEN];
	struct invitation good, bad;
	char path[128];
	struct world w;

	open_world(&w);
	(void)snprintf(path, sizeof(path), "%s/x", w.dir);
	cr_assert_eq(admit(&w, "A", 1, "R1", a), RC_OK);
	good = invite(&w, 1, a);
	bad = good;
	bad.entries_seal[0] ^= 1;
	cr_assert_eq(join_office(path, MAP_BYTES, &bad, &world_real, &w.why), RC_BADSIG);
	bad = good;
	bad.entries_count--; /* the seal is of one entry more */
	cr_assert_eq(join_office(path, MAP_BYTES, &bad, &world_real, &w.why), RC_BADSIG);
	bad = good;
	bad.number = 9; /* no such office in the entries */
	cr_assert_eq(join_office(path, MAP_BYTES, &bad, &world_real, &w.why), RC_CORRUPT);
	cr_assert_neq(access(path, F_OK), 0, "something is left");
	close_world(&w);
}
