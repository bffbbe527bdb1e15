/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Precompressed variants: a file beside which "FILE.zst", "FILE.br" or "FILE.gz" lies is sent as that to clients who
 * like it better (RFC 9110 section 12.5.3). Belongs to the reactor's thread of its request.
 */
#ifndef STEPS_VARIANT_H
#define STEPS_VARIANT_H

#include "request/request.h"
#include "store/sibling.h"

struct variant {
	enum sibling sibling;
	const char *coding; /* for Content-Encoding */
	const char *mark;   /* of its entity tag */
};

/* Of the codings, in the order of enum sibling. */
const struct variant *variant_of(enum sibling sibling);

/*
 * A step, once request->file was found: puts the variant that the client likes best in its place, and the file that was
 * asked for into request->original. One that has gone meanwhile is passed over, down to the file as it is; if the
 * client won't have that, 406. What has no variants is not negotiated.
 *
 * A GET with a Range field that is not ignored is about the file as it is, because clients that send Accept-Encoding
 * with every request cannot decode a part of a variant. Two kinds of clients can: those whose If-Range names the tag of
 * a variant, and those that refuse the file as it is. request->as_is says that the Range field has decided so.
 */
enum step_result variant_choose(struct request *request);

/* Returns whether something lies beside a file that could be a variant, and is not sent. */
bool variant_is_refused(const struct file_siblings *siblings);

/* Makes request->validator: of request->file as the variant that it is. now_ns: wall clock, since 1970. */
void variant_validate(struct request *request, int64_t now_ns);

/* The path of request->file below the root, into path[VARIANT_PATH_BYTES]. Returns it. */
#define VARIANT_PATH_BYTES (PATH_BYTES + 8)
const char *variant_path(const struct request *request, char *path);

/* There is no file any more, nor a choice. */
void variant_drop(struct request *request);

#endif
