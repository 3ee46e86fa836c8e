/*
 * Real decrees on citizenship and residence permits, 2005 to 2025: how many
 * people each names, and what else was published of them. Facts, compiled from
 * the press; each row names its source. The people behind them are not known
 * here: people.h invents some.
 */
#ifndef KERWEN_DECREES_H
#define KERWEN_DECREES_H

#include <stdint.h>

struct decree {
	const char *number;    /* C2016: citizenship, R2021: residence permits */
	const char *signed_on; /* a day, a month or only a year, as far as known */
	const char *handed_on; /* or NULL: not known */
	int16_t year;
	uint8_t month, day; /* the last day that signed_on can mean */
	int32_t announced;  /* people */
	int32_t refugees;   /* of them; 0: none are named */
	int32_t women;      /* of them; -1: not known */
	int32_t minors;     /* of them under 18; -1: not known */
	const char *source;
};

/* By kind, then by year. */
extern const struct decree decrees[];
extern const uint32_t decrees_count;

/* A residence permit; else citizenship. */
static inline int decrees_is_permit(const struct decree *d)
{
	return d->number[0] == 'R';
}

#endif
