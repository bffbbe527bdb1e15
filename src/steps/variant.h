/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Precompressed variants. If "FILE.zst", "FILE.br" or "FILE.gz" exists next to FILE, clients that prefer its coding
 * receive the variant in place of FILE (RFC 9110 section 12.5.3). Runs on the reactor's thread.
 */
#ifndef STEPS_VARIANT_H
#define STEPS_VARIANT_H

#include "request/request.h"
#include "store/sibling.h"

struct variant {
	enum sibling sibling;
	const char *coding; /* for Content-Encoding */
	const char *mark;   /* suffix of the entity tags of the variant */
};

/* Returns the variant of this sibling, in static storage. */
const struct variant *variant_of(enum sibling sibling);

/*
 * Step: replaces selected.file by the variant that the client prefers, and moves the requested file to
 * selected.original. If a variant was removed meanwhile, the next best variant is used, or the file itself if no
 * variant is left. If the client does not accept the file itself either, the reply is 406. A file without variants is
 * sent without negotiation.
 *
 * A GET with a valid Range field gets a range of the file itself, and selected.as_is is set. The reason is that many
 * clients send Accept-Encoding with every request, but cannot decode a part of a variant. There are two exceptions:
 * requests whose If-Range has the entity tag of a variant, and requests that do not accept the file itself.
 *
 * Returns STEP_NEXT, STEP_WAIT, or STEP_REPLY with 406 or 503.
 */
enum step_result variant_choose(struct request *request);

/*
 * Returns the siblings of a file that was looked up for the request. All members are zero if `siblings` is off, because
 * siblings that are known from another location do not apply.
 */
const struct file_siblings *variant_siblings(const struct request *request, const struct file *file);

/* Returns true if a file exists that has the name of a variant, but that is not sent as a variant. */
bool variant_is_rejected(const struct file_siblings *siblings);

/*
 * Makes request->validator for the selected file and its coding. now_ns is the wall clock, in nanoseconds since 1970.
 */
void variant_validate(struct request *request, int64_t now_ns);

/* Writes the path of the selected file, below the root, into path[VARIANT_PATH_BYTES]. Returns path. */
#define VARIANT_PATH_BYTES (PATH_BYTES + 8)
const char *variant_path(const struct request *request, char *path);

/* Releases the selected file and the original file, and resets the choice of a variant. */
void variant_drop(struct request *request);

#endif
