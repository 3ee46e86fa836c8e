#include "sync/mrz.h"

enum { ZONE_MAX = 90 };

/* A stretch of the zone, its lines joined: its first place and its length. */
struct stretch {
	uint8_t at, len;
};

/* Where the parts of a format stand; a check digit stands behind its part. */
struct layout {
	uint8_t lines, width;
	bool is_visa;
	struct stretch number, birth, expiry;
	struct stretch optional; /* takes the end of a long number; TD1 and TD2 */
	struct stretch personal; /* TD3 */
	struct stretch composite[4];
	uint8_t composite_at; /* 0: there is none */
};

static const struct layout layouts[] = {
	/* TD1: the composite leaves out sex and nationality. */
	{ .lines = 3,
	  .width = 30,
	  .number = { 5, 9 },
	  .optional = { 15, 15 },
	  .birth = { 30, 6 },
	  .expiry = { 38, 6 },
	  .composite = { { 5, 25 }, { 30, 7 }, { 38, 7 }, { 48, 11 } },
	  .composite_at = 59 },
	/* TD2 */
	{ .lines = 2,
	  .width = 36,
	  .number = { 36, 9 },
	  .birth = { 49, 6 },
	  .expiry = { 57, 6 },
	  .optional = { 64, 7 },
	  .composite = { { 36, 10 }, { 49, 7 }, { 57, 14 } },
	  .composite_at = 71 },
	/* MRV-B */
	{ .lines = 2,
	  .width = 36,
	  .is_visa = true,
	  .number = { 36, 9 },
	  .birth = { 49, 6 },
	  .expiry = { 57, 6 } },
	/* TD3 */
	{ .lines = 2,
	  .width = 44,
	  .number = { 44, 9 },
	  .birth = { 57, 6 },
	  .expiry = { 65, 6 },
	  .personal = { 72, 14 },
	  .composite = { { 44, 10 }, { 57, 7 }, { 65, 22 } },
	  .composite_at = 87 },
	/* MRV-A */
	{ .lines = 2,
	  .width = 44,
	  .is_visa = true,
	  .number = { 44, 9 },
	  .birth = { 57, 6 },
	  .expiry = { 65, 6 } },
};

/* The zone with its lines joined. */
struct zone {
	uint8_t chars[ZONE_MAX];
	const struct layout *layout;
};

static bool has_shape(struct bytes text, const struct layout *l)
{
	size_t joined = (size_t)l->lines * l->width, i;

	if (l->is_visa != (text.len > 0 && text.p[0] == 'V')) {
		return false;
	}
	if (text.len == joined) {
		return true;
	}
	if (text.len != joined + l->lines - 1) {
		return false;
	}
	for (i = l->width; i < text.len && text.p[i] == '\n'; i += l->width + 1U) {
	}
	return i >= text.len;
}

static enum mrz_fault read_zone(struct bytes text, struct zone *out)
{
	bool has_newlines = false;
	size_t i, len = 0;

	out->layout = NULL;
	for (i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		if (has_shape(text, &layouts[i])) {
			out->layout = &layouts[i];
		}
	}
	if (out->layout == NULL) {
		return MRZ_LENGTH;
	}
	has_newlines = text.len > (size_t)out->layout->lines * out->layout->width;
	for (i = 0; i < text.len; i++) {
		uint8_t c = text.p[i];

		if (has_newlines && (i + 1) % (out->layout->width + 1U) == 0) {
			continue;
		}
		if (c != '<' && (c < '0' || c > '9') && (c < 'A' || c > 'Z')) {
			return MRZ_CHARACTER;
		}
		out->chars[len++] = c;
	}
	return MRZ_FINE;
}

static unsigned weigh(uint8_t c)
{
	if (c == '<') {
		return 0;
	}
	return (unsigned)(c <= '9' ? c - '0' : c - 'A' + 10);
}

/* Adds a stretch to a sum; *place counts the characters for their weights. */
static unsigned add(const struct zone *z, struct stretch s, unsigned sum, unsigned *place)
{
	static const uint8_t weights[] = { 7, 3, 1 };
	unsigned i;

	for (i = 0; i < s.len; i++) {
		sum += weigh(z->chars[s.at + i]) * weights[(*place)++ % 3];
	}
	return sum;
}

/* Whether the character behind a stretch is its check digit. */
static bool fits(const struct zone *z, struct stretch s)
{
	unsigned place = 0;

	return z->chars[s.at + s.len] == '0' + (int)(add(z, s, 0, &place) % 10);
}

/* A number of more than 9 characters has < for its check digit, and goes on in
 * the optional data: the rest of it, the check digit, then a filler. */
static bool fits_number(const struct zone *z)
{
	struct stretch first = z->layout->number, rest = z->layout->optional;
	unsigned place = 0, sum, len = 0;

	if (z->chars[first.at + first.len] != '<' || rest.len == 0) {
		return fits(z, first);
	}
	while (len < rest.len && z->chars[rest.at + len] != '<') {
		len++;
	}
	if (len < 2) {
		return false;
	}
	rest.len = (uint8_t)(len - 1);
	sum = add(z, first, 0, &place);
	sum = add(z, rest, sum, &place);
	return z->chars[rest.at + rest.len] == '0' + (int)(sum % 10);
}

/* The check digit of a personal number that is not there may be < too. */
static bool fits_personal(const struct zone *z)
{
	struct stretch s = z->layout->personal;
	unsigned i = 0;

	while (i < s.len && z->chars[s.at + i] == '<') {
		i++;
	}
	return s.len == 0 || (i == s.len && z->chars[s.at + s.len] == '<') || fits(z, s);
}

static bool fits_composite(const struct zone *z)
{
	const struct layout *l = z->layout;
	unsigned i, place = 0, sum = 0;

	for (i = 0; i < sizeof(l->composite) / sizeof(l->composite[0]); i++) {
		sum = add(z, l->composite[i], sum, &place);
	}
	return l->composite_at == 0 || z->chars[l->composite_at] == '0' + (int)(sum % 10);
}

enum mrz_fault mrz_check(struct bytes text)
{
	struct zone z;
	enum mrz_fault fault = read_zone(text, &z);

	if (fault != MRZ_FINE) {
		return fault;
	}
	if (!fits_number(&z)) {
		return MRZ_NUMBER;
	}
	if (!fits(&z, z.layout->birth)) {
		return MRZ_BIRTH;
	}
	if (!fits(&z, z.layout->expiry)) {
		return MRZ_EXPIRY;
	}
	if (!fits_personal(&z)) {
		return MRZ_PERSONAL;
	}
	return fits_composite(&z) ? MRZ_FINE : MRZ_COMPOSITE;
}

const char *mrz_fault_text(enum mrz_fault fault)
{
	switch (fault) {
	case MRZ_FINE:
		return "";
	case MRZ_LENGTH:
		return "this is no machine-readable zone: it has 2 lines of 44 or 36 characters, "
		       "or 3 of 30";
	case MRZ_CHARACTER:
		return "a machine-readable zone has only A-Z, 0-9 and <";
	case MRZ_NUMBER:
		return "the check digit of the document number does not fit";
	case MRZ_BIRTH:
		return "the check digit of the birth date does not fit";
	case MRZ_EXPIRY:
		return "the check digit of the expiry date does not fit";
	case MRZ_PERSONAL:
		return "the check digit of the personal number does not fit";
	case MRZ_COMPOSITE:
		return "the composite check digit does not fit";
	}
	return "";
}
