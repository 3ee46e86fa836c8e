/* Looking for doubles in more records than are held at once. */
#include "node/cmd/duplicates.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "node/base/mem.h"

enum { PEOPLE = 60, PAIRS_MAX = 4096 };

struct found {
	struct uuid a[PAIRS_MAX], b[PAIRS_MAX];
	bool likely[PAIRS_MAX];
	uint32_t count;
};

static struct fixture f;
static struct fixture_node *mary;

static void start(void)
{
	fixture_init(&f);
	mary = fixture_office(&f, "Mary", 1, "TM-M");
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(duplicates, .init = start, .fini = stop);

static enum rc on_pair(struct duplicates *d, const struct duplicates_slice *s,
		       const struct duplicates_pair *pair)
{
	struct found *found = d->ctx;

	(void)s;
	cr_assert_lt(found->count, (uint32_t)PAIRS_MAX);
	cr_assert_lt(uuid_compare(pair->a->id, pair->b->id), 0);
	found->a[found->count] = pair->a->id;
	found->b[found->count] = pair->b->id;
	found->likely[found->count++] = pair->is_likely;
	return RC_OK;
}

static bool look(uint32_t entries_max, struct found *out)
{
	struct out o = out_init(stdout, stderr);
	struct cmd_context c = { .dir = mary->dir, .out = &o };
	struct cmd_node n = { .store = mary->store };
	struct duplicates d = { .c = &c,
				.node = &n,
				.kind_name = "human",
				.ctx = out,
				.on_pair = on_pair,
				.entries_max = entries_max };

	o.quiet = true;
	out->count = 0;
	cr_assert_eq(duplicates_find_pairs(&d), CMD_OK);
	return d.is_cut;
}

static bool has(const struct found *f_, struct uuid a, struct uuid b, bool likely)
{
	uint32_t i;

	for (i = 0; i < f_->count; i++) {
		if (f_->likely[i] == likely &&
		    ((uuid_equal(f_->a[i], a) && uuid_equal(f_->b[i], b)) ||
		     (uuid_equal(f_->a[i], b) && uuid_equal(f_->b[i], a)))) {
			return true;
		}
	}
	return false;
}

/* Ten names, each in two spellings; two days, a year, and no date. */
Test(duplicates, of_a_share_at_a_time_are_the_same)
{
	static const char *const names[][2] = {
		{ "Amanow Batyr", "Аманов Батыр" },   { "Ataýew Eziz", "Атаев Эзиз" },
		{ "Meredow Nazar", "Мередов Назар" }, { "Saparow Oraz", "Сапаров Ораз" },
		{ "Orazow Rejep", "Оразов Реджеп" },  { "Gulyýew Myrat", "Гулыев Мурат" },
		{ "Nuryýew Wepa", "Нурыев Вепа" },    { "Tuwakow Sapar", "Туваков Сапар" },
		{ "Egenow Çary", "Эгенов Чары" },     { "Öwezow Aman", "Овезов Аман" },
	};
	static const char *const dates[] = { "born=1980-01-02", "born=1980-01-03", "born=1980",
					     "born=" };
	static struct found all, few;
	struct uuid ids[PEOPLE];
	char text[64];
	uint32_t i, k, pairs = 0;

	for (i = 0; i < PEOPLE; i++) {
		(void)snprintf(text, sizeof(text), "name=%s", names[i % 10][i / 10 % 2]);
		ids[i] = fixture_add(mary, 0, "human", text, dates[i / 10 % 4], "sex=A", NULL);
	}
	cr_assert(!look(0, &all));
	for (i = 0; i < PEOPLE; i++) {
		for (k = 0; k < i; k++) {
			bool one_name = i % 10 == k % 10;
			bool days = i / 10 % 4 < 2 && k / 10 % 4 < 2;
			bool likely = one_name && days && i / 10 % 4 == k / 10 % 4;

			cr_expect_eq(has(&all, ids[i], ids[k], true), likely, "%u %u", i, k);
			cr_expect_eq(has(&all, ids[i], ids[k], false), one_name && !likely, "%u %u",
				     i, k);
			pairs += one_name;
		}
	}
	cr_assert_eq(all.count, pairs, "each once");
	cr_assert(!look(40, &few));
	cr_assert_eq(few.count, pairs, "in several shares");
	for (i = 0; i < all.count; i++) {
		cr_expect(has(&few, all.a[i], all.b[i], all.likely[i]));
	}
	cr_assert(look(4, &few), "more have one name than can be held: it says so");
	cr_assert_lt(few.count, pairs);
}

Test(duplicates, years_and_sexes_that_differ_are_no_pair)
{
	static const struct {
		const char *born, *sex;
		bool pair;
		const char *why;
	} rows[] = {
		{ "born=1980", "sex=A", true, "nothing differs" },
		{ "born=1981", "sex=A", false, "another year" },
		{ "born=1980", "sex=B", false, "another sex" },
		{ "born=", "sex=A", true, "no date" },
		{ "born=1980-07", "sex=", true, "no sex" },
	};
	static struct found found;
	struct uuid first = fixture_add(mary, 0, "human", "name=Amanow Batyr", "born=1980-01-02",
					"sex=A", NULL);
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct uuid id = fixture_add(mary, 0, "human", "name=Аманов Батыр", rows[i].born,
					     rows[i].sex, NULL);

		(void)look(0, &found);
		cr_expect_eq(has(&found, first, id, false), rows[i].pair, "%s", rows[i].why);
		cr_assert_eq(fixture_delete(mary, "human", id), RC_OK);
		(void)look(0, &found);
		cr_assert_eq(found.count, 0u, "%s: deleted", rows[i].why);
	}
}
