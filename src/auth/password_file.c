/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads a htpasswd file, and reads it again after changes. login.c owns the struct. The main thread reads the file for
 * the first time, and offload threads revalidate it.
 *
 * The main idea: an editor or htpasswd may write a file in place or by rename, and twice within one tick of the
 * filesystem's clock. A file that was young when it was read is therefore read again at the next revalidation. The
 * generation changes only with the content, so touching the file does not invalidate cached results.
 */
#include "auth/password_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/file.h"

#define FILE_MAX_BYTES ((size_t)4 << 20)

/*
 * The most recent generation of any file. The accesses are sequentially consistent, but publish no other data. Only the
 * uniqueness of the numbers is required.
 */
static atomic_uint_fast64_t generations;

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static bool is_settled(const struct stat *seen)
{
	int64_t changed_ns = (int64_t)seen->st_ctim.tv_sec * (int64_t)CLOCK_NS_PER_S + seen->st_ctim.tv_nsec;

	return !clock_is_young(changed_ns, clock_wall_ns());
}

/* Reads the whole file into *text. Returns 0 or -errno. The caller frees *text in both cases. */
static int read_text(int fd, size_t size, char **text, size_t *length)
{
	ssize_t n = 1;

	*length = 0;
	*text = malloc(size + 1);
	if (*text == NULL)
		return -ENOMEM;
	while (n > 0 && *length < size) {
		n = read(fd, *text + *length, size - *length);
		*length += n > 0 ? (size_t)n : 0;
	}
	return n < 0 ? -errno : 0;
}

static int open_text(const char *path, struct stat *seen, char **text, size_t *length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* open(2) of a FIFO must not block */
	int error = fd < 0 || fstat(fd, seen) != 0 ? -errno : 0;

	if (error == 0 && !S_ISREG(seen->st_mode))
		error = -EINVAL;
	if (error == 0 && (uint64_t)seen->st_size > FILE_MAX_BYTES)
		error = -EFBIG;
	if (error == 0)
		error = read_text(fd, (size_t)seen->st_size, text, length);
	if (fd >= 0)
		close(fd);
	return error;
}

/*
 * Logs an error, unless an error was logged since the last change of the file. Errors at the start are always logged.
 */
static void log_read_error(struct password_file *file, int error, const struct htpasswd_fault *fault)
{
	const char *then = file->users != NULL ? "; keeping the previous content" : "";

	if (file->error_logged)
		return;
	file->error_logged = file->users != NULL;
	if (fault->what != NULL)
		log_error("%s:%u: %s%s", file->path, fault->line, fault->what, then);
	else
		log_error("auth_file: %s: %s%s", file->path, error == -EINVAL ? "not a regular file" : strerror(-error),
			  then);
}

static void replace_users(struct password_file *file, struct htpasswd *users)
{
	struct htpasswd *before;

	pthread_mutex_lock(&file->lock);
	before = file->users;
	if (before == NULL || !htpasswd_same(before, users)) {
		file->users = users;
		file->generation = atomic_fetch_add(&generations, 1) + 1;
		users = before;
	}
	pthread_mutex_unlock(&file->lock);
	if (before != NULL && users == before)
		log_info("%s: the file changed and was read again", file->path);
	htpasswd_free(users);
}

static int read_file(struct password_file *file)
{
	struct htpasswd_fault fault = { 0 };
	struct htpasswd *users = NULL;
	struct stat seen = { 0 };
	char *text = NULL;
	size_t length = 0;
	int error = open_text(file->path, &seen, &text, &length);

	if (error == 0)
		error = htpasswd_parse(&users, text, length, &fault);
	if (text != NULL)
		explicit_bzero(text, length);
	free(text);
	if (!is_same(&file->seen, &seen))
		file->error_logged = false;
	file->seen = seen;
	file->settled = error != -ENOMEM && is_settled(&seen);
	if (error != 0) {
		log_read_error(file, error, &fault);
		return error;
	}
	file->error_logged = false;
	replace_users(file, users);
	return 0;
}

int password_file_init(struct password_file *file, const char *path)
{
	*file = (struct password_file){ .path = path };
	pthread_mutex_init(&file->lock, NULL);
	return read_file(file);
}

void password_file_fini(struct password_file *file)
{
	htpasswd_free(file->users);
	pthread_mutex_destroy(&file->lock);
}

void password_file_revalidate(struct password_file *file)
{
	struct stat now;

	if (stat(file->path, &now) != 0 || !file->settled || !is_same(&file->seen, &now))
		read_file(file);
}

int password_file_hash(struct password_file *file, const char *user, char hash[HTPASSWD_HASH_BYTES],
		       uint64_t *generation)
{
	const char *found, *used;

	pthread_mutex_lock(&file->lock);
	found = htpasswd_find(file->users, user);
	used = found != NULL ? found : htpasswd_any(file->users);
	strcpy(hash, used != NULL ? used : "");
	*generation = file->generation;
	pthread_mutex_unlock(&file->lock);
	return found != NULL ? 0 : -ENOENT;
}

uint64_t password_file_generation(struct password_file *file)
{
	uint64_t generation;

	pthread_mutex_lock(&file->lock);
	generation = file->generation;
	pthread_mutex_unlock(&file->lock);
	return generation;
}
