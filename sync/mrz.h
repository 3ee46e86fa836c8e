/*
 * The machine-readable zone of a travel document, and its check digits
 * (ICAO Doc 9303, parts 3 to 7).
 *
 * A zone is one text: its lines joined by newlines or by nothing. Its length
 * and first letter tell the format:
 *
 *   TD1    3 x 30  identity and residence cards
 *   TD2    2 x 36  larger cards             MRV-B  the same size, begins with V
 *   TD3    2 x 44  passports and the like   MRV-A  the same size, begins with V
 *
 * A check digit is the sum of the characters (0-9 as they are, A-Z as 10 to
 * 35, < as 0) times 7, 3, 1, 7, 3, 1 ..., modulo 10. Visas have no composite.
 */
#ifndef KERWEN_MRZ_H
#define KERWEN_MRZ_H

#include "sync/bytes.h"

/* What is wrong with a zone: the first that is found. */
enum mrz_fault {
	MRZ_FINE,
	MRZ_LENGTH,    /* no format has lines like these */
	MRZ_CHARACTER, /* something but A-Z, 0-9 and < */
	MRZ_NUMBER,    /* the check digit of the document number, and so on */
	MRZ_BIRTH,
	MRZ_EXPIRY,
	MRZ_PERSONAL, /* TD3: of the personal number */
	MRZ_COMPOSITE
};

enum mrz_fault mrz_check(struct bytes zone);

/* The fault in words for people, without anything of the zone itself; "" for
 * MRZ_FINE. */
const char *mrz_fault_text(enum mrz_fault fault);

#endif
