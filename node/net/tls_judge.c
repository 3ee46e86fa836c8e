#include <openssl/err.h>

#include "node/net/tls_priv.h"

struct meaning {
	int reason;
	enum rc rc;
	const char *text;
};

/* What people can do something about; the rest is RC_CORRUPT. */
static const struct meaning meanings[] = {
	{ SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, RC_DENIED, "the peer shows no key" },
	{ SSL_R_CERTIFICATE_VERIFY_FAILED, RC_DENIED, "the peer's key is not an Ed25519 key" },
	{ SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, RC_DENIED, "the peer wants a key" },
	{ SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, RC_DENIED, "the peer refuses our key" },
	{ SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, RC_DENIED, "the peer refuses our key" },
	{ SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, RC_DENIED, "the peer refuses our key" },
	{ SSL_R_TLSV1_ALERT_UNKNOWN_CA, RC_DENIED, "the peer refuses our key" },
	{ SSL_R_TLSV1_ALERT_ACCESS_DENIED, RC_DENIED, "the peer refuses our key" },
	{ SSL_R_UNSUPPORTED_PROTOCOL, RC_VERSION, "the peer does not speak TLS 1.3" },
	{ SSL_R_VERSION_TOO_LOW, RC_VERSION, "the peer does not speak TLS 1.3" },
	{ SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, RC_VERSION, "the peer does not speak TLS 1.3" },
	{ SSL_R_NO_APPLICATION_PROTOCOL, RC_VERSION, "the peer speaks another protocol" },
	{ SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL, RC_VERSION,
	  "the peer speaks another protocol" },
	{ SSL_R_WRONG_VERSION_NUMBER, RC_CORRUPT, "this is not TLS" },
	{ SSL_R_HTTP_REQUEST, RC_CORRUPT, "this is HTTP, not TLS" },
	{ SSL_R_HTTPS_PROXY_REQUEST, RC_CORRUPT, "this is HTTP, not TLS" },
};

static enum rc set_failure(struct tls *t, enum rc rc, const char *text)
{
	t->text = text;
	return rc;
}

static enum rc judge_reason(struct tls *t, unsigned long error)
{
	size_t i;

	if (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE) {
		return set_failure(t, RC_NOMEM, rc_text(RC_NOMEM));
	}
	for (i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (ERR_GET_LIB(error) == ERR_LIB_SSL &&
		    ERR_GET_REASON(error) == meanings[i].reason) {
			return set_failure(t, meanings[i].rc, meanings[i].text);
		}
	}
	return set_failure(t, RC_CORRUPT, "the TLS connection is damaged");
}

enum rc tls_judge(struct tls *t, int result)
{
	int kind = SSL_get_error(t->ssl, result);
	unsigned long error = ERR_peek_error();

	ERR_clear_error();
	if (t->is_out_of_memory) {
		return set_failure(t, RC_NOMEM, rc_text(RC_NOMEM));
	}
	if (t->is_wrong_key) {
		return set_failure(t, RC_DENIED, "wrong key");
	}
	if (kind == SSL_ERROR_WANT_READ) {
		return RC_OK;
	}
	if (kind == SSL_ERROR_ZERO_RETURN) {
		return set_failure(t, RC_CLOSED, "closed by the peer");
	}
	return judge_reason(t, error);
}
