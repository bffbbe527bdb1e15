/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of an open file: opening, with everything that a direct read needs to know, reference counting and closing.
 * Opening blocks and runs on offload threads. The release of the last reference also closes the descriptor on an
 * offload thread.
 *
 * The holders of references own the file together. The members that change after file_open() are atomic or protected by
 * file->lock, so all other members need no lock.
 */
#include "store/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/align.h"
#include "base/clock.h"
#include "base/container_of.h"
#include "store/fiemap.h"
#include "store/filesystem.h"

/* Disks with larger logical blocks report them through STATX_DIOALIGN. */
#define ALIGNMENT_DEFAULT 4096
#define SIDECAR_MAX_BYTES 256

/* A path beneath a root. */
struct place {
	int root_fd;
	const char *path;
	enum file_symlinks symlinks;
};

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
 * validator, which is safe.
 */
static void read_sidecar(struct file *file, const struct place *of)
{
	char path[PATH_MAX], text[SIDECAR_MAX_BYTES + 1];
	struct file_version version;
	ssize_t length;

	if ((size_t)snprintf(path, sizeof(path), "%s.etag", of->path) >= sizeof(path))
		return;
	length = beneath_read_head(of->root_fd, path, of->symlinks, text, sizeof(text), &version);
	if (length > 0 && length <= SIDECAR_MAX_BYTES && version.mtime_ns >= file->version.mtime_ns)
		parse_tag(text, (size_t)length, file->tag);
}

/*
 * Returns false if the filesystem does not support direct reads of this file, or if it requires an alignment that the
 * readers do not support.
 */
static bool find_alignment(const struct statx *st, uint32_t *offset_alignment, uint32_t *memory_alignment)
{
	*offset_alignment = ALIGNMENT_DEFAULT;
	*memory_alignment = ALIGNMENT_DEFAULT;
#ifdef STATX_DIOALIGN
	if (st->stx_mask & STATX_DIOALIGN) {
		*offset_alignment = st->stx_dio_offset_align;
		*memory_alignment = st->stx_dio_mem_align;
	}
#endif
	return align_is_power(*offset_alignment) && *offset_alignment <= FILE_ALIGNMENT_MAX &&
	       align_is_power(*memory_alignment) && *memory_alignment <= FILE_ALIGNMENT_MAX;
}

static void set_alignment(struct file *file, const struct statx *st, uint32_t filesystem)
{
	file->nowait = file->direct && filesystem_has_nowait(filesystem);
	if (file->direct && !filesystem_is_memory(filesystem) &&
	    find_alignment(st, &file->offset_alignment, &file->memory_alignment))
		return;
	if (file->direct) { /* With O_DIRECT, file_pread() would also need the alignment. */
		int flags = fcntl(file->fd, F_GETFL);

		fcntl(file->fd, F_SETFL, flags & ~O_DIRECT);
	}
	file->direct = false;
	file->offset_alignment = 1;
	file->memory_alignment = 1;
}

/* Opens the descriptor, with O_DIRECT if the filesystem supports it. squashfs and compressed erofs return EINVAL. */
static int open_direct(const struct place *place, struct file *file, struct statx *st)
{
	file->direct = true;
	file->fd = beneath_open_regular(place->root_fd, place->path, place->symlinks, O_DIRECT, st);
	if (file->fd == -EINVAL) {
		file->direct = false;
		file->fd = beneath_open_regular(place->root_fd, place->path, place->symlinks, 0, st);
	}
	return file->fd < 0 ? file->fd : 0;
}

static void set_versions(struct file *file, const struct statx *st, uint32_t filesystem, uint64_t start_ns)
{
	struct file_state state;

	file_version_set_state(&state, st);
	file->version = state.version;
	file->metadata = state.metadata;
	file->remote = !filesystem_is_local(filesystem);
	atomic_init(&file->verified_ns, start_ns);
}

int file_open(int root_fd, const char *path, enum file_symlinks symlinks, struct file **file)
{
	struct place place = { .root_fd = root_fd, .path = path, .symlinks = symlinks };
	struct statx st;
	uint64_t known = UINT64_MAX, start_ns = clock_now_ns();
	uint32_t filesystem;
	struct file *opened = calloc(1, sizeof(*opened));
	int error;

	if (!opened)
		return -ENOMEM;
	error = open_direct(&place, opened, &st);
	if (error < 0) {
		free(opened);
		return error;
	}
	atomic_init(&opened->references, 1);
	pthread_mutex_init(&opened->lock, NULL);
	filesystem = filesystem_of(opened->fd);
	set_versions(opened, &st, filesystem, start_ns);
	set_alignment(opened, &st, filesystem);
	if (file_version_is_undated(&opened->version))
		read_sidecar(opened, &place);
	if (opened->direct && fiemap_load(opened->fd, opened->version.size, 0, UINT64_MAX, &known) < 0)
		/* The file can still be read. The next read that needs the extent map tries to load it again. */
		known = 0;
	atomic_init(&opened->mapped_bytes, known);
	*file = opened;
	return 0;
}

bool file_is_young(const struct file *file)
{
	return clock_is_young(file->version.mtime_ns, clock_wall_ns());
}

struct file *file_ref(struct file *file)
{
	unsigned before = atomic_fetch_add_explicit(&file->references, 1, memory_order_relaxed);

	assert(before > 0);
	(void)before;
	return file;
}

static bool is_last(struct file *file)
{
	return file && atomic_fetch_sub_explicit(&file->references, 1, memory_order_acq_rel) == 1;
}

static void close_file(struct offload_job *job)
{
	struct file *file = container_of(job, struct file, closing);

	close(file->fd);
	pthread_mutex_destroy(&file->lock);
	free(file);
}

void file_unref(struct file *file)
{
	if (!is_last(file))
		return;
	file->closing = (struct offload_job){ .work = close_file };
	if (file->closer)
		offload_start(file->closer, &file->closing);
	else
		close_file(&file->closing);
}

void file_unref_here(struct file *file)
{
	if (is_last(file))
		close_file(&file->closing);
}

bool file_is_deleted(const struct file *file)
{
	struct statx st;

	return beneath_statx(file->fd, AT_STATX_DONT_SYNC, &st) == 0 && st.stx_nlink == 0;
}

ssize_t file_pread(const struct file *file, void *buffer, size_t length, uint64_t offset)
{
	size_t done = 0;

	while (done < length) {
		ssize_t got = pread(file->fd, (char *)buffer + done, length - done, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}
