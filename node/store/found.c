#include "node/store/found.h"

#include <stdio.h>
#include <string.h>

#include "node/base/mem.h"
#include "node/store/adopt.h"
#include "node/store/appoint.h"
#include "node/store/builtin.h"
#include "node/store/datadir.h"

enum rc found_info(const struct found *f, const struct store_world *world, struct store_info *out)
{
	memset(out, 0, sizeof(*out));
	if (f->name[0] == '\0' || strlen(f->name) > LIMIT_NAME_BYTES_MAX) {
		return RC_LIMIT;
	}
	out->is_centre = true;
	(void)snprintf(out->name, sizeof(out->name), "%s", f->name);
	(void)snprintf(out->system_name, sizeof(out->system_name), "%s", f->name);
	world->random(out->system, SYSTEM_LEN);
	world->random(&out->incarnation, sizeof(out->incarnation));
	out->centre_incarnation = out->incarnation;
	return RC_OK;
}

bool found_is_dialable(const char *address)
{
	char host[CONFIG_HOST_MAX + 1];
	uint16_t port = 0;

	return config_split_address(address, host, &port) == RC_OK && port != 0 &&
	       strcmp(host, "0.0.0.0") != 0 && strcmp(host, "::") != 0;
}

static enum rc write_system(struct commit *c, const struct found *f, struct draft_result *why)
{
	uint8_t secret[KEY_LEN];
	const struct store_info *info = &c->work->store->info;
	struct builtin b = builtin_begin(c, BUILTIN_SYSTEM, NULL);

	builtin_put(&b, "name", bytes_of(f->name));
	builtin_put(&b, "key", bytes_at(info->key, KEY_LEN));
	builtin_put(&b, "id", bytes_at(info->system, SYSTEM_LEN));
	c->work->store->world->random(secret, sizeof(secret));
	builtin_put(&b, "name_secret", bytes_at(secret, sizeof(secret)));
	if (f->recovery != NULL) {
		builtin_put(&b, "recovery_key", bytes_at(f->recovery, KEY_LEN));
	}
	if (f->listen != NULL && found_is_dialable(f->listen)) {
		builtin_put(&b, "addresses", bytes_of(f->listen));
	}
	return builtin_write(&b, why);
}

static enum rc fill_commit(struct commit *c, const struct found *f, struct arena *a,
			   struct path_problem *why)
{
	struct schema_error e = { "" };
	struct draft_result result = { .outcome = DRAFT_UNCHANGED };
	struct adopt_plan plan;
	enum rc rc = write_system(c, f, &result);

	if (rc == RC_OK && f->recovery != NULL) {
		rc = appoint_pin(c->work->txn, f->recovery);
	}
	if (rc == RC_OK) {
		rc = adopt_plan(c, f->schema, a, &plan, &e);
		if (rc != RC_OK) {
			return path_fail(why, rc, NULL, "schema %s: %s", f->schema->name, e.text);
		}
		rc = adopt_write(c, &plan, &result);
	}
	return rc == RC_OK ? RC_OK :
			     path_fail(why, rc, result.hint, "the system cannot be written: %s",
				       result.text[0] == '\0' ? rc_text(rc) : result.text);
}

enum rc found_system(struct store *s, const struct found *f, struct path_problem *why)
{
	struct arena a;
	struct commit c;
	enum rc rc = mem_arena_open(&a, ADOPT_ARENA_BYTES);

	if (rc == RC_OK) {
		rc = commit_begin(&c, s, f->author, bytes_of(""));
	}
	if (rc != RC_OK) {
		path_fail(why, rc, NULL, "the system cannot be written: %s", rc_text(rc));
		goto out;
	}
	rc = fill_commit(&c, f, &a, why);
	if (rc != RC_OK) {
		commit_abort(&c);
		goto out;
	}
	rc = commit_end(&c);
	if (rc != RC_OK) {
		path_fail(why, rc, NULL, "the system cannot be written: %s", rc_text(rc));
	}
out:
	mem_arena_close(&a);
	return rc;
}

enum rc found_centre(const char *dir, uint64_t max_bytes, const struct found *f,
		     const struct store_world *world, struct path_problem *why)
{
	struct config config = config_default();
	struct store_info info;
	struct datadir d;
	enum rc rc = found_info(f, world, &info);

	if (rc != RC_OK) {
		return path_fail(why, rc, NULL, "a name has 1 to %d bytes", LIMIT_NAME_BYTES_MAX);
	}
	config.name = f->name;
	config.role = CONFIG_CENTRE;
	config.listen = f->listen;
	config.max_size = max_bytes;
	rc = datadir_begin(&d, dir, max_bytes, world, &info, why);
	if (rc != RC_OK) {
		return rc;
	}
	rc = found_system(d.store, f, why);
	if (rc != RC_OK) {
		datadir_undo(&d);
		return rc;
	}
	return datadir_keep(&d, &config, why);
}
