/*
 * From characters to letters to the form of a name.
 *
 * Letters: an alphabet of 22, in which C is ch, J is zh and dzh, S is sh, N is
 * ng. First two or three characters that spell one of them are looked for,
 * then single ones; what is unknown is tried without its marks, and stands
 * for itself if that is no help.
 *
 * Names: the same name reaches us along several ways, each of which loses
 * something; the form keeps what all of them keep.
 *
 *   g = k            Gurban, Курбан
 *   N = n, nk = n    Meňli, Менли, Менгли
 *   a = e = o        Mälik, Мелик; Sähet, Сахет; Ýoldaş, Ёлдаш, ELDASH
 *   i = u = y = j    Myrat, Мурад; Aýsoltan, Айсолтан, AISOLTAN
 *   i before a: out  the glide is not always written: -aýew, -аев; Läle, LIALE
 *   kil = kl         Gylyç, Клыч
 *   twice = once     Mämmet, Мамед
 *   d = t, b = p     Mämmet, Мамед, but only where nothing is heard of it: at
 *                    the end and before a consonant
 *
 * So consonants stay apart (but for the voice of k, d, b), and of vowels the
 * open and the close ones. A skeleton of consonants alone would satisfy the
 * spellings as well, but takes more names for one (test_fold.c counts).
 */
#include "node/base/fold.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

/* What spells letters, in lower case. Latin j is dzh, x is kh, c is ch; so
 * write Turkmen, Uzbek and those who leave out diacritics. */
struct spelling {
	const char *text, *letters;
};

/* Longest first. In Latin s and h may also meet by chance (Yshak): rare. */
static const struct spelling GROUPS[] = {
	{ "dzh", "J" }, { "дж", "J" }, { "dž", "J" }, { "dj", "J" }, { "zh", "J" },
	{ "kh", "h" },  { "gh", "g" }, { "ch", "C" }, { "sh", "S" },
};

static const struct spelling SINGLES[] = {
	/* Latin */
	{ "ä", "e" },
	{ "c", "C" },
	{ "ç", "C" },
	{ "č", "C" },
	{ "ı", "i" },
	{ "j", "J" },
	{ "ž", "J" },
	{ "ň", "N" },
	{ "q", "k" },
	{ "ş", "S" },
	{ "ș", "S" },
	{ "š", "S" },
	{ "w", "v" },
	{ "x", "h" },
	{ "y", "i" },
	{ "ý", "i" },
	/* Cyrillic */
	{ "а", "a" },
	{ "б", "b" },
	{ "в", "v" },
	{ "г", "g" },
	{ "д", "d" },
	{ "е", "e" },
	{ "ё", "o" },
	{ "ж", "J" },
	{ "з", "z" },
	{ "и", "i" },
	{ "й", "i" },
	{ "к", "k" },
	{ "л", "l" },
	{ "м", "m" },
	{ "н", "n" },
	{ "о", "o" },
	{ "п", "p" },
	{ "р", "r" },
	{ "с", "s" },
	{ "т", "t" },
	{ "у", "u" },
	{ "ф", "f" },
	{ "х", "h" },
	{ "ц", "ts" },
	{ "ч", "C" },
	{ "ш", "S" },
	{ "щ", "SC" },
	{ "ъ", "" },
	{ "ы", "i" },
	{ "ь", "" },
	{ "э", "e" },
	{ "ю", "iu" },
	{ "я", "ia" },
	/* Cyrillic of Turkmen and its neighbours */
	{ "ә", "e" },
	{ "җ", "J" },
	{ "ҷ", "J" },
	{ "ң", "N" },
	{ "ө", "o" },
	{ "ү", "u" },
	{ "ұ", "u" },
	{ "ў", "u" },
	{ "і", "i" },
	{ "ғ", "g" },
	{ "қ", "k" },
	{ "ҳ", "h" },
	{ "һ", "h" },
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

enum { LETTERS_PER_CHAR = 4, WORDS_MAX = 64 };

/* --- letters ------------------------------------------------------------------ */

/* The characters of a text, in lower case and composed. */
struct chars {
	int32_t *items;
	size_t count;
};

static enum rc read_chars(struct bytes in, struct arena *a, struct chars *out)
{
	const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD;
	utf8proc_ssize_t n = utf8proc_decompose(in.p, (utf8proc_ssize_t)in.len, NULL, 0, options);

	if (n < 0) {
		return RC_INVALID;
	}
	out->items = arena_take(a, ((size_t)n + 1) * sizeof(*out->items));
	if (out->items == NULL) {
		return RC_NOMEM;
	}
	n = utf8proc_decompose(in.p, (utf8proc_ssize_t)in.len, out->items, n, options);
	n = n < 0 ? n : utf8proc_normalize_utf32(out->items, n, options);
	out->count = n < 0 ? 0 : (size_t)n;
	return n < 0 ? RC_INVALID : RC_OK;
}

enum rc fold_case(struct bytes in, struct arena *a, struct bytes *out)
{
	struct chars c = { NULL, 0 };
	enum rc rc = read_chars(in, a, &c);
	utf8proc_ssize_t n = 0;

	if (rc == RC_OK && c.count > 0) {
		/* It writes the text over the characters, and a NUL. */
		n = utf8proc_reencode(c.items, (utf8proc_ssize_t)c.count, UTF8PROC_STABLE);
	}
	*out = bytes_at(c.items, n > 0 ? (size_t)n : 0);
	return n < 0 ? RC_INVALID : rc;
}

/* How many characters at `at` are exactly this text; 0: they are not. */
static size_t match(const struct chars *c, size_t at, const char *text)
{
	struct bytes t = bytes_of(text);
	size_t from = 0, n = 0;

	while (from < t.len) {
		int32_t want = 0;

		from += (size_t)utf8proc_iterate(t.p + from, (utf8proc_ssize_t)(t.len - from),
						 &want);
		if (at + n == c->count || c->items[at + n] != want) {
			return 0;
		}
		n++;
	}
	return n;
}

static const char *find(const struct spelling *list, size_t count, const struct chars *c, size_t at,
			size_t *len)
{
	size_t i;

	for (i = 0; i < count; i++) {
		*len = match(c, at, list[i].text);
		if (*len > 0) {
			return list[i].letters;
		}
	}
	return NULL;
}

/* The character without its marks: é is e. */
static int32_t strip(int32_t c)
{
	int32_t parts[8];
	int boundary = 0;
	utf8proc_ssize_t n = utf8proc_decompose_char(c, parts, 8, UTF8PROC_DECOMPOSE, &boundary);

	return n > 0 && n <= 8 ? parts[0] : c;
}

/* Letters and digits spell; marks and what is written inside of words (hyphens,
 * apostrophes) are passed over; all else is a gap. */
enum sort { SORT_LETTER, SORT_NOTHING, SORT_GAP };

static enum sort sort_of(int32_t c)
{
	switch ((int)utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_ND:
		return SORT_LETTER;
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
	case UTF8PROC_CATEGORY_SK:
	case UTF8PROC_CATEGORY_PD:
	case UTF8PROC_CATEGORY_PI:
	case UTF8PROC_CATEGORY_PF:
	case UTF8PROC_CATEGORY_CF:
		return SORT_NOTHING;
	}
	return c == '\'' ? SORT_NOTHING : SORT_GAP;
}

/* Writes what stands at `at`; returns how many characters that is. */
static size_t spell(const struct chars *c, size_t at, struct bytes_writer *w)
{
	size_t len = 0;
	const char *letters = find(GROUPS, COUNT(GROUPS), c, at, &len);
	int32_t plain = 0;
	struct chars one = { &plain, 1 };
	uint8_t own[4];

	if (letters == NULL) {
		letters = find(SINGLES, COUNT(SINGLES), c, at, &len);
	}
	if (letters == NULL) {
		plain = strip(c->items[at]);
		letters = find(SINGLES, COUNT(SINGLES), &one, 0, &len);
		len = 1;
	}
	if (letters != NULL) {
		bytes_put(w, letters, strlen(letters));
	} else {
		bytes_put(w, own, (size_t)utf8proc_encode_char(plain, own));
	}
	return len;
}

/* The letters of one word, from *at on; *at then stands at the gap behind it.
 * A word of letters that spell nothing is empty. */
static void spell_word(const struct chars *c, size_t *at, struct bytes_writer *w)
{
	while (*at < c->count) {
		enum sort sort = sort_of(c->items[*at]);

		if (sort == SORT_GAP) {
			return;
		}
		*at += sort == SORT_LETTER ? spell(c, *at, w) : 1;
	}
}

enum rc fold_letters(struct bytes in, struct arena *a, struct bytes *out)
{
	struct bytes_writer w;
	struct chars c;
	size_t at = 0, max;
	enum rc rc = read_chars(in, a, &c);

	if (rc != RC_OK) {
		return rc;
	}
	max = c.count * (LETTERS_PER_CHAR + 1);
	w = bytes_writer_init(arena_take(a, max), max);
	if (w.p == NULL) {
		return RC_NOMEM;
	}
	for (at = 0; at < c.count; at++) {
		size_t mark = w.len;

		spell_word(&c, &at, &w);
		if (w.len > mark) {
			bytes_put_u8(&w, ' ');
		}
	}
	*out = bytes_at(w.p, w.len > 0 ? w.len - 1 : 0);
	return w.rc;
}

/* --- names -------------------------------------------------------------------- */

struct word {
	char *p; /* letters, changed in place */
	size_t len;
};

static void merge_letters(struct word *w)
{
	static const char from[] = "gNeouy", to[] = "knaaii";
	size_t i;

	for (i = 0; i < w->len; i++) {
		const char *found = memchr(from, w->p[i], sizeof(from) - 1);

		if (found != NULL) {
			w->p[i] = to[found - from];
		}
	}
}

/* Takes out letter `at`. */
static void drop(struct word *w, size_t at)
{
	memmove(w->p + at, w->p + at + 1, w->len - at - 1);
	w->len--;
}

/* Two open vowels stay: between them a glide was written, or might be. So do
 * the bytes of a character that stands for itself. */
static void drop_twins(struct word *w)
{
	size_t i;

	for (i = 1; i < w->len;) {
		if (w->p[i] == w->p[i - 1] && w->p[i] != 'a' && (uint8_t)w->p[i] < 0x80) {
			drop(w, i);
		} else {
			i++;
		}
	}
}

/* Drops letter `skip` of every place where this text stands. */
static void drop_in(struct word *w, const char *text, size_t skip)
{
	size_t len = strlen(text), i;

	for (i = 0; i + len <= w->len;) {
		if (memcmp(w->p + i, text, len) == 0) {
			drop(w, i + skip);
		} else {
			i++;
		}
	}
}

static void drop_voice(struct word *w)
{
	size_t i;

	for (i = 0; i < w->len; i++) {
		bool ends = i + 1 == w->len || (w->p[i + 1] != 'a' && w->p[i + 1] != 'i');

		if (ends && (w->p[i] == 'd' || w->p[i] == 'b')) {
			w->p[i] = w->p[i] == 'd' ? 't' : 'p';
		}
	}
}

static void fold_word(struct word *w)
{
	merge_letters(w);
	drop_twins(w);
	drop_in(w, "ia", 0);
	drop_in(w, "kil", 1);
	drop_in(w, "nk", 1);
	drop_voice(w);
	drop_twins(w);
}

static bool ends_with(const struct word *w, const char *end)
{
	size_t len = strlen(end);

	return w->len > len && memcmp(w->p + w->len - len, end, len) == 0;
}

/* -owiç, -ович; -owna, -овна; -ewiç, -ewna. */
static bool is_patronymic(const struct word *w)
{
	return ends_with(w, "aviC") || ends_with(w, "avna");
}

static int order_words(const void *a, const void *b)
{
	const struct word *x = a, *y = b;
	int order = memcmp(x->p, y->p, x->len < y->len ? x->len : y->len);

	return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

struct words {
	struct word items[WORDS_MAX];
	uint32_t count;
	bool has_initials;
};

/* One letter, or two before a full stop. What takes two bytes is no letter. */
static bool is_initial(const struct word *w, bool stopped)
{
	return w->len == 1 || (stopped && w->len == 2 && (uint8_t)w->p[0] < 0x80);
}

/* Words for which there is no room are left out. */
static void read_words(const struct chars *c, struct bytes_writer *w, struct words *out)
{
	size_t at = 0;

	for (at = 0; at < c->count; at++) {
		struct word word = { .p = (char *)w->p + w->len };
		bool stopped;

		spell_word(c, &at, w);
		word.len = (size_t)((char *)w->p + w->len - word.p);
		if (word.len == 0 || w->rc != RC_OK || out->count == WORDS_MAX) {
			continue;
		}
		fold_word(&word);
		stopped = at < c->count && c->items[at] == '.';
		out->has_initials = out->has_initials || is_initial(&word, stopped);
		out->items[out->count++] = word;
	}
}

/* One spelling has the patronymic, another does not. */
static void drop_patronymics(struct words *w)
{
	uint32_t i, kept = 0, others = 0;

	for (i = 0; i < w->count; i++) {
		others += !is_patronymic(&w->items[i]);
	}
	for (i = 0; i < w->count && others >= 2; i++) {
		if (!is_patronymic(&w->items[i])) {
			w->items[kept++] = w->items[i];
		}
	}
	w->count = others >= 2 ? kept : w->count;
}

static enum rc join_words(const struct words *words, size_t max, struct arena *a, struct bytes *out)
{
	struct bytes_writer w = bytes_writer_init(arena_take(a, max), max);
	uint32_t i;

	if (w.p == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < words->count; i++) {
		if (i > 0) {
			bytes_put_u8(&w, ' ');
		}
		bytes_put(&w, words->items[i].p, words->items[i].len);
	}
	*out = bytes_written(&w);
	return w.rc;
}

enum rc fold_name(struct bytes in, struct arena *a, struct fold_name *out)
{
	struct bytes_writer w;
	struct words words = { .count = 0 };
	struct chars c;
	size_t max;
	enum rc rc = read_chars(in, a, &c);

	if (rc != RC_OK) {
		return rc;
	}
	max = c.count * (LETTERS_PER_CHAR + 1);
	w = bytes_writer_init(arena_take(a, max), max);
	if (w.p == NULL) {
		return RC_NOMEM;
	}
	read_words(&c, &w, &words);
	drop_patronymics(&words);
	if (words.count > 1) {
		qsort(words.items, words.count, sizeof(words.items[0]), order_words);
	}
	out->has_initials = words.has_initials;
	return w.rc == RC_OK ? join_words(&words, max, a, &out->text) : w.rc;
}
