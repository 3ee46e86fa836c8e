/*
 * Synthetic people, as many as the decrees announced, drawn with a fixed seed:
 * every run gives the same ones, and nobody of them exists. The published
 * margins (decrees.h) are met exactly: people a decree, refugees, women,
 * minors. How they are spread over the regions was never published; it is
 * the rule of the demo:
 *
 *   refugees  as UNHCR counted the refugees of 2004: Lebap 7149, Mary 4976,
 *             Ahal 803, Aşgabat 324
 *   others    roughly as the population is: Mary 23, Daşoguz 22, Lebap 20,
 *             Aşgabat 15, Ahal 13, Balkan 7 of a hundred
 *
 * rounded by largest remainder. Women and minors are drawn over all regions;
 * where their number is not known, half and a fifth are drawn.
 *
 * Name and birth date together are unique within a region.
 */
#ifndef KERWEN_PEOPLE_H
#define KERWEN_PEOPLE_H

#include <stdbool.h>

#include "tests/demo/decrees.h"

enum { PEOPLE_REGIONS = 6, PEOPLE_NAME_MAX = 64 };

struct people_region {
	const char *code; /* ISO 3166-2:TM */
	const char *name;
	uint32_t refugees, others; /* weights, see above */
};

extern const struct people_region people_regions[PEOPLE_REGIONS];

struct person {
	const struct decree *decree;
	uint32_t place; /* among the people of the decree, from 1 */
	uint8_t region; /* of people_regions */
	bool is_refugee, is_woman;
	const char *origin; /* former citizenship, a code */
	char name[PEOPLE_NAME_MAX];
	char birth_date[11]; /* of some only the year is known */
};

/* All of them: decree by decree, in it region by region. Gives (free); NULL
 * when out of memory. */
struct person *people_draw(uint32_t *count);

#endif
