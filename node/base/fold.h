/*
 * One form for texts that the same person may have spelt in several ways:
 * Turkmen in Latin or Cyrillic letters, Russian, and the passport spelling of
 * either (ICAO 9303), with or without diacritics.
 *
 * Three strengths. *Case* is what it says. *Letters* only brings the alphabets
 * together: good enough to know a code by its label. *Name* also lets go of
 * what is lost on the way from one spelling to the other; what folds equal may
 * be the same name, and what does not fold equal is most likely another one.
 * The tables in fold.c say what is let go and why; ../../proto/README.md has
 * them for others.
 *
 * The forms are for comparing, not for reading.
 */
#ifndef KERWEN_FOLD_H
#define KERWEN_FOLD_H

#include "sync/arena.h"

struct fold_name {
	struct bytes text; /* words in byte order, one blank between; may be empty */
	bool has_initials; /* a word is but an initial: it stands for many names */
};

/*
 * Case alone, in NFC: two texts that differ in nothing else.
 * RC_INVALID: not UTF-8; RC_NOMEM. The result lives in the arena.
 */
enum rc fold_case(struct bytes in, struct arena *a, struct bytes *out);

/*
 * Letters: case, alphabet, diacritics and punctuation do not matter.
 * Codes as above.
 */
enum rc fold_letters(struct bytes in, struct arena *a, struct bytes *out);

/* Name: nor do the order of the words, and patronymics beside two other words.
 * Codes as above. */
enum rc fold_name(struct bytes in, struct arena *a, struct fold_name *out);

#endif
