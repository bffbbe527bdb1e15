/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The siblings of a file: its compressed variants "FILE.zst", "FILE.br" and "FILE.gz", and its digest "FILE.sha256". A
 * sibling that is older than the file belongs to other bytes and is ignored.
 */
#ifndef STORE_SIBLING_H
#define STORE_SIBLING_H

#include <stdbool.h>

#include "store/encoding.h"
#include "store/file.h"
#include "store/parents.h"

/* Variants in the order of preference, which applies if a client accepts several variants with the same weight. */
enum sibling { SIBLING_ZST, SIBLING_BR, SIBLING_GZ, SIBLING_VARIANTS };

_Static_assert(SIBLING_VARIANTS == FILE_VARIANTS_MAX, "each variant has its place in struct file_siblings");

/* Returns the suffix, such as ".zst". */
const char *sibling_suffix(enum sibling sibling);

/*
 * Returns true if the sibling is not older than the original. Some tools copy only the whole seconds of the original's
 * mtime (brotli 1.0 does). Therefore a sibling whose mtime is that of the original without the fraction of a second
 * also counts as fresh.
 */
bool sibling_is_fresh(const struct file_version *sibling, const struct file_version *original);

/* Returns true if this version of the variant was checked for a file of this size, or if no version was checked. */
bool sibling_is_checked(const struct file_siblings *siblings, enum sibling sibling, const struct file_version *version,
			uint64_t size);

/*
 * Finds the siblings of `path`, whose version is `original`. Opens them with the functions of beneath.h. Only readable
 * regular files are siblings. A file whose own name is that of a variant has no variants. `known` is the previous
 * result, or all zero. The digest and the variants are read again only if they may have changed. Skips names that are
 * missing according to `view`, which is NULL if the directory is not known. Blocks; runs only on offload threads.
 *
 * A .gz and a .zst are checked as encoding.h describes. Only the age of a .br can be checked.
 */
void sibling_find(int root_fd, const char *path, enum file_symlinks symlinks, const struct file_version *original,
		  const struct file_siblings *known, const struct parents_view *view, struct file_siblings *found);

/*
 * Finds the siblings as sibling_find() does, but never waits and reads no file. `view` is the directory of the path,
 * from parents_find(). If it is settled, missing siblings cost no syscall. Returns 0 if *found is complete. Returns
 * -EAGAIN if a sibling must be read, or cannot be looked up without waiting. Thread-safe.
 */
int sibling_find_cached(int root_fd, const char *path, enum file_symlinks symlinks, const struct file_version *original,
			const struct file_siblings *known, const struct parents_view *view,
			struct file_siblings *found);

/*
 * Changes the view of a directory so that both functions above look for no variants, only for a digest. A view of an
 * unknown directory is all zero. Pure.
 */
void sibling_skip_variants(struct parents_view *view);

bool sibling_equal(const struct file_siblings *a, const struct file_siblings *b);

#endif
