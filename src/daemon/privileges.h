/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From root to the user of the configuration. What needs root is done between the two calls: ports below 1024, keys and
 * logs that only root may open. Afterwards there is no way back, for any thread. Main thread.
 */
#ifndef DAEMON_PRIVILEGES_H
#define DAEMON_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PRIVILEGES_FAULT_BYTES 400

struct privileges {
	char name[64]; /* "": nobody was named */
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	int group_count;
};

/* "name" or "name:group" (numbers will do for both), as it is in the system now. 0, or -errno with what is wrong in
 * `fault`. */
int privileges_find(struct privileges *privileges, const char *user, char fault[PRIVILEGES_FAULT_BYTES]);
void privileges_fini(struct privileges *privileges);

/*
 * Before the first thread: finds `user` (NULL: nobody) and, if this is root and is to become somebody else, gives up
 * what threads would inherit and nothing here needs (programs that raise privileges, capabilities for programs).
 * Results as privileges_find().
 */
int privileges_prepare(struct privileges *privileges, const char *user, char fault[PRIVILEGES_FAULT_BYTES]);
/*
 * Becomes the user, in all threads, and makes sure that this is for good. Logs what has become of it; with root that
 * stays root a warning, unless that was said ("root"). 0, or -errno with what is wrong in `fault`: the process must not
 * go on then.
 */
int privileges_drop(const struct privileges *privileges, char fault[PRIVILEGES_FAULT_BYTES]);

/*
 * Between the two, files are opened and made as that user, whom a link that he has put in the place of one leads no
 * further than he may go. Nothing where privileges_drop() would do nothing. The calling thread only.
 */
void privileges_lend(const struct privileges *privileges);
void privileges_take_back(const struct privileges *privileges);

#endif
