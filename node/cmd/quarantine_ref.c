#include "node/cmd/quarantine_ref.h"

#include <stdio.h>
#include <string.h>

#include "node/cmd/origin.h"
#include "sync/limits.h"

struct quarantine_ref quarantine_ref_text(struct dot d, uint32_t place)
{
	struct quarantine_ref out;

	(void)snprintf(out.text, sizeof(out.text), "%s.%u", origin_dot(d).text, place);
	return out;
}

static bool read_place(const char *text, uint32_t *out)
{
	*out = 0;
	if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0')) {
		return false;
	}
	for (; *text >= '0' && *text <= '9' && *out < LIMIT_CHANGES_PER_ENTRY_MAX; text++) {
		*out = *out * 10 + (uint32_t)(*text - '0');
	}
	return *text == '\0' && *out < LIMIT_CHANGES_PER_ENTRY_MAX;
}

int quarantine_ref_read(struct cmd_context *c, const char *text, struct dot *d, uint32_t *place)
{
	const char *point = strchr(text, '.');
	struct vv v = { .dots = d, .count = 0, .max = 1 };

	if (point == NULL || !read_place(point + 1, place) ||
	    vv_parse(bytes_at(text, (size_t)(point - text)), &v) != RC_OK || v.count != 1) {
		return cmd_fail(c, CMD_USAGE,
				"write FEED:SEQ.PLACE, as `kerwen quarantine list` does",
				"%s: not a change", text);
	}
	return CMD_OK;
}
