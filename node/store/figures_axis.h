/*
 * The axes of a figure's table: what can stand in `by` and in `where`, and how
 * the cells of each counter fall onto them. Private to figures*.c.
 */
#ifndef KERWEN_FIGURES_AXIS_H
#define KERWEN_FIGURES_AXIS_H

#include "node/store/figures.h"

enum { FIGURES_AXIS_NONE = LIMIT_DIMENSIONS_MAX };

struct figures_axis {
	struct dim dim;         /* how its values compare and read */
	const char *text;       /* as the schema has it */
	const char *other_text; /* a second name of the same, or NULL */
	bool is_set;
	bool in_by, in_where;
};

/* One counter of the figure. */
struct figures_side {
	const struct counter *counter;
	int sign;
	uint8_t axes[LIMIT_DIMENSIONS_MAX]; /* of each dimension; NONE: summed over */
	bool links;                         /* axis 0 of it is a link, to be looked up */
};

struct figures_plan {
	const struct store *store;
	const struct figures_request *request;
	const struct schema_figure *base; /* of a run the flow below it */
	struct arena *arena;
	struct figures_error *error;
	struct figures_axis axes[LIMIT_DIMENSIONS_MAX];
	uint32_t axes_count;
	struct figures_side sides[LIMIT_DIMENSIONS_MAX + 1];
	uint32_t sides_count;
	uint8_t by[LIMIT_DIMENSIONS_MAX]; /* axes, in the order asked for */
	const char **by_texts;
	uint32_t by_count;
	uint32_t over;                 /* of a run: its axis */
	struct schema_kind where_kind; /* its fields are the axes */
	const struct expr *where;
};

/* Makes the plan of a request. RC_INVALID with the error, RC_NOMEM. */
enum rc figures_axis_plan(const struct store *s, const struct figures_request *q, struct arena *a,
			  struct figures_plan *out, struct figures_error *e);

/* Finds the axes and sides of a figure alone. */
enum rc figures_axis_open(const struct store *s, const struct schema_figure *f,
			  struct figures_plan *out);

/* The type in which an axis' values compare. */
enum value_type figures_axis_type(const struct figures_axis *x);

/* Fills in a refusal; returns RC_INVALID. hint may be "". */
enum rc figures_axis_refuse(struct figures_plan *p, const char *hint, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
