/* `kerwen sync`: a manual sync, through the daemon if one runs. */
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "node/base/clock.h"
#include "node/base/config.h"
#include "node/base/log.h"
#include "node/cmd/addresses.h"
#include "node/net/control.h"
#include "node/net/manual.h"
#include "node/store/base_take.h"
#include "node/store/restored.h"
#include "node/store/summary.h"

enum { TIMEOUT_S = 60, TIMEOUT_S_MAX = 86400, GRACE_MS = 2000 };

static const struct cmd_option options[] = {
	{ .name = "timeout", .value = "S", .help = "seconds for all of it (default 60)" },
	{ .name = "centre",
	  .value = "HOST:PORT",
	  .help = "call the centre here, this once (no daemon may run)" },
	OPEN_KEY_OPTION,
	{ 0 },
};

/* The exit code of a sync that did not reach its goals. */
static enum cmd_exit exit_of(const struct call_result *r)
{
	switch (r->rc) {
	case RC_OK:
		return CMD_OK;
	case RC_UNREACHED:
	case RC_TIMEOUT:
	case RC_CLOSED:
	case RC_BUSY:
		return CMD_UNREACHED;
	case RC_DENIED:
		return r->was_open ? CMD_REFUSED : CMD_WRONG_KEY;
	case RC_VERSION:
	case RC_SYSTEM:
	case RC_FORK:
	case RC_INVALID:
	case RC_LIMIT:
	case RC_GAP:
		return CMD_REFUSED;
	case RC_CORRUPT:
		return r->was_open ? CMD_INTEGRITY : CMD_UNREACHED;
	case RC_BADSIG:
		return CMD_INTEGRITY;
	case RC_FULL:
	case RC_IO:
		return r->was_refused ? CMD_REFUSED : CMD_FAILED;
	case RC_NOMEM:
	case RC_NOTFOUND:
	case RC_EXISTS:
	case RC_UNKNOWN:
		break;
	}
	return CMD_FAILED;
}

static const char *hint_of(enum cmd_exit code, const struct call_result *r)
{
	if (r->rc == RC_FULL) {
		return r->was_refused ?
			       "ask the administrator of the centre to make room; your changes are "
			       "kept" :
			       "make room on this disk, or raise max_size in kerwen.yaml; your "
			       "changes are kept";
	}
	if (r->rc == RC_CORRUPT && !r->was_open) {
		return "check the address with the centre: another program may answer there";
	}
	if (code == CMD_UNREACHED) {
		return "your changes are kept; try again when there is a connection";
	}
	if (code == CMD_WRONG_KEY) {
		return "somebody else answered at this address: check it with the centre";
	}
	if (code == CMD_REFUSED) {
		return "ask the administrator of the centre; your changes are kept";
	}
	return "your changes are kept; see `kerwen status`";
}

/* where: whom it called, for the message of a failure. */
static int print(struct cmd_context *c, const struct call_result *r, const char *where)
{
	json_t *d = NULL;
	enum cmd_exit code = exit_of(r);

	if (code != CMD_OK) {
		return cmd_fail(c, code, hint_of(code, r), "sync with %s: %s", where,
				r->text[0] == '\0' ? rc_text(r->rc) : r->text);
	}
	if (!c->out->json) {
		out_line(c->out, "synced: %llu %s sent, %llu received, %llu confirmed",
			 (unsigned long long)r->sent, r->sent == 1 ? "change" : "changes",
			 (unsigned long long)r->received, (unsigned long long)r->confirmed);
		return CMD_OK;
	}
	d = out_document();
	(void)json_object_set_new(d, "sent", json_integer((json_int_t)r->sent));
	(void)json_object_set_new(d, "received", json_integer((json_int_t)r->received));
	(void)json_object_set_new(d, "confirmed", json_integer((json_int_t)r->confirmed));
	(void)json_object_set_new(d, "bytes_out", json_integer((json_int_t)r->bytes_out));
	(void)json_object_set_new(d, "bytes_in", json_integer((json_int_t)r->bytes_in));
	(void)json_object_set_new(d, "round_trips", json_integer(r->round_trips));
	return out_json(c->out, d) == RC_OK ? CMD_OK : CMD_FAILED;
}

static void on_progress(void *ctx, uint64_t done, uint64_t total)
{
	out_progress_at(ctx, done, total);
}

/*
 * One sync of a directory at a time: another waits for it, and takes over its
 * result, which it leaves in the file that is locked. The system lets the lock
 * go when its holder ends.
 */
static int wait_for_others(struct cmd_context *c, uint32_t timeout_ms, int *out, bool *waited)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct timespec pause = { 0, 50 * 1000000L };
	uint64_t until_ms = clock_monotonic_ms() + timeout_ms;
	char path[PATH_BYTES_MAX];

	*out = -1;
	*waited = false;
	if (path_join(path, c->dir, "sync.lock") == RC_OK) {
		*out = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	}
	if (*out < 0) {
		return cmd_fail(c, CMD_FAILED, "see whether the disk is full or read-only",
				"%s: sync.lock cannot be written", c->dir);
	}
	while (fcntl(*out, F_SETLK, &lock) != 0) {
		if (clock_monotonic_ms() >= until_ms) {
			(void)close(*out);
			return cmd_fail(c, CMD_UNREACHED, "your changes are kept; try again later",
					"sync: another sync of this directory did not end in time");
		}
		(void)nanosleep(&pause, NULL);
		*waited = true;
	}
	return CMD_OK;
}

/* Leaves the result for those who wait; of a sync that failed, nothing. */
static void leave_result(int lock, const struct call_result *r)
{
	ssize_t len = r->rc == RC_OK ? (ssize_t)sizeof(*r) : 0;

	if (ftruncate(lock, 0) != 0 || pwrite(lock, r, (size_t)len, 0) != len) {
		log_warn("sync.lock: the result cannot be left for a sync that waits");
	}
}

/* Takes over the result of the sync that was waited for, unless something was
 * written after that had begun. */
static bool take_result(struct cmd_node *n, int lock, struct call_result *out)
{
	struct summary s = { .unconfirmed = 1 };
	struct kv_txn *t = NULL;

	if (pread(lock, out, sizeof(*out), 0) != (ssize_t)sizeof(*out) ||
	    store_begin(n->store, false, &t) != RC_OK) {
		return false;
	}
	if (summary_get(n->store, t, &n->store->arena, &s) != RC_OK) {
		s.unconfirmed = 1;
	}
	store_end(n->store, t);
	return s.unconfirmed == 0;
}

static int sync_alone(struct cmd_context *c, struct cmd_node *n, const char *centre,
		      uint32_t timeout_ms, int lock)
{
	struct crypto_key key = { .secret = NULL };
	struct addresses a = { .count = 0 };
	struct call_result result = { .rc = RC_OK };
	struct out_progress bar = out_progress_start(c->out, "sync");
	struct manual_options o = { .store = n->store, .key = &key, .timeout_ms = timeout_ms };
	bool interrupted = false;
	enum rc rc = RC_OK;
	int code = open_key(c, n, &key);

	if (code == CMD_OK) {
		code = addresses_find(c, n, &a);
	}
	if (code != CMD_OK) {
		crypto_key_drop(&key);
		return code;
	}
	o.addresses = centre == NULL ? a.items : &centre;
	o.addresses_count = centre == NULL ? a.count : 1;
	if (o.addresses_count == 0) {
		crypto_key_drop(&key);
		return cmd_fail(c, CMD_UNREACHED,
				"write it under `centre:` in kerwen.yaml, or give "
				"--centre HOST:PORT",
				"sync: no address of the centre is known");
	}
	o.on_progress = on_progress;
	o.ctx = &bar;
	rc = manual_run(&o, &result, &interrupted);
	out_progress_end(&bar);
	result.rc = rc == RC_OK ? result.rc : rc;
	leave_result(lock, &result);
	crypto_key_drop(&key);
	if (interrupted) {
		return cmd_fail(c, CMD_INTERRUPTED, "what was confirmed stays confirmed",
				"sync: interrupted");
	}
	return rc == RC_OK ?
		       print(c, &result, o.addresses_count == 1 ? o.addresses[0] : "the centre") :
		       open_fail(c, rc, "syncing");
}

static uint64_t get_count(const json_t *answer, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(answer, name));
}

/* What the daemon answered, as if it had been done here. */
static int print_answer(struct cmd_context *c, const json_t *answer, bool is_centre)
{
	struct call_result r = { .rc = (enum rc)get_count(answer, "rc") };
	const char *text = json_string_value(json_object_get(answer, "text"));

	(void)strncpy(r.text, text == NULL ? "" : text, sizeof(r.text) - 1);
	r.was_open = json_is_true(json_object_get(answer, "was_open"));
	r.was_refused = json_is_true(json_object_get(answer, "was_refused"));
	r.sent = get_count(answer, "sent");
	r.received = get_count(answer, "received");
	r.confirmed = get_count(answer, "confirmed");
	r.bytes_out = get_count(answer, "bytes_out");
	r.bytes_in = get_count(answer, "bytes_in");
	r.round_trips = (uint32_t)get_count(answer, "round_trips");
	if (is_centre && r.rc == RC_OK && !c->out->json) {
		out_line(c->out, "the connected offices have sent what they had");
		return CMD_OK;
	}
	return print(c, &r, is_centre ? "the offices" : "the centre");
}

static int sync_through(struct cmd_context *c, const json_t *answer, enum rc rc, bool is_centre)
{
	if (rc == RC_OK) {
		return print_answer(c, answer, is_centre);
	}
	if (rc == RC_TIMEOUT) {
		return cmd_fail(c, CMD_UNREACHED,
				"it goes on in the background; see `kerwen status`",
				"sync: the daemon did not finish in time");
	}
	if (rc == RC_BUSY) {
		return cmd_fail(c, CMD_FAILED, "see what it printed, or start it again",
				"sync: a daemon is running here, but does not answer");
	}
	return cmd_fail(c, CMD_FAILED, "see what the daemon printed", "sync: the daemon: %s",
			rc_text(rc));
}

static struct restored read_story(struct cmd_node *n)
{
	struct restored r = { .noticed_ms = 0 };
	struct kv_txn *t = NULL;

	if (store_begin(n->store, false, &t) == RC_OK && restored_get(t, &r) != RC_OK) {
		r.noticed_ms = 0;
	}
	store_end(n->store, t);
	return r;
}

/* What the daemon's log says of a restore, whoever gave the command must know. */
static void tell_story(struct cmd_node *n, const struct restored *before)
{
	struct restored now = read_story(n);
	char text[RESTORED_TEXT_MAX];

	restored_text(&now, (int64_t)clock_now_ms(), text);
	if (text[0] != '\0' &&
	    (now.noticed_ms != before->noticed_ms || now.settled_ms != before->settled_ms)) {
		log_warn("%s", text);
	}
}

/* Half of a base is nothing yet. */
static void tell_base(struct cmd_context *c, struct cmd_node *n)
{
	struct kv_txn *t = NULL;
	unsigned percent = 0;
	bool is_taking = store_begin(n->store, false, &t) == RC_OK &&
			 base_take_percent(n->store, t, &percent);

	store_end(n->store, t);
	if (is_taking) {
		out_note(c->out, "base: %u %% - not ready: the next sync goes on with it", percent);
	}
}

static int sync_node(struct cmd_context *c, const struct cmd_args *args, struct cmd_node *n)
{
	const char *centre = cmd_option(args, "centre");
	char host[CONFIG_HOST_MAX + 1], request[64];
	uint64_t timeout_s = TIMEOUT_S;
	json_t *answer = NULL;
	uint16_t port = 0;
	uint32_t timeout_ms = 0;
	struct call_result result;
	struct restored story = read_story(n);
	enum rc rc = RC_OK;
	bool waited = false;
	int lock = -1;
	int code = cmd_option_number(c, args, "timeout", 1, TIMEOUT_S_MAX, &timeout_s);

	if (code != CMD_OK) {
		return code;
	}
	if (centre != NULL && (config_split_address(centre, host, &port) != RC_OK || port == 0)) {
		return cmd_fail(c, CMD_USAGE, "write it as HOST:PORT", "--centre: not an address");
	}
	timeout_ms = (uint32_t)timeout_s * 1000;
	(void)snprintf(request, sizeof(request), "{\"do\":\"%s\",\"timeout_ms\":%u}",
		       centre == NULL ? "sync" : "status", timeout_ms);
	rc = control_call(c->dir, request, timeout_ms + GRACE_MS, &answer);
	if (rc != RC_NOTFOUND && centre != NULL) {
		json_decref(answer);
		return cmd_fail(c, CMD_LOCKED, "leave --centre out, or end the daemon first",
				"--centre: the daemon that runs here has its own addresses");
	}
	if (rc != RC_NOTFOUND) {
		code = sync_through(c, answer, rc, n->store->info.is_centre);
		json_decref(answer);
		tell_story(n, &story);
		return code;
	}
	if (n->store->info.is_centre) {
		return cmd_fail(c, CMD_NO_DAEMON, "start it with `kerwen run`",
				"sync: a centre is called, it does not call: no daemon runs here");
	}
	code = wait_for_others(c, timeout_ms, &lock, &waited);
	if (code == CMD_OK) {
		code = waited && take_result(n, lock, &result) ?
			       print(c, &result, "the centre") :
			       sync_alone(c, n, centre, timeout_ms, lock);
		(void)close(lock);
	}
	return code;
}

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	struct cmd_node n = { .store = NULL };
	int code = open_node(c, &n);

	if (code == CMD_OK) {
		code = sync_node(c, args, &n);
		tell_base(c, &n);
	}
	open_close(&n);
	return code;
}

const struct command cmd_sync_command = {
	.name = "sync",
	.summary = "syncs with the centre now; at the centre: asks the connected offices",
	.details = "Both ways, all that either side had when it began. A daemon of DIR does it if\n"
		   "one runs. What is not confirmed is kept and goes with the next sync.",
	.options = options,
	.run = run,
};
