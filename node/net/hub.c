#include "node/net/hub.h"

#include <stdlib.h>

#include "node/net/hub_priv.h"

/* Once for all jobs that came back together: every link looks. */
static void after_jobs(void *ctx)
{
	struct hub *h = ctx;

	if (h->moved && !h->closing) {
		h->moved = false;
		hub_moved(h);
	}
}

enum rc hub_open(uv_loop_t *loop, struct store *store, const struct crypto_key *key,
		 const struct hub_handlers *handlers, struct hub **out)
{
	struct hub *h = calloc(1, sizeof(*h));
	enum rc rc = RC_NOMEM;

	*out = NULL;
	if (h == NULL) {
		return RC_NOMEM;
	}
	h->store = store;
	h->key = key;
	h->handlers = *handlers;
	rc = net_open(loop, crypto_key_seed(key), &h->net);
	if (rc == RC_OK) {
		rc = store_share(store, &h->writer_store);
	}
	if (rc == RC_OK) {
		rc = writer_start(loop, h->writer_store, after_jobs, h, &h->writer);
	}
	if (rc != RC_OK) {
		hub_free(h);
		return rc;
	}
	*out = h;
	return RC_OK;
}

void hub_close(struct hub *h)
{
	struct link *l = h->links, *next = NULL;

	h->closing = true;
	for (; l != NULL; l = next) {
		next = l->next;
		if (l->conn != NULL) {
			conn_drop(l->conn, RC_CLOSED, "this node is stopping");
		}
	}
	writer_stop(h->writer);
	h->writer = NULL;
}

void hub_free(struct hub *h)
{
	if (h != NULL) {
		net_close(h->net);
		store_close(h->writer_store);
		free(h);
	}
}

struct net *hub_net(struct hub *h)
{
	return h->net;
}

void hub_moved(struct hub *h)
{
	struct link *l = h->links, *next = NULL;

	for (; l != NULL; l = next) {
		next = l->next;
		link_moved(l);
	}
}

struct link *hub_next(struct hub *h, struct link *l)
{
	return l == NULL ? h->links : l->next;
}
