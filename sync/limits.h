/*
 * Every limit in one place, with its unit. `kerwen limits` prints this list;
 * `bound` says whether a limit is part of the format (all nodes agree on it)
 * or binds only the writer.
 */
#ifndef KERWEN_LIMITS_H
#define KERWEN_LIMITS_H

#define LIMIT_LIST(X)                                                                              \
	X(ENTRY_BYTES_MAX, 32768, "bytes", "format", "one entry")                                  \
	X(CHANGES_PER_ENTRY_MAX, 4096, "changes", "format", "record changes in one entry")         \
	X(OPS_PER_CHANGE_MAX, 1024, "operations", "format", "operations in one record change")     \
	X(CUTS_PER_ENTRY_MAX, 512, "cuts", "format", "feeds named by one cut entry")               \
	X(FOLLOWS_MAX, 64, "feeds", "format", "feeds that one feed continues")                     \
	X(RULINGS_PER_ENTRY_MAX, 512, "rulings", "format", "changes judged by one entry")          \
	X(BASE_PIECES_MAX, 1048576, "pieces", "format", "pieces of one base")                      \
	X(PARTS_PER_COMMIT_MAX, 64, "scopes", "format", "scopes that one commit touches")          \
	X(COMMIT_ENTRIES_MAX, 512, "entries", "format", "entries of one commit in one feed")       \
	X(AUTHOR_BYTES_MAX, 128, "bytes", "format", "name of an author")                           \
	X(REASON_BYTES_MAX, 1024, "bytes", "format", "reason of a change")                         \
	X(VALUE_BYTES_MAX, 16384, "bytes", "format", "one value")                                  \
	X(FRAME_BYTES_MAX, 65536, "bytes", "format", "one frame before compression")               \
	X(CREDIT_FRAMES_MAX, 16, "frames", "format", "chunks sent ahead of an answer")             \
	X(SCOPES_PER_SESSION_MAX, 64, "scopes", "format", "scopes of one session")                 \
	X(HELD_PER_SCOPE_MAX, 128, "feeds", "format", "feeds held ahead of a cut, in a hello")     \
	X(OFFICE_MAX, 65535, "number", "format", "highest office number")                          \
	X(KINDS_MAX, 256, "kinds", "writer", "kinds of a schema")                                  \
	X(FIELDS_PER_KIND_MAX, 256, "fields", "writer", "fields of one kind")                      \
	X(CODE_LISTS_MAX, 256, "lists", "writer", "code lists of a schema")                        \
	X(CODES_PER_LIST_MAX, 4096, "codes", "writer", "codes of one list")                        \
	X(FIGURES_MAX, 256, "figures", "writer", "figures of a schema")                            \
	X(DIMENSIONS_MAX, 8, "dimensions", "writer", "dimensions of one figure")                   \
	X(CELLS_PER_RECORD_MAX, 4096, "cells", "writer", "cells of one record in one figure")      \
	X(EXPR_NODES_MAX, 256, "nodes", "writer", "size of an expression")                         \
	X(EXPR_DEPTH_MAX, 32, "levels", "writer", "nesting of an expression")                      \
	X(NAME_BYTES_MAX, 64, "bytes", "writer", "name of a kind, field, figure or office")        \
	X(REGION_BYTES_MAX, 16, "bytes", "writer", "code of a region")                             \
	X(SIBLINGS_MAX, 64, "values", "writer", "concurrent values of one field")                  \
	X(HEADS_MAX, 64, "heads", "writer", "concurrent touches of one record")                    \
	X(RECORD_BYTES_MAX, 1048576, "bytes", "writer", "state of one record in one scope")        \
	X(VECTOR_FEEDS_MAX, 4096, "feeds", "writer", "feeds in one version vector")                \
	X(COMMIT_CHANGES_MAX, 10000, "changes", "writer", "record changes in one commit")          \
	X(STEP_ARENA_BYTES, 134217728, "bytes", "writer", "memory of one step")                    \
	X(KEY_BYTES_MAX, 64, "bytes", "writer", "key of the store")                                \
	X(LOOKUP_RECORDS_MAX, 6291456, "records", "writer", "records that import --key compares")  \
	X(GROUP_RECORDS_MAX, 64, "records", "format", "linked records that count as one")          \
	X(MAP_FULL_PERCENT, 90, "percent", "writer", "fill at which new records are refused")

#define LIMIT_ENUM(name, value, unit, bound, text) LIMIT_##name = (value),
enum limit { LIMIT_LIST(LIMIT_ENUM) };
#undef LIMIT_ENUM

#endif
