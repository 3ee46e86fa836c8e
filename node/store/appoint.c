#include "node/store/appoint.h"

#include <string.h>

#include "node/store/builtin.h"

static const char meta_recovery[] = "recovery", meta_list[] = "appointments";
static const char sign_type[] = "kerwen.appointment"; /* its NUL is signed too */

enum {
	TEXT_LEN = sizeof(sign_type) + SYSTEM_LEN + 4 + 2 * KEY_LEN,
	HEAD_LEN = sizeof(APPOINT_HEAD) - 1
};

/* One appointment, apart. */
struct appointment {
	uint32_t number;
	uint8_t former[KEY_LEN], key[KEY_LEN], sig[SIG_LEN];
};

static struct appointment read_one(const uint8_t *p)
{
	struct bytes_reader r = bytes_reader_init(bytes_at(p, APPOINT_LEN));
	struct appointment a;

	a.number = bytes_get_be32(&r);
	memcpy(a.former, bytes_get(&r, KEY_LEN).p, KEY_LEN);
	memcpy(a.key, bytes_get(&r, KEY_LEN).p, KEY_LEN);
	memcpy(a.sig, bytes_get(&r, SIG_LEN).p, SIG_LEN);
	return a;
}

static void put_one(const struct appointment *a, struct bytes_writer *w)
{
	bytes_put_be32(w, a->number);
	bytes_put(w, a->former, KEY_LEN);
	bytes_put(w, a->key, KEY_LEN);
	bytes_put(w, a->sig, SIG_LEN);
}

static void sign_text(const struct store *s, const struct appointment *a, uint8_t out[TEXT_LEN])
{
	struct bytes_writer w = bytes_writer_init(out, TEXT_LEN);

	bytes_put(&w, sign_type, sizeof(sign_type));
	bytes_put(&w, s->info.system, SYSTEM_LEN);
	bytes_put_be32(&w, a->number);
	bytes_put(&w, a->former, KEY_LEN);
	bytes_put(&w, a->key, KEY_LEN);
}

enum rc appoint_get_recovery(struct kv_txn *t, uint8_t key[KEY_LEN])
{
	struct bytes v;
	enum rc rc = kv_get(t, KV_META, bytes_of(meta_recovery), &v);

	if (rc == RC_OK && v.len != KEY_LEN) {
		return RC_CORRUPT;
	}
	if (rc == RC_OK) {
		memcpy(key, v.p, KEY_LEN);
	}
	return rc;
}

enum rc appoint_pin(struct kv_txn *t, const uint8_t key[KEY_LEN])
{
	uint8_t kept[KEY_LEN];
	enum rc rc = appoint_get_recovery(t, kept);

	return rc == RC_NOTFOUND ?
		       kv_put(t, KV_META, bytes_of(meta_recovery), bytes_at(key, KEY_LEN)) :
		       rc;
}

struct bytes appoint_list(struct kv_txn *t)
{
	struct bytes v;

	return kv_get(t, KV_META, bytes_of(meta_list), &v) == RC_OK ? v : bytes_at(NULL, 0);
}

bool appoint_is_former(struct kv_txn *t, const uint8_t key[KEY_LEN])
{
	struct bytes list = appoint_list(t);
	size_t i;

	for (i = 0; i + APPOINT_LEN <= list.len; i += APPOINT_LEN) {
		if (memcmp(list.p + i + 4, key, KEY_LEN) == 0) {
			return true;
		}
	}
	return false;
}

bool appoint_has_sealed(const struct store *s, struct kv_txn *t, struct bytes text,
			const uint8_t seal[SIG_LEN])
{
	struct bytes list = appoint_list(t);
	bool has = s->crypto->verify(s->info.centre_key, text, seal);
	size_t i;

	for (i = 0; i + APPOINT_LEN <= list.len && !has; i += APPOINT_LEN) {
		has = s->crypto->verify(list.p + i + 4, text, seal);
	}
	return has;
}

static enum rc add(struct kv_txn *t, const struct appointment *a)
{
	uint8_t all[APPOINT_MAX * APPOINT_LEN];
	struct bytes_writer w = bytes_writer_init(all, sizeof(all));
	struct bytes list = appoint_list(t);

	bytes_put(&w, list.p, list.len);
	put_one(a, &w);
	return w.rc == RC_OK ? kv_put(t, KV_META, bytes_of(meta_list), bytes_written(&w)) :
			       RC_LIMIT;
}

/* --- the centre -------------------------------------------------------------- */

static enum rc check_key(struct store *s, struct kv_txn *t, const struct crypto_key *recovery,
			 struct path_problem *why)
{
	uint8_t pinned[KEY_LEN];
	enum rc rc = RC_OK;

	if (!s->info.is_centre) {
		return path_fail(why, RC_DENIED, "see `kerwen centre trust`",
				 "only a centre gets another key by an appointment");
	}
	rc = appoint_get_recovery(t, pinned);
	if (rc == RC_NOTFOUND) {
		return path_fail(why, rc, NULL, "this system was founded without a recovery key");
	}
	if (rc == RC_OK && memcmp(pinned, recovery->public, KEY_LEN) != 0) {
		return path_fail(why, RC_BADSIG, "take the one that `kerwen init --centre` showed",
				 "this is not the recovery key of this system");
	}
	return rc == RC_OK ? RC_OK : path_fail(why, rc, NULL, "%s", rc_text(rc));
}

/* Signs, keeps, and changes the key, inside a commit. */
static enum rc appoint(struct commit *c, const struct crypto_key *recovery,
		       const uint8_t key[KEY_LEN])
{
	struct store *s = c->work->store;
	struct appointment a = {
		.number = (uint32_t)(appoint_list(c->work->txn).len / APPOINT_LEN) + 1
	};
	struct builtin b = builtin_begin(c, BUILTIN_SYSTEM, &s->catalog->system_id);
	struct draft_result result;
	uint8_t text[TEXT_LEN];
	enum rc rc;

	memcpy(a.former, s->info.key, KEY_LEN);
	memcpy(a.key, key, KEY_LEN);
	sign_text(s, &a, text);
	crypto_key_sign(recovery, bytes_at(text, sizeof(text)), a.sig);
	builtin_put(&b, "key", bytes_at(key, KEY_LEN));
	rc = builtin_write(&b, &result);
	if (rc == RC_OK) {
		rc = add(c->work->txn, &a);
	}
	return rc == RC_OK ? store_put_key(s, key) : rc;
}

static void write_file(const struct store *s, struct bytes list, uint8_t *file, size_t *len)
{
	struct bytes_writer w = bytes_writer_init(file, APPOINT_FILE_MAX);

	bytes_put(&w, APPOINT_HEAD, HEAD_LEN);
	bytes_put(&w, s->info.system, SYSTEM_LEN);
	bytes_put(&w, list.p, list.len);
	*len = w.len;
}

enum rc appoint_make(struct store *s, const struct crypto_key *recovery, const uint8_t key[KEY_LEN],
		     struct bytes author, uint8_t file[APPOINT_FILE_MAX], size_t *len,
		     struct path_problem *why)
{
	uint8_t before[KEY_LEN];
	struct commit c;
	enum rc rc = commit_begin(&c, s, author, bytes_of("appointed by the recovery key"));

	if (rc != RC_OK) {
		return path_fail(why, rc, NULL, "the key cannot be changed: %s", rc_text(rc));
	}
	memcpy(before, s->info.key, KEY_LEN);
	rc = check_key(s, c.work->txn, recovery, why);
	if (rc != RC_OK) {
		commit_abort(&c);
		return rc;
	}
	rc = appoint(&c, recovery, key);
	if (rc == RC_OK) {
		write_file(s, appoint_list(c.work->txn), file, len);
		rc = commit_end(&c);
	} else {
		commit_abort(&c);
	}
	if (rc != RC_OK) {
		memcpy(s->info.key, before, KEY_LEN);
		memcpy(s->info.centre_key, before, KEY_LEN);
		return path_fail(why, rc, NULL, "the key cannot be changed: %s", rc_text(rc));
	}
	return RC_OK;
}

/* --- an office ---------------------------------------------------------------- */

enum rc appoint_follow(struct store *s, struct kv_txn *t, struct bytes list, bool *taken)
{
	uint8_t recovery[KEY_LEN], text[TEXT_LEN];
	bool joined = false;
	size_t i;
	enum rc rc = list.len == 0 ? RC_NOTFOUND : appoint_get_recovery(t, recovery);

	*taken = false;
	for (i = 0; i + APPOINT_LEN <= list.len && rc == RC_OK; i += APPOINT_LEN) {
		struct appointment a = read_one(list.p + i);

		sign_text(s, &a, text);
		if (!s->crypto->verify(recovery, bytes_at(text, sizeof(text)), a.sig)) {
			return RC_BADSIG;
		}
		joined = joined || memcmp(a.key, s->info.centre_key, KEY_LEN) == 0;
		if (memcmp(a.former, s->info.centre_key, KEY_LEN) == 0 &&
		    !appoint_is_former(t, a.key)) {
			*taken = joined = true;
			rc = add(t, &a);
			rc = rc == RC_OK ? store_put_centre_key(s, a.key) : rc;
		}
	}
	return rc == RC_OK && !joined ? RC_GAP : rc;
}

enum rc appoint_know(struct store *s, struct kv_txn *t, struct bytes list)
{
	uint8_t recovery[KEY_LEN], text[TEXT_LEN];
	struct appointment a;
	size_t i;
	enum rc rc = list.len <= appoint_list(t).len ? RC_OK : appoint_get_recovery(t, recovery);

	if (rc != RC_OK || list.len <= appoint_list(t).len) {
		return rc == RC_NOTFOUND ? RC_BADSIG : rc;
	}
	for (i = 0; i + APPOINT_LEN <= list.len; i += APPOINT_LEN) {
		a = read_one(list.p + i);
		sign_text(s, &a, text);
		if (!s->crypto->verify(recovery, bytes_at(text, sizeof(text)), a.sig)) {
			return RC_BADSIG;
		}
	}
	return i == list.len && memcmp(a.key, s->info.centre_key, KEY_LEN) == 0 ?
		       kv_put(t, KV_META, bytes_of(meta_list), list) :
		       RC_BADSIG;
}

static enum rc tell(enum rc rc, struct path_problem *why)
{
	switch (rc) {
	case RC_SYSTEM:
		return path_fail(why, rc, "give the file in the directory of its system",
				 "the appointment is of another system");
	case RC_BADSIG:
		return path_fail(why, rc, "ask the centre by another road; trust nothing of it",
				 "the appointment is not signed by the system's recovery key");
	case RC_NOTFOUND:
		return path_fail(why, rc, "ask the centre for a new invitation",
				 "this office knows of no recovery key");
	case RC_GAP:
		return path_fail(why, rc, "ask the centre for its newest file",
				 "the appointment does not follow the key that this office knows");
	case RC_OK:
	case RC_NOMEM:
	case RC_LIMIT:
	case RC_EXISTS:
	case RC_INVALID:
	case RC_CORRUPT:
	case RC_FORK:
	case RC_DENIED:
	case RC_FULL:
	case RC_IO:
	case RC_BUSY:
	case RC_TIMEOUT:
	case RC_CLOSED:
	case RC_UNREACHED:
	case RC_VERSION:
	case RC_UNKNOWN:
		break;
	}
	return path_fail(why, rc, NULL, "the appointment cannot be taken: %s", rc_text(rc));
}

static enum rc take(struct store *s, struct kv_txn *t, struct bytes file, bool *taken)
{
	struct bytes system = bytes_at(file.p + HEAD_LEN, SYSTEM_LEN);
	struct bytes list = bytes_at(system.p + SYSTEM_LEN, file.len - HEAD_LEN - SYSTEM_LEN);

	if (memcmp(system.p, s->info.system, SYSTEM_LEN) != 0) {
		return RC_SYSTEM;
	}
	return appoint_follow(s, t, list, taken);
}

enum rc appoint_take(struct store *s, struct bytes file, bool *taken, struct path_problem *why)
{
	uint8_t before[KEY_LEN];
	struct kv_txn *t = NULL;
	enum rc rc = RC_OK;

	*taken = false;
	if (file.len < HEAD_LEN + SYSTEM_LEN + APPOINT_LEN || file.len > APPOINT_FILE_MAX ||
	    (file.len - HEAD_LEN - SYSTEM_LEN) % APPOINT_LEN != 0 ||
	    memcmp(file.p, APPOINT_HEAD, HEAD_LEN) != 0) {
		return path_fail(why, RC_INVALID, "give the file that `kerwen centre rekey` wrote",
				 "this is not an appointment, or not all of one");
	}
	if (s->info.is_centre) {
		return path_fail(why, RC_DENIED, "it is for the offices", "this is a centre");
	}
	memcpy(before, s->info.centre_key, KEY_LEN);
	rc = store_begin(s, true, &t);
	if (rc == RC_OK) {
		rc = take(s, t, file, taken);
	}
	if (rc == RC_OK) {
		rc = store_commit(s, t);
		t = NULL;
	}
	if (t != NULL) {
		store_end(s, t);
	}
	if (rc != RC_OK) {
		memcpy(s->info.centre_key, before, KEY_LEN);
		*taken = false;
		return tell(rc, why);
	}
	return RC_OK;
}
