/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Precompressed variants. If "FILE.zst", "FILE.br" or "FILE.gz" exists beside a file, clients that prefer this coding
 * receive it in place of the file (RFC 9110 section 12.5.3). Runs on the reactor's thread.
 */
#ifndef STEPS_VARIANT_H
#define STEPS_VARIANT_H

#include "request/request.h"
#include "store/sibling.h"

struct variant {
	enum sibling sibling;
	const char *coding; /* for Content-Encoding */
	const char *mark;   /* the suffix of its entity tags */
};

/* Returns the variant of this sibling, in static storage. */
const struct variant *variant_of(enum sibling sibling);

/*
 * Step, after selected.file was found: replaces it by the variant that the client prefers, and moves the requested file
 * to selected.original. If a variant was removed meanwhile, the next best one is used, or finally the file itself. If
 * the client does not accept the file itself, the reply is 406. A file without variants is not negotiated.
 *
 * A GET with a valid Range field gets a range of the file itself. The reason is that clients that send Accept-Encoding
 * with every request cannot decode a part of a variant. selected.as_is is set then. Two kinds of clients are exempt:
 * those whose If-Range names the entity tag of a variant, and those that do not accept the file itself.
 *
 * Returns STEP_NEXT, STEP_WAIT, or STEP_REPLY with 406 or 503.
 */
enum step_result variant_choose(struct request *request);

/* Returns true if a file exists beside this one that is named like a variant, but is not sent. */
bool variant_is_rejected(const struct file_siblings *siblings);

/* Makes request->validator for the selected file and its coding. now_ns: wall clock, nanoseconds since 1970. */
void variant_validate(struct request *request, int64_t now_ns);

/* Writes the path of the selected file, below the root, into path[VARIANT_PATH_BYTES]. Returns path. */
#define VARIANT_PATH_BYTES (PATH_BYTES + 8)
const char *variant_path(const struct request *request, char *path);

/* Releases the selected file and the original, and forgets the choice. */
void variant_drop(struct request *request);

#endif
