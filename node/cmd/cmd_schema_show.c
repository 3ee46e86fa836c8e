/* `kerwen schema show`: the schema in force. */
#include "node/cmd/open.h"

enum { POLICY_TEXT_MAX = 1024, TEXT_MAX = 512 };

/* A policy's text; what does not fit is cut. */
static void format_policy(const struct schema_field *f, char out[POLICY_TEXT_MAX])
{
	struct bytes_writer w = bytes_writer_init(out, POLICY_TEXT_MAX - 1);

	schema_policy_format(f, &w);
	out[w.len] = '\0';
}

static json_t *names_json(const struct schema_kind *k, const struct schema_key *key)
{
	json_t *list = json_array();
	uint32_t i;

	for (i = 0; i < key->fields_count; i++) {
		json_array_append_new(list, json_string(k->fields[key->fields[i]].name));
	}
	return list;
}

static void set_flag(json_t *o, const char *name, bool value)
{
	if (value) {
		json_object_set_new(o, name, json_true());
	}
}

static void set_text(json_t *o, const char *name, const char *text)
{
	if (text != NULL && text[0] != '\0') {
		json_object_set_new(o, name, json_string(text));
	}
}

static const char *derivation_text(const struct schema_field *f)
{
	switch (f->derive) {
	case DERIVE_NONE:
		return "";
	case DERIVE_YEAR:
		return "year";
	case DERIVE_SAME:
		return "same";
	}
	return "";
}

static json_t *field_json(const struct schema_field *f)
{
	char policy[POLICY_TEXT_MAX], from[SCHEMA_DERIVE_TEXT_MAX];
	json_t *o = json_pack("{s:s, s:i, s:s, s:s, s:s}", "name", f->name, "number",
			      (int)f->number, "type", value_type_text(f->type), "merge",
			      schema_merge_text(f->merge), "reach", schema_reach_text(f->reach));

	if (f->merge == MERGE_REGISTER) {
		format_policy(f, policy);
		set_text(o, "policy", policy);
	}
	if (f->type == VALUE_DECIMAL) {
		json_object_set_new(o, "scale", json_integer(f->scale));
	}
	set_text(o, "codes", f->codes == NULL ? NULL : f->codes->name);
	set_text(o, "to", f->to);
	set_text(o, "derived", derivation_text(f));
	set_text(o, "derived_from", schema_derive_text(f, from));
	set_text(o, "check", f->check == CHECK_MRZ ? "mrz" : NULL);
	set_flag(o, "required", f->required);
	set_flag(o, "closed", f->closed);
	return o;
}

static json_t *kind_json(const struct schema_kind *k)
{
	json_t *o = json_pack("{s:s, s:i, s:s, s:s}", "name", k->name, "number", (int)k->number,
			      "reach", schema_reach_text(k->reach), "writers",
			      k->writers == WRITERS_CENTRE ? "centre" : "any");
	json_t *fields = json_array(), *uniques = json_array();
	uint32_t i;

	set_flag(o, "closed", k->closed);
	for (i = 0; i < k->uniques_count; i++) {
		json_array_append_new(uniques, names_json(k, &k->uniques[i]));
	}
	for (i = 0; i < k->fields_count; i++) {
		json_array_append_new(fields, field_json(&k->fields[i]));
	}
	json_object_set_new(o, "title", names_json(k, &k->title));
	json_object_set_new(o, "unique", uniques);
	json_object_set_new(o, "fields", fields);
	if (k->doubles.is_set) {
		json_object_set_new(o, "doubles",
				    json_pack("{s:s, s:s, s:s}", "key", schema_doubles_key(k)->name,
					      "same", schema_doubles_same(k)->name, "different",
					      schema_doubles_different(k)->name));
	}
	return o;
}

static json_t *codes_json(const struct schema_codes *list)
{
	json_t *codes = json_array();
	uint32_t i;

	for (i = 0; i < list->codes_count; i++) {
		json_t *o = json_pack("{s:s}", "code", list->codes[i].code);

		set_text(o, "label", list->codes[i].label);
		set_text(o, "tk", list->codes[i].label_tk);
		set_text(o, "ru", list->codes[i].label_ru);
		set_text(o, "successor", list->codes[i].successor);
		json_array_append_new(codes, o);
	}
	return json_pack("{s:s, s:o}", "name", list->name, "codes", codes);
}

static json_t *figure_json(const struct schema_figure *f)
{
	json_t *o = json_pack("{s:s, s:i, s:s}", "name", f->name, "number", (int)f->number, "type",
			      schema_figure_type_text(f->type));
	json_t *by = json_array();
	uint32_t i;

	for (i = 0; i < f->measure.by_count; i++) {
		json_array_append_new(by, json_string(f->measure.by[i]));
	}
	json_object_set_new(o, "by", by);
	set_text(o, "of", f->measure.of == NULL ? f->of_figure : f->measure.of);
	set_flag(o, "negative", f->measure.negative);
	set_flag(o, "closed", f->closed);
	return o;
}

static int show_json(struct cmd_context *c, const struct schema *s)
{
	json_t *document = out_document();
	json_t *codes = json_array(), *kinds = json_array(), *figures = json_array();
	uint32_t i;

	for (i = 0; i < s->codes_count; i++) {
		json_array_append_new(codes, codes_json(&s->codes[i]));
	}
	for (i = 0; i < s->kinds_count; i++) {
		json_array_append_new(kinds, kind_json(&s->kinds[i]));
	}
	for (i = 0; i < s->figures_count; i++) {
		json_array_append_new(figures, figure_json(&s->figures[i]));
	}
	json_object_set_new(document, "schema", json_string(s->name));
	json_object_set_new(document, "version", json_integer(s->version));
	json_object_set_new(document, "codes", codes);
	json_object_set_new(document, "kinds", kinds);
	if (json_object_set_new(document, "figures", figures) != 0) {
		json_decref(document);
		document = NULL;
	}
	return (int)cmd_exit_of(out_json(c->out, document));
}

/* "a, b, c" of a key; what does not fit is cut. */
static const char *join_names(const struct schema_kind *k, const struct schema_key *key,
			      char out[TEXT_MAX])
{
	struct bytes_writer w = bytes_writer_init(out, TEXT_MAX - 1);
	uint32_t i;

	for (i = 0; i < key->fields_count; i++) {
		struct bytes name = bytes_of(k->fields[key->fields[i]].name);

		bytes_put(&w, ", ", i > 0 ? 2 : 0);
		bytes_put(&w, name.p, name.len);
	}
	out[w.len] = '\0';
	return out;
}

static void show_type(const struct schema_field *f, char out[TEXT_MAX])
{
	const char *of = f->codes != NULL ? f->codes->name : f->to;

	if (f->type == VALUE_DECIMAL) {
		(void)snprintf(out, TEXT_MAX, "decimal, %u digits", f->scale);
	} else {
		(void)snprintf(out, TEXT_MAX, "%s%s%s", value_type_text(f->type),
			       of == NULL ? "" : " ", of == NULL ? "" : of);
	}
}

static enum rc show_fields(struct out *o, const struct schema_kind *k)
{
	static const struct out_column columns[] = { { .name = "field" },
						     { .name = "type" },
						     { .name = "merge" },
						     { .name = "reach" },
						     { .name = "rules" } };
	struct out_table *t = out_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	uint32_t i;

	for (i = 0; i < k->fields_count; i++) {
		const struct schema_field *f = &k->fields[i];
		char text[TEXT_MAX], policy[POLICY_TEXT_MAX], from[SCHEMA_DERIVE_TEXT_MAX];

		out_table_row(t);
		out_table_text(t, f->name);
		show_type(f, text);
		out_table_text(t, text);
		format_policy(f, policy);
		out_table_text(t,
			       f->merge == MERGE_REGISTER ? policy : schema_merge_text(f->merge));
		out_table_text(t, schema_reach_text(f->reach));
		(void)snprintf(text, sizeof(text), "%s%s%s%s%s", f->required ? "required " : "",
			       f->closed ? "closed " : "",
			       f->check == CHECK_MRZ ? "check digits of an MRZ " : "",
			       f->derive == DERIVE_NONE ? "" :
			       f->derive == DERIVE_YEAR ? "the year of " :
							  "the key to doubles by ",
			       schema_derive_text(f, from));
		out_table_text(t, text);
	}
	return out_table_print(o, t);
}

static enum rc show_kind(struct out *o, const struct schema_kind *k)
{
	char text[TEXT_MAX];
	uint32_t i;

	out_line(o, "\n%s%s%s", k->name,
		 k->writers == WRITERS_CENTRE ? ", written by the centre" : "",
		 k->closed ? ", closed" : "");
	for (i = 0; i < k->uniques_count; i++) {
		out_line(o, "unique: %s", join_names(k, &k->uniques[i], text));
	}
	if (k->doubles.is_set) {
		out_line(o, "doubles: by %s; linked by %s count once", schema_doubles_key(k)->name,
			 schema_doubles_same(k)->name);
	}
	return show_fields(o, k);
}

static void show_codes(struct out *o, const struct schema_codes *list)
{
	uint32_t i;

	out_line(o, "\n%s", list->name);
	for (i = 0; i < list->codes_count; i++) {
		const struct schema_code *c = &list->codes[i];
		const char *tk = schema_code_label(c, 1), *ru = schema_code_label(c, 2);

		out_line(o, "  %-10s %s%s%s%s%s", c->code, c->label, tk == NULL ? "" : " | ",
			 tk == NULL ? "" : tk, ru == NULL ? "" : " | ", ru == NULL ? "" : ru);
	}
}

static void show_figure(struct out *o, const struct schema_figure *f)
{
	uint32_t i;

	out_line(o, "\n%s: %s%s%s", f->name, schema_figure_type_text(f->type),
		 f->measure.negative ? ", counted as minus" : "", f->closed ? ", closed" : "");
	for (i = 0; i < f->measure.by_count; i++) {
		out_line(o, "  by %s", f->measure.by[i]);
	}
}

static int show_text(struct cmd_context *c, const struct schema *s)
{
	enum rc rc = RC_OK;
	uint32_t i;

	out_line(c->out, "%s, version %u", s->name, s->version);
	for (i = 0; i < s->kinds_count && rc == RC_OK; i++) {
		rc = show_kind(c->out, &s->kinds[i]);
	}
	for (i = 0; i < s->codes_count; i++) {
		show_codes(c->out, &s->codes[i]);
	}
	for (i = 0; i < s->figures_count; i++) {
		show_figure(c->out, &s->figures[i]);
	}
	return (int)cmd_exit_of(rc);
}

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	struct kv_txn *t = NULL;
	struct cmd_node n;
	int code = open_node(c, &n);

	(void)args;
	if (code == CMD_OK) {
		code = open_read(c, &n, &t);
	}
	if (code == CMD_OK) {
		const struct schema *s = &n.store->catalog->own;

		if (s->name == NULL) {
			code = cmd_fail(c, CMD_SCHEMA, "sync, or apply one at the centre",
					"there is no schema here yet");
		} else {
			code = c->out->json ? show_json(c, s) : show_text(c, s);
		}
		store_end(n.store, t);
	}
	open_close(&n);
	return code;
}

const struct command cmd_schema_show_command = {
	.name = "schema show",
	.summary = "the schema in force",
	.run = run,
};
