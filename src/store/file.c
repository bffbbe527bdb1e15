/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of a known file. No function makes a system call that waits. The members that change after file_new() are
 * atomic or protected by a lock.
 */
#include "store/file.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/align.h"
#include "base/clock.h"
#include "store/filesystem.h"

/* Disks with larger logical blocks report them through STATX_DIOALIGN. */
#define ALIGNMENT_DEFAULT 4096
#define LOCKS 64	      /* A power of two. */
#define MALLOC_HEADER_BYTES 8 /* Memory that malloc() of the GNU C library needs for each block. */
#define MALLOC_UNIT_BYTES 16  /* Its sizes are multiples of this number. */

static pthread_mutex_t locks[LOCKS] = { [0 ... LOCKS - 1] = PTHREAD_MUTEX_INITIALIZER };

pthread_mutex_t *file_lock(const struct file *file)
{
	return &locks[((uintptr_t)file >> 6) % LOCKS];
}

bool file_alignment(const struct statx *st, uint32_t filesystem, uint32_t *offset_alignment, uint32_t *memory_alignment)
{
	*offset_alignment = ALIGNMENT_DEFAULT;
	*memory_alignment = ALIGNMENT_DEFAULT;
#ifdef STATX_DIOALIGN
	if (st->stx_mask & STATX_DIOALIGN) {
		*offset_alignment = st->stx_dio_offset_align;
		*memory_alignment = st->stx_dio_mem_align;
	}
#else
	(void)st;
#endif
	if (!filesystem_is_memory(filesystem) && align_is_power(*offset_alignment) &&
	    *offset_alignment <= FILE_ALIGNMENT_MAX && align_is_power(*memory_alignment) &&
	    *memory_alignment <= FILE_ALIGNMENT_MAX)
		return true;
	*offset_alignment = *memory_alignment = 1;
	return false;
}

static bool has_siblings(const struct file_siblings *siblings)
{
	static const struct file_siblings none;

	return siblings != NULL && memcmp(siblings, &none, sizeof(none)) != 0;
}

static bool needs_extra(const struct file_facts *facts)
{
	return facts->remote || (facts->tag != NULL && *facts->tag != '\0') || has_siblings(facts->siblings);
}

static struct file_extra *extra_new(const struct file_facts *facts)
{
	struct file_extra *extra = calloc(1, sizeof(*extra));

	if (extra == NULL)
		return NULL;
	if (facts->siblings != NULL)
		extra->siblings = *facts->siblings;
	if (facts->tag != NULL)
		strncpy(extra->tag, facts->tag, FILE_TAG_MAX);
	atomic_init(&extra->verified_ns, facts->verified_ns);
	return extra;
}

struct file *file_new(const struct file_facts *facts)
{
	size_t length = strlen(facts->path);
	struct file *file = calloc(1, sizeof(*file) + length + 1);

	if (file == NULL)
		return NULL;
	if (needs_extra(facts) && (file->extra = extra_new(facts)) == NULL) {
		free(file);
		return NULL;
	}
	if (file->extra != NULL)
		file->extra->file = file;
	atomic_init(&file->references, 1);
	file->offset_alignment = (uint16_t)facts->offset_alignment;
	file->memory_alignment = (uint16_t)facts->memory_alignment;
	file->remote = facts->remote;
	file->version = facts->state.version;
	file->metadata = facts->state.metadata;
	file->device = facts->device;
	file->root = file_root_ref(facts->root);
	memcpy(file->path, facts->path, length + 1);
	return file;
}

struct file *file_ref(struct file *file)
{
	unsigned before = atomic_fetch_add_explicit(&file->references, 1, memory_order_relaxed);

	assert(before > 0);
	(void)before;
	return file;
}

void file_unref(struct file *file)
{
	if (file == NULL || atomic_fetch_sub_explicit(&file->references, 1, memory_order_acq_rel) > 1)
		return;
	descriptors_forget(file->root->descriptors, &file->descriptor);
	file_root_unref(file->root);
	free(file->extra);
	free(file);
}

const struct file_siblings *file_siblings(const struct file *file)
{
	static const struct file_siblings none;

	return file->extra != NULL ? &file->extra->siblings : &none;
}

static size_t block_bytes(size_t bytes)
{
	return align_up(bytes + MALLOC_HEADER_BYTES, MALLOC_UNIT_BYTES);
}

size_t file_memory_bytes(const struct file *file)
{
	return block_bytes(sizeof(*file) + strlen(file->path) + 1) +
	       (file->extra != NULL ? block_bytes(sizeof(*file->extra)) : 0);
}

/* The number publishes no other data, so relaxed memory order suffices. */
void file_access_set_unknown(struct file *file)
{
	unsigned char before = atomic_load_explicit(&file->access_change, memory_order_relaxed), next;

	do {
		next = before == UCHAR_MAX ? 1 : (unsigned char)(before + 1);
	} while (!atomic_compare_exchange_weak_explicit(&file->access_change, &before, next, memory_order_relaxed,
							memory_order_relaxed));
}

void file_access_set_known(struct file *file, unsigned char begun)
{
	if (begun != 0)
		atomic_compare_exchange_strong_explicit(&file->access_change, &begun, 0, memory_order_relaxed,
							memory_order_relaxed);
}

bool file_is_young(const struct file *file)
{
	return clock_is_young(file->version.mtime_ns, clock_wall_ns());
}
