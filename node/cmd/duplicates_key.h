/* What a look for doubles reads of one record. */
#ifndef KERWEN_DUPLICATES_KEY_H
#define KERWEN_DUPLICATES_KEY_H

#include "node/cmd/duplicates.h"
#include "node/store/samekey.h"

/* What a record shows in a field; empty when unset, or the field is NULL. */
struct bytes duplicates_value(const struct duplicates_slice *s, const struct record *r,
			      const struct schema_field *f);

/* The year of the date, as far as it is known here; 0: not known. */
int32_t duplicates_year(const struct duplicates_slice *s, const struct record *r);

/* Whether a value says nothing: unset, or a code that is called so. */
bool duplicates_is_unknown(const struct schema_field *f, struct bytes v);

/*
 * The key of a record: made of what is shown where all of it is known, in the
 * buffer, or the one that its home has made. stale: others wrote the third
 * value after that, and its home may not know. False: there is no key.
 */
bool duplicates_key(const struct duplicates *d, const struct duplicates_slice *s,
		    const struct record *r, uint8_t buffer[SAMEKEY_LEN_MAX], struct samekey *out,
		    bool *stale);

#endif
