/* Reads the figures of a schema file: for schema_yaml. */
#ifndef KERWEN_SCHEMA_YAML_FIGURE_H
#define KERWEN_SCHEMA_YAML_FIGURE_H

#include "node/base/yamltree.h"
#include "sync/schema.h"

/* Fills in out->figures from the key `figures` of the root, if it is there.
 * Failures are those of t. */
void schema_yaml_figure_read(struct yamltree *t, struct schema *out);

#endif
