#include "node/store/datadir.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void remove_file(const struct datadir *d, const char *name)
{
	char path[PATH_BYTES_MAX];

	if (path_join(path, d->path, name) == RC_OK) {
		(void)unlink(path);
	}
}

void datadir_undo(struct datadir *d)
{
	char db[PATH_BYTES_MAX];

	store_close(d->store);
	crypto_key_drop(&d->key);
	remove_file(d, STORE_DIR "/data.mdb");
	remove_file(d, STORE_DIR "/lock.mdb");
	remove_file(d, DATADIR_KEY_FILE);
	remove_file(d, CONFIG_FILE);
	if (path_join(db, d->path, STORE_DIR) == RC_OK) {
		(void)rmdir(db);
	}
	if (!d->was_there) {
		(void)rmdir(d->path);
	}
	memset(d, 0, sizeof(*d));
}

static enum rc make_key(struct datadir *d, struct path_problem *why)
{
	char path[PATH_BYTES_MAX];
	enum rc rc = path_join(path, d->path, DATADIR_KEY_FILE);

	if (rc != RC_OK) {
		return path_fail(why, rc, NULL, "the path %.64s... is too long", d->path);
	}
	return crypto_key_create(path, &d->key, why);
}

static enum rc make_store(struct datadir *d, uint64_t max_bytes, const struct store_world *world,
			  const struct store_info *info, struct path_problem *why)
{
	enum rc rc = store_create(d->path, max_bytes, world, info, &d->store);

	return rc == RC_OK ?
		       RC_OK :
		       path_fail(why, rc, "is there room on the disk?",
				 "the database in %s cannot be made: %s", d->path, rc_text(rc));
}

enum rc datadir_begin(struct datadir *d, const char *dir, uint64_t max_bytes,
		      const struct store_world *world, struct store_info *info,
		      struct path_problem *why)
{
	enum rc rc = RC_OK;

	memset(d, 0, sizeof(*d));
	if (strlen(dir) >= sizeof(d->path)) {
		return path_fail(why, RC_LIMIT, NULL, "the path %.64s... is too long", dir);
	}
	(void)snprintf(d->path, sizeof(d->path), "%s", dir);
	d->was_there = path_exists(dir);
	rc = path_make_dir(dir, why);
	if (rc != RC_OK) {
		return rc; /* it is not ours to take away */
	}
	rc = path_check_local(dir, why);
	if (rc == RC_OK) {
		rc = make_key(d, why);
	}
	if (rc == RC_OK) {
		memcpy(info->key, d->key.public, KEY_LEN);
		if (info->is_centre) {
			memcpy(info->centre_key, d->key.public, KEY_LEN);
		}
		rc = make_store(d, max_bytes, world, info, why);
	}
	if (rc != RC_OK) {
		datadir_undo(d);
	}
	return rc;
}

enum rc datadir_keep(struct datadir *d, const struct config *config, struct path_problem *why)
{
	struct config_error e = { "" };
	enum rc rc = config_write(d->path, config, &e);

	if (rc != RC_OK) {
		datadir_undo(d);
		return path_fail(why, rc, NULL, "%s", e.text);
	}
	store_close(d->store);
	crypto_key_drop(&d->key);
	memset(d, 0, sizeof(*d));
	return RC_OK;
}
