#include "node/store/datadir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/store/unfinished.h"

void datadir_undo(struct datadir *d)
{
	store_close(d->store);
	crypto_key_drop(&d->key);
	unfinished_undo(d->path, &d->mark);
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
	char data[PATH_BYTES_MAX];
	enum rc rc = store_create(d->path, max_bytes, world, info, &d->store);

	if (rc != RC_OK) {
		return path_fail(why, rc, "is there room on the disk?",
				 "the database in %s cannot be made: %s", d->path, rc_text(rc));
	}
	rc = path_join(data, d->path, STORE_DIR "/data.mdb");
	return rc == RC_OK ? path_sync_directory_of(data, why) :
			     path_fail(why, rc, NULL, "the path %.64s... is too long", d->path);
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
	rc = unfinished_begin(dir, &d->mark, &d->was_there, why);
	if (rc != RC_OK) {
		if (!d->was_there) {
			(void)rmdir(dir); /* if it was made, it is empty */
		}
		return rc; /* what is in it is not ours to take away */
	}
	rc = make_key(d, why);
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
	char *text = NULL;
	size_t len = 0;
	enum rc rc = config_text(config, &text, &len, &e);

	if (rc != RC_OK) {
		path_fail(why, rc, NULL, "%s", e.text);
	} else {
		store_close(d->store); /* before it counts as made */
		d->store = NULL;
		rc = unfinished_end(d->path, &d->mark, bytes_at(text, len), why);
	}
	free(text);
	if (rc != RC_OK) {
		datadir_undo(d);
		return rc;
	}
	crypto_key_drop(&d->key);
	memset(d, 0, sizeof(*d));
	return RC_OK;
}
