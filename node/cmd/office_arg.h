/*
 * An office as people name it on the command line: by its name or its number.
 */
#ifndef KERWEN_OFFICE_ARG_H
#define KERWEN_OFFICE_ARG_H

#include "node/cmd/cmd.h"
#include "node/store/catalog.h"

/* CMD_OK and the office, of the catalog. CMD_FAILED, reported: there is none;
 * CMD_USAGE: it is the name of one and the number of another. */
int office_arg_find(struct cmd_context *c, const struct catalog *catalog, const char *text,
		    const struct office_info **out);

#endif
