/* Backups: what comes back, and everything that must not. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "node/base/clock.h"
#include "node/base/mem.h"
#include "node/base/random.h"
#include "node/store/datadir.h"
#include "node/store/restore.h"
#include "node/store/verify.h"

enum { NOISE_BYTES = 70000, NOISE_ROWS = 4 };

static const struct passphrase_cost cheap = { 1, 8192 };

static struct fixture f;
static struct fixture_node *office;
static char dir[64], file[128], to[128];
static struct path_problem why;
static struct recipient_key recipient;
static uint8_t recipients[1][RECIPIENT_LEN];
static struct backup_options options;

static int64_t now_ms(void)
{
	return (int64_t)clock_now_ms();
}

static const struct store_world world = {
	.crypto = &crypto_sodium,
	.random = random_bytes,
	.now_ms = now_ms,
};

/* What a data directory has beside its database. */
static void furnish(const struct fixture_node *n, enum config_role role)
{
	struct config config = config_default();
	struct config_error e = { "" };
	char path[128];

	config.name = n->store->info.name[0] == '\0' ? "?" : n->store->info.name;
	config.role = role;
	config.max_size = 1 << 30;
	cr_assert_eq(config_write(n->dir, &config, &e), RC_OK, "%s", e.text);
	snprintf(path, sizeof(path), "%s/" DATADIR_KEY_FILE, n->dir);
	cr_assert_eq(crypto_file_replace(path, &n->key, NULL, NULL, &why), RC_OK);
}

static void unfurnish(const struct fixture_node *n)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/" CONFIG_FILE, n->dir);
	(void)unlink(path);
	snprintf(path, sizeof(path), "%s/" DATADIR_KEY_FILE, n->dir);
	(void)unlink(path);
}

/* Rows that do not compress: a backup of several pieces. */
static void add_noise(struct fixture_node *n)
{
	static uint8_t noise[NOISE_BYTES];
	struct kv_txn *t = NULL;
	uint8_t i;

	cr_assert_eq(store_begin(n->store, true, &t), RC_OK);
	for (i = 1; i <= NOISE_ROWS; i++) {
		random_bytes(noise, sizeof(noise));
		cr_assert_eq(kv_put(t, KV_FILE, bytes_at(&i, 1), bytes_at(noise, sizeof(noise))),
			     RC_OK);
	}
	cr_assert_eq(store_commit(n->store, t), RC_OK);
}

static void start(void)
{
	struct uuid id;

	fixture_init(&f);
	office = fixture_office(&f, "Mary", 1, "TM-M");
	id = fixture_add(office, 0, "person", "nr=KANARYA", "city=Mary", "secret=s", NULL);
	fixture_add_many(office, "n", 40);
	cr_assert_eq(fixture_sync(&f, office), RC_OK);
	cr_assert_eq(fixture_set(office, "person", id, "city=Merw", NULL), RC_OK);
	add_noise(office);
	furnish(office, CONFIG_OFFICE);
	snprintf(dir, sizeof(dir), "/tmp/kerwen-backup-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/file", dir);
	snprintf(to, sizeof(to), "%s/to", dir);
	cr_assert_eq(recipient_key_create(file, &recipient, &why), RC_OK);
	unlink(file);
	memcpy(recipients[0], recipient.public, RECIPIENT_LEN);
	options =
		(struct backup_options){ .dir = office->dir,
					 .path = file,
					 .cost = cheap,
					 .recipients = (const uint8_t(*)[RECIPIENT_LEN])recipients,
					 .recipients_count = 1 };
}

static void stop(void)
{
	char command[128];

	unfurnish(office);
	recipient_key_drop(&recipient);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	cr_assert_eq(system(command), 0);
	fixture_fini(&f);
}

TestSuite(backup, .init = start, .fini = stop, .timeout = 120);

static struct backup_result make(void)
{
	struct backup_result r;

	cr_assert_eq(backup_write(office->store, &options, &r, &why), RC_OK, "%s", why.text);
	return r;
}

static struct passphrase passphrase_of(const char *text)
{
	struct passphrase p = { .text = mem_secret_new(strlen(text)), .len = strlen(text) };

	memcpy(p.text, text, p.len);
	return p;
}

/* Opens with the recipient's key, or with p when it is given, and restores. */
static enum rc restore_with(const struct passphrase *p)
{
	struct restore_options o = { .dir = to, .world = &world };
	struct restore_result r;
	struct backup b;
	enum rc rc = backup_open(&b, file, &why);

	if (rc == RC_OK) {
		rc = p == NULL ? backup_unlock_recipient(&b, &recipient, &why) :
				 backup_unlock_passphrase(&b, p, &why);
	}
	if (rc == RC_OK) {
		rc = restore_run(&b, &o, &r, &why);
	}
	backup_close(&b);
	return rc;
}

static enum rc restore(void)
{
	return restore_with(NULL);
}

/* Nothing may be left of a restore that failed. */
static void expect_nothing(const char *after)
{
	cr_expect_not(path_exists(to), "%s left something", after);
}

/* Every row of every table is the same. */
static void expect_equal(struct store *a, struct store *b)
{
	struct kv_txn *x = NULL, *y = NULL;
	struct bytes k, v, l, w;
	unsigned i;

	cr_assert_eq(store_begin(a, false, &x), RC_OK);
	cr_assert_eq(store_begin(b, false, &y), RC_OK);
	for (i = 0; i < KV_TABLES; i++) {
		struct kv_cursor *c = kv_cursor_open(x, (enum kv_table)i);
		struct kv_cursor *d = kv_cursor_open(y, (enum kv_table)i);
		enum rc rc = kv_cursor_seek(c, bytes_at(NULL, 0), &k, &v);
		enum rc other = kv_cursor_seek(d, bytes_at(NULL, 0), &l, &w);

		while (rc == RC_OK && other == RC_OK) {
			cr_assert(bytes_equal(k, l) && bytes_equal(v, w), "%s",
				  kv_table_name((enum kv_table)i));
			rc = kv_cursor_next(c, &k, &v);
			other = kv_cursor_next(d, &l, &w);
		}
		cr_assert_eq(rc, other, "%s has as many rows", kv_table_name((enum kv_table)i));
		kv_cursor_close(c);
		kv_cursor_close(d);
	}
	store_end(a, x);
	store_end(b, y);
}

Test(backup, comes_back_whole_and_private)
{
	struct backup_result r = make();
	struct store *s = NULL;
	struct crypto_key key;
	char path[160];
	struct stat st;

	cr_assert_eq(stat(file, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
	cr_expect_eq((uint64_t)st.st_size, r.bytes);
	cr_assert_eq(restore(), RC_OK, "%s", why.text);
	cr_assert_eq(stat(to, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0700);
	cr_assert_eq(store_open(to, 1 << 30, &world, &s), RC_OK);
	expect_equal(office->store, s);
	store_close(s);
	snprintf(path, sizeof(path), "%s/" DATADIR_KEY_FILE, to);
	cr_assert_eq(crypto_key_load(path, &key, &why), RC_OK);
	cr_expect_arr_eq(crypto_key_seed(&key), crypto_key_seed(&office->key), CRYPTO_SEED_LEN);
	crypto_key_drop(&key);
	snprintf(path, sizeof(path), "%s/lease", to);
	cr_expect_not(path_exists(path), "a lease would let two directories write as one");
}

Test(backup, says_in_clear_only_whose_it_is)
{
	struct backup b;
	char *text = NULL;
	size_t len = 0, i;

	(void)make();
	cr_assert_eq(backup_open(&b, file, &why), RC_OK);
	cr_expect_str_eq(b.header.name, "Mary");
	cr_expect_eq(b.header.number, 1);
	cr_expect_arr_eq(b.header.system, f.centre.store->info.system, SYSTEM_LEN);
	backup_close(&b);
	cr_assert_eq(path_read(file, 1 << 22, &text, &len, &why), RC_OK);
	for (i = 0; i + 32 < len; i++) {
		cr_assert_neq(memcmp(text + i, "KANARYA", 7), 0, "a value in clear");
		cr_assert_neq(memcmp(text + i, crypto_key_seed(&office->key), 32), 0, "the key");
	}
	free(text);
}

Test(backup, opens_with_its_passphrase_and_no_other)
{
	struct passphrase other = passphrase_of("open sesami");

	options.passphrase = passphrase_of("open sesame");
	(void)make();
	cr_expect_eq(restore_with(&other), RC_BADSIG);
	expect_nothing("another passphrase");
	cr_expect_eq(restore(), RC_DENIED, "a key where a passphrase is asked for");
	expect_nothing("a key");
	cr_expect_eq(restore_with(&options.passphrase), RC_OK, "%s", why.text);
	passphrase_drop(&other);
	passphrase_drop(&options.passphrase);
}

Test(backup, opens_with_the_key_of_its_recipient_and_no_other)
{
	struct recipient_key other;
	struct backup b;
	char path[160];

	(void)make();
	snprintf(path, sizeof(path), "%s/other", dir);
	cr_assert_eq(recipient_key_create(path, &other, &why), RC_OK);
	cr_assert_eq(backup_open(&b, file, &why), RC_OK);
	cr_expect_eq(backup_unlock_recipient(&b, &other, &why), RC_DENIED);
	backup_close(&b);
	recipient_key_drop(&other);
	cr_expect_eq(restore(), RC_OK, "%s", why.text);
}

/* --- damage ------------------------------------------------------------------ */

Test(backup, a_cut_at_any_border_and_anywhere_else_leaves_nothing)
{
	struct backup_result r = make();
	char *text = NULL;
	size_t len = 0, cut;
	int i;

	cr_assert_gt(r.bytes, 3 * (uint64_t)SECRETFILE_PIECE_LEN, "several pieces");
	cr_assert_eq(path_read(file, 1 << 22, &text, &len, &why), RC_OK);
	for (i = 0; i < 40; i++) {
		const size_t step = SECRETFILE_PIECE_LEN + SECRETFILE_PIECE_MORE_LEN;

		/* Counted from behind, the borders are where the pieces end. */
		cut = i < 4 ? len - len % step + (size_t)i - 2 :
		      i < 8 ? (size_t)(i - 4) * 30 :
			      random_below((uint32_t)len);
		cr_assert_eq(path_write(file, bytes_at(text, cut), PATH_REPLACE, &why), RC_OK);
		cr_expect_neq(restore(), RC_OK, "%zu of %zu bytes", cut, len);
		expect_nothing("a cut");
	}
	cr_assert_eq(path_write(file, bytes_at(text, len), PATH_REPLACE, &why), RC_OK);
	cr_expect_eq(restore(), RC_OK, "%s", why.text);
	free(text);
}

/* Where the header ends and the pieces begin. */
static size_t head_len(const char *text)
{
	struct bytes_reader r = bytes_reader_init(bytes_at(text + BACKUP_MAGIC_LEN, 4));

	return BACKUP_MAGIC_LEN + 4 + (size_t)bytes_get_be32(&r);
}

Test(backup, every_byte_of_the_header_and_any_bit_behind_it_is_proved)
{
	char *text = NULL;
	size_t len = 0, head, at, i;

	(void)make();
	cr_assert_eq(path_read(file, 1 << 22, &text, &len, &why), RC_OK);
	head = head_len(text);
	for (i = 0; i < head + 60; i++) {
		char before;

		at = i < head ? i : head + random_below((uint32_t)(len - head));
		before = text[at];
		text[at] ^= (char)(1 << random_below(8));
		cr_assert_eq(path_write(file, bytes_at(text, len), PATH_REPLACE, &why), RC_OK);
		cr_expect_neq(restore(), RC_OK, "byte %zu", at);
		expect_nothing("a flipped bit");
		text[at] = before;
	}
	free(text);
}

Test(backup, other_files_are_not_taken_for_one)
{
	static const struct {
		const char *content;
		enum rc rc;
	} rows[] = {
		{ "", RC_INVALID },
		{ "schema: test\nversion: 1\n", RC_INVALID },
		{ "kerwen-backup 2\nnobody knows what comes here", RC_VERSION },
		{ "kerwen-backup 1\n", RC_CORRUPT },
		{ "kerwen-backup 1\n\xff\xff\xff\xff", RC_CORRUPT },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert_eq(path_write(file, bytes_of(rows[i].content), PATH_REPLACE, &why),
			     RC_OK);
		cr_expect_eq(restore(), rows[i].rc, "%zu", i);
		expect_nothing("another file");
	}
}

/* --- lies: whoever knows a recipient can write such a file ------------------- */

enum lie {
	LIE_NONE,
	LIE_SYSTEM,
	LIE_NAME,
	LIE_STORE_FORMAT,
	LIE_COUNT,
	LIE_KEY,
	LIE_ROLE,
	LIE_SETTINGS,
	LIE_TABLE_TWICE,
	LIE_TABLE_UNKNOWN,
	LIE_TABLE_MISSING,
	LIE_ORDER,
	LIE_KEY_TWICE,
	LIE_KEY_LONG,
	LIE_VALUE_LONG,
	LIE_MORE,
	LIE_END,
	LIE_ENTRY,
	LIE_SEAL
};

struct forger {
	enum lie lie;
	struct secretfile_writer *out;
	struct kv_txn *txn;
};

static void put_number(struct forger *g, uint64_t v, unsigned len)
{
	uint8_t b[8];
	unsigned i;

	for (i = 0; i < len; i++) {
		b[i] = (uint8_t)(v >> (8 * (len - 1 - i)));
	}
	secretfile_put(g->out, bytes_at(b, len));
}

static void put_row(struct forger *g, struct bytes k, struct bytes v)
{
	put_number(g, k.len, 1);
	secretfile_put(g->out, k);
	put_number(g, v.len, 4);
	secretfile_put(g->out, v);
}

static void put_table(struct forger *g, enum kv_table table)
{
	struct kv_cursor *c = kv_cursor_open(g->txn, table);
	struct bytes k, v, name = bytes_of(kv_table_name(table));
	uint8_t room[65536];
	bool is_first = true;
	enum rc rc = kv_cursor_seek(c, bytes_at(NULL, 0), &k, &v);

	put_number(g, name.len, 1);
	secretfile_put(g->out, name);
	while (rc == RC_OK) {
		bool alters = is_first && ((g->lie == LIE_ENTRY && table == KV_ENTRY) ||
					   (g->lie == LIE_SEAL && table == KV_SEAL));

		if (alters && v.len <= sizeof(room)) {
			memcpy(room, v.p, v.len);
			room[v.len - 1] ^= 1;
			v.p = room;
		}
		put_row(g, k, v);
		is_first = false;
		rc = kv_cursor_next(c, &k, &v);
	}
	put_number(g, 0, 1);
	kv_cursor_close(c);
}

/* A table that is wrong in itself. */
static void put_wrong_table(struct forger *g)
{
	static const uint8_t key[200] = { 7 };
	struct bytes a = bytes_of("a"), b = bytes_of("b");

	put_number(g, 4, 1);
	secretfile_put(g->out, bytes_of("peer"));
	if (g->lie == LIE_ORDER) {
		put_row(g, b, a);
		put_row(g, a, a);
	} else if (g->lie == LIE_KEY_TWICE) {
		put_row(g, b, a);
		put_row(g, b, b);
	} else if (g->lie == LIE_KEY_LONG) {
		put_row(g, bytes_at(key, sizeof(key)), a);
	} else if (g->lie == LIE_VALUE_LONG) {
		put_number(g, 1, 1);
		secretfile_put(g->out, a);
		put_number(g, UINT32_MAX, 4);
	}
	put_number(g, 0, 1);
}

static void put_tables(struct forger *g)
{
	unsigned i;

	for (i = 0; i < KV_TABLES; i++) {
		if (i == KV_PEER && g->lie >= LIE_ORDER && g->lie <= LIE_VALUE_LONG) {
			put_wrong_table(g);
		} else if (i != KV_META || g->lie != LIE_TABLE_MISSING) {
			put_table(g, (enum kv_table)i);
		}
	}
	if (g->lie == LIE_TABLE_TWICE) {
		put_table(g, KV_PEER);
	}
	if (g->lie == LIE_TABLE_UNKNOWN) {
		put_number(g, 4, 1);
		secretfile_put(g->out, bytes_of("nova"));
		put_number(g, 0, 1);
	}
	if (g->lie != LIE_END) {
		put_number(g, 0, 1);
	}
	if (g->lie == LIE_MORE) {
		put_number(g, 0, 1);
	}
}

static void put_files(struct forger *g)
{
	char path[128], *text = NULL;
	size_t len = 0;

	snprintf(path, sizeof(path), "%s/" CONFIG_FILE, office->dir);
	cr_assert_eq(path_read(path, 65536, &text, &len, &why), RC_OK);
	if (g->lie == LIE_ROLE) {
		memcpy(strstr(text, "\"office\""), "\"centre\"", 8);
	}
	if (g->lie == LIE_SETTINGS) {
		memcpy(strstr(text, "role:"), "rule:", 5);
	}
	put_number(g, len, 4);
	secretfile_put(g->out, bytes_at(text, len));
	free(text);
	if (g->lie == LIE_KEY) {
		struct crypto_key other;

		cr_assert_eq(crypto_key_make(&other), RC_OK);
		snprintf(path, sizeof(path), "%s/other", dir);
		cr_assert_eq(crypto_file_replace(path, &other, NULL, NULL, &why), RC_OK);
		crypto_key_drop(&other);
	} else {
		snprintf(path, sizeof(path), "%s/" DATADIR_KEY_FILE, office->dir);
	}
	cr_assert_eq(path_read(path, 65536, &text, &len, &why), RC_OK);
	put_number(g, len, 4);
	secretfile_put(g->out, bytes_at(text, len));
	free(text);
}

static struct backup_header true_header(struct kv_txn *t)
{
	const struct store_info *info = &office->store->info;
	struct backup_header h = { .store_format = STORE_FORMAT,
				   .number = info->number,
				   .incarnation = info->incarnation,
				   .locks_count = 1 };
	unsigned i;

	memcpy(h.system, info->system, SYSTEM_LEN);
	memcpy(h.name, info->name, sizeof(h.name));
	memcpy(h.system_name, info->system_name, sizeof(h.system_name));
	for (i = 0; i < KV_TABLES; i++) {
		h.rows += kv_count(t, (enum kv_table)i);
	}
	return h;
}

/* A backup that is right but for one lie. */
static void forge(enum lie lie)
{
	struct forger g = { .lie = lie };
	uint8_t head[BACKUP_HEAD_BYTES_MAX + 64];
	struct bytes_writer w = bytes_writer_init(head, sizeof(head));
	struct secretfile_key key = { .key = mem_secret_new(SECRETFILE_KEY_LEN) };
	struct backup_header h;
	struct bytes all;
	int fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0600);

	cr_assert_eq(store_begin(office->store, false, &g.txn), RC_OK);
	h = true_header(g.txn);
	h.system[0] ^= lie == LIE_SYSTEM;
	h.name[0] = lie == LIE_NAME ? 'X' : h.name[0];
	h.store_format += lie == LIE_STORE_FORMAT;
	h.rows += lie == LIE_COUNT;
	if (lie == LIE_ORDER || lie == LIE_KEY_TWICE) {
		h.rows += 2 - kv_count(g.txn, KV_PEER);
	}
	random_bytes(key.key, SECRETFILE_KEY_LEN);
	h.locks[0].kind = BACKUP_RECIPIENT;
	memcpy(h.locks[0].recipient, recipient.public, RECIPIENT_LEN);
	cr_assert_eq(recipient_lock(recipient.public, key.key, h.locks[0].lock), RC_OK);
	cr_assert_eq(backup_header_encode(&h, &w), RC_OK);
	all = bytes_written(&w);
	crypto_sodium.hash(key.context, &all, 1);
	cr_assert_eq(write(fd, all.p, all.len), (ssize_t)all.len);
	cr_assert_eq(secretfile_create(fd, &key, &g.out), RC_OK);
	put_files(&g);
	put_tables(&g);
	cr_assert_eq(secretfile_finish(g.out), RC_OK);
	secretfile_writer_free(g.out);
	store_end(office->store, g.txn);
	mem_secret_free(key.key);
	close(fd);
}

Test(backup, lies_in_it_are_found_before_anything_is_left)
{
	static const struct {
		enum lie lie;
		enum rc rc;
		const char *says;
	} rows[] = {
		{ LIE_SYSTEM, RC_CORRUPT, "another node" },
		{ LIE_NAME, RC_CORRUPT, "another node" },
		{ LIE_STORE_FORMAT, RC_VERSION, "another format" },
		{ LIE_COUNT, RC_CORRUPT, "hold together" },
		{ LIE_KEY, RC_CORRUPT, "the key in it" },
		{ LIE_ROLE, RC_CORRUPT, "settings" },
		{ LIE_SETTINGS, RC_CORRUPT, "settings" },
		{ LIE_TABLE_TWICE, RC_CORRUPT, "hold together" },
		{ LIE_TABLE_UNKNOWN, RC_VERSION, "another format" },
		{ LIE_TABLE_MISSING, RC_CORRUPT, "hold together" },
		{ LIE_ORDER, RC_CORRUPT, "hold together" },
		{ LIE_KEY_TWICE, RC_CORRUPT, "hold together" },
		{ LIE_KEY_LONG, RC_CORRUPT, "hold together" },
		{ LIE_VALUE_LONG, RC_CORRUPT, "hold together" },
		{ LIE_MORE, RC_CORRUPT, "hold together" },
		{ LIE_END, RC_CORRUPT, "hold together" },
		{ LIE_ENTRY, RC_CORRUPT, "entry" },
		{ LIE_SEAL, RC_CORRUPT, "seal" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		forge(rows[i].lie);
		cr_expect_eq(restore(), rows[i].rc, "row %zu: %s", i, why.text);
		cr_expect_not_null(strstr(why.text, rows[i].says), "row %zu: %s", i, why.text);
		expect_nothing("a lie");
	}
	forge(LIE_NONE);
	cr_expect_eq(restore(), RC_OK, "%s", why.text);
}

/* --- where it is written ------------------------------------------------------ */

static bool stop_soon(void *ctx, uint64_t done, uint64_t total)
{
	(void)done;
	(void)total;
	(*(int *)ctx)++;
	return false;
}

Test(backup, one_that_is_interrupted_leaves_neither_a_file_nor_a_reader)
{
	struct backup_result r;
	char part[160];
	int asked = 0;

	fixture_add_many(office, "more", 400);
	options.ctx = &asked;
	options.on_progress = stop_soon;
	snprintf(part, sizeof(part), "%s.part", file);
	cr_assert_eq(backup_write(office->store, &options, &r, &why), RC_CLOSED);
	cr_expect_eq(asked, 1);
	cr_expect_not(path_exists(file));
	cr_expect_not(path_exists(part));
	cr_expect_null(office->store->txn);
}

Test(backup, never_replaces_a_file_and_takes_over_what_a_killed_one_left)
{
	struct backup_result r;
	char part[160];
	int fd;

	snprintf(part, sizeof(part), "%s.part", file);
	cr_assert_eq(path_write(file, bytes_of("mine"), PATH_NEW, &why), RC_OK);
	cr_expect_eq(backup_write(office->store, &options, &r, &why), RC_EXISTS);
	unlink(file);
	cr_assert_eq(path_write(part, bytes_of("half of a backup"), PATH_NEW, &why), RC_OK);
	fd = open(part, O_RDWR);
	cr_assert_eq(flock(fd, LOCK_EX), 0);
	cr_expect_eq(backup_write(office->store, &options, &r, &why), RC_BUSY);
	close(fd);
	cr_expect_eq(backup_write(office->store, &options, &r, &why), RC_OK, "%s", why.text);
	cr_expect_not(path_exists(part));
	cr_expect_eq(restore(), RC_OK, "%s", why.text);
}

Test(backup, a_key_of_another_node_is_not_backed_up)
{
	struct backup_result r;
	char path[128];

	snprintf(path, sizeof(path), "%s/" DATADIR_KEY_FILE, office->dir);
	cr_assert_eq(crypto_file_replace(path, &f.centre.key, NULL, NULL, &why), RC_OK);
	cr_expect_eq(backup_write(office->store, &options, &r, &why), RC_BADSIG);
	cr_expect_not(path_exists(file));
}

/* --- the directory ------------------------------------------------------------ */

static void put(const char *name, const char *content)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", to, name);
	cr_assert_eq(path_write(path, bytes_of(content), PATH_NEW, &why), RC_OK, "%s", why.text);
}

static void make_dirs(const char *const *names)
{
	char path[256];

	for (; *names != NULL; names++) {
		snprintf(path, sizeof(path), "%s%s", to, *names);
		cr_assert_eq(mkdir(path, 0700), 0, "%s", path);
	}
}

static bool has(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", to, name);
	return path_exists(path);
}

Test(backup, starts_over_where_a_restore_was_killed)
{
	static const char *const dirs[] = { "", "/db", NULL };

	(void)make();
	make_dirs(dirs);
	put("kerwen.yaml.unfinished", "");
	put("db/data.mdb", "half");
	put("key", "half");
	put("key.Ab12Cd", "half");
	cr_assert_eq(restore(), RC_OK, "%s", why.text);
	cr_expect_not(has("kerwen.yaml.unfinished"));
	cr_expect_not(has("key.Ab12Cd"));
}

Test(backup, a_directory_with_anything_of_somebody_else_is_left_alone)
{
	static const char *const dirs[] = { "", "/db", NULL };

	(void)make();
	make_dirs(dirs);
	put("db/data.mdb", "years of work");
	cr_expect_eq(restore(), RC_EXISTS);
	cr_expect(has("db/data.mdb"));
	put("kerwen.yaml.unfinished", "");
	put("letters.txt", "to my mother");
	cr_expect_eq(restore(), RC_EXISTS);
	cr_expect(has("db/data.mdb") && has("letters.txt"));
}
