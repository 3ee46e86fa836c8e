#include "sync/nearest.h"

#include <string.h>

#include "sync/limits.h"

enum { BEGINNING_MIN = 3 };

/* How many mistakes a name of this length may have. */
static uint32_t bound_mistakes(size_t len)
{
	if (len < 2) {
		return 0; /* one letter is near every other */
	}
	return (uint32_t)(len < 6 ? 1 : len / 3);
}

struct nearest nearest_init(struct bytes wanted)
{
	struct nearest n = { .wanted = wanted, .distance = 0, .found = NULL };

	if (wanted.len > 0 && wanted.len <= LIMIT_NAME_BYTES_MAX) {
		n.distance = bound_mistakes(wanted.len) + 1;
	}
	return n;
}

static uint8_t fold(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static uint32_t pick_least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Row i holds what turns the first i bytes of a into each prefix of b; three
 * rows are enough, since a swap looks back by two. */
static uint32_t measure(struct bytes a, struct bytes b)
{
	uint32_t rows[3][LIMIT_NAME_BYTES_MAX + 1];
	size_t i, j;

	for (j = 0; j <= b.len; j++) {
		rows[0][j] = (uint32_t)j;
	}
	for (i = 1; i <= a.len; i++) {
		uint32_t *now = rows[i % 3];
		const uint32_t *last = rows[(i - 1) % 3];

		now[0] = (uint32_t)i;
		for (j = 1; j <= b.len; j++) {
			uint8_t x = fold(a.p[i - 1]), y = fold(b.p[j - 1]);

			now[j] = last[j - 1] + (x == y ? 0 : 1);
			now[j] = pick_least(now[j], pick_least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && x == fold(b.p[j - 2]) && y == fold(a.p[i - 2])) {
				now[j] = pick_least(now[j], rows[(i - 2) % 3][j - 2] + 1);
			}
		}
	}
	return rows[a.len % 3][b.len];
}

/* Whether the name is the beginning of the candidate: as near as a slip. */
static bool begins(struct bytes wanted, struct bytes c)
{
	size_t i;

	for (i = 0; i < wanted.len && i < c.len && fold(wanted.p[i]) == fold(c.p[i]); i++) {
	}
	return i == wanted.len && i >= BEGINNING_MIN && i < c.len;
}

void nearest_offer(struct nearest *n, const char *candidate, const char *answer)
{
	struct bytes c = bytes_of(candidate);
	size_t gap = c.len > n->wanted.len ? c.len - n->wanted.len : n->wanted.len - c.len;
	uint32_t distance;

	if (n->distance > 1 && begins(n->wanted, c)) {
		n->distance = 1;
		n->found = answer;
		return;
	}
	/* The difference in length is a lower bound, and cheap. */
	if (gap >= n->distance || c.len > LIMIT_NAME_BYTES_MAX) {
		return;
	}
	distance = measure(n->wanted, c);
	if (distance < n->distance) {
		n->distance = distance;
		n->found = answer;
	}
}
