#include "node/base/yamltree.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "node/base/path.h"
#include "node/base/text.h"

enum { DEPTH_MAX = 16, KEYS_MAX = 64, NODES_MAX = 131072 };

/* A list or map that is still open. */
struct level {
	struct yamltree_node *node;
	struct yamltree_node *last; /* its last child so far */
	const char *key;            /* a key that waits for its value */
	uint32_t key_line, key_column;
};

struct builder {
	struct yamltree *tree;
	struct level levels[DEPTH_MAX];
	unsigned depth;
	uint32_t nodes;
	uint32_t documents;
};

static void fail_at(struct yamltree *t, enum rc rc, yaml_mark_t mark, const char *why)
{
	struct yamltree_node at = { .line = (uint32_t)mark.line + 1,
				    .column = (uint32_t)mark.column + 1 };

	yamltree_fail(t, &at, "%s", why);
	if (t->rc == RC_INVALID) {
		t->rc = rc;
	}
}

void yamltree_fail(struct yamltree *t, const struct yamltree_node *at, const char *format, ...)
{
	va_list args;
	int n;

	if (t->rc != RC_OK) {
		return;
	}
	t->rc = RC_INVALID;
	n = snprintf(t->error, sizeof(t->error), "line %lu, column %lu: ", (unsigned long)at->line,
		     (unsigned long)at->column);
	va_start(args, format);
	(void)vsnprintf(t->error + n, sizeof(t->error) - (size_t)n, format, args);
	va_end(args);
}

/* Where in the file a byte stands; libyaml gives only that for bad UTF-8. */
static yaml_mark_t find_position(struct bytes text, size_t offset)
{
	yaml_mark_t mark = { .index = offset, .line = 0, .column = 0 };
	size_t i;

	for (i = 0; i < offset && i < text.len; i++) {
		if (text.p[i] == '\n') {
			mark.line++;
			mark.column = 0;
		} else if ((text.p[i] & 0xc0) != 0x80) {
			mark.column++;
		}
	}
	return mark;
}

static void fail_parser(struct yamltree *t, const yaml_parser_t *parser, struct bytes text)
{
	const char *why = parser->problem == NULL ? "it is no YAML" : parser->problem;

	switch (parser->error) {
	case YAML_MEMORY_ERROR:
		t->rc = RC_NOMEM;
		return;
	case YAML_READER_ERROR:
		fail_at(t, RC_INVALID, find_position(text, parser->problem_offset), why);
		return;
	case YAML_SCANNER_ERROR:
	case YAML_PARSER_ERROR:
	case YAML_NO_ERROR:
	case YAML_COMPOSER_ERROR:
	case YAML_WRITER_ERROR:
	case YAML_EMITTER_ERROR:
		fail_at(t, RC_INVALID, parser->problem_mark, why);
		return;
	}
}

/* A scalar in NFC with a NUL, in the arena; NULL after a failure. */
static const char *copy_text(struct builder *b, const yaml_event_t *event)
{
	struct arena *a = b->tree->arena;
	struct bytes text = bytes_at(event->data.scalar.value, event->data.scalar.length);
	enum rc rc = text_normalise(text, TEXT_LINES, a, &text);
	char *copy = rc == RC_OK ? arena_take(a, text.len + 1) : NULL;

	if (rc == RC_INVALID) {
		fail_at(b->tree, RC_INVALID, event->start_mark,
			"a text with control characters or bad UTF-8");
	} else if (copy == NULL) {
		b->tree->rc = RC_NOMEM;
	} else {
		memcpy(copy, text.p, text.len);
		copy[text.len] = '\0';
	}
	return copy;
}

/* The innermost open list or map; NULL outside of the root. */
static struct level *find_top(struct builder *b)
{
	return b->depth == 0 ? NULL : &b->levels[b->depth - 1];
}

static bool has_key(const struct yamltree_node *map, const char *key)
{
	return yamltree_find(map, key) != NULL;
}

/* A scalar where a map expects a key. */
static void take_key(struct builder *b, const yaml_event_t *event)
{
	struct level *top = find_top(b);
	const char *key = copy_text(b, event);

	if (key == NULL) {
		return;
	}
	if (has_key(top->node, key)) {
		fail_at(b->tree, RC_INVALID, event->start_mark, "this key stands here twice");
		return;
	}
	if (top->node->count >= KEYS_MAX) {
		fail_at(b->tree, RC_INVALID, event->start_mark, "too many keys in one map");
		return;
	}
	top->key = key;
	top->key_line = (uint32_t)event->start_mark.line + 1;
	top->key_column = (uint32_t)event->start_mark.column + 1;
}

/* Hangs a node into the innermost list or map, or makes it the root. */
static void hang_in(struct builder *b, struct yamltree_node *node)
{
	struct level *top = find_top(b);

	if (top == NULL) {
		b->tree->root = node;
		return;
	}
	node->key = top->key;
	node->key_line = top->key_line;
	node->key_column = top->key_column;
	top->key = NULL;
	if (top->last == NULL) {
		top->node->first = node;
	} else {
		top->last->next = node;
	}
	top->last = node;
	top->node->count++;
}

static struct yamltree_node *add_node(struct builder *b, const yaml_event_t *event,
				      enum yamltree_type type)
{
	struct yamltree_node *node = arena_take_zeroed(b->tree->arena, 1, sizeof(*node));

	if (node == NULL) {
		b->tree->rc = RC_NOMEM;
		return NULL;
	}
	if (++b->nodes > NODES_MAX) {
		fail_at(b->tree, RC_LIMIT, event->start_mark, "too many values in one file");
		return NULL;
	}
	node->type = type;
	node->line = (uint32_t)event->start_mark.line + 1;
	node->column = (uint32_t)event->start_mark.column + 1;
	hang_in(b, node);
	return node;
}

static bool awaits_key(struct builder *b)
{
	const struct level *top = find_top(b);

	return top != NULL && top->node->type == YAMLTREE_MAP && top->key == NULL;
}

static void on_scalar(struct builder *b, const yaml_event_t *event)
{
	struct yamltree_node *node = NULL;
	const char *text = NULL;

	if (event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL) {
		fail_at(b->tree, RC_INVALID, event->start_mark, "no anchors and no tags here");
		return;
	}
	if (awaits_key(b)) {
		take_key(b, event);
		return;
	}
	text = copy_text(b, event);
	node = text == NULL ? NULL : add_node(b, event, YAMLTREE_TEXT);
	if (node != NULL) {
		node->text = text;
		node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	}
}

static void on_start(struct builder *b, const yaml_event_t *event, enum yamltree_type type,
		     bool is_tagged)
{
	struct yamltree_node *node = NULL;

	if (is_tagged) {
		fail_at(b->tree, RC_INVALID, event->start_mark, "no anchors and no tags here");
		return;
	}
	if (awaits_key(b)) {
		fail_at(b->tree, RC_INVALID, event->start_mark, "a key must be a plain text");
		return;
	}
	if (b->depth == DEPTH_MAX) {
		fail_at(b->tree, RC_INVALID, event->start_mark, "nested too deeply");
		return;
	}
	node = add_node(b, event, type);
	if (node != NULL) {
		b->levels[b->depth++] = (struct level){ .node = node };
	}
}

static void on_document(struct builder *b, const yaml_event_t *event)
{
	if (++b->documents > 1) {
		fail_at(b->tree, RC_INVALID, event->start_mark,
			"a second document (---); a file holds one");
	}
}

static void on_event(struct builder *b, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return;
	case YAML_DOCUMENT_START_EVENT:
		on_document(b, event);
		return;
	case YAML_ALIAS_EVENT:
		fail_at(b->tree, RC_INVALID, event->start_mark, "no aliases here");
		return;
	case YAML_SCALAR_EVENT:
		on_scalar(b, event);
		return;
	case YAML_SEQUENCE_START_EVENT:
		on_start(b, event, YAMLTREE_LIST,
			 event->data.sequence_start.anchor != NULL ||
				 event->data.sequence_start.tag != NULL);
		return;
	case YAML_MAPPING_START_EVENT:
		on_start(b, event, YAMLTREE_MAP,
			 event->data.mapping_start.anchor != NULL ||
				 event->data.mapping_start.tag != NULL);
		return;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		return;
	}
}

static void build(struct builder *b, yaml_parser_t *parser, struct bytes text)
{
	bool is_done = false;

	while (!is_done && b->tree->rc == RC_OK) {
		yaml_event_t event;

		if (yaml_parser_parse(parser, &event) == 0) {
			fail_parser(b->tree, parser, text);
			return;
		}
		is_done = event.type == YAML_STREAM_END_EVENT;
		on_event(b, &event);
		yaml_event_delete(&event);
	}
}

static void end_tree(struct yamltree *t)
{
	if (t->rc == RC_NOMEM) {
		(void)snprintf(t->error, sizeof(t->error), "it does not fit into memory");
	}
	if (t->rc == RC_OK && (t->root == NULL || t->root->type != YAMLTREE_MAP)) {
		struct yamltree_node at = { .line = 1, .column = 1 };

		yamltree_fail(t, &at, "expected a map (key: value)");
	}
}

enum rc yamltree_parse(struct yamltree *t, struct bytes text, struct arena *a)
{
	struct builder b = { .tree = t };
	yaml_parser_t parser;

	*t = (struct yamltree){ .arena = a };
	if (text.len > YAMLTREE_FILE_MAX) {
		t->rc = RC_LIMIT;
		(void)snprintf(t->error, sizeof(t->error), "it is larger than 1 MiB");
		return t->rc;
	}
	if (yaml_parser_initialize(&parser) == 0) {
		t->rc = RC_NOMEM;
	} else {
		yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
		yaml_parser_set_input_string(&parser, text.p, text.len);
		build(&b, &parser, text);
		yaml_parser_delete(&parser);
	}
	end_tree(t);
	return t->rc;
}

enum rc yamltree_load(struct yamltree *t, const char *path, struct arena *a)
{
	struct path_problem why = { .text = "" };
	char *text = NULL;
	size_t len = 0;
	enum rc rc = path_read(path, YAMLTREE_FILE_MAX, &text, &len, &why);

	if (rc == RC_OK) {
		rc = yamltree_parse(t, bytes_at(text, len), a);
	} else {
		*t = (struct yamltree){ .arena = a, .rc = rc };
		(void)snprintf(t->error, sizeof(t->error), "%.*s", (int)sizeof(t->error) - 1,
			       why.text);
	}
	free(text);
	return rc;
}
