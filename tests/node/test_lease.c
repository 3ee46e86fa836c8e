/* The lease and incarnations: what begins a new one, and what does not. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "forge.h"
#include "node/base/crypto.h"
#include "node/store/author.h"

static struct fixture f;

static void start(void)
{
	fixture_init(&f);
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(lease, .init = start, .fini = stop);

static uint16_t region_of(const struct fixture_node *n)
{
	return catalog_office(n->store->catalog, n->store->info.number)->scope_region;
}

/* The incarnation as a process that opens the directory now sees it. */
static uint32_t life_of(struct fixture_node *n)
{
	struct kv_txn *t = NULL;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	store_end(n->store, t);
	return n->store->info.incarnation;
}

static void write_one(struct fixture_node *n)
{
	(void)fixture_add(n, 0, "person", "nr=1", NULL);
}

static struct lease lease_of(struct fixture_node *n)
{
	struct lease l;

	cr_assert_eq(lease_read(n->store->state_fd, &crypto_sodium, &l), RC_OK);
	return l;
}

static void lease_path(const struct fixture_node *n, char path[96])
{
	(void)snprintf(path, 96, "%s/lease", n->dir);
}

Test(lease, judges_what_belongs_together)
{
	static const uint8_t ours[SYSTEM_LEN] = { 1 }, theirs[SYSTEM_LEN] = { 2 };
	static const struct lease fits = { { 1 }, 7, 100, 20, 20, 4096, 5 };
	static const struct lease_match db = { 100, true, 20, 5 };
	struct {
		struct lease l;
		struct lease_match db;
		bool missing;
		enum lease_verdict want;
		const char *why;
	} rows[] = {
		{ fits, db, false, LEASE_FITS, "nothing happened" },
		{ fits, db, true, LEASE_ALIEN, "missing or torn" },
		{ fits, { 100, false, 0, 0 }, true, LEASE_NONE, "a new directory" },
		{ fits, { 101, false, 0, 9 }, false, LEASE_NONE, "made anew beside an old lease" },
		{ fits,
		  { 100, false, 0, 2 },
		  false,
		  LEASE_DATABASE_OLDER,
		  "before its first block" },
		{ fits, { 100, true, 20, 4 }, false, LEASE_DATABASE_OLDER, "older, same block" },
		{ fits, { 100, true, 20, 6 }, false, LEASE_FITS, "the file may lag" },
		{ fits, { 100, true, 19, 4 }, false, LEASE_DATABASE_OLDER, "older, other block" },
		{ fits, { 100, true, 21, 6 }, false, LEASE_DOUBT, "the lease is older" },
		{ fits, { 99, true, 20, 5 }, false, LEASE_DOUBT, "another incarnation" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_eq(lease_judge(rows[i].missing ? NULL : &rows[i].l, ours, 7, &rows[i].db),
			     rows[i].want, "%s", rows[i].why);
	}
	cr_expect_eq(lease_judge(&fits, theirs, 7, &db), LEASE_ALIEN, "another system");
	cr_expect_eq(lease_judge(&fits, ours, 8, &db), LEASE_ALIEN, "another office");
	rows[0].l.old_nonce = 20;
	rows[0].l.nonce = 30;
	cr_expect_eq(lease_judge(&rows[0].l, ours, 7, &db), LEASE_DOUBT, "at a change of blocks");
}

Test(lease, is_private_and_follows_the_commits)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	uint32_t life = life_of(a);
	char path[96];
	struct stat st;
	uint64_t commit = 0;
	struct kv_txn *t = NULL;

	lease_path(a, path);
	cr_assert_neq(access(path, F_OK), 0, "nothing was written yet");
	write_one(a);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0600u);
	cr_assert_eq(st.st_size, LEASE_LEN);
	write_one(a);
	fixture_reopen(a);
	write_one(a);
	cr_assert_eq(store_begin(a->store, false, &t), RC_OK);
	cr_assert_eq(author_last_commit(t, &commit), RC_OK);
	store_end(a->store, t);
	cr_assert_eq(lease_of(a).last, commit);
	cr_assert_eq(lease_of(a).incarnation, life);
	cr_assert_eq(life_of(a), life);
}

Test(lease, a_block_is_renewed_when_it_is_used_up)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	uint32_t life = life_of(a);
	struct lease first;
	struct work w;

	write_one(a);
	first = lease_of(a);
	/* As if nearly all of the block had been written. */
	cr_assert_eq(work_begin(a->store, &w), RC_OK);
	w.store->life.bound = 2;
	cr_assert_eq(life_store(w.txn, &w.store->life), RC_OK);
	cr_assert_eq(work_commit(&w), RC_OK);
	write_one(a);
	cr_assert_eq(lease_of(a).nonce, first.nonce);
	write_one(a);
	cr_assert_neq(lease_of(a).nonce, first.nonce);
	cr_assert_eq(lease_of(a).old_nonce, lease_of(a).nonce, "confirmed");
	cr_assert_eq(lease_of(a).bound, 3u + LEASE_BLOCK);
	write_one(a);
	cr_assert_eq(life_of(a), life);
}

static void tear(struct fixture_node *n)
{
	char path[96];
	int fd = -1;

	lease_path(n, path);
	fd = open(path, O_WRONLY);
	cr_assert_eq(pwrite(fd, "x", 1, 20), 1);
	(void)close(fd);
}

static void remove_lease(struct fixture_node *n)
{
	char path[96];

	lease_path(n, path);
	cr_assert_eq(remove(path), 0);
}

static void shorten(struct fixture_node *n)
{
	char path[96];

	lease_path(n, path);
	cr_assert_eq(truncate(path, 17), 0);
}

/* The lease of another office of the same system. */
static void swap(struct fixture_node *n)
{
	struct lease l = lease_of(n);

	l.office++;
	cr_assert_eq(lease_write(n->store->state_fd, &crypto_sodium, &l, false), RC_OK);
}

Test(lease, P01_a_damaged_lease_refuses_nothing_and_the_first_write_begins_anew)
{
	static void (*const damages[])(struct fixture_node *) = { tear, remove_lease, shorten,
								  swap };
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	size_t i;

	write_one(a);
	for (i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		uint32_t life = life_of(a);
		struct commit c;

		damages[i](a);
		fixture_reopen(a);
		cr_assert_eq(fixture_count(a, "person"), 2u * (uint32_t)i + 1u);
		cr_assert_eq(life_of(a), life, "reading begins none");
		cr_assert_eq(commit_begin(&c, a->store, bytes_of("x"), bytes_of("")), RC_OK);
		commit_abort(&c);
		cr_assert_eq(life_of(a), life, "nor does what was not written");
		write_one(a);
		cr_assert_neq(life_of(a), life);
		life = life_of(a);
		write_one(a);
		cr_assert_eq(life_of(a), life, "and it stays");
		cr_assert_eq(lease_of(a).incarnation, life);
	}
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_count(&f.centre, "person"), 9u);
}

Test(lease, P01_an_older_database_is_seen_before_anything_is_written)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct fixture_backup b;
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "city=Mary", "visits+=1", NULL);
	uint32_t life = life_of(a);

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	fixture_backup(a, &b);
	cr_assert_eq(fixture_set(a, "person", id, "city=Murgap", "visits+=2", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	fixture_restore(a, &b, false);
	cr_assert_eq(fixture_set(a, "person", id, "born=1985-03-07", "visits+=4", NULL), RC_OK);
	cr_assert_neq(life_of(a), life);
	cr_assert_str_eq(fixture_show(a, "person", id, "city"), "Mary");
	fixture_backup_drop(&b);
}

Test(lease, an_older_lease_beside_the_database_begins_anew)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	uint32_t life = life_of(a);
	struct lease old;

	write_one(a);
	old = lease_of(a);
	remove_lease(a);
	write_one(a);
	cr_assert_neq(life_of(a), life);
	life = life_of(a);
	cr_assert_eq(lease_write(a->store->state_fd, &crypto_sodium, &old, false), RC_OK);
	write_one(a);
	cr_assert_neq(life_of(a), life);
}

Test(lease, a_new_incarnation_names_what_it_continues)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct feed_state old, now;
	struct kv_txn *t = NULL;
	struct genesis g;

	write_one(a);
	write_one(a);
	old = forge_state(a, store_own_feed(a->store, region_of(a)));
	remove_lease(a);
	write_one(a);
	cr_assert_eq(store_begin(a->store, false, &t), RC_OK);
	cr_assert_eq(feeds_get(t, store_own_feed(a->store, region_of(a)), &now), RC_OK);
	cr_assert_eq(entry_decode_genesis(now.genesis, &a->store->arena, &g), RC_OK);
	cr_assert_neq(now.feed, old.feed);
	cr_assert_eq(now.head, 1u);
	cr_assert_eq(g.follows_count, 1u);
	cr_assert_eq(g.follows[0].feed, old.feed);
	cr_assert_eq(g.follows[0].seq, 2u);
	cr_assert_arr_eq(g.follows[0].hash, old.hash, HASH_LEN);
	store_end(a->store, t);
}
