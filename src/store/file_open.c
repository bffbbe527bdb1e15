/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opens a file, and finds the facts that a direct read needs: the version, the alignment, the device, and the extent
 * map. The functions have no state.
 */
#include "store/file_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/status.h"
#include "store/fiemap.h"
#include "store/file_check.h"
#include "store/filesystem.h"

#define SIDECAR_MAX_BYTES 256
/*
 * A file of at most this size has at most four extents. The inode of ext4 and of XFS has room for that many, so the map
 * is in memory as soon as the inode is.
 */
#define MAP_IN_INODE_MAX_BYTES (4 * 4096)

/*
 * Returns true for a character that an entity tag may contain (RFC 9110). Blanks, quotes and control characters are not
 * allowed.
 */
static bool is_tag_byte(unsigned char byte)
{
	return byte == 0x21 || (byte >= 0x23 && byte != 0x7f);
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Parses one line that contains a strong tag, with or without quotes. Does not change *tag if the line is malformed. */
static void parse_tag(const char *text, size_t length, char *tag)
{
	while (length > 0 && is_blank(text[length - 1]))
		length--;
	for (; length > 0 && is_blank(*text); length--)
		text++;
	if (length >= 2 && text[0] == 'W' && text[1] == '/')
		return;
	if (length >= 2 && text[0] == '"' && text[length - 1] == '"') {
		text++;
		length -= 2;
	}
	if (length == 0 || length > FILE_TAG_MAX)
		return;
	for (size_t i = 0; i < length; i++) {
		if (!is_tag_byte((unsigned char)text[i]))
			return;
	}
	memcpy(tag, text, length);
	tag[length] = '\0';
}

/*
 * Reads the tag from the sidecar. If the sidecar is missing, older than the file or malformed, the file has no
 * validator, which is safe. Returns 0, or an error that does not concern the sidecar, such as a lost storage. The file
 * must not lose its tag because of such an error.
 */
static int read_sidecar(const struct file_root *root, const char *of, const struct file_version *original, char *tag)
{
	char path[PATH_MAX], text[SIDECAR_MAX_BYTES + 1];
	struct file_version version;
	ssize_t length;

	if ((size_t)snprintf(path, sizeof(path), "%s.etag", of) >= sizeof(path))
		return 0;
	length = beneath_read_head(root->fd, path, root->symlinks, text, sizeof(text), &version);
	if (length > 0 && length <= SIDECAR_MAX_BYTES && version.mtime_ns >= original->mtime_ns)
		parse_tag(text, (size_t)length, tag);
	return length < 0 && status_of_error((int)length) == 503 ? (int)length : 0;
}

/*
 * Opens the descriptor, with O_DIRECT if the filesystem supports it. squashfs and compressed erofs return EINVAL. The
 * last descriptors of the process are left to connections.
 */
static int open_direct(const struct file_root *root, const char *path, bool *direct, struct statx *st)
{
	int fd = beneath_open_regular(root->fd, path, root->symlinks, O_DIRECT, st);

	*direct = fd != -EINVAL;
	if (!*direct)
		fd = beneath_open_regular(root->fd, path, root->symlinks, 0, st);
	if (fd < 0 || descriptors_leave_room(root->descriptors, fd))
		return fd;
	close(fd);
	return -EMFILE;
}

/* Reads of descriptors_pread() need no alignment after this. Used if direct reads are not possible. */
static void clear_direct(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_DIRECT);
}

/* Loads the first part of the extent map. */
static void load_map(struct descriptor *descriptor, uint64_t size, uint32_t filesystem)
{
	uint64_t known = UINT64_MAX;
	bool in_inode = size <= MAP_IN_INODE_MAX_BYTES && filesystem_has_nowait(filesystem);

	if (descriptor->direct && !in_inode && fiemap_load(descriptor->fd, size, 0, UINT64_MAX, &known) < 0)
		/* The file can still be read. The next read that needs the extent map tries to load it again. */
		known = 0;
	atomic_init(&descriptor->mapped_bytes, known);
}

/*
 * Sets the device of an open file. The kernel may use the number of an unmounted filesystem again, so the properties of
 * the device are set each time.
 */
static int set_device(struct file_root *root, uint32_t filesystem, bool direct, struct file_facts *facts)
{
	int nowait = DEVICE_NOWAIT;

	facts->device = devices_get(root->devices, facts->state.version.device,
				    filesystem_has_nowait(filesystem) ? DEVICE_NOWAIT : DEVICE_ASYNC);
	if (facts->device == NULL)
		return -ENOMEM;
	/* A lookup may have added the device before its filesystem was known. */
	if (filesystem_submit_waits(filesystem))
		atomic_store_explicit(&facts->device->mode, DEVICE_OFFLOAD, memory_order_relaxed);
	else if (!filesystem_has_nowait(filesystem))
		atomic_compare_exchange_strong(&facts->device->mode, &nowait, DEVICE_ASYNC);
	atomic_store_explicit(&facts->device->filesystem, filesystem, memory_order_relaxed);
	atomic_store_explicit(&facts->device->indirect, !direct, memory_order_relaxed);
	atomic_store_explicit(&facts->device->local, !facts->remote, memory_order_relaxed);
	return 0;
}

/* Makes the descriptor and the facts of an open file. Closes the file if it fails. */
static int describe(struct file_root *root, int fd, bool direct, const struct statx *st, struct file_opened *opened)
{
	struct file_facts *facts = &opened->facts;
	uint32_t filesystem = filesystem_of(fd);
	int error;

	file_version_set_state(&facts->state, st);
	facts->remote = !filesystem_fd_is_local(fd, filesystem);
	error = set_device(root, filesystem, direct, facts);
	opened->descriptor = error == 0 ? descriptors_from_fd(fd) : NULL;
	if (opened->descriptor == NULL) {
		close(fd);
		return -ENOMEM;
	}
	opened->descriptor->opened_ns = facts->verified_ns;
	facts->offset_alignment = facts->memory_alignment = 1;
	opened->descriptor->direct = direct &&
				     file_alignment(st, filesystem, &facts->offset_alignment, &facts->memory_alignment);
	if (direct && !opened->descriptor->direct)
		clear_direct(fd);
	load_map(opened->descriptor, facts->state.version.size, filesystem);
	return 0;
}

int file_open_facts(struct file_root *root, const char *path, bool with_tag, struct file_opened *opened)
{
	struct statx st;
	bool direct;
	int fd, error;

	*opened = (struct file_opened){ .facts = { .root = root, .path = path, .verified_ns = clock_now_ns() } };
	fd = file_root_error(root, open_direct(root, path, &direct, &st));
	if (fd < 0)
		return fd;
	error = describe(root, fd, direct, &st, opened);
	if (error != 0)
		return error;
	if (with_tag && file_version_is_undated(&opened->facts.state.version))
		error = file_root_error(root, read_sidecar(root, path, &opened->facts.state.version, opened->tag));
	if (error != 0)
		descriptors_unref(opened->descriptor);
	opened->facts.tag = opened->tag;
	return error;
}

int file_open(struct file_root *root, const char *path, struct file **file)
{
	struct file_opened opened;
	int error = file_open_facts(root, path, true, &opened);

	if (error != 0)
		return error;
	*file = file_new(&opened.facts);
	if (*file == NULL) {
		descriptors_unref(opened.descriptor);
		return -ENOMEM;
	}
	descriptors_unref(
		descriptors_add(root->descriptors, &(*file)->descriptor, root, (*file)->device, opened.descriptor));
	return 0;
}

void file_open_report(struct file *file, struct descriptor *descriptor)
{
	if (file->root->opened != NULL)
		file->root->opened(file->root->context, file, descriptor);
}

/*
 * Used if the alignment that is stored for the file is too low for direct reads. When the file became known, the number
 * of its device belonged to another filesystem, with a lower alignment.
 */
static void read_indirectly(struct descriptor *descriptor)
{
	if (descriptor->direct)
		clear_direct(descriptor->fd);
	descriptor->direct = false;
}

/* Opens the path of a known file, and verifies the version. */
static int open_again(struct file *file, struct descriptor **descriptor)
{
	struct file_opened opened;
	int error = file_open_facts(file->root, file->path, false, &opened);

	/* Another thread may have opened the file before its path was replaced. */
	*descriptor = file_descriptor(file);
	if (*descriptor != NULL) {
		if (error == 0)
			descriptors_unref(opened.descriptor);
		return 0;
	}
	if (error == 0) {
		error = file_check_open(file, opened.descriptor->fd);
		if (error != 0)
			descriptors_unref(opened.descriptor);
	}
	if (file_check_says_gone(error)) {
		atomic_store_explicit(&file->changed, true, memory_order_relaxed);
		error = -ESTALE;
	}
	if (error == -EAGAIN) /* The path led to another inode in each attempt. */
		error = -ESTALE;
	if (error != 0)
		return error;
	*descriptor = opened.descriptor;
	if (opened.facts.offset_alignment > file->offset_alignment ||
	    opened.facts.memory_alignment > file->memory_alignment)
		read_indirectly(*descriptor);
	return 0;
}

int file_open_descriptor(struct file *file, struct descriptor **descriptor)
{
	struct descriptors *descriptors = file->root->descriptors;
	struct descriptor *made = file_descriptor(file);
	int error;

	if (made != NULL) { /* Another thread has opened the file meanwhile. */
		*descriptor = made;
		return 0;
	}
	error = open_again(file, &made);
	for (unsigned tries = 0; descriptors_may_retry(descriptors, error, tries); tries++)
		error = open_again(file, &made);
	if (error != 0)
		return error;
	*descriptor = made;
	if (made->list != NULL) /* It is the descriptor that another thread has opened. */
		return 0;
	*descriptor = descriptors_add(descriptors, &file->descriptor, file->root, file->device, made);
	file_open_report(file, *descriptor);
	return 0;
}
