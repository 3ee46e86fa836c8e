/*
 * Writes CSV files for `kerwen import`, to standard output:
 *
 *   demo_data decrees                            for the centre
 *   demo_data persons REGION                     for the office of a region
 *   demo_data decisions REGION PERSONS DECREES   citizenship granted
 *   demo_data late REGION PERSONS DECREES        those that are held back at first
 *   demo_data permits REGION PERSONS DECREES     residence permits
 *
 * PERSONS and DECREES are what `kerwen export person` and `kerwen export
 * decree` print at the office as CSV: the ids to link to. The people are
 * synthetic (people.h), the decrees real (decrees.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/demo/lookup.h"
#include "tests/demo/people.h"

enum { LATE_COUNT = 4 };

/* The decree and the region of which the last LATE_COUNT people come late. */
static const char late_decree[] = "C2016", late_region[] = "TM-L";

enum what { DECREES, PERSONS, DECISIONS, LATE, PERMITS, WHAT_COUNT };

static const char *const what_names[WHAT_COUNT] = { "decrees", "persons", "decisions", "late",
						    "permits" };

struct job {
	enum what what;
	uint32_t region;
	struct lookup *persons, *decrees;
	struct person *people;
	uint32_t count;
};

static int write_decrees(void)
{
	uint32_t i;

	puts("number,kind,signed_on,announced,handed_on,refugees,source");
	for (i = 0; i < decrees_count; i++) {
		const struct decree *d = &decrees[i];

		printf("%s,%s,%s,%d,%s,", d->number, decrees_is_permit(d) ? "RES" : "CIT",
		       d->signed_on, d->announced, d->handed_on == NULL ? "" : d->handed_on);
		if (d->refugees > 0) {
			printf("%d", d->refugees);
		}
		printf(",%s\n", d->source);
	}
	return 0;
}

static void write_person(const struct person *p)
{
	bool is_permit = decrees_is_permit(p->decree);

	printf("%s,%s,%d,%s,%s,false,%s\n", p->name, p->birth_date, p->is_woman ? 2 : 1,
	       is_permit ? p->origin : "TKM", is_permit ? "FOR" : "CIT",
	       people_regions[p->region].code);
}

static void write_decision(const struct person *p, const char *person, const char *decree)
{
	printf("%s,CIT,GRANT,%s,%s,%d,%s,%s,%s,%s\n", person, decree, p->decree->signed_on,
	       p->is_woman ? 2 : 1, people_regions[p->region].code, p->is_refugee ? "REF" : "STL",
	       p->origin, p->decree->handed_on == NULL ? "" : p->decree->handed_on);
}

/* Valid for five years, as far as the demo goes. */
static void write_permit(const struct person *p, const char *person, const char *decree)
{
	static const char *const reasons[] = { "FAMILY", "ORIGIN", "WORK" };
	const struct decree *d = p->decree;

	printf("%s,RP-%d-%05u,%s,%s,true,%s,%s,%04d%s,%s,%s,ISSUED\n", person, d->year, p->place,
	       decree, p->is_refugee ? "REFUGEE" : reasons[p->place % 3], d->signed_on,
	       d->signed_on, d->year + 5, d->signed_on + 4, people_regions[p->region].code,
	       p->is_refugee ? "REF" : "FOR");
}

static int write_linked(const struct job *j, const struct person *p)
{
	const char *person = lookup_id(j->persons, p->name, p->birth_date);
	const char *decree = lookup_id(j->decrees, p->decree->number, NULL);

	if (person == NULL || decree == NULL) {
		return 1;
	}
	if (j->what == PERMITS) {
		write_permit(p, person, decree);
	} else {
		write_decision(p, person, decree);
	}
	return 0;
}

/* The last few of the region on the list of the decree. */
static bool is_late(const struct job *j, uint32_t i)
{
	const struct person *p = &j->people[i];
	const struct person *after = i + LATE_COUNT < j->count ? p + LATE_COUNT : NULL;

	return strcmp(p->decree->number, late_decree) == 0 &&
	       strcmp(people_regions[p->region].code, late_region) == 0 &&
	       (after == NULL || after->region != p->region || after->decree != p->decree);
}

static bool is_wanted(const struct job *j, uint32_t i)
{
	const struct person *p = &j->people[i];

	if (p->region != j->region) {
		return false;
	}
	switch (j->what) {
	case PERSONS:
		return true;
	case DECISIONS:
		return !decrees_is_permit(p->decree) && !is_late(j, i);
	case LATE:
		return is_late(j, i);
	case PERMITS:
		return decrees_is_permit(p->decree);
	case DECREES:
	case WHAT_COUNT:
		break;
	}
	return false;
}

static void write_head(enum what what)
{
	if (what == PERSONS) {
		puts("name_tm,birth_date,sex,citizenship,legal_status,stateless,region");
	} else if (what == PERMITS) {
		puts("person,permit_no,decree,reason,first,granted_on,valid_from,valid_to,region,"
		     "former_status,state");
	} else {
		puts("person,kind,outcome,decree,decided_on,sex,region,former_status,"
		     "former_citizenship,effective_on");
	}
}

static int write_people(const struct job *j)
{
	int failed = 0;
	uint32_t i;

	write_head(j->what);
	for (i = 0; i < j->count && !failed; i++) {
		if (!is_wanted(j, i)) {
			continue;
		}
		if (j->what == PERSONS) {
			write_person(&j->people[i]);
		} else {
			failed = write_linked(j, &j->people[i]);
		}
	}
	return failed;
}

static int usage(void)
{
	fputs("usage: demo_data decrees | persons REGION |\n"
	      "       demo_data decisions|late|permits REGION PERSONS.csv DECREES.csv\n",
	      stderr);
	return 2;
}

static bool read_args(int argc, char **argv, struct job *j)
{
	j->what = 0;
	while (argc > 1 && j->what < WHAT_COUNT && strcmp(argv[1], what_names[j->what]) != 0) {
		j->what++;
	}
	if (argc < 2 || j->what == WHAT_COUNT) {
		return false;
	}
	if (j->what == DECREES) {
		return argc == 2;
	}
	if (argc != (j->what == PERSONS ? 3 : 5)) {
		return false;
	}
	while (j->region < PEOPLE_REGIONS && strcmp(argv[2], people_regions[j->region].code) != 0) {
		j->region++;
	}
	return j->region < PEOPLE_REGIONS;
}

int main(int argc, char **argv)
{
	static const char *const person_key[2] = { "name_tm", "birth_date" };
	static const char *const decree_key[2] = { "number", NULL };
	struct job j = { 0 };
	int failed = 1;

	if (!read_args(argc, argv, &j)) {
		return usage();
	}
	if (j.what == DECREES) {
		return write_decrees();
	}
	if (j.what != PERSONS) {
		j.persons = lookup_open(argv[3], person_key);
		j.decrees = lookup_open(argv[4], decree_key);
	}
	if (j.what == PERSONS || (j.persons != NULL && j.decrees != NULL)) {
		j.people = people_draw(&j.count);
	}
	if (j.people != NULL) {
		failed = write_people(&j);
	}
	free(j.people);
	lookup_close(j.persons);
	lookup_close(j.decrees);
	return failed || fflush(stdout) != 0 ? 1 : 0;
}
