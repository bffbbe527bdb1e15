/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A htpasswd file and its parsed content. New content replaces the old content as a whole. If the file cannot be read,
 * the old content stays in use.
 */
#ifndef AUTH_PASSWORD_FILE_H
#define AUTH_PASSWORD_FILE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "auth/htpasswd.h"

struct password_file {
	const char *path;     /* belongs to the caller and must outlive the struct */
	pthread_mutex_t lock; /* protects the next two members */
	struct htpasswd *users;
	uint64_t generation; /* changes with the content; unique among all files */
	/* The members below are used only by the thread that reads the file. Only one thread reads at a time. */
	struct stat seen;  /* stat of the file when it was last read */
	bool settled;	   /* the file was not young when it was read, so any later change alters its stat */
	bool error_logged; /* the current error was logged */
};

/*
 * Reads the file for the first time. Returns 0, or -errno after logging the error. The caller calls
 * password_file_fini() in both cases.
 */
int password_file_init(struct password_file *file, const char *path);
void password_file_fini(struct password_file *file);

/* Reads the file again if it has changed, and logs an error once. Blocks. Must be called by one thread at a time. */
void password_file_revalidate(struct password_file *file);

/*
 * Copies the password hash of a user, and the generation of the content. Returns 0, or -ENOENT for an unknown user. For
 * an unknown user, the hash of another user is copied, so that the check takes as long as for a known user. The hash is
 * empty if the file has no users. Thread-safe.
 */
int password_file_hash(struct password_file *file, const char *user, char hash[HTPASSWD_HASH_BYTES],
		       uint64_t *generation);
/* Returns the generation of the content. Thread-safe. */
uint64_t password_file_generation(struct password_file *file);

#endif
