#include "node/base/schema_yaml_figure.h"

#include <string.h>

static const char *const TYPES[] = { "flow", "stock", "run", "control", NULL };

/* "count" or "sum(FIELD)", with a "-" before it when it takes away. */
static void read_formula(struct yamltree *t, const struct yamltree_node *map,
			 struct schema_measure *out)
{
	const char *text = yamltree_need_text(t, map, "measure");
	size_t len;
	char *field = NULL;

	out->negative = text[0] == '-';
	text += out->negative;
	len = strlen(text);
	if (strcmp(text, "count") == 0) {
		out->type = MEASURE_COUNT;
		return;
	}
	if (len < 6 || strncmp(text, "sum(", 4) != 0 || text[len - 1] != ')') {
		yamltree_fail(t, yamltree_find(map, "measure"),
			      "measure is count, sum(FIELD), -count or -sum(FIELD), not \"%.40s\"",
			      text);
		return;
	}
	field = yamltree_take(t, len - 4, 1);
	if (field != NULL) {
		memcpy(field, text + 4, len - 5);
	}
	out->type = MEASURE_SUM;
	out->field = field;
}

static void read_by(struct yamltree *t, const struct yamltree_node *map, struct schema_measure *out)
{
	const struct yamltree_node *list = yamltree_get(t, map, "by", YAMLTREE_LIST);
	const struct yamltree_node *n = NULL;
	const char **by = NULL;

	if (list == NULL) {
		return;
	}
	by = yamltree_take(t, list->count, sizeof(*by));
	out->by = by;
	for (n = list->first; n != NULL && t->rc == RC_OK; n = n->next) {
		if (n->type != YAMLTREE_TEXT || n->text[0] == '\0') {
			yamltree_fail(t, n,
				      "by is a list of dimensions: [year(decided_on), region]");
			return;
		}
		if (strchr(n->text, '(') != NULL && strchr(n->text, ')') == NULL) {
			yamltree_fail(t, n, "put a dimension with commas in quotes: \"%.40s, ...\"",
				      n->text);
			return;
		}
		by[out->by_count++] = n->text;
	}
}

static void read_measure(struct yamltree *t, const struct yamltree_node *map,
			 struct schema_measure *out)
{
	read_formula(t, map, out);
	out->of = yamltree_need_text(t, map, "of");
	out->where = yamltree_text(t, map, "where");
	read_by(t, map, out);
}

static void read_part(struct yamltree *t, const struct yamltree_node *n, struct schema_measure *out)
{
	static const char *const KEYS[] = { "measure", "of", "where", "by", NULL };

	if (n->type != YAMLTREE_MAP) {
		yamltree_fail(t, n, "expected a map with measure, of, where and by");
		return;
	}
	yamltree_only(t, n, KEYS);
	read_measure(t, n, out);
}

/* recorded is one map, or a list of them. */
static void read_recorded(struct yamltree *t, const struct yamltree_node *map,
			  struct schema_figure *out)
{
	const struct yamltree_node *n = yamltree_find(map, "recorded");
	bool is_list = n != NULL && n->type == YAMLTREE_LIST;
	struct schema_measure *parts = NULL;

	if (n == NULL) {
		yamltree_fail(t, map, "the key recorded is missing here");
		return;
	}
	parts = yamltree_take(t, is_list ? n->count : 1, sizeof(*parts));
	out->recorded = parts;
	if (!is_list && parts != NULL) {
		read_part(t, n, &parts[out->recorded_count++]);
		return;
	}
	for (n = n->first; n != NULL && t->rc == RC_OK; n = n->next) {
		read_part(t, n, &parts[out->recorded_count++]);
	}
}

/* {DIMENSION OF RECORDED: DIMENSION OF ANNOUNCED} */
static void read_match(struct yamltree *t, const struct yamltree_node *map,
		       struct schema_figure *out)
{
	const struct yamltree_node *n = yamltree_need(t, map, "match", YAMLTREE_MAP);

	if (n == NULL) {
		return;
	}
	if (n->count != 1) {
		yamltree_fail(t, n, "match names one pair: {decree: number}");
		return;
	}
	out->match_recorded = n->first->key;
	out->match_announced = yamltree_text(t, n, n->first->key);
}

static void read_flow(struct yamltree *t, const struct yamltree_node *n, struct schema_figure *out)
{
	static const char *const KEYS[] = { "name", "type",  "closed", "measure",
					    "of",   "where", "by",     NULL };

	yamltree_only(t, n, KEYS);
	read_measure(t, n, &out->measure);
}

static void read_stock(struct yamltree *t, const struct yamltree_node *n, struct schema_figure *out)
{
	static const char *const KEYS[] = { "name",  "type", "closed", "measure", "of",
					    "where", "by",   "from",   "to",      NULL };

	yamltree_only(t, n, KEYS);
	read_measure(t, n, &out->measure);
	out->from = yamltree_text(t, n, "from");
	out->to = yamltree_text(t, n, "to");
}

static void read_run(struct yamltree *t, const struct yamltree_node *n, struct schema_figure *out)
{
	static const char *const KEYS[] = { "name", "type", "closed", "of_figure", "over", NULL };

	yamltree_only(t, n, KEYS);
	out->of_figure = yamltree_need_text(t, n, "of_figure");
	out->over = yamltree_need_text(t, n, "over");
}

static void read_control(struct yamltree *t, const struct yamltree_node *n,
			 struct schema_figure *out)
{
	static const char *const KEYS[] = { "name",      "type",  "closed", "recorded",
					    "announced", "match", NULL };
	const struct yamltree_node *announced = NULL;

	yamltree_only(t, n, KEYS);
	read_recorded(t, n, out);
	announced = yamltree_need(t, n, "announced", YAMLTREE_MAP);
	if (announced != NULL) {
		read_part(t, announced, &out->announced);
	}
	read_match(t, n, out);
}

static void read_figure(struct yamltree *t, const struct yamltree_node *n,
			struct schema_figure *out)
{
	if (n->type != YAMLTREE_MAP) {
		yamltree_fail(t, n, "expected a figure: a map with name and type");
		return;
	}
	out->name = yamltree_need_text(t, n, "name");
	(void)yamltree_need_text(t, n, "type");
	out->type = (enum figure_type)yamltree_choice(t, n, "type", TYPES, FIGURE_FLOW);
	out->closed = yamltree_bool(t, n, "closed");
	switch (out->type) {
	case FIGURE_FLOW:
		read_flow(t, n, out);
		return;
	case FIGURE_STOCK:
		read_stock(t, n, out);
		return;
	case FIGURE_RUN:
		read_run(t, n, out);
		return;
	case FIGURE_CONTROL:
		read_control(t, n, out);
		return;
	}
}

void schema_yaml_figure_read(struct yamltree *t, struct schema *out)
{
	const struct yamltree_node *list = yamltree_get(t, t->root, "figures", YAMLTREE_LIST);
	const struct yamltree_node *n = NULL;
	struct schema_figure *figures = NULL;

	if (list == NULL) {
		return;
	}
	figures = yamltree_take(t, list->count, sizeof(*figures));
	out->figures = figures;
	for (n = list->first; n != NULL && t->rc == RC_OK; n = n->next) {
		read_figure(t, n, &figures[out->figures_count++]);
	}
}
