/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A htpasswd file and what was read of it last. What it holds is swapped in whole; a file that can't be read changes
 * nothing. */
#ifndef AUTH_PASSWORD_FILE_H
#define AUTH_PASSWORD_FILE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "auth/htpasswd.h"

struct password_file {
	const char *path;     /* its owner's */
	pthread_mutex_t lock; /* over the next two */
	struct htpasswd *users;
	uint64_t generation; /* another one with each other text; of all files, so that no two have the same */
	/* the reader's, one at a time */
	struct stat seen;
	bool settled;	 /* `seen` is old enough for a change to show */
	bool complained; /* of what stands in the way of reading it */
};

/* Reads it for the first time: 0, or -errno, which was logged. Owned by the caller in any case. */
int password_file_init(struct password_file *file, const char *path);
void password_file_fini(struct password_file *file);

/* Reads it again if it has changed. Blocks; one at a time. What went wrong is logged, once. */
void password_file_look(struct password_file *file);

/*
 * The hash to check this user's password against, and of which generation it is: -ENOENT if there is no such user,
 * whose hash is then some other one's, or empty. Any thread.
 */
int password_file_hash(struct password_file *file, const char *user, char hash[HTPASSWD_HASH_BYTES],
		       uint64_t *generation);
uint64_t password_file_generation(struct password_file *file);

#endif
