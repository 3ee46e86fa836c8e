/* verify and repair on a real database: beside somebody who writes, and killed. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "node/store/key.h"
#include "node/store/verify.h"

static struct fixture f;
static char said[1024];

static void start(void)
{
	fixture_init(&f);
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(verify_live, .init = start, .fini = stop);

static void on_problem(void *ctx, const char *text)
{
	(void)ctx;
	if (said[0] == '\0') {
		(void)snprintf(said, sizeof(said), "%s", text);
	}
}

static struct verify_report run_verify(struct fixture_node *n, bool repairs, bool eager)
{
	struct verify_options options = { .on_problem = on_problem,
					  .repairs = repairs,
					  .is_eager = eager };
	struct verify *v = NULL;
	struct verify_report report;
	enum rc rc = RC_OK;

	said[0] = '\0';
	rc = verify_run(n->store, &options, &v);
	cr_assert_eq(rc, RC_OK, "%s", rc_text(rc));
	report = *verify_result(v);
	verify_free(v);
	return report;
}

/* Two people and a conflict. */
static struct uuid live(struct fixture_node **a, struct fixture_node **b)
{
	struct uuid id;

	*a = fixture_office(&f, "Mary", 1, "TM-M");
	*b = fixture_office(&f, "Merw", 2, "TM-M");
	id = fixture_add(*a, 0, "person", "nr=1", "city=Mary", "secret=s", NULL);
	cr_assert_eq(fixture_sync(&f, *a), RC_OK);
	cr_assert_eq(fixture_sync(&f, *b), RC_OK);
	cr_assert_eq(fixture_set(*a, "person", id, "nr=7", "visits+=1", NULL), RC_OK);
	cr_assert_eq(fixture_set(*b, "person", id, "nr=8", "visits+=2", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, *b), RC_OK);
	cr_assert_eq(fixture_sync(&f, *a), RC_OK);
	return id;
}

/* Takes the first row of the fixture's own kind, or figure, out. */
static void drop(struct fixture_node *n, enum kv_table table)
{
	struct key first = key_kind(table == KV_FIGURE ? 1 : 16), key;
	struct kv_txn *t = NULL;
	struct kv_cursor *c = NULL;
	struct bytes k, v;

	cr_assert_eq(store_begin(n->store, true, &t), RC_OK);
	c = kv_cursor_open(t, table);
	if (kv_cursor_seek(c, key_bytes(&first), &k, &v) == RC_OK) {
		memcpy(key.b, k.p, k.len);
		key.len = k.len;
	} else {
		key = first; /* there is none: what others do is enough */
	}
	kv_cursor_close(c);
	cr_assert_eq(kv_del(t, table, key_bytes(&key)), RC_OK);
	cr_assert_eq(store_commit(n->store, t), RC_OK);
}

static void hurt_much(struct fixture_node *n)
{
	drop(n, KV_UNIQUE);
	drop(n, KV_CONFLICT);
	drop(n, KV_FIGURE);
	drop(n, KV_RECORD);
	drop(n, KV_DOT);
	drop(n, KV_CUT);
}

/* --- killed in the middle -------------------------------------------------------- */

static unsigned steps_left;

static bool die(void *ctx)
{
	(void)ctx;
	if (steps_left-- == 0) {
		(void)kill(getpid(), SIGKILL);
	}
	return false;
}

/* A repair by another process, killed after so many transactions. False: it got
 * through. */
static bool repair_and_die(struct fixture_node *n, unsigned steps)
{
	pid_t pid;
	int status = 0;

	fixture_close(n);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0) {
		struct verify_options o = { .on_problem = on_problem,
					    .is_stopped = die,
					    .repairs = true,
					    .is_eager = true };
		struct verify *v = NULL;

		steps_left = steps;
		fixture_reopen(n);
		_exit(verify_run(n->store, &o, &v) == RC_OK ? 0 : 1);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	fixture_reopen(n);
	cr_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	return WIFSIGNALED(status);
}

static bool is_unfinished(struct fixture_node *n)
{
	struct kv_txn *t = NULL;
	bool out = false;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(verify_is_unfinished(t, &out), RC_OK);
	store_end(n->store, t);
	return out;
}

Test(verify_live, a_killed_repair_is_known_and_finished_the_next_time)
{
	struct fixture_node *a = NULL, *b = NULL;
	unsigned steps = 0;
	bool killed = true;

	(void)live(&a, &b);
	for (steps = 0; killed; steps += 7 + steps / 2) {
		hurt_much(&f.centre);
		killed = repair_and_die(&f.centre, steps);
		cr_assert_eq(is_unfinished(&f.centre), killed);
		/* It opens, and people can go on. */
		(void)fixture_add(&f.centre, 1, "person", "nr=77", "city=Merw", NULL);
		cr_assert_eq(run_verify(&f.centre, true, false).was_interrupted, killed);
		cr_assert_not(is_unfinished(&f.centre));
		cr_assert_eq(run_verify(&f.centre, false, false).problems, 0u, "%u: %s", steps,
			     said);
	}
	cr_assert_gt(steps, 70u, "killed at many places");
}

/* --- while others write ------------------------------------------------------------ */

struct writing {
	struct store *store;
	struct uuid id;
	atomic_bool stop;
	atomic_uint commits;
};

static void *write_on(void *ctx)
{
	struct writing *w = ctx;
	struct fixture_node n = { .store = w->store };

	while (!atomic_load(&w->stop) && atomic_load(&w->commits) < 30) { /* it ends */
		char nr[16], city[24];

		(void)snprintf(nr, sizeof(nr), "nr=%u", 100 + w->commits);
		(void)snprintf(city, sizeof(city), "city=City%u", w->commits % 7);
		(void)fixture_add(&n, 0, "person", nr, city, "state=B", NULL);
		cr_assert_eq(fixture_set(&n, "person", w->id, city, NULL), RC_OK);
		w->commits++;
	}
	return NULL;
}

/* One who writes all the time, and one who verifies or repairs. */
static void verify_beside(struct fixture_node *n, struct uuid id, bool repairs)
{
	struct writing w = { .id = id };
	struct verify_report r;
	pthread_t thread;
	unsigned i, before = 0;

	cr_assert_eq(store_share(n->store, &w.store), RC_OK);
	cr_assert_eq(pthread_create(&thread, NULL, write_on, &w), 0);
	for (i = 0; i < 30 && (i < 3 || atomic_load(&w.commits) < 8); i++) {
		r = run_verify(n, repairs, true);
		cr_expect_eq(r.problems, 0u, "%s", said);
	}
	before = w.commits;
	atomic_store(&w.stop, true);
	cr_assert_eq(pthread_join(thread, NULL), 0);
	cr_assert_gt(before, 4u, "it was kept from writing");
	store_close(w.store);
}

Test(verify_live, it_may_run_while_somebody_writes)
{
	struct fixture_node *a = NULL, *b = NULL;
	struct uuid id = live(&a, &b);

	fixture_add_many(a, "9", 60);
	verify_beside(a, id, false);
	cr_assert_eq(run_verify(a, false, false).problems, 0u, "%s", said);
}

Test(verify_live, a_repair_may_run_while_somebody_writes)
{
	struct fixture_node *a = NULL, *b = NULL;
	struct uuid id = live(&a, &b);

	fixture_add_many(a, "9", 60);
	verify_beside(a, id, true);
	drop(a, KV_FIGURE);
	drop(a, KV_RECORD);
	cr_assert_gt(run_verify(a, true, true).repaired, 1u);
	cr_assert_eq(run_verify(a, false, false).problems, 0u, "%s", said);
}
