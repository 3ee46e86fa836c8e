#include "node/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/base/mem.h"
#include "node/base/path.h"
#include "node/store/epoch.h"
#include "node/store/feeds.h"
#include "node/store/succeed.h"

static const char meta_format[] = "format";
static const char meta_node[] = "node";

enum { NODE_BYTES_MAX = 512 };

static void put_text(struct bytes_writer *w, const char *text)
{
	bytes_put_block(w, bytes_of(text));
}

static enum rc write_info(struct kv_txn *t, const struct store_info *i)
{
	uint8_t buffer[NODE_BYTES_MAX], format[4];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));
	struct bytes_writer f = bytes_writer_init(format, sizeof(format));
	enum rc rc = RC_OK;

	bytes_put_u8(&w, i->is_centre);
	bytes_put_be16(&w, i->number);
	bytes_put_be32(&w, i->incarnation);
	bytes_put_be32(&w, i->centre_incarnation);
	put_text(&w, i->name);
	put_text(&w, i->system_name);
	bytes_put(&w, i->system, SYSTEM_LEN);
	bytes_put(&w, i->key, KEY_LEN);
	bytes_put(&w, i->centre_key, KEY_LEN);
	bytes_put_be32(&f, STORE_FORMAT);
	if (w.rc != RC_OK) {
		return w.rc;
	}
	rc = kv_put(t, KV_META, bytes_of(meta_format), bytes_written(&f));
	return rc == RC_OK ? kv_put(t, KV_META, bytes_of(meta_node), bytes_written(&w)) : rc;
}

static void get_text(struct bytes_reader *r, char *out, size_t max)
{
	struct bytes b = bytes_get_block(r);

	if (b.len >= max) {
		r->rc = RC_CORRUPT;
	} else if (b.len > 0) {
		memcpy(out, b.p, b.len);
	}
}

static void get_fixed(struct bytes_reader *r, uint8_t *out, size_t len)
{
	struct bytes b = bytes_get(r, len);

	if (b.len == len) {
		memcpy(out, b.p, len);
	}
}

static enum rc read_info(struct kv_txn *t, struct store_info *i)
{
	struct bytes v;
	struct bytes_reader r;
	enum rc rc = kv_get(t, KV_META, bytes_of(meta_format), &v);

	if (rc != RC_OK) {
		return rc;
	}
	r = bytes_reader_init(v);
	if (bytes_get_be32(&r) != STORE_FORMAT) {
		return RC_VERSION;
	}
	rc = kv_get(t, KV_META, bytes_of(meta_node), &v);
	r = bytes_reader_init(v);
	memset(i, 0, sizeof(*i));
	i->is_centre = bytes_get_u8(&r) == 1;
	i->number = bytes_get_be16(&r);
	i->incarnation = bytes_get_be32(&r);
	i->centre_incarnation = bytes_get_be32(&r);
	get_text(&r, i->name, sizeof(i->name));
	get_text(&r, i->system_name, sizeof(i->system_name));
	get_fixed(&r, i->system, SYSTEM_LEN);
	get_fixed(&r, i->key, KEY_LEN);
	get_fixed(&r, i->centre_key, KEY_LEN);
	if (rc != RC_OK) {
		return rc;
	}
	return bytes_is_done(&r) ? RC_OK : RC_CORRUPT;
}

static struct store *new_store(const struct store_world *world)
{
	struct store *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		return NULL;
	}
	s->world = world;
	s->state_fd = -1;
	s->crypto = world->crypto;
	s->catalog = catalog_new();
	if (s->catalog == NULL || mem_arena_open(&s->arena, LIMIT_STEP_ARENA_BYTES) != RC_OK ||
	    mem_arena_open(&s->scratch, LIMIT_STEP_ARENA_BYTES) != RC_OK) {
		mem_arena_close(&s->arena);
		catalog_free(s->catalog);
		free(s);
		return NULL;
	}
	return s;
}

/* The incarnation that is written to may have changed since. */
static enum rc load_life(struct store *s, struct kv_txn *t)
{
	enum rc rc = life_load(t, &s->life);

	if (rc == RC_OK) {
		s->info.incarnation = s->life.incarnation;
	} else if (rc == RC_NOTFOUND) {
		s->life.incarnation = s->info.incarnation;
		rc = RC_OK;
	}
	if (rc == RC_OK && s->info.is_centre) {
		s->info.centre_incarnation = s->info.incarnation;
	} else if (rc == RC_OK) {
		rc = succeed_load(t, &s->info.centre_incarnation);
		rc = rc == RC_NOTFOUND ? RC_OK : rc;
	}
	return rc;
}

static enum rc load_info(struct store *s)
{
	struct kv_txn *t = NULL;
	enum rc rc = kv_begin(s->kv, false, &t);

	if (rc == RC_OK) {
		rc = read_info(t, &s->info);
	}
	if (rc == RC_OK) {
		rc = load_life(s, t);
	}
	kv_abort(t);
	return rc == RC_NOTFOUND ? RC_CORRUPT : rc;
}

/* Opens DIR/db; makes that directory when create is set. */
static enum rc open_kv(struct store *s, const char *dir, uint64_t max_bytes, bool create)
{
	struct path_problem why;
	char db[PATH_BYTES_MAX];
	enum rc rc = path_join(db, dir, STORE_DIR);

	if (rc == RC_OK && create) {
		rc = path_make_dir(db, &why);
	}
	return rc == RC_OK ? kv_open(db, max_bytes, create, &s->kv) : rc;
}

enum rc store_keep_lease_in(struct store *s, const char *dir)
{
	int fd = dir == NULL ? -1 : open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && dir != NULL) {
		return errno == ENOENT || errno == ENOTDIR ? RC_NOTFOUND :
		       errno == EACCES                     ? RC_DENIED :
							     RC_IO;
	}
	if (s->state_fd >= 0) {
		(void)close(s->state_fd);
	}
	s->state_fd = fd;
	return RC_OK;
}

enum rc store_open(const char *dir, uint64_t max_bytes, const struct store_world *world,
		   struct store **out)
{
	struct store *s = new_store(world);
	enum rc rc = RC_NOMEM;

	*out = NULL;
	if (s == NULL) {
		return RC_NOMEM;
	}
	s->owns_kv = true;
	rc = open_kv(s, dir, max_bytes, false);
	if (rc == RC_OK) {
		rc = load_info(s);
	}
	if (rc == RC_OK) {
		rc = store_keep_lease_in(s, dir);
	}
	if (rc != RC_OK) {
		store_close(s);
		return rc;
	}
	*out = s;
	return RC_OK;
}

enum rc store_create(const char *dir, uint64_t max_bytes, const struct store_world *world,
		     const struct store_info *info, struct store **out)
{
	struct store *s = new_store(world);
	struct kv_txn *t = NULL;
	struct bytes v;
	enum rc rc = RC_NOMEM;

	*out = NULL;
	if (s == NULL) {
		return RC_NOMEM;
	}
	s->owns_kv = true;
	s->info = *info;
	rc = open_kv(s, dir, max_bytes, true);
	if (rc == RC_OK) {
		rc = kv_begin(s->kv, true, &t);
	}
	if (rc == RC_OK && kv_get(t, KV_META, bytes_of(meta_format), &v) == RC_OK) {
		rc = RC_EXISTS;
	}
	if (rc == RC_OK) {
		rc = write_info(t, info);
	}
	if (rc == RC_OK) {
		rc = kv_commit(t);
		t = NULL;
	}
	kv_abort(t);
	if (rc == RC_OK) {
		rc = store_keep_lease_in(s, dir);
	}
	if (rc != RC_OK) {
		store_close(s);
		return rc;
	}
	*out = s;
	return RC_OK;
}

enum rc store_share(const struct store *s, struct store **out)
{
	struct store *other = new_store(s->world);

	*out = other;
	if (other == NULL) {
		return RC_NOMEM;
	}
	other->kv = s->kv;
	other->info = s->info;
	other->state_fd = s->state_fd;
	return RC_OK;
}

void store_close(struct store *s)
{
	if (s == NULL) {
		return;
	}
	if (s->txn != NULL) {
		kv_abort(s->txn);
	}
	if (s->owns_kv) {
		kv_close(s->kv);
		if (s->state_fd >= 0) {
			(void)close(s->state_fd);
		}
	}
	catalog_free(s->catalog);
	epoch_forget(s);
	mem_arena_close(&s->arena);
	mem_arena_close(&s->scratch);
	free(s);
}

enum rc store_refresh(struct store *s)
{
	return catalog_load(s->catalog, s->txn, s->crypto, store_centre_feed(s, 0));
}

/* The catalog is read again when the national feed moved since. */
static enum rc freshen(struct store *s)
{
	struct feed_state national;
	enum rc rc = feeds_get(s->txn, store_centre_feed(s, 0), &national);

	if (rc == RC_NOTFOUND) {
		return RC_OK;
	}
	if (rc == RC_OK && (national.applied != s->catalog->national_seq ||
			    s->info.centre_incarnation != s->catalog->centre_incarnation)) {
		rc = store_refresh(s);
	}
	return rc;
}

enum rc store_begin(struct store *s, bool write, struct kv_txn **out)
{
	enum rc rc = kv_begin(s->kv, write, &s->txn);

	mem_arena_reset(&s->arena);
	*out = s->txn;
	if (rc == RC_OK) {
		rc = load_life(s, s->txn);
	}
	if (rc == RC_OK) {
		rc = freshen(s);
	}
	if (rc != RC_OK) {
		store_end(s, s->txn);
		*out = NULL;
	}
	return rc;
}

void store_end(struct store *s, struct kv_txn *t)
{
	kv_abort(t);
	s->txn = NULL;
}

enum rc store_commit(struct store *s, struct kv_txn *t)
{
	s->txn = NULL;
	return kv_commit(t);
}

enum rc store_put_key(struct store *s, const uint8_t key[KEY_LEN])
{
	memcpy(s->info.key, key, KEY_LEN);
	if (s->info.is_centre) {
		memcpy(s->info.centre_key, key, KEY_LEN);
	}
	return write_info(s->txn, &s->info);
}

enum rc store_put_centre_key(struct store *s, const uint8_t key[KEY_LEN])
{
	memcpy(s->info.centre_key, key, KEY_LEN);
	return write_info(s->txn, &s->info);
}

uint64_t store_own_feed(const struct store *s, uint16_t scope)
{
	return feed_pack(s->info.number, scope, s->info.incarnation);
}

uint64_t store_centre_feed(const struct store *s, uint16_t scope)
{
	return feed_pack(0, scope, s->info.centre_incarnation);
}
