#include "node/store/admit.h"

#include <stdlib.h>
#include <string.h>

#include "node/base/mem.h"
#include "node/store/appoint.h"
#include "node/store/builtin.h"
#include "node/store/closing.h"
#include "node/store/feeds.h"
#include "node/store/succeed.h"
#include "proto/entry_codec.h"
#include "proto/invitation_codec.h"

enum { TOKEN_KEY_LEN = 8, BODY_FIXED_BYTES = 16384, SCOPES_EACH = 3 };

struct token_key {
	uint8_t b[TOKEN_KEY_LEN];
};

static struct token_key token_key(uint16_t number)
{
	struct token_key k = { .b = { 't', 'o', 'k', 'e', 'n', ':' } };

	k.b[6] = (uint8_t)(number >> 8);
	k.b[7] = (uint8_t)number;
	return k;
}

static void hash_token(const struct crypto *crypto, const uint8_t token[TOKEN_LEN],
		       uint8_t out[HASH_LEN])
{
	struct bytes piece = bytes_at(token, TOKEN_LEN);

	crypto->hash(out, &piece, 1);
}

/* Draws a token and keeps its hash. */
static enum rc put_token(struct commit *c, uint16_t number, uint8_t token[TOKEN_LEN])
{
	const struct store *s = c->work->store;
	struct token_key k = token_key(number);
	uint8_t hash[HASH_LEN];

	s->world->random(token, TOKEN_LEN);
	hash_token(s->crypto, token, hash);
	c->has_more = true;
	return kv_put(c->work->txn, KV_META, bytes_at(k.b, sizeof(k.b)), bytes_at(hash, HASH_LEN));
}

static enum rc fail_store(struct path_problem *why, enum rc rc, const struct draft_result *result)
{
	if (result != NULL && result->text[0] != '\0') {
		return path_fail(why, rc, result->hint, "the office cannot be written: %s",
				 result->text);
	}
	return path_fail(why, rc, NULL, "the office cannot be written: %s", rc_text(rc));
}

static enum rc check_request(const struct store *s, const struct admit_request *r,
			     struct path_problem *why)
{
	const struct office_info *o = NULL;

	if (r->name.len == 0 || r->name.len > LIMIT_NAME_BYTES_MAX) {
		return path_fail(why, RC_INVALID, "choose a shorter name",
				 "an office's name has 1 to %d bytes", LIMIT_NAME_BYTES_MAX);
	}
	if (r->region.len == 0 || r->region.len > LIMIT_REGION_BYTES_MAX) {
		return path_fail(why, RC_INVALID, "choose a shorter code",
				 "a region's code has 1 to %d bytes", LIMIT_REGION_BYTES_MAX);
	}
	if (r->number == 0) {
		return path_fail(why, RC_INVALID, "numbers are 1 to 65535",
				 "number 0 is the centre");
	}
	if (catalog_office_by_name(s->catalog, r->name) != NULL) {
		return path_fail(why, RC_EXISTS, "a new invitation for it: add --again",
				 "there is an office named %.*s already", (int)r->name.len,
				 (const char *)r->name.p);
	}
	o = catalog_office(s->catalog, r->number);
	if (o != NULL) {
		return path_fail(why, RC_EXISTS, "see `kerwen office list` for those in use",
				 "number %u is taken by %s", r->number, o->name);
	}
	if (s->catalog->scope_next == 0 || s->catalog->scope_next > UINT16_MAX - SCOPES_EACH) {
		return path_fail(why, RC_LIMIT, NULL, "no scope numbers are left");
	}
	return RC_OK;
}

static enum rc write_office(struct commit *c, const struct admit_request *r,
			    struct draft_result *result)
{
	const struct catalog *catalog = c->work->store->catalog;
	uint16_t next = catalog->scope_next;
	uint16_t region = catalog_region_scope(catalog, r->region);
	struct builtin b = builtin_begin(c, BUILTIN_OFFICE, NULL);
	uint32_t i;

	builtin_put_number(&b, "number", r->number);
	builtin_put(&b, "name", r->name);
	builtin_put(&b, "region", r->region);
	builtin_put_number(&b, "scope_office", next);
	builtin_put_number(&b, "scope_centre", next + 1);
	builtin_put_number(&b, "scope_region", region == 0 ? next + 2 : region);
	for (i = 0; i < r->addresses_count; i++) {
		builtin_put(&b, "addresses", r->addresses[i]);
	}
	return builtin_write(&b, result);
}

static enum rc check_centre(const struct store *s, struct path_problem *why)
{
	return s->info.is_centre ? RC_OK :
				   path_fail(why, RC_DENIED, "ask the centre for an invitation",
					     "only the centre admits offices");
}

/* An invitation has one feed; of several incarnations it would lack the earlier. */
static enum rc check_line(struct work *w, struct path_problem *why)
{
	return succeed_is_later(w) ?
		       path_fail(why, RC_DENIED, "wait for a version of kerwen that can write them",
				 "this centre was restored from a copy, and goes on in another "
				 "incarnation: its invitations would lack what it wrote before") :
		       RC_OK;
}

enum rc admit_office(struct store *s, const struct admit_request *r, uint8_t token[TOKEN_LEN],
		     struct path_problem *why)
{
	struct draft_result result = { .outcome = DRAFT_UNCHANGED };
	struct commit c;
	enum rc rc = check_centre(s, why);

	if (rc != RC_OK) {
		return rc;
	}
	rc = commit_begin(&c, s, r->author, bytes_of(""));
	if (rc != RC_OK) {
		return fail_store(why, rc, NULL);
	}
	rc = check_request(s, r, why);
	rc = rc == RC_OK ? check_line(c.work, why) : rc;
	if (rc != RC_OK) {
		commit_abort(&c);
		return rc;
	}
	rc = write_office(&c, r, &result);
	if (rc == RC_OK) {
		rc = put_token(&c, r->number, token);
	}
	if (rc != RC_OK) {
		commit_abort(&c);
		return fail_store(why, rc, &result);
	}
	rc = commit_end(&c);
	return rc == RC_OK ? RC_OK : fail_store(why, rc, NULL);
}

enum rc admit_void_token(struct commit *c, uint16_t number)
{
	struct token_key k = token_key(number);

	return kv_del(c->work->txn, KV_META, bytes_at(k.b, sizeof(k.b)));
}

/* An office that may get a new invitation. */
static enum rc check_office(const struct store *s, uint16_t number, struct path_problem *why)
{
	const struct office_info *o = catalog_office(s->catalog, number);
	char text[CLOSING_TEXT_MAX];

	if (o == NULL) {
		return path_fail(why, RC_NOTFOUND, "see `kerwen office list`",
				 "there is no office %u", number);
	}
	if (o->is_closed) {
		closing_text(o, text);
		return path_fail(why, RC_EXISTS, "admit another one: `kerwen office invite`", "%s",
				 text);
	}
	return RC_OK;
}

/* A new token; with is_rekey the key that there was is void. */
static enum rc admit_anew(struct store *s, uint16_t number, struct bytes author,
			  struct bytes reason, bool is_rekey, uint8_t token[TOKEN_LEN],
			  struct path_problem *why)
{
	struct commit c;
	enum rc rc = check_centre(s, why);

	if (rc != RC_OK) {
		return rc;
	}
	rc = commit_begin(&c, s, author, reason);
	if (rc != RC_OK) {
		return fail_store(why, rc, NULL);
	}
	rc = check_office(s, number, why);
	rc = rc == RC_OK ? check_line(c.work, why) : rc;
	if (rc != RC_OK) {
		commit_abort(&c);
		return rc;
	}
	rc = is_rekey ? closing_void_key(&c, number) : RC_OK;
	if (rc == RC_OK) {
		rc = put_token(&c, number, token);
	}
	if (rc != RC_OK) {
		commit_abort(&c);
		return fail_store(why, rc, NULL);
	}
	rc = commit_end(&c);
	return rc == RC_OK ? RC_OK : fail_store(why, rc, NULL);
}

enum rc admit_again(struct store *s, uint16_t number, struct bytes author, uint8_t token[TOKEN_LEN],
		    struct path_problem *why)
{
	return admit_anew(s, number, author, bytes_of(""), false, token, why);
}

enum rc admit_rekey(struct store *s, uint16_t number, struct bytes author, struct bytes reason,
		    uint8_t token[TOKEN_LEN], struct path_problem *why)
{
	return admit_anew(s, number, author, reason, true, token, why);
}

/* The national feed as it stands; entries borrow from the transaction. */
static enum rc read_feed(struct store *s, struct kv_txn *t, struct invitation *i, size_t *len)
{
	struct feed_state state;
	struct bytes *list = NULL;
	enum rc rc = feeds_get(t, store_centre_feed(s, 0), &state);
	uint64_t seq;

	if (rc != RC_OK) {
		return rc;
	}
	list = arena_take(&s->arena, state.head * sizeof(*list));
	if (list == NULL) {
		return RC_LIMIT;
	}
	*len = state.genesis.len;
	for (seq = 1; seq <= state.head; seq++) {
		struct feed_entry e;

		rc = feeds_get_entry(t, (struct dot){ state.feed, seq }, &e);
		if (rc != RC_OK) {
			return rc;
		}
		list[seq - 1] = e.bytes;
		*len += e.bytes.len + 6;
	}
	i->feed = state.feed;
	i->genesis = state.genesis;
	i->entries = list;
	i->entries_count = (uint32_t)state.head;
	return RC_OK;
}

static void seal_feed(const struct store *s, struct kv_txn *t, struct send_signer signer,
		      struct invitation *i)
{
	struct dot last = { i->feed, i->entries_count };
	uint8_t text[FEED_SEAL_TEXT_LEN], hash[HASH_LEN] = { 0 };

	/* The entry was just read; a hash of zeroes would only void the seal. */
	(void)feeds_hash_at(t, last, s->crypto, hash);
	feed_seal_text(s->info.system, last.feed, last.seq, hash, text);
	signer.sign(signer.ctx, bytes_at(text, sizeof(text)), i->entries_seal);
}

/* The addresses that the office is told: its own, else the system's. */
static enum rc choose_addresses(struct store *s, const struct admit_request *r,
				struct invitation *i)
{
	uint32_t k, count = s->catalog->centre_addresses_count;
	struct bytes *list = NULL;

	if (r->addresses_count > 0) {
		i->addresses = r->addresses;
		i->addresses_count = r->addresses_count;
		return RC_OK;
	}
	list = arena_take(&s->arena, count * sizeof(*list));
	for (k = 0; k < count && list != NULL; k++) {
		list[k] = bytes_of(s->catalog->centre_addresses[k]);
	}
	i->addresses = list;
	i->addresses_count = count > INVITATION_ADDRESSES_MAX ? INVITATION_ADDRESSES_MAX : count;
	return list == NULL ? RC_NOMEM : RC_OK;
}

/* Writes body, seal and file, one after another in one block of memory. */
static enum rc encode_file(const struct invitation *i, size_t feed_len, struct send_signer signer,
			   uint8_t **out, size_t *len)
{
	size_t max = feed_len + BODY_FIXED_BYTES;
	uint8_t seal[SIG_LEN], *memory = malloc(3 * max);
	struct bytes_writer body = bytes_writer_init(memory, max);
	struct bytes_writer text = bytes_writer_init(memory + max, max);
	struct bytes_writer file = bytes_writer_init(memory + 2 * max, max);
	enum rc rc = RC_NOMEM;

	*out = NULL;
	if (memory == NULL) {
		return rc;
	}
	invitation_encode_body(i, &body);
	invitation_seal_text(i->system, bytes_written(&body), &text);
	signer.sign(signer.ctx, bytes_written(&text), seal);
	invitation_encode(bytes_written(&body), seal, &file);
	rc = body.rc == RC_OK && text.rc == RC_OK ? file.rc : RC_LIMIT;
	if (rc != RC_OK) {
		free(memory);
		return rc;
	}
	memmove(memory, file.p, file.len);
	*out = memory;
	*len = file.len;
	return RC_OK;
}

static enum rc fill_invitation(struct store *s, const struct admit_request *r, struct invitation *i)
{
	const struct office_info *o = catalog_office(s->catalog, r->number);

	if (o == NULL) {
		return RC_NOTFOUND;
	}
	memcpy(i->system, s->info.system, SYSTEM_LEN);
	memcpy(i->centre_key, s->info.key, KEY_LEN);
	i->number = o->number;
	i->name = bytes_of(o->name);
	i->system_name = bytes_of(s->info.system_name);
	return choose_addresses(s, r, i);
}

enum rc admit_invitation(struct store *s, const struct admit_request *r,
			 const uint8_t token[TOKEN_LEN], struct send_signer signer, uint8_t **out,
			 size_t *len)
{
	struct kv_txn *t = NULL;
	struct invitation i;
	size_t feed_len = 0;
	enum rc rc = store_begin(s, false, &t);

	*out = NULL;
	memset(&i, 0, sizeof(i));
	memcpy(i.token, token, TOKEN_LEN);
	if (rc == RC_OK) {
		rc = fill_invitation(s, r, &i);
	}
	if (rc == RC_OK) {
		i.has_recovery = appoint_get_recovery(t, i.recovery_key) == RC_OK;
		i.appointments = appoint_list(t);
		rc = read_feed(s, t, &i, &feed_len);
	}
	if (rc == RC_OK && feed_len > INVITATION_BYTES_MAX - BODY_FIXED_BYTES) {
		rc = RC_LIMIT;
	}
	if (rc == RC_OK) {
		seal_feed(s, t, signer, &i);
		rc = encode_file(&i, feed_len, signer, out, len);
	}
	store_end(s, t);
	return rc;
}

enum rc admit_check_token(struct kv_txn *t, const struct crypto *crypto, uint16_t number,
			  const uint8_t token[TOKEN_LEN])
{
	struct token_key k = token_key(number);
	uint8_t hash[HASH_LEN];
	struct bytes kept;
	unsigned differs = 0, i;
	enum rc rc = kv_get(t, KV_META, bytes_at(k.b, sizeof(k.b)), &kept);

	if (rc != RC_OK || kept.len != HASH_LEN) {
		return rc == RC_OK ? RC_CORRUPT : rc;
	}
	hash_token(crypto, token, hash);
	for (i = 0; i < HASH_LEN; i++) {
		differs |= (unsigned)(hash[i] ^ kept.p[i]); /* in constant time */
	}
	return differs == 0 ? RC_OK : RC_DENIED;
}

enum rc admit_bind_key(struct commit *c, uint16_t number, const uint8_t key[KEY_LEN])
{
	const struct office_info *o = catalog_office(c->work->store->catalog, number);
	struct token_key k = token_key(number);
	struct draft_result result;
	struct builtin b;
	enum rc rc = RC_OK;

	if (o == NULL) {
		return RC_NOTFOUND;
	}
	b = builtin_begin(c, BUILTIN_OFFICE, &o->id);
	builtin_put(&b, "key", bytes_at(key, KEY_LEN));
	rc = builtin_write(&b, &result);
	if (rc != RC_OK) {
		return rc;
	}
	c->has_more = true;
	return kv_del(c->work->txn, KV_META, bytes_at(k.b, sizeof(k.b)));
}

static bool is_bound(const struct store *s, uint16_t number, const uint8_t key[KEY_LEN])
{
	const struct office_info *o = catalog_office(s->catalog, number);

	return o != NULL && o->has_key && !o->is_closed && memcmp(o->key, key, KEY_LEN) == 0;
}

static bool is_closed(const struct store *s, uint16_t number)
{
	const struct office_info *o = catalog_office(s->catalog, number);

	return o != NULL && o->is_closed;
}

enum rc admit_first_contact(struct store *s, uint16_t number, const uint8_t token[TOKEN_LEN],
			    const uint8_t key[KEY_LEN])
{
	struct commit c;
	enum rc rc = commit_begin(&c, s, bytes_of("kerwen"), bytes_of(""));

	if (rc != RC_OK) {
		return rc;
	}
	rc = is_closed(s, number) ? RC_DENIED :
				    admit_check_token(c.work->txn, s->crypto, number, token);
	if (rc != RC_OK && is_bound(s, number, key)) {
		commit_abort(&c);
		return RC_OK;
	}
	if (rc == RC_OK) {
		rc = admit_bind_key(&c, number, key);
	}
	if (rc != RC_OK) {
		commit_abort(&c);
		return rc;
	}
	return commit_end(&c);
}
