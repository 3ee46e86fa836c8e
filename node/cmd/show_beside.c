/*
 * Which steps stand beside each other. Steps are in causal order, so of two
 * only the later one can have seen the earlier. Whatever the centre had cut
 * when a step's author looked stands before all that it had not: the search
 * goes back only to there, and passes over an author's own run in one go.
 */
#include <string.h>

#include "node/cmd/show_history.h"

enum { PLACES_START = 4 };

enum rc show_places_add(struct show_places *p, uint32_t place, struct arena *a)
{
	uint32_t max = p->max == 0 ? PLACES_START : 2 * p->max, i = p->count;
	uint32_t *wider = NULL;

	while (i > 0 && p->items[i - 1] > place) {
		i--;
	}
	if (i > 0 && p->items[i - 1] == place) {
		return RC_OK;
	}
	if (p->count == p->max) {
		wider = arena_take(a, max * sizeof(*wider));
		if (wider == NULL) {
			return RC_NOMEM;
		}
		if (p->count > 0) {
			memcpy(wider, p->items, p->count * sizeof(*wider));
		}
		p->items = wider;
		p->max = max;
	}
	memmove(&p->items[i + 1], &p->items[i], (p->count - i) * sizeof(*p->items));
	p->items[i] = place;
	p->count++;
	return RC_OK;
}

static bool has_seen(const struct show_step *s, const struct show_step *earlier)
{
	struct dot d = earlier->origin.dot;

	if (s->has_form && !vv_covers(&s->form, d)) {
		return false;
	}
	return d.feed == s->origin.dot.feed ? d.seq <= s->seen_own :
					      earlier->place <= s->seen_centre;
}

static enum rc pair(struct show_step *steps, uint32_t at, uint32_t earlier, struct arena *a)
{
	enum rc rc = RC_OK;

	if (steps[earlier].beside.count < LIMIT_HEADS_MAX) {
		rc = show_places_add(&steps[earlier].beside, at, a);
	}
	return rc == RC_OK ? show_places_add(&steps[at].beside, earlier, a) : rc;
}

/* runs: where the run of steps of one feed that a step belongs to begins. */
static enum rc look_back(struct show_step *steps, uint32_t at, const uint32_t *runs,
			 struct arena *a)
{
	const struct show_step *s = &steps[at];
	uint32_t i = at;
	enum rc rc = RC_OK;

	while (i > 0 && rc == RC_OK && s->beside.count < LIMIT_HEADS_MAX) {
		const struct show_step *earlier = &steps[--i];
		bool own = earlier->origin.dot.feed == s->origin.dot.feed;

		if (!has_seen(s, earlier)) {
			rc = pair(steps, at, i, a);
		} else if (!s->has_form && own) {
			i = runs[i];
		} else if (!s->has_form) {
			break;
		}
	}
	return rc;
}

enum rc show_beside(struct show_step *steps, uint32_t count, struct arena *a)
{
	uint32_t *runs = arena_take(a, count * sizeof(*runs));
	enum rc rc = runs == NULL ? RC_NOMEM : RC_OK;
	uint32_t i;

	for (i = 0; i < count && rc == RC_OK; i++) {
		bool goes_on = i > 0 && steps[i].origin.dot.feed == steps[i - 1].origin.dot.feed;

		runs[i] = goes_on ? runs[i - 1] : i;
		rc = look_back(steps, i, runs, a);
	}
	return rc;
}
