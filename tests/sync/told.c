#include "tests/sync/told.h"

#include <string.h>

#include "sync/feed.h"

uint64_t told_feed(uint16_t office)
{
	return feed_pack(office, TOLD_SCOPE, 1000u - office);
}

enum rc told_stamp(void *ctx, struct dot d, struct stamp *out)
{
	struct told_source *s = ctx;
	uint32_t i;

	s->asked++;
	for (i = 0; i < s->count; i++) {
		if (told_feed(s->told[i].office) == d.feed && s->told[i].seq == d.seq) {
			out->time_ms = s->told[i].time_ms;
			out->place = s->told[i].place == 0 ? UINT64_MAX : s->told[i].place;
			return s->rc;
		}
	}
	return RC_NOTFOUND;
}

void told_add(struct part_field *f, uint16_t office, uint64_t seq, const char *value)
{
	struct item *item = &f->items[f->items_count++];

	memset(item, 0, sizeof(*item));
	item->dot.feed = told_feed(office);
	item->dot.seq = seq;
	item->cleared = strcmp(value, "-") == 0;
	item->value = bytes_of(item->cleared ? "" : value);
}

struct record told_record(struct part_field *fields, uint32_t count)
{
	static struct record_part parts[2];
	struct record r = { .parts = parts, .parts_count = 1, .parts_max = 2 };

	memset(parts, 0, sizeof(parts));
	r.parts[0].scope = TOLD_SCOPE;
	r.parts[0].part = part_init();
	r.parts[0].part.fields = fields;
	r.parts[0].part.fields_count = count;
	return r;
}

struct record told_moved_record(struct part_field *here, struct part_field *there)
{
	struct record r = told_record(here, 1);

	r.parts[1].scope = TOLD_SCOPE + 1;
	r.parts[1].part = part_init();
	r.parts[1].part.fields = there;
	r.parts[1].part.fields_count = 1;
	r.parts_count = 2;
	return r;
}
