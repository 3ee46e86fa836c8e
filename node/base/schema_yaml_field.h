/* Reads one field of a kind from a schema file: for schema_yaml. */
#ifndef KERWEN_SCHEMA_YAML_FIELD_H
#define KERWEN_SCHEMA_YAML_FIELD_H

#include "node/base/yamltree.h"
#include "sync/schema.h"

/* Fills in *out, all zero, from the map n. kind: the map of its kind, which may
 * have a reach for all its fields; s: with the code lists. Failures are those
 * of t. */
void schema_yaml_field_read(struct yamltree *t, const struct yamltree_node *n,
			    const struct yamltree_node *kind, const struct schema *s,
			    struct schema_field *out);

/* The reach that a field or kind names; office when it names none. */
enum reach schema_yaml_field_reach(struct yamltree *t, const struct yamltree_node *map);

#endif
