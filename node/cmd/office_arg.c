#include "node/cmd/office_arg.h"

#include <stdio.h>
#include <string.h>

static const struct office_info *find_number(const struct catalog *c, const char *text)
{
	char number[8];
	uint32_t i;

	for (i = 0; i < c->offices_count; i++) {
		(void)snprintf(number, sizeof(number), "%u", c->offices[i].number);
		if (strcmp(number, text) == 0) {
			return &c->offices[i];
		}
	}
	return NULL;
}

int office_arg_find(struct cmd_context *c, const struct catalog *catalog, const char *text,
		    const struct office_info **out)
{
	const struct office_info *named = catalog_office_by_name(catalog, bytes_of(text));
	const struct office_info *numbered = find_number(catalog, text);

	if (named != NULL && numbered != NULL && named != numbered) {
		return cmd_fail(c, CMD_USAGE, "use the other's name, or the number of this one",
				"\"%s\" is the name of office %u and the number of %s", text,
				named->number, numbered->name);
	}
	*out = named != NULL ? named : numbered;
	return *out != NULL ? CMD_OK :
			      cmd_fail(c, CMD_USAGE, "see `kerwen office list`",
				       "there is no office \"%s\"", text);
}
