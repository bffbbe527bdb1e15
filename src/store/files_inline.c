/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A lookup costs an openat2(), a statx() and a close(), and no more while the name is unchanged. It never waits:
 * openat2() with RESOLVE_CACHED returns EAGAIN if a directory would have to be read or a server to be asked, and the
 * statx() reads the inode that the dentry has in memory.
 *
 * Offload threads handle all cases that these calls cannot decide: files on network filesystems and FUSE, directories
 * that fold case, siblings that must be read, and sidecars with tags.
 */
#include "store/files_inline.h"

#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "store/file_check.h"
#include "store/parents.h"
#include "store/sibling.h"

/* The lookup of one path. */
struct look {
	const struct files *files;
	const char *path;
	bool skip_siblings; /* See struct files_want. */
	struct parents_view view;
	struct statx st;
	struct file_state state;
	struct file_siblings siblings;
};

/*
 * Finds the inode of the path. If `readable` is not NULL, also finds whether the inode may be read. The file is on the
 * same mount as its directory, so its filesystem is local. Its device may differ: overlayfs has one for each layer.
 */
static int find_inode(struct look *look, bool *readable)
{
	const struct file_root *root = look->files->root;
	int error =
		beneath_look_cached(root->fd, look->path, root->symlinks, look->view.other_mount, &look->st, readable);

	/* Errors of other kinds are rare, and may concern another filesystem on the path. */
	if (error != 0)
		return error == -ENOENT || error == -EISDIR ? error : -EAGAIN;
	file_version_set_state(&look->state, &look->st);
	return 0;
}

/* Returns true if a sidecar may have the tag of the file, which has no meaningful mtime. */
static bool may_have_tag(const struct look *look)
{
	return !look->skip_siblings && file_version_is_undated(&look->state.version) &&
	       (!look->view.settled || (look->view.beside & 1u << PARENTS_ETAG) != 0);
}

/* Finds the siblings. Returns 0 or -EAGAIN. */
static int find_siblings(struct look *look, const struct file *previous)
{
	static const struct file_siblings nothing;
	const struct file_root *root = look->files->root;
	struct parents_view view = look->view;

	look->siblings = nothing;
	if (!look->files->options.siblings || look->skip_siblings)
		return 0;
	if (!look->files->options.variants)
		sibling_skip_variants(&view);
	return sibling_find_cached(root->fd, look->path, root->symlinks, &look->state.version,
				   previous != NULL ? file_siblings(previous) : &nothing, &view, &look->siblings);
}

/*
 * Finds the inode and its siblings. If `readable` is not NULL, also finds whether the inode may be read. Returns 0,
 * -EAGAIN, or the error of the lookup.
 */
static int examine(struct look *look, const struct file *previous, bool *readable)
{
	int error = find_inode(look, readable);

	if (error == 0 && may_have_tag(look))
		return -EAGAIN;
	return error == 0 ? find_siblings(look, previous) : error;
}

/*
 * Returns 0 if the examined inode is the previous version with the same siblings, -ESTALE if it is not, or -EAGAIN if
 * another thread has updated the metadata meanwhile.
 */
static int compare(const struct look *look, struct file *previous, unsigned before)
{
	int error = file_check_state(previous, &look->state, before);

	if (error == 0 && !look->skip_siblings &&
	    (!sibling_equal(&look->siblings, file_siblings(previous)) || *file_tag(previous) != '\0'))
		error = -ESTALE;
	return error;
}

static struct file *make_file(const struct look *look, struct device *device, uint64_t start_ns)
{
	struct file_facts facts = {
		.root = look->files->root,
		.path = look->path,
		.state = look->state,
		.device = device,
		.verified_ns = start_ns,
		.siblings = &look->siblings,
	};

	facts.offset_alignment = facts.memory_alignment = 1;
	if (!atomic_load_explicit(&device->indirect, memory_order_relaxed))
		file_alignment(&look->st, atomic_load_explicit(&device->filesystem, memory_order_relaxed),
			       &facts.offset_alignment, &facts.memory_alignment);
	return file_new(&facts);
}

/* Examines the path, and finds out whether the process may read the file. */
static int find_with_access(struct look *look, struct file *previous, struct files_finding *finding)
{
	const unsigned before = previous != NULL ? file_check_begin(previous) : 0;
	const unsigned char access = previous != NULL ? file_access_begin(previous) : 0;
	struct device *device;
	bool readable = false, same;
	int error;

	error = examine(look, previous, &readable);
	/* The comparison also stores the metadata of a file that is not readable. */
	same = error == 0 && previous != NULL && !file_must_reopen(previous) && compare(look, previous, before) == 0;
	if (error == 0 && !readable)
		error = -EACCES;
	if (error != 0 && previous != NULL)
		file_access_set_unknown(previous);
	if (error != 0)
		return error;
	if (previous != NULL)
		file_access_set_known(previous, access);
	if (same) {
		finding->file = file_ref(previous);
		return 0;
	}
	device = devices_find(look->files->options.devices, look->state.version.device);
	if (device == NULL)
		return -EAGAIN;
	finding->file = make_file(look, device, finding->validated_ns);
	return finding->file != NULL ? 0 : -ENOMEM;
}

/* Examines the path. Tests access only if the previous file is not known to be readable, or has changed. */
static int find(struct look *look, struct file *previous, struct files_finding *finding)
{
	unsigned before;
	int error;

	if (previous == NULL || file_must_reopen(previous) || file_access_is_unknown(previous))
		return find_with_access(look, previous, finding);
	before = file_check_begin(previous);
	error = examine(look, previous, NULL);
	if (error != 0)
		return error;
	error = compare(look, previous, before);
	if (error == -ESTALE || (error == 0 && file_access_is_unknown(previous)))
		return find_with_access(look, previous, finding);
	if (error == 0)
		finding->file = file_ref(previous);
	return error;
}

int files_inline_find(const struct files *files, const char *path, const struct files_want *want, struct file *previous,
		      struct files_finding *finding)
{
	const struct parents_place place = files_place(files, path);
	struct look look = { .files = files, .path = path, .skip_siblings = want->skip_siblings };
	int error;

	if (files->options.parents == NULL || (previous != NULL && previous->remote))
		return -EAGAIN;
	*finding = (struct files_finding){ .validated_ns = clock_now_ns(), .skip_siblings = want->skip_siblings };
	error = parents_find(files->options.parents, &place, finding->validated_ns, &look.view);
	if (error == 0)
		error = find(&look, previous, finding);
	if (error == -EAGAIN)
		return error;
	finding->error = error;
	if (finding->file != NULL)
		devices_count(&finding->file->device->lookups_inline, 1);
	return 0;
}

bool files_inline_is_usual(const struct files *files, const struct file *file)
{
	return files->options.parents != NULL && !file->remote &&
	       atomic_load_explicit(&file->device->lookups_inline, memory_order_relaxed) > 0;
}
