/* Keys of doubles: equal where the name is, and silent about it. */
#include "node/store/samekey.h"

#include <criterion/criterion.h>
#include <string.h>

#include "fixture.h"

static struct fixture f;
static struct fixture_node *mary, *lebap;

static void start(void)
{
	fixture_init(&f);
	mary = fixture_office(&f, "Mary", 1, "TM-M");
	lebap = fixture_office(&f, "Lebap", 2, "TM-L");
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(samekey, .init = start, .fini = stop);

struct key_text {
	char text[64];
};

static struct key_text key_of(struct fixture_node *n, struct uuid id)
{
	struct key_text k;

	cr_assert_lt(strlen(fixture_show(n, "human", id, "key")), sizeof(k.text));
	strcpy(k.text, fixture_show(n, "human", id, "key"));
	return k;
}

static struct key_text add(struct fixture_node *n, const char *name, const char *born,
			   const char *sex)
{
	return key_of(n, fixture_add(n, 0, "human", name, born, sex, NULL));
}

Test(samekey, two_offices_make_one_key_of_one_person)
{
	struct key_text a =
		add(lebap, "name=Нурмухаммедов Курбангельды", "born=1980-05-04", "sex=A");
	struct key_text b = add(mary, "name=Nurmuhammedow Gurbangeldi", "born=1980-05-04", "sex=A");

	cr_assert_eq(strlen(a.text), SAMEKEY_LEN_MAX, "%s", a.text);
	cr_assert_str_eq(a.text, b.text);
}

Test(samekey, says_no_more_than_is_sure)
{
	static const struct {
		const char *name, *born, *sex;
		bool same_name, has_same, same;
		const char *why;
	} rows[] = {
		{ "name=Атаев Курбан", "born=1980-05-04", "sex=A", true, true, true, "the same" },
		{ "name=Ataýew Gurban", "born=1980-05-05", "sex=A", true, true, false, "a day" },
		{ "name=Ataýew Gurban", "born=1980-05-04", "sex=B", true, true, false, "the sex" },
		{ "name=Ataýew Gurban", "born=1980-05", "sex=A", true, false, false, "no day" },
		{ "name=Ataýew Gurban", "born=1980", "sex=A", true, false, false, "a year" },
		{ "name=Ataýew Gurban", "born=", "sex=A", true, false, false, "no date" },
		{ "name=Ataýew Gurban", "born=1980-05-04", "sex=", true, false, false, "no sex" },
		{ "name=Ataýew G.", "born=1980-05-04", "sex=A", false, false, false, "initials" },
		{ "name=Ataýew Hasan", "born=1980-05-04", "sex=A", false, true, false, "a twin" },
	};
	struct key_text first = add(mary, "name=Ataýew Gurban", "born=1980-05-04", "sex=A");
	struct samekey a, b;
	size_t i;

	cr_assert(samekey_read(bytes_of(first.text), &a));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct key_text k = add(mary, rows[i].name, rows[i].born, rows[i].sex);

		cr_assert(samekey_read(bytes_of(k.text), &b), "%s: %s", rows[i].why, k.text);
		cr_expect_eq(bytes_equal(a.name, b.name), rows[i].same_name, "%s", rows[i].why);
		cr_expect_eq(b.same.len > 0, rows[i].has_same, "%s", rows[i].why);
		cr_expect_eq(bytes_equal(a.same, b.same), rows[i].same, "%s", rows[i].why);
	}
	cr_expect_str_eq(add(mary, "name=", "born=1980-05-04", "sex=A").text, "", "nothing");
	cr_expect_str_eq(add(mary, "name=-", "born=1980-05-04", "sex=A").text, "", "no letters");
}

Test(samekey, follows_each_of_its_sources)
{
	static const char *const changes[] = { "born=1980-05-05", "sex=B", "name=Ataýew Hasan" };
	struct uuid id = fixture_add(mary, 0, "human", "name=Ataýew Gurban", "born=1980-05-04",
				     "sex=A", NULL);
	struct key_text before = key_of(mary, id), now;
	size_t i;

	for (i = 0; i < 3; i++) {
		cr_assert_eq(fixture_set(mary, "human", id, changes[i], NULL), RC_OK);
		now = key_of(mary, id);
		cr_expect_str_neq(now.text, before.text, "%s", changes[i]);
		before = now;
	}
	cr_assert_eq(fixture_set(mary, "human", id, "city=Murgap", NULL), RC_OK);
	cr_expect_str_eq(key_of(mary, id).text, before.text, "of no concern");
	cr_assert_eq(fixture_set(mary, "human", id, "name=", NULL), RC_OK);
	cr_expect_str_eq(key_of(mary, id).text, "");
	cr_assert_eq(fixture_set(mary, "human", id, "key=x", NULL), RC_INVALID, "it is computed");
}

/* The centre sees the sex, but not the name: it cannot make the key. */
Test(samekey, is_left_alone_by_who_does_not_know_the_name)
{
	struct uuid id = fixture_add(mary, 0, "human", "name=Ataýew Gurban", "born=1980-05-04",
				     "sex=A", NULL);
	struct key_text before = key_of(mary, id);

	cr_assert_eq(fixture_sync(&f, mary), RC_OK);
	cr_assert_str_eq(key_of(&f.centre, id).text, before.text);
	cr_assert_str_eq(fixture_show(&f.centre, "human", id, "name"), "");
	cr_assert_eq(fixture_set(&f.centre, "human", id, "sex=B", NULL), RC_OK);
	cr_assert_str_eq(key_of(&f.centre, id).text, before.text);
}

/* The one of ../../proto/README.md, chapter 15. */
Test(samekey, is_as_printed)
{
	struct key_text k = add(mary, "name=Nurmuhammedow Gurbangeldi", "born=1980-05-04", "sex=A");

	cr_assert_str_eq(k.text, "tb3izyeyjlauvqwz-uig7y4ibhnv4ay4b");
}
