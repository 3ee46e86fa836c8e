/* Spellings of one name fold to one form; other names do not. */
#include "node/base/fold.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/demo/people.h"

enum { TEXT_MAX = 128 };

struct form {
	char text[TEXT_MAX];
	bool has_initials;
};

static struct form name_of(const char *text)
{
	static uint8_t memory[65536];
	struct arena a = arena_init(memory, sizeof(memory));
	struct fold_name n;
	struct form out = { "", false };

	cr_assert_eq(fold_name(bytes_of(text), &a, &n), RC_OK, "%s", text);
	cr_assert_lt(n.text.len, sizeof(out.text));
	memcpy(out.text, n.text.p, n.text.len);
	out.text[n.text.len] = '\0';
	out.has_initials = n.has_initials;
	return out;
}

/* Turkmen, Russian, and the Russian one as ICAO 9303 writes it in passports. */
static const char *const TRIPLES[][3] = {
	{ "Nurmuhammedow Gurbangeldi", "Нурмухаммедов Курбангельды", "NURMUKHAMMEDOV KURBANGELDY" },
	{ "Orazmuhammedowa Ogulbibi", "Оразмухаммедова Огульбиби", "ORAZMUKHAMMEDOVA OGULBIBI" },
	{ "Annagulyýewa Aýsoltan", "Аннагулыева Айсолтан", "ANNAGULYEVA AISOLTAN" },
	{ "Welmämmedow Öwez", "Вельмамедов Овез", "VELMAMEDOV OVEZ" },
	{ "Garajaýew Daňatar", "Караджаев Данатар", "KARADZHAEV DANATAR" },
	{ "Ýoldaşow Sähet", "Ёлдашов Сахет", "ELDASHOV SAKHET" },
	{ "Öräýew Begenç", "Ораев Бегенч", "ORAEV BEGENCH" },
	{ "Ysmaýylow Jumamyrat", "Исмаилов Джумамурат", "ISMAILOV DZHUMAMURAT" },
	{ "Döwletsähedow Çary", "Довлетсахедов Чары", "DOVLETSAKHEDOV CHARY" },
	{ "Tagangeldiýew Şöhrat", "Тагангельдиев Шохрат", "TAGANGELDIEV SHOKHRAT" },
	{ "Hojamyradowa Gülälek", "Ходжамурадова Гюлялек", "KHODZHAMURADOVA GIULIALEK" },
	{ "Hapyzow Maksat", "Хапизов Максат", "KHAPIZOV MAKSAT" },
	{ "Berdimyradow Aşyrmämmet", "Бердымурадов Аширмамед", "BERDYMURADOV ASHIRMAMED" },
	{ "Ataýewa Merjen", "Атаева Мерджен", "ATAEVA MERDZHEN" },
	{ "Meredow Nazar", "Мередов Назар", "MEREDOV NAZAR" },
	{ "Gylyçdurdyýew Hydyr", "Клычдурдыев Хыдыр", "KLYCHDURDYEV KHYDYR" },
	{ "Rejepowa Jeren", "Реджепова Джерен", "REDZHEPOVA DZHEREN" },
	{ "Saparow Kakajan", "Сапаров Какаджан", "SAPAROV KAKADZHAN" },
	{ "Hudaýberdiýew Ýazmyrat", "Худайбердиев Язмурат", "KHUDAIBERDIEV IAZMURAT" },
	{ "Muhammetnyýazowa Läle", "Мухамметниязова Ляле", "MUKHAMMETNIIAZOVA LIALE" },
	{ "Ýegenow Eziz", "Егенов Эзиз", "EGENOV EZIZ" },
	{ "Egenowa Guljahan", "Эгенова Гульджахан", "EGENOVA GULDZHAKHAN" },
	{ "Çaryýew Wepa", "Чарыев Вепа", "CHARYEV VEPA" },
	{ "Nepesowa Bahar", "Непесова Бахар", "NEPESOVA BAKHAR" },
	{ "Amanowa Ogulgerek", "Аманова Огульгерек", "AMANOVA OGULGEREK" },
	{ "Halmyradow Perhat", "Халмурадов Перхат", "KHALMURADOV PERKHAT" },
	{ "Jumaýew Rüstem", "Джумаев Рустем", "DZHUMAEV RUSTEM" },
	{ "Kerimowa Oguljeren", "Керимова Огульджерен", "KERIMOVA OGULDZHEREN" },
	{ "Mälikgulyýew Batyr", "Меликгулыев Батыр", "MELIKGULYEV BATYR" },
	{ "Tuwakow Täçmyrat", "Туваков Тячмурат", "TUVAKOV TIACHMURAT" },
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

Test(fold, three_spellings_of_a_name_are_one)
{
	size_t i, k;

	for (i = 0; i < COUNT(TRIPLES); i++) {
		struct form first = name_of(TRIPLES[i][0]);

		for (k = 1; k < 3; k++) {
			struct form other = name_of(TRIPLES[i][k]);

			cr_expect_str_eq(first.text, other.text, "%s, %s", TRIPLES[i][0],
					 TRIPLES[i][k]);
		}
		cr_expect(!first.has_initials, "%s", TRIPLES[i][0]);
	}
}

Test(fold, different_people_stay_different)
{
	size_t i, k;

	for (i = 0; i < COUNT(TRIPLES); i++) {
		struct form a = name_of(TRIPLES[i][0]);

		for (k = 0; k < i; k++) {
			struct form b = name_of(TRIPLES[k][0]);

			cr_expect_str_neq(a.text, b.text, "%s, %s", TRIPLES[i][0], TRIPLES[k][0]);
		}
	}
}

Test(fold, knows_more_ways_to_write_a_name)
{
	static const struct {
		const char *a, *b, *why;
	} rows[] = {
		{ "Hojamyradowa Gülälek", "Хоҗамырадова Гүләлек", "Turkmen Cyrillic" },
		{ "Garajaýew Daňatar", "Гараҗаев Даңатар", "Turkmen Cyrillic" },
		{ "Welmämmedow Öwez", "Велмәммедов Өвез", "Turkmen Cyrillic" },
		{ "Muhammetnyýazowa Läle", "Мухамметныязова Ләле", "Turkmen Cyrillic" },
		{ "Hudaýberdiýew Ýazmyrat", "Худайбердиев Язмырат", "Turkmen Cyrillic" },
		{ "Ysmaýylow Jumamyrat", "Ысмайылов Җумамырат", "Turkmen Cyrillic" },
		{ "Öräýew Begenç", "BEGENÇ ÖRÄÝEW", "order and case" },
		{ "Öräýew Begenç", "Orayew Begenc", "typed without diacritics" },
		{ "Öräýew Begenç", "O\u0308ra\u0308y\u0301ew Begenc\u0327", "decomposed" },
		{ "Öräýew, Begenç", "Öräýew  Begenç", "a comma, two blanks" },
		{ "Gözel", "Гёзель", "ö as ё" },
		{ "Gözel", "GEZEL", "the passport of Гёзель" },
		{ "Meňli", "Менгли", "ň as нг" },
		{ "Jumagylyç", "Джумаклыч", "a vowel lost within a word" },
		{ "Ýakup", "Якуб", "the last consonant's voice" },
		{ "Muhammetguly", "Мухаммедкули", "the same within a word" },
		{ "Ýusup", "IUSUP", "ю in a passport" },
		{ "Garajaýew", "Garadzhayev", "the BGN spelling" },
		{ "Garajaýew", "Каражаев", "ж for җ" },
		{ "Ata-Myrat", "Atamyrat", "a hyphen" },
		{ "Xudoyberdi", "Худойберди", "Uzbek x" },
		{ "Oʻktam", "O'ktam", "two apostrophes" },
		{ "Ҳоҷиев", "Ходжиев", "Tajik" },
		{ "Atayew Batyr", "Атаев Батыр Мередович", "a patronymic" },
		{ "Ataýewa Maral", "ATAEVA MARAL MEREDOVNA", "a daughter's" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct form a = name_of(rows[i].a), b = name_of(rows[i].b);

		cr_expect_str_eq(a.text, b.text, "%s: %s, %s", rows[i].why, rows[i].a, rows[i].b);
	}
}

Test(fold, twins_and_relatives_stay_apart)
{
	static const struct {
		const char *a, *b, *why;
	} rows[] = {
		{ "Amanow Hasan", "Amanow Hüseýin", "twins" },
		{ "Amanow Hasan", "Amanow Husan", "twins by tradition" },
		{ "Amanowa Fatma", "Amanowa Zuhra", "twins" },
		{ "Amanowa Aýna", "Amanowa Aýnur", "twins, almost alike" },
		{ "Amanow Oraz", "Amanowa Oraz", "brother and sister" },
		{ "Ataýew Gurban", "Ataýew Gurbanguly", "father and son" },
		{ "Ataýew Myrat", "Myradow Ata", "father and son" },
		{ "Myradow Batyr", "Meredow Batyr", "the vowels tell" },
		{ "Ataýew Batyr", "Батыров Ата", "a name turned round" },
		{ "Петрович Иван", "Петров Иван", "a family name like a patronymic" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct form a = name_of(rows[i].a), b = name_of(rows[i].b);

		cr_expect_str_neq(a.text, b.text, "%s: %s, %s", rows[i].why, rows[i].a, rows[i].b);
	}
}

Test(fold, knows_initials)
{
	static const struct {
		const char *text;
		bool initials;
		const char *why;
	} rows[] = {
		{ "Ataýew G.", true, "one" },
		{ "Ataýew G.B.", true, "two" },
		{ "Атаев К Б", true, "no full stops" },
		{ "ATAEV KH.", true, "one letter, spelt by two" },
		{ "Ataev Yu.", true, "the same" },
		{ "Ataýew Aý", false, "a short name" },
		{ "Ataýew Gurban", false, "names" },
		{ "Ataýew Gurban.", false, "a full stop behind a name" },
		{ "Ataýew λ.", false, "a character of another alphabet, two bytes long" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		cr_expect_eq(name_of(rows[i].text).has_initials, rows[i].initials, "%s: %s",
			     rows[i].why, rows[i].text);
	}
	cr_expect_str_eq(name_of("Ataýew G.").text, name_of("АТАЕВ К.").text);
}

Test(fold, survives_texts_that_are_no_names)
{
	static uint8_t memory[65536];
	struct arena a = arena_init(memory, sizeof(memory));
	struct fold_name n;
	struct bytes out;
	static char many[4096];
	size_t i;

	cr_expect_eq(fold_name(bytes_of("\xff"), &a, &n), RC_INVALID);
	cr_expect_eq(fold_letters(bytes_of("\xff"), &a, &out), RC_INVALID);
	cr_expect_str_eq(name_of("").text, "");
	cr_expect_str_eq(name_of("- . '").text, "", "nothing that spells");
	cr_expect_str_neq(name_of("李 明").text, name_of("王 明").text, "other scripts");
	cr_expect_str_eq(name_of("人 亚").text, "亚 人", "whose bytes are nobody's letters");
	cr_expect(!name_of("人 亚").has_initials, "a character may be a whole name");
	for (i = 0; i + 2 < sizeof(many); i += 2) {
		memcpy(many + i, "b ", 2);
	}
	a = arena_init(memory, sizeof(memory));
	cr_expect_eq(fold_name(bytes_of(many), &a, &n), RC_OK, "more words than there is room");
	a = arena_init(memory, 64);
	cr_expect_eq(fold_name(bytes_of(many), &a, &n), RC_NOMEM);
}

/* Words of letters that the tables know and of others, in two orders. */
Test(fold, order_never_matters_and_nothing_overflows)
{
	static const char *const bits[] = { "dzh", "ý",  "я",      "щ",   "ň", "g",      "k",
					    "і",   "李", "\u0301", "kil", "'", "-",      "ß",
					    "İ",   "ﬁ",  "a",      "5",   "Ǆ", "u\u0308" };
	static uint8_t memory[1 << 16];
	uint32_t chance = 1, i, k;

	for (i = 0; i < 2000; i++) {
		char words[3][64] = { "", "", "" }, one[256], other[256];
		struct arena a = arena_init(memory, sizeof(memory));
		struct fold_name x, y;

		for (k = 0; k < 18; k++) {
			chance = chance * 1664525 + 1013904223;
			strcat(words[k % 3], bits[(chance >> 16) % COUNT(bits)]);
		}
		(void)snprintf(one, sizeof(one), "%s %s %s", words[0], words[1], words[2]);
		(void)snprintf(other, sizeof(other), "%s,%s  %s", words[2], words[0], words[1]);
		cr_assert_eq(fold_name(bytes_of(one), &a, &x), RC_OK, "%s", one);
		cr_assert_eq(fold_name(bytes_of(other), &a, &y), RC_OK, "%s", other);
		cr_assert(bytes_equal(x.text, y.text), "%s", one);
	}
}

Test(fold, brings_the_alphabets_together_for_labels)
{
	static const char *const same[] = { "Da\u015foguz",  "Da\u0219oguz", "Das\u0327oguz",
					    "Das\u0326oguz", "Дашогуз",      "Dashoguz",
					    "DASHOGUZ",      "Дашогуз " };
	static uint8_t memory[65536];
	struct arena a = arena_init(memory, sizeof(memory));
	struct bytes first, other;
	size_t i;

	cr_assert_eq(fold_letters(bytes_of(same[0]), &a, &first), RC_OK);
	for (i = 1; i < COUNT(same); i++) {
		cr_assert_eq(fold_letters(bytes_of(same[i]), &a, &other), RC_OK);
		cr_expect(bytes_equal(first, other), "%s", same[i]);
	}
	cr_assert_eq(fold_letters(bytes_of("Dashagyz"), &a, &other), RC_OK);
	cr_expect(!bytes_equal(first, other), "vowels stay apart");
}

/* --- how much is lost ----------------------------------------------------------- */

static int order_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

static size_t count_distinct(char (*texts)[TEXT_MAX], size_t count)
{
	size_t i, n = count > 0;

	qsort(texts, count, sizeof(*texts), order_texts);
	for (i = 1; i < count; i++) {
		n += strcmp(texts[i - 1], texts[i]) != 0;
	}
	return n;
}

/* The forms without their vowels: what a skeleton of consonants would tell. */
static void drop_vowels(char *text)
{
	size_t i, n = 0;

	for (i = 0; text[i] != '\0'; i++) {
		if (text[i] != 'a' && text[i] != 'i') {
			text[n++] = text[i];
		}
	}
	text[n] = '\0';
}

Test(fold, tells_the_names_of_synthetic_people_apart)
{
	uint32_t i, count = 0;
	struct person *people = people_draw(&count);
	char(*texts)[TEXT_MAX] = calloc(count, sizeof(*texts));
	size_t names, forms, skeletons;

	cr_assert(people != NULL && texts != NULL);
	for (i = 0; i < count; i++) {
		(void)snprintf(texts[i], TEXT_MAX, "%s", people[i].name);
	}
	names = count_distinct(texts, count);
	for (i = 0; i < count; i++) {
		(void)snprintf(texts[i], TEXT_MAX, "%s", name_of(people[i].name).text);
	}
	forms = count_distinct(texts, count);
	for (i = 0; i < count; i++) {
		drop_vowels(texts[i]);
	}
	skeletons = count_distinct(texts, count);
	printf("fold: of %zu names of %u people %zu fold like another, by consonants alone %zu\n",
	       names, count, names - forms, names - skeletons);
	cr_expect_gt(names, 2000u);
	cr_expect_leq(names - forms, names / 100, "%zu of %zu", names - forms, names);
	cr_expect_gt(names - skeletons, names - forms, "vowels are worth it");
	free(texts);
	free(people);
}
