#include "node/store/join.h"

#include <stdio.h>
#include <string.h>

#include "node/base/mem.h"
#include "node/store/appoint.h"
#include "node/store/datadir.h"
#include "node/store/receive.h"
#include "node/store/rejoin.h"
#include "sync/feed.h"

static const char meta_token[] = "token";

enum rc join_get_token(struct kv_txn *t, uint8_t token[TOKEN_LEN])
{
	struct bytes v;
	enum rc rc = kv_get(t, KV_META, bytes_of(meta_token), &v);

	if (rc != RC_OK || v.len != TOKEN_LEN) {
		return rc == RC_OK ? RC_CORRUPT : rc;
	}
	memcpy(token, v.p, TOKEN_LEN);
	return RC_OK;
}

enum rc join_drop_token(struct kv_txn *t)
{
	return kv_del(t, KV_META, bytes_of(meta_token));
}

/* A text of an invitation fits: its length was judged. */
static void copy_name(char out[LIMIT_NAME_BYTES_MAX + 1], struct bytes name)
{
	memcpy(out, name.p, name.len);
	out[name.len] = '\0';
}

static struct store_info info_of(const struct invitation *i, const struct store_world *world)
{
	struct store_info info;

	memset(&info, 0, sizeof(info));
	info.number = i->number;
	world->random(&info.incarnation, sizeof(info.incarnation));
	info.centre_incarnation = feed_incarnation(i->feed);
	copy_name(info.name, i->name);
	copy_name(info.system_name, i->system_name);
	memcpy(info.system, i->system, SYSTEM_LEN);
	memcpy(info.centre_key, i->centre_key, KEY_LEN);
	return info;
}

/* Whether the invitation is for this node. */
static enum rc check_match(const struct store *s, const struct invitation *i,
			   struct path_problem *why)
{
	if (memcmp(s->info.system, i->system, SYSTEM_LEN) != 0) {
		return path_fail(why, RC_SYSTEM, "join in a directory of its own: -C DIR",
				 "the invitation is for another system (%.*s)",
				 (int)i->system_name.len, (const char *)i->system_name.p);
	}
	if (s->info.is_centre) {
		return path_fail(why, RC_DENIED, "join in a directory of its own: -C DIR",
				 "this directory is a centre");
	}
	if (s->info.number != i->number) {
		return path_fail(why, RC_DENIED, "join in a directory of its own: -C DIR",
				 "the invitation is for office %u (%.*s), this is office %u",
				 i->number, (int)i->name.len, (const char *)i->name.p,
				 s->info.number);
	}
	return RC_OK;
}

/* Whether the invitation is of the centre that this office knows, or of the one
 * that was appointed since. */
static enum rc check_centre(struct work *w, const struct invitation *i, struct path_problem *why)
{
	struct store *s = w->store;
	bool taken = false;

	if (memcmp(s->info.centre_key, i->centre_key, KEY_LEN) != 0) {
		(void)appoint_follow(s, w->txn, i->appointments, &taken);
	}
	if (memcmp(s->info.centre_key, i->centre_key, KEY_LEN) != 0) {
		return path_fail(why, RC_BADSIG, "ask the centre by another road",
				 "the invitation is signed by another key than the centre's");
	}
	return RC_OK;
}

/* Whether the entries say what the invitation says of the office. */
static enum rc check_office(const struct store *s, const struct invitation *i)
{
	const struct office_info *o = catalog_office(s->catalog, i->number);

	return o != NULL && bytes_equal(bytes_of(o->name), i->name) ? RC_OK : RC_CORRUPT;
}

static enum rc take_entries(struct work *w, const struct invitation *i)
{
	struct run run = { .genesis = i->genesis,
			   .feed = i->feed,
			   .first_seq = 1,
			   .entries = i->entries,
			   .entries_count = i->entries_count };
	struct chunk chunk = { .runs = &run, .runs_count = 1 };
	struct receive_result result;
	enum rc rc = RC_OK;

	memcpy(run.seal, i->entries_seal, SIG_LEN);
	rc = receive_chunk(w, 0, NULL, &chunk, NULL, &result);
	if (rc == RC_OK) {
		rc = work_flush(w);
	}
	if (rc == RC_OK) {
		rc = store_refresh(w->store);
	}
	if (rc == RC_OK) {
		rc = check_office(w->store, i);
	}
	if (rc == RC_OK) {
		rc = kv_put(w->txn, KV_META, bytes_of(meta_token), bytes_at(i->token, TOKEN_LEN));
	}
	return rc;
}

/* The recovery key that the first invitation names is the one. */
static enum rc take_recovery(struct work *w, const struct invitation *i)
{
	enum rc rc = i->has_recovery ? appoint_pin(w->txn, i->recovery_key) : RC_OK;

	return rc == RC_OK ? appoint_know(w->store, w->txn, i->appointments) : rc;
}

enum rc join_take(struct store *s, const struct invitation *i, struct path_problem *why)
{
	uint8_t before[KEY_LEN];
	struct work w;
	enum rc rc = check_match(s, i, why);

	if (rc != RC_OK) {
		return rc;
	}
	memcpy(before, s->info.centre_key, KEY_LEN);
	why->text[0] = '\0';
	rc = work_begin(s, &w);
	if (rc == RC_OK) {
		rc = check_centre(&w, i, why);
		rc = rc == RC_OK ? take_recovery(&w, i) : rc;
		rc = rc == RC_OK ? take_entries(&w, i) : rc;
		if (rc == RC_OK) {
			rc = work_commit(&w);
		} else {
			work_abort(&w);
		}
	}
	if (rc != RC_OK) {
		memcpy(s->info.centre_key, before, KEY_LEN);
	}
	if (rc == RC_BADSIG && why->text[0] != '\0') {
		return rc;
	}
	if (rc != RC_OK && receive_is_refusal(rc)) {
		return path_fail(why, rc, "ask the centre for a new invitation",
				 "what the invitation carries does not verify: %s", rc_text(rc));
	}
	return rc == RC_OK ?
		       RC_OK :
		       path_fail(why, rc, NULL, "the invitation cannot be taken: %s", rc_text(rc));
}

enum rc join_key_is_void(struct store *s, const uint8_t key[KEY_LEN], bool *out)
{
	const struct office_info *o = NULL;
	struct kv_txn *t = NULL;
	enum rc rc = store_begin(s, false, &t);

	if (rc == RC_OK) {
		o = catalog_office(s->catalog, s->info.number);
		*out = o != NULL &&
		       (o->key_is_void || (o->has_key && memcmp(o->key, key, KEY_LEN) != 0));
	}
	store_end(s, t);
	return rc;
}

enum rc join_put_key(struct store *s, const uint8_t key[KEY_LEN])
{
	uint8_t before[KEY_LEN];
	struct work w;
	enum rc rc = work_begin(s, &w);

	if (rc != RC_OK) {
		return rc;
	}
	memcpy(before, s->info.key, KEY_LEN);
	rc = store_put_key(s, key);
	if (rc == RC_OK) {
		rc = rejoin_leave_closed(&w);
	}
	if (rc == RC_OK) {
		rc = work_commit(&w);
	} else {
		work_abort(&w);
	}
	if (rc != RC_OK) {
		memcpy(s->info.key, before, KEY_LEN);
	}
	return rc;
}

static bool has_address(const struct config *config, uint32_t count, const char *text)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		if (strcmp(config->centres[i], text) == 0) {
			return true;
		}
	}
	return false;
}

enum rc join_addresses(const struct invitation *i, struct arena *a, struct config *config)
{
	struct config old = *config;
	uint32_t k;

	config->centres_count = 0;
	for (k = 0; k < i->addresses_count && config->centres_count < CONFIG_CENTRES_MAX; k++) {
		char *text = arena_take_zeroed(a, i->addresses[k].len + 1, 1);

		if (text == NULL) {
			return RC_NOMEM;
		}
		memcpy(text, i->addresses[k].p, i->addresses[k].len);
		if (!has_address(config, config->centres_count, text)) {
			config->centres[config->centres_count++] = text;
		}
	}
	for (k = 0; k < old.centres_count && config->centres_count < CONFIG_CENTRES_MAX; k++) {
		if (!has_address(config, config->centres_count, old.centres[k])) {
			config->centres[config->centres_count++] = old.centres[k];
		}
	}
	return RC_OK;
}

enum rc join_office(const char *dir, uint64_t max_bytes, const struct invitation *i,
		    const struct store_world *world, struct path_problem *why)
{
	struct store_info info = info_of(i, world);
	struct config config = config_default();
	uint8_t memory[INVITATION_ADDRESSES_MAX * 512];
	struct arena a = arena_init(memory, sizeof(memory));
	struct datadir d;
	enum rc rc = join_addresses(i, &a, &config);

	if (rc != RC_OK) {
		return path_fail(why, rc, NULL, "the addresses in the invitation are too long");
	}
	config.name = info.name;
	config.role = CONFIG_OFFICE;
	config.max_size = max_bytes;
	rc = datadir_begin(&d, dir, max_bytes, world, &info, why);
	if (rc != RC_OK) {
		return rc;
	}
	rc = join_take(d.store, i, why);
	if (rc != RC_OK) {
		datadir_undo(&d);
		return rc;
	}
	return datadir_keep(&d, &config, why);
}
