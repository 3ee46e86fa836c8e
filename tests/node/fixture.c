#include "fixture.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/mem.h"
#include "node/base/random.h"
#include "node/base/schema_yaml.h"
#include "node/store/cells.h"
#include "node/store/derive.h"
#include "node/store/key.h"
#include "node/store/parts.h"
#include "node/store/records.h"
#include "node/store/world.h"
#include "proto/schema_codec.h"
#include "tests/node/fakedisk.h"
#include "wire.h"

static const char schema_text[] =
	"schema: test\n"
	"version: 1\n"
	"codes:\n"
	"  - name: STATE\n"
	"    values: [{code: A, en: a}, {code: B, en: b}, {code: C, en: c}, {code: D, en: d}]\n"
	"kinds:\n"
	"  - name: person\n"
	"    reach: region\n"
	"    title: [nr]\n"
	"    unique: [[nr]]\n"
	"    fields:\n"
	"      - {name: nr, type: text, policy: ask}\n"
	"      - {name: city, type: text, policy: latest}\n"
	"      - {name: born, type: date, policy: ask}\n"
	"      - {name: state, type: code, codes: STATE, policy: \"flow(A<B<C|D)\"}\n"
	"      - {name: tags, type: text, merge: set}\n"
	"      - {name: visits, type: int, merge: counter}\n"
	"      - {name: size, type: int, policy: max}\n"
	"      - {name: secret, type: text, policy: latest, reach: office}\n"
	"      - {name: file, type: text, policy: fixed, reach: centre}\n"
	"      - {name: notes, type: text, merge: log}\n"
	"      - {name: level, type: code, codes: STATE, policy: centre}\n"
	"      - {name: origin, type: code, codes: STATE, policy: fixed}\n"
	"      - {name: room, type: text, policy: ask, reach: centre}\n"
	"      - {name: memo, type: text, merge: log, reach: office}\n"
	"      - {name: calls, type: int, merge: counter, reach: office}\n"
	"      - {name: marks, type: text, merge: set, reach: office}\n"
	"  - name: permit\n"
	"    reach: region\n"
	"    fields:\n"
	"      - {name: number, type: text, required: true, policy: ask}\n"
	"      - {name: day, type: pdate, policy: ask}\n"
	"      - {name: year, type: int, derived: year(day), policy: ask}\n"
	"      - {name: person, type: link, to: person, policy: ask}\n"
	"  - name: decree\n"
	"    reach: nation\n"
	"    writers: centre\n"
	"    fields:\n"
	"      - {name: number, type: text, policy: latest}\n"
	"  - name: human\n"
	"    reach: region\n"
	"    doubles: {key: key, same: same_as, different: not_same}\n"
	"    fields:\n"
	"      - {name: name, type: text, policy: ask, reach: office}\n"
	"      - {name: born, type: pdate, policy: ask, reach: office}\n"
	"      - {name: sex, type: code, codes: STATE, policy: ask}\n"
	"      - {name: year, type: int, derived: year(born), policy: ask}\n"
	"      - {name: key, type: text, derived: \"same(name, born, sex)\", policy: latest, "
	"reach: centre}\n"
	"      - {name: same_as, type: link, to: human, merge: set, reach: centre}\n"
	"      - {name: not_same, type: link, to: human, merge: set, reach: centre}\n"
	"      - {name: city, type: text, policy: latest}\n"
	"      - {name: size, type: int, policy: max}\n"
	"  - name: paper\n"
	"    reach: region\n"
	"    unique: [[series], [serial]]\n"
	"    fields:\n"
	"      - {name: series, type: text, policy: latest}\n"
	"      - {name: serial, type: text, policy: latest}\n"
	"figures:\n"
	"  - {name: people, type: flow, measure: count, of: person, by: [city, office]}\n"
	"  - {name: sizes, type: flow, measure: sum(size), of: person, by: [state]}\n"
	"  - {name: marks, type: flow, measure: count, of: person, by: [nr, level, origin]}\n"
	"  - {name: files, type: flow, measure: count, of: person, by: [file, tags]}\n"
	"  - {name: permits, type: flow, measure: count, of: permit, by: [year]}\n"
	"  - {name: humans, type: flow, measure: count, of: human, by: [city, office]}\n"
	"  - {name: human_sizes, type: flow, measure: sum(size), of: human, by: [sex]}\n";

enum { MAP_BYTES = 1 << 30 };

static void make_dir(struct fixture_node *n)
{
	/* In memory where there is such a place: these tests are about order, not
	 * about disks. */
	(void)snprintf(n->dir, sizeof(n->dir), "%s/kerwen-test-XXXXXX",
		       access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	cr_assert_not_null(mkdtemp(n->dir));
}

static void remove_dir(const struct fixture_node *n)
{
	static const char *const files[] = { STORE_DIR "/data.mdb", STORE_DIR "/lock.mdb",
					     STORE_DIR, LEASE_FILE };
	char path[96];
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", n->dir, files[i]);
		(void)remove(path);
	}
	(void)remove(n->dir);
}

/* Copies one file; missing ones are no trouble. */
static bool copy_file(const char *from_dir, const char *to_dir, const char *name)
{
	static uint8_t block[65536];
	char from[96], to[96];
	FILE *in = NULL, *out = NULL;
	size_t n;

	(void)snprintf(from, sizeof(from), "%s/%s", from_dir, name);
	(void)snprintf(to, sizeof(to), "%s/%s", to_dir, name);
	in = fopen(from, "rb");
	if (in == NULL) {
		(void)remove(to);
		return false;
	}
	(void)remove(to);
	out = fopen(to, "wb");
	cr_assert_not_null(out);
	while ((n = fread(block, 1, sizeof(block), in)) > 0) {
		cr_assert_eq(fwrite(block, 1, n, out), n);
	}
	(void)fclose(in);
	cr_assert_eq(fclose(out), 0);
	return true;
}

static void make_db_dir(const char *dir)
{
	char db[96];

	(void)snprintf(db, sizeof(db), "%s/db", dir);
	cr_assert_eq(mkdir(db, 0700), 0);
}

void fixture_close(struct fixture_node *n)
{
	store_close(n->store);
	n->store = NULL;
}

void fixture_reopen(struct fixture_node *n)
{
	store_close(n->store);
	cr_assert_eq(store_open(n->dir, MAP_BYTES, &world_real, &n->store), RC_OK);
}

void fixture_backup(struct fixture_node *n, struct fixture_backup *out)
{
	struct fixture_node place;

	make_dir(&place);
	(void)snprintf(out->dir, sizeof(out->dir), "%s", place.dir);
	make_db_dir(out->dir);
	store_close(n->store);
	cr_assert(copy_file(n->dir, out->dir, "db/data.mdb"));
	out->has_lease = copy_file(n->dir, out->dir, LEASE_FILE);
	cr_assert_eq(store_open(n->dir, MAP_BYTES, &world_real, &n->store), RC_OK);
}

void fixture_restore(struct fixture_node *n, const struct fixture_backup *b, bool with_lease)
{
	store_close(n->store);
	cr_assert(copy_file(b->dir, n->dir, "db/data.mdb"));
	if (with_lease) {
		(void)copy_file(b->dir, n->dir, LEASE_FILE);
	}
	cr_assert_eq(store_open(n->dir, MAP_BYTES, &world_real, &n->store), RC_OK);
}

void fixture_backup_drop(const struct fixture_backup *b)
{
	struct fixture_node n;

	(void)snprintf(n.dir, sizeof(n.dir), "%s", b->dir);
	remove_dir(&n);
}

struct fixture_node *fixture_clone(struct fixture *f, struct fixture_node *n)
{
	struct fixture_node *c = &f->offices[f->offices_count++];

	cr_assert_leq(f->offices_count, (uint32_t)FIXTURE_OFFICES_MAX);
	make_dir(c);
	make_db_dir(c->dir);
	c->key = n->key;
	c->shares_key = true;
	store_close(n->store);
	cr_assert(copy_file(n->dir, c->dir, "db/data.mdb"));
	(void)copy_file(n->dir, c->dir, LEASE_FILE);
	cr_assert_eq(store_open(n->dir, MAP_BYTES, &world_real, &n->store), RC_OK);
	cr_assert_eq(store_open(c->dir, MAP_BYTES, &world_real, &c->store), RC_OK);
	return c;
}

static enum rc add_draft(struct fixture_node *n, struct draft *d)
{
	struct draft_result result;
	struct commit c;
	enum rc rc = commit_begin(&c, n->store, bytes_of("tester"), bytes_of(""));

	cr_assert_eq(rc, RC_OK);
	rc = commit_add(&c, d, &result);
	if (rc != RC_OK) {
		commit_abort(&c);
		return rc;
	}
	return commit_end(&c);
}

/* A draft of a built-in kind. */
static void add_builtin(struct fixture_node *n, const char *kind, const struct draft_op *ops,
			uint32_t count)
{
	struct draft d = { .act = DRAFT_ADD,
			   .kind = schema_kind_by_name(schema_builtin(), bytes_of(kind)),
			   .ops = ops,
			   .ops_count = count };

	cr_assert_eq(add_draft(n, &d), RC_OK);
}

static struct draft_op op_of(const char *kind, const char *field, struct bytes value)
{
	const struct schema_kind *k = schema_kind_by_name(schema_builtin(), bytes_of(kind));
	struct draft_op op = { .field = schema_field_by_name(k, bytes_of(field)),
			       .code = OP_PUT,
			       .value = value };

	cr_assert_not_null(op.field);
	return op;
}

/* What all nodes know of the system. */
static void add_system(struct fixture_node *n)
{
	static const uint8_t secret[KEY_LEN] = "a secret for the keys of doubles";
	struct draft_op op = op_of("system", "name_secret", bytes_at(secret, KEY_LEN));

	add_builtin(n, "system", &op, 1);
}

static void add_schema(struct fixture_node *n)
{
	struct arena a;
	struct schema file, adopted;
	struct schema_error e;
	const struct schema_codec_part *parts = NULL;
	uint32_t i, count = 0;

	cr_assert_eq(mem_arena_open(&a, 64 << 20), RC_OK);
	cr_assert_eq(schema_yaml_parse(bytes_of(schema_text), &a, &file, &e), RC_OK, "%s", e.text);
	cr_assert_eq(schema_adopt(NULL, &file, &a, &adopted, &e), RC_OK, "%s", e.text);
	cr_assert_eq(schema_codec_encode(&adopted, &a, &parts, &count), RC_OK);
	for (i = 0; i < count; i++) {
		struct draft_op ops[3] = { op_of("schema_part", "type", parts[i].type),
					   op_of("schema_part", "name", parts[i].name),
					   op_of("schema_part", "body", parts[i].body) };

		add_builtin(n, "schema_part", ops, 3);
	}
	mem_arena_close(&a);
}

void fixture_init(struct fixture *f)
{
	struct store_info info = { .is_centre = true, .name = "centre", .system_name = "test" };

	random_init();
	memset(f, 0, sizeof(*f));
	f->cut_after = -1;
	make_dir(&f->centre);
	cr_assert_eq(crypto_key_make(&f->centre.key), RC_OK);
	random_bytes(info.system, sizeof(info.system));
	info.incarnation = info.centre_incarnation = random_u32();
	memcpy(info.key, f->centre.key.public, KEY_LEN);
	memcpy(info.centre_key, f->centre.key.public, KEY_LEN);
	cr_assert_eq(store_create(f->centre.dir, MAP_BYTES, &world_real, &info, &f->centre.store),
		     RC_OK);
	add_system(&f->centre);
	add_schema(&f->centre);
}

static void drop_node(struct fixture_node *n)
{
	store_close(n->store);
	if (!n->shares_key) {
		crypto_key_drop(&n->key);
	}
	remove_dir(n);
}

void fixture_fini(struct fixture *f)
{
	uint32_t i;

	for (i = 0; i < f->offices_count; i++) {
		drop_node(&f->offices[i]);
	}
	drop_node(&f->centre);
}

static struct bytes number_value(int64_t v, uint8_t buffer[16])
{
	struct bytes_writer w = bytes_writer_init(buffer, 16);

	value_put_number(&w, v);
	return bytes_written(&w);
}

static uint16_t region_scope(struct fixture *f, const char *region, uint16_t next)
{
	struct kv_txn *t = NULL;
	uint16_t scope = 0;

	cr_assert_eq(store_begin(f->centre.store, false, &t), RC_OK);
	scope = catalog_region_scope(f->centre.store->catalog, bytes_of(region));
	store_end(f->centre.store, t);
	return scope == 0 ? next : scope;
}

static struct wire_node wire_of(struct fixture_node *n)
{
	struct wire_node wire = { .store = n->store,
				  .signer = { &n->key, NULL },
				  .may_be_full = fakedisk.is_set };

	wire.signer.sign = (void (*)(void *, struct bytes, uint8_t *))(void *)crypto_key_sign;
	return wire;
}

struct fixture_node *fixture_office(struct fixture *f, const char *name, uint16_t number,
				    const char *region)
{
	struct fixture_node *n = &f->offices[f->offices_count++];
	struct store_info info = f->centre.store->info;
	uint8_t b[4][16];
	uint16_t scope = (uint16_t)(100 + 10 * number);
	struct wire_node centre = wire_of(&f->centre);
	struct draft_op ops[7];

	make_dir(n);
	cr_assert_eq(crypto_key_make(&n->key), RC_OK);
	ops[0] = op_of("office", "number", number_value(number, b[0]));
	ops[1] = op_of("office", "name", bytes_of(name));
	ops[2] = op_of("office", "region", bytes_of(region));
	ops[3] = op_of("office", "scope_office", number_value(scope, b[1]));
	ops[4] = op_of("office", "scope_centre", number_value(scope + 1, b[2]));
	ops[5] = op_of("office", "scope_region",
		       number_value(region_scope(f, region, (uint16_t)(scope + 2)), b[3]));
	ops[6] = op_of("office", "key", bytes_at(n->key.public, KEY_LEN));
	add_builtin(&f->centre, "office", ops, 7);
	info.is_centre = false;
	info.number = number;
	info.incarnation = random_u32();
	(void)snprintf(info.name, sizeof(info.name), "%s", name);
	memcpy(info.key, n->key.public, KEY_LEN);
	cr_assert_eq(store_create(n->dir, MAP_BYTES, &world_real, &info, &n->store), RC_OK);
	wire_hand_over(&centre, n->store);
	return n;
}

static const struct schema_kind *kind_of(struct fixture_node *n, const char *kind)
{
	const struct schema_kind *k =
		schema_kind_by_name(&n->store->catalog->schema, bytes_of(kind));

	cr_assert_not_null(k, "no kind %s", kind);
	return k;
}

/* Reads "F=V", "F=", "F+=V" or "F-=V". */
static struct draft_op parse_op(const struct schema_kind *k, const char *text, uint8_t *buffer,
				size_t max)
{
	const char *equals = strchr(text, '=');
	size_t len = (size_t)(equals - text);
	char sign = len > 0 ? equals[-1] : ' ';
	struct bytes_writer w = bytes_writer_init(buffer, max);
	struct draft_op op = { .code = OP_PUT };
	enum value_type type = VALUE_INT;

	len -= sign == '+' || sign == '-';
	op.field = schema_field_by_name(k, bytes_at(text, len));
	cr_assert_not_null(op.field, "%s", text);
	type = op.field->merge == MERGE_COUNTER ? VALUE_INT : op.field->type;
	switch (op.field->merge) {
	case MERGE_REGISTER:
		op.code = equals[1] == '\0' ? OP_CLEAR : OP_PUT;
		break;
	case MERGE_SET:
		op.code = sign == '-' ? OP_SET_REMOVE : OP_SET_ADD;
		break;
	case MERGE_COUNTER:
		op.code = OP_COUNT;
		break;
	case MERGE_LOG:
		op.code = OP_LOG;
		break;
	}
	if (op.code != OP_CLEAR) {
		cr_assert_eq(value_parse(type, op.field->scale, bytes_of(equals + 1), &w), RC_OK,
			     "%s", text);
	}
	if (op.code == OP_COUNT && sign == '-') {
		int64_t v = value_number(VALUE_INT, bytes_written(&w));

		w = bytes_writer_init(buffer, max);
		value_put_number(&w, -v);
	}
	op.value = bytes_written(&w);
	return op;
}

enum { OPS_MAX = 16, VALUE_MAX = 256 };

static uint32_t read_ops(const struct schema_kind *k, va_list args, struct draft_op *ops,
			 uint8_t (*values)[VALUE_MAX])
{
	const char *text = va_arg(args, const char *);
	uint32_t count = 0;

	for (; text != NULL; text = va_arg(args, const char *)) {
		ops[count] = parse_op(k, text, values[count], VALUE_MAX);
		count++;
	}
	return count;
}

/* The catalog is loaded inside a transaction; kinds are looked up after. */
static void freshen(struct fixture_node *n)
{
	struct kv_txn *t = NULL;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	store_end(n->store, t);
}

struct uuid fixture_add(struct fixture_node *n, uint16_t home, const char *kind, ...)
{
	static uint8_t values[OPS_MAX][VALUE_MAX];
	struct draft_op ops[OPS_MAX];
	struct draft d = { .act = DRAFT_ADD, .ops = ops, .home = home };
	va_list args;

	freshen(n);
	d.kind = kind_of(n, kind);
	va_start(args, kind);
	d.ops_count = read_ops(d.kind, args, ops, values);
	va_end(args);
	cr_assert_eq(add_draft(n, &d), RC_OK);
	return d.id;
}

void fixture_add_many(struct fixture_node *n, const char *prefix, uint32_t count)
{
	struct commit c;
	uint32_t i;

	cr_assert_eq(commit_begin(&c, n->store, bytes_of("tester"), bytes_of("")), RC_OK);
	for (i = 0; i < count; i++) {
		const struct schema_kind *k = kind_of(n, "person");
		struct draft_result result;
		struct draft_op op = { .code = OP_PUT };
		struct draft d = { .act = DRAFT_ADD, .kind = k, .ops = &op, .ops_count = 1 };
		char text[64];

		/* The centre adds for its first office. */
		d.home = n->store->info.is_centre ? 1 : 0;

		(void)snprintf(text, sizeof(text), "%s%u", prefix, i);
		op.field = schema_field_by_name(k, bytes_of("nr"));
		op.value = bytes_of(text);
		cr_assert_eq(commit_add(&c, &d, &result), RC_OK, "%s", result.text);
	}
	cr_assert_eq(commit_end(&c), RC_OK);
}

enum rc fixture_set(struct fixture_node *n, const char *kind, struct uuid id, ...)
{
	static uint8_t values[OPS_MAX][VALUE_MAX];
	struct draft_op ops[OPS_MAX];
	struct draft d = { .act = DRAFT_EDIT, .ops = ops, .id = id };
	va_list args;

	freshen(n);
	d.kind = kind_of(n, kind);
	va_start(args, id);
	d.ops_count = read_ops(d.kind, args, ops, values);
	va_end(args);
	return add_draft(n, &d);
}

enum rc fixture_delete(struct fixture_node *n, const char *kind, struct uuid id)
{
	struct draft d = { .act = DRAFT_DELETE, .id = id };

	freshen(n);
	d.kind = kind_of(n, kind);
	return add_draft(n, &d);
}

enum rc fixture_sync(struct fixture *f, struct fixture_node *office)
{
	struct wire_node a = wire_of(office), b = wire_of(&f->centre);
	enum rc rc = RC_OK;

	rc = wire_sync(&a, &b, &f->cut_after);
	f->office_end = a.end;
	f->centre_end = b.end;
	return rc;
}

const char *fixture_show(struct fixture_node *n, const char *kind, struct uuid id,
			 const char *field)
{
	static char text[16384];
	struct kv_txn *t = NULL;
	struct record r;
	struct records_stamps stamps;
	struct view_source source;
	struct values v = { NULL, 0 };
	struct bytes_writer w = bytes_writer_init(text, sizeof(text) - 1);
	const struct schema_field *f = NULL;
	enum rc rc = store_begin(n->store, false, &t);
	uint32_t i;

	cr_assert_eq(rc, RC_OK);
	rc = records_get(t, n->store->catalog, kind_of(n, kind)->number, id, &n->store->arena, &r);
	if (rc == RC_NOTFOUND) {
		store_end(n->store, t);
		return "?";
	}
	cr_assert_eq(rc, RC_OK);
	stamps = (struct records_stamps){ t, n->store->info.centre_incarnation, &n->store->arena };
	source = records_source(&stamps);
	f = schema_field_by_name(r.kind, bytes_of(field));
	cr_assert_not_null(f);
	cr_assert_eq(view_values(&r, f, &source, &n->store->arena, &v), RC_OK);
	for (i = 0; i < v.count; i++) {
		if (i > 0) {
			bytes_put_u8(&w, '|');
		}
		value_format(f->merge == MERGE_COUNTER ? VALUE_INT : f->type, f->scale, v.items[i],
			     &w);
	}
	text[w.len] = '\0';
	store_end(n->store, t);
	return text;
}

uint32_t fixture_count(struct fixture_node *n, const char *kind)
{
	struct kv_txn *t = NULL;
	struct records_walk walk;
	struct record r;
	uint32_t count = 0;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(records_walk_start(&walk, t, n->store->catalog, kind_of(n, kind)->number,
					NULL),
		     RC_OK);
	for (;;) {
		size_t mark = arena_mark(&n->store->arena);
		enum rc rc = records_walk_next(&walk, &n->store->arena, &r);

		arena_release(&n->store->arena, mark);
		if (rc != RC_OK) {
			break;
		}
		count++;
	}
	records_walk_end(&walk);
	store_end(n->store, t);
	return count;
}

void fixture_digest(struct fixture_node *n, uint16_t scope, uint8_t out[HASH_LEN])
{
	struct kv_txn *t = NULL;
	struct kv_cursor *c = NULL;
	struct bytes k, v;
	enum rc rc = RC_OK;

	memset(out, 0, HASH_LEN);
	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	c = kv_cursor_open(t, KV_RECORD);
	for (rc = kv_cursor_seek(c, bytes_of("\0"), &k, &v); rc == RC_OK;
	     rc = kv_cursor_next(c, &k, &v)) {
		struct bytes pieces[3] = { bytes_at(out, HASH_LEN), k, v };
		size_t mark = arena_mark(&n->store->arena);

		cr_assert_eq(parts_canonical(t, v, &n->store->arena, &pieces[2]), RC_OK);
		arena_release(&n->store->arena, mark);
		if (k.len == 20 && (k.p[18] << 8 | k.p[19]) == scope) {
			crypto_sodium.hash(out, pieces, 3);
		}
	}
	kv_cursor_close(c);
	store_end(n->store, t);
}

static enum rc add_cell(void *ctx, struct bytes cell, int64_t amount)
{
	(void)cell;
	*(int64_t *)ctx += amount;
	return RC_OK;
}

int64_t fixture_figure(struct fixture_node *n, const char *figure)
{
	struct kv_txn *t = NULL;
	const struct schema_figure *f = NULL;
	int64_t sum = 0;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	f = schema_figure_by_name(&n->store->catalog->schema, bytes_of(figure));
	cr_assert_not_null(f);
	cr_assert_eq(cells_walk(t, f->number, 0, &sum, add_cell), RC_OK);
	store_end(n->store, t);
	return sum;
}

void fixture_derive(struct fixture_node *n)
{
	struct work w;

	cr_assert_eq(work_begin(n->store, &w), RC_OK);
	cr_assert_eq(derive_rebuild(&w), RC_OK);
	cr_assert_eq(work_commit(&w), RC_OK);
}
