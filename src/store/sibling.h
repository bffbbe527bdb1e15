/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What lies beside a file and is about the same bytes: "FILE.zst", "FILE.br" and "FILE.gz", which are the file
 * compressed, and "FILE.sha256", its digest. One that is older than the file is of other bytes, and is as if it were
 * not there.
 */
#ifndef STORE_SIBLING_H
#define STORE_SIBLING_H

#include <stdbool.h>

#include "store/encoding.h"
#include "store/file.h"

/* In the order in which they are sent if a client likes two of them equally. */
enum sibling { SIBLING_ZST, SIBLING_BR, SIBLING_GZ, SIBLING_VARIANTS };

_Static_assert(SIBLING_VARIANTS == FILE_VARIANTS_MAX, "each variant has its place in struct file_siblings");

/* ".zst" … */
const char *sibling_suffix(enum sibling sibling);

/*
 * It is no older than the original. Tools that copy the original's time may keep whole seconds of it only (brotli 1.0
 * does), so one that says the very second in which the original was written is taken for fresh, too.
 */
bool sibling_is_fresh(const struct file_version *sibling, const struct file_version *original);

/* Returns whether this version of the variant is the one that was checked, beside a file of this size. */
bool sibling_is_checked(const struct file_siblings *siblings, enum sibling sibling, const struct file_version *version,
			uint64_t size);

/*
 * Looks at what lies beside `path`, whose version is `original`; by the rules of file_open(), and only regular files
 * that can be read count. A file that is a variant itself, by its name, has no variants. known: what was found the last
 * time beside the same size (all zero: nothing); its digest and its variants are read again only if they may have
 * changed. BLOCKS: offload threads only.
 *
 * A .gz and a .zst are checked by encoding_check(); of a .br nothing but its age can be checked.
 */
void sibling_find(int root_fd, const char *path, enum file_symlinks symlinks, const struct file_version *original,
		  const struct file_siblings *known, struct file_siblings *found);

bool sibling_equal(const struct file_siblings *a, const struct file_siblings *b);

#endif
