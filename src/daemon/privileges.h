/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Switches from root to the user that the key "user" names. privileges_prepare() runs before the first thread starts.
 * Then the process binds ports below 1024 and opens keys and logs. After privileges_drop() no thread can become root
 * again. All functions are called on the main thread.
 */
#ifndef DAEMON_PRIVILEGES_H
#define DAEMON_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PRIVILEGES_FAULT_BYTES 400

struct privileges {
	char name[64]; /* "": no user is configured */
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	int group_count;
};

/*
 * Looks up a user of the form "name" or "name:group". The name and the group may be numbers. `user` is NULL if no user
 * is configured. Returns 0, or -errno with a message in `fault`. The caller frees the result with privileges_fini().
 */
int privileges_find(struct privileges *privileges, const char *user, char fault[PRIVILEGES_FAULT_BYTES]);
/* Frees the contents. */
void privileges_fini(struct privileges *privileges);

/*
 * Looks up the user with privileges_find(). If the process must switch from root to that user, also sets
 * PR_SET_NO_NEW_PRIVS and drops the capability bounding set, so that executed programs can neither get capabilities nor
 * raise privileges. Must be called before the first thread starts, because threads inherit these settings. Returns 0,
 * or -errno with a message in `fault`.
 */
int privileges_prepare(struct privileges *privileges, const char *user, char fault[PRIVILEGES_FAULT_BYTES]);
/*
 * Switches all threads to the user, and verifies that no thread can become root again. Logs the new user. Logs a
 * warning if the process keeps running as root, unless user = "root" is configured. Returns 0, or -errno with a message
 * in `fault`. After an error the process must exit.
 */
int privileges_drop(const struct privileges *privileges, char fault[PRIVILEGES_FAULT_BYTES]);

/*
 * Between these two calls the calling thread opens and creates files with the rights of the user. So a symbolic link
 * that the user has put in place of a log leads only to files that the user may open. Neither function has an effect if
 * privileges_drop() would not switch the user.
 */
void privileges_lend(const struct privileges *privileges);
void privileges_take_back(const struct privileges *privileges);

#endif
