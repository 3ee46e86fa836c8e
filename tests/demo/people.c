/* Drawing people. */
#include "tests/demo/people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct people_region people_regions[PEOPLE_REGIONS] = {
	{ "TM-S", "Aşgabat", 324, 15 }, { "TM-A", "Ahal", 803, 13 },   { "TM-B", "Balkan", 0, 7 },
	{ "TM-D", "Daşoguz", 0, 22 },   { "TM-L", "Lebap", 7149, 20 }, { "TM-M", "Mary", 4976, 23 },
};

/* Family names of men; women add an a. */
static const char *const families[] = {
	"Amanow",          "Annagulyýew", "Aşyrow",    "Ataýew",   "Babaýew",     "Bäşimow",
	"Begliýew",        "Berdiýew",    "Çaryýew",   "Döwletow", "Durdyýew",    "Egenow",
	"Garajaýew",       "Gulyýew",     "Gurbanow",  "Hallyýew", "Hojamyradow", "Hudaýberdiýew",
	"Işanow",          "Jumaýew",     "Kakabaýew", "Kerimow",  "Mämmedow",    "Meredow",
	"Muhammetnyýazow", "Myradow",     "Nazarow",   "Nepesow",  "Nuryýew",     "Orazow",
	"Öräýew",          "Öwezow",      "Rejepow",   "Sähedow",  "Saparow",     "Tagangeldiýew",
	"Tuwakow",         "Welmyradow",  "Ýazow",     "Ýoldaşow",
};
static const char *const women[] = {
	"Aknabat",   "Amangül", "Aýgözel", "Aýna",     "Aýsoltan", "Bägül",
	"Bahar",     "Bibi",    "Enejan",  "Gözel",    "Gülälek",  "Güljahan",
	"Güljemal",  "Hurma",   "Jemal",   "Jeren",    "Läle",     "Maral",
	"Maýsa",     "Merjen",  "Nartäç",  "Nurgözel", "Ogulbibi", "Ogulgerek",
	"Ogulnabat", "Selbi",   "Sona",    "Şemşat",   "Tawus",    "Täzegül",
};
static const char *const men[] = {
	"Aman",   "Annamyrat", "Aşyr",   "Atamyrat",    "Batyr", "Begenç",    "Çary",    "Daňatar",
	"Döwlet", "Eziz",      "Gurban", "Guwanç",      "Hydyr", "Jumamyrat", "Kakajan", "Maksat",
	"Merdan", "Myrat",     "Nazar",  "Nurmuhammet", "Oraz",  "Öwez",      "Perhat",  "Rejep",
	"Rüstem", "Sapar",     "Serdar", "Şöhrat",      "Wepa",  "Ýazmyrat",
};

#define COUNT(list) ((uint32_t)(sizeof(list) / sizeof((list)[0])))

enum { TAKEN_SLOTS = 1 << 17 };

/* What the drawing goes on with. */
struct drawing {
	uint64_t chance; /* state of the generator */
	uint32_t women_left, minors_left;
	struct person *people;
	uint32_t count;
	uint32_t *taken; /* hash table of people by region, name, birth date; place + 1 */
};

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t next_chance(struct drawing *d)
{
	uint64_t z = d->chance += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* 0 .. n - 1; the bias is far below what a demo shows. */
static uint32_t below(struct drawing *d, uint32_t n)
{
	return (uint32_t)(next_chance(d) % n);
}

/* Draws exactly *left of the people that remain (Knuth, algorithm S). */
static bool is_drawn(struct drawing *d, uint32_t *left, uint32_t remain)
{
	bool drawn = below(d, remain) < *left;

	if (drawn) {
		(*left)--;
	}
	return drawn;
}

static uint32_t weight_of(uint32_t region, bool is_refugee)
{
	return is_refugee ? people_regions[region].refugees : people_regions[region].others;
}

/* Parts of a whole in proportion to the weights, by largest remainder. */
static void share(uint32_t whole, bool is_refugee, uint32_t parts[PEOPLE_REGIONS])
{
	uint64_t rest[PEOPLE_REGIONS], sum = 0;
	uint32_t i, given = 0;

	for (i = 0; i < PEOPLE_REGIONS; i++) {
		sum += weight_of(i, is_refugee);
	}
	for (i = 0; i < PEOPLE_REGIONS; i++) {
		uint64_t product = (uint64_t)whole * weight_of(i, is_refugee);

		parts[i] = (uint32_t)(product / sum);
		rest[i] = product % sum;
		given += parts[i];
	}
	for (; given < whole; given++) {
		uint32_t best = 0;

		for (i = 1; i < PEOPLE_REGIONS; i++) {
			best = rest[i] > rest[best] ? i : best;
		}
		parts[best]++;
		rest[best] = 0;
	}
}

static uint64_t hash_of(const struct person *p)
{
	uint64_t h = 0xcbf29ce484222325u + p->region; /* FNV-1a */
	const char *c = NULL;

	for (c = p->name; *c != '\0'; c++) {
		h = (h ^ (uint8_t)*c) * 0x100000001b3u;
	}
	for (c = p->birth_date; *c != '\0'; c++) {
		h = (h ^ (uint8_t)*c) * 0x100000001b3u;
	}
	return h;
}

/* Remembers the newest person; false: there is such a one already. */
static bool take(struct drawing *d)
{
	const struct person *p = &d->people[d->count];
	uint64_t slot = hash_of(p) % TAKEN_SLOTS;

	for (; d->taken[slot] != 0; slot = (slot + 1) % TAKEN_SLOTS) {
		const struct person *other = &d->people[d->taken[slot] - 1];

		if (other->region == p->region && strcmp(other->name, p->name) == 0 &&
		    strcmp(other->birth_date, p->birth_date) == 0) {
			return false;
		}
	}
	d->taken[slot] = d->count + 1;
	return true;
}

/* So that the person has `age` on the last day that the decree can mean. */
static void draw_birth(struct drawing *d, struct person *p, uint32_t age)
{
	const struct decree *c = p->decree;
	uint32_t month = 1 + below(d, 12), day = 1 + below(d, 28);
	uint32_t year = (uint32_t)c->year - age;

	if (month > c->month || (month == c->month && day > c->day)) {
		year--;
	}
	if (age > 40 && below(d, 8) == 0) {
		(void)snprintf(p->birth_date, sizeof(p->birth_date), "%04u", year % 10000);
	} else {
		(void)snprintf(p->birth_date, sizeof(p->birth_date), "%04u-%02u-%02u", year % 10000,
			       month, day);
	}
}

static void draw_name(struct drawing *d, struct person *p)
{
	const char *family = families[below(d, COUNT(families))];
	const char *given = p->is_woman ? women[below(d, COUNT(women))] : men[below(d, COUNT(men))];

	(void)snprintf(p->name, sizeof(p->name), "%s%s %s", family, p->is_woman ? "a" : "", given);
}

static const char *draw_origin(struct drawing *d, const struct person *p)
{
	static const char *const foreign[] = { "UZB", "KAZ", "RUS", "AZE", "TJK", "AFG", "IRN" };

	if (p->is_refugee) {
		return below(d, 20) == 0 ? "AFG" : "TJK";
	}
	return decrees_is_permit(p->decree) ? foreign[below(d, COUNT(foreign))] : "XXA";
}

/* remain: people of the decree that are still to be drawn, this one too. */
static void draw_person(struct drawing *d, const struct decree *c, uint32_t region, bool is_refugee,
			uint32_t remain)
{
	struct person *p = &d->people[d->count];
	bool is_minor;

	p->decree = c;
	p->place = (uint32_t)c->announced - remain + 1;
	p->region = (uint8_t)region;
	p->is_refugee = is_refugee;
	p->is_woman = is_drawn(d, &d->women_left, remain);
	is_minor = is_drawn(d, &d->minors_left, remain);
	p->origin = draw_origin(d, p);
	do {
		draw_name(d, p);
		draw_birth(d, p, is_minor ? below(d, 18) : 18 + below(d, 60));
	} while (!take(d));
	d->count++;
}

static void draw_decree(struct drawing *d, const struct decree *c)
{
	uint32_t refugees[PEOPLE_REGIONS], others[PEOPLE_REGIONS];
	uint32_t all = (uint32_t)c->announced, remain = all, region, i;

	share((uint32_t)c->refugees, true, refugees);
	share(all - (uint32_t)c->refugees, false, others);
	d->women_left = c->women < 0 ? all / 2 : (uint32_t)c->women;
	d->minors_left = c->minors < 0 ? all / 5 : (uint32_t)c->minors;
	for (region = 0; region < PEOPLE_REGIONS; region++) {
		for (i = 0; i < refugees[region] + others[region]; i++) {
			draw_person(d, c, region, i < refugees[region], remain--);
		}
	}
}

struct person *people_draw(uint32_t *count)
{
	struct drawing d = { .chance = 1381 };
	uint32_t i, all = 0;

	for (i = 0; i < decrees_count; i++) {
		all += (uint32_t)decrees[i].announced;
	}
	d.people = calloc(all, sizeof(*d.people));
	d.taken = calloc(TAKEN_SLOTS, sizeof(*d.taken));
	for (i = 0; i < decrees_count && d.people != NULL && d.taken != NULL; i++) {
		draw_decree(&d, &decrees[i]);
	}
	if (d.taken == NULL) {
		free(d.people);
		d.people = NULL;
	}
	free(d.taken);
	*count = d.count;
	return d.people;
}
