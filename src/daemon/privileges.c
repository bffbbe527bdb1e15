/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * glibc applies setresuid() and similar calls to all threads. prctl(2) and capset(2) affect only the calling thread. So
 * prctl(2) and capset(2) are called before other threads exist. New threads inherit the settings.
 *
 * The kernel clears the capabilities when the last of the three user ids stops being 0. The kernel also makes the
 * process undumpable, so other processes of that user cannot read the keys from its memory. The process does not become
 * dumpable again.
 */
#include "daemon/privileges.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

#define GROUPS_MAX 65536

static int reject(char *fault, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Writes the error message to `fault`. Returns `error`. */
static int reject(char *fault, int error, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(fault, PRIVILEGES_FAULT_BYTES, format, list);
	va_end(list);
	return error;
}

/* Parses a number. The number need not be the id of an existing user or group. Returns true if the text is a number. */
static bool is_number(const char *text, unsigned long *number)
{
	char *end;

	errno = 0;
	*number = strtoul(text, &end, 10);
	return isdigit((unsigned char)text[0]) && *end == '\0' && errno == 0 && *number < UINT32_MAX;
}

static const struct passwd *find_user(const char *name)
{
	unsigned long number;
	const struct passwd *user = getpwnam(name);

	return user == NULL && is_number(name, &number) ? getpwuid((uid_t)number) : user;
}

static int find_group(const char *name, gid_t *gid, char *fault)
{
	unsigned long number;
	const struct group *group = getgrnam(name);

	if (group != NULL)
		*gid = group->gr_gid;
	else if (is_number(name, &number))
		*gid = (gid_t)number;
	else
		return reject(fault, -ENOENT, "user: there is no group \"%.63s\"", name);
	return 0;
}

/* Finds all groups of the user. Enlarges the list until all groups fit. */
static int find_groups(struct privileges *privileges, const char *login, char *fault)
{
	int room = 64;

	for (;;) {
		gid_t *groups = realloc(privileges->groups, (size_t)room * sizeof(*groups));

		if (groups == NULL)
			return reject(fault, -ENOMEM, "user: out of memory");
		privileges->groups = groups;
		privileges->group_count = room;
		if (getgrouplist(login, privileges->gid, groups, &privileges->group_count) >= 0)
			return 0;
		if (room >= GROUPS_MAX)
			return reject(fault, -E2BIG, "user: \"%s\" is in too many groups", privileges->name);
		room *= 2;
	}
}

int privileges_find(struct privileges *privileges, const char *user, char fault[PRIVILEGES_FAULT_BYTES])
{
	const struct passwd *entry;
	const char *colon = user != NULL ? strchr(user, ':') : NULL;
	size_t length = colon != NULL ? (size_t)(colon - user) : user != NULL ? strlen(user) : 0;
	int error = 0;

	*privileges = (struct privileges){ 0 };
	if (user == NULL)
		return 0;
	if (length == 0 || length >= sizeof(privileges->name))
		return reject(fault, -EINVAL, "user: \"%.200s\" is not of the form name or name:group", user);
	memcpy(privileges->name, user, length);
	entry = find_user(privileges->name);
	if (entry == NULL)
		return reject(fault, -ENOENT, "user: there is no user \"%s\"", privileges->name);
	privileges->uid = entry->pw_uid;
	privileges->gid = entry->pw_gid;
	if (colon != NULL)
		error = find_group(colon + 1, &privileges->gid, fault);
	if (error == 0)
		error = find_groups(privileges, entry->pw_name, fault);
	if (error != 0)
		privileges_fini(privileges);
	return error;
}

void privileges_fini(struct privileges *privileges)
{
	free(privileges->groups);
	*privileges = (struct privileges){ 0 };
}

/* Returns true if the process runs as root and must switch to another user. */
static bool is_due(const struct privileges *privileges)
{
	return privileges->name[0] != '\0' && privileges->uid != 0 && geteuid() == 0;
}

/* setfsuid(2) affects only the calling thread, and only access to files. */
void privileges_lend(const struct privileges *privileges)
{
	if (!is_due(privileges))
		return;
	setfsgid(privileges->gid);
	setfsuid(privileges->uid);
}

void privileges_take_back(const struct privileges *privileges)
{
	if (!is_due(privileges))
		return;
	setfsuid(0);
	setfsgid(0);
}

static int set_capabilities(bool keep)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	if (keep && syscall(SYS_capget, &header, data) != 0)
		return -errno;
	data[0].inheritable = data[1].inheritable = 0;
	return syscall(SYS_capset, &header, data) == 0 ? 0 : -errno;
}

int privileges_prepare(struct privileges *privileges, const char *user, char fault[PRIVILEGES_FAULT_BYTES])
{
	int error = privileges_find(privileges, user, fault);

	if (error != 0 || !is_due(privileges))
		return error;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0 ||
	    set_capabilities(true) != 0)
		error = reject(fault, -errno, "user: cannot prepare the switch to %s: %s", privileges->name,
			       strerror(errno));
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	/*
	 * The call fails without CAP_SETPCAP. The failure is harmless, because executed programs get no capabilities
	 * with PR_SET_NO_NEW_PRIVS.
	 */
	for (unsigned long capability = 0; prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; capability++)
		;
	if (error != 0)
		privileges_fini(privileges);
	return error;
}

/*
 * Returns the capabilities of a thread as a bit mask. Bit 0 is also set if one of its user ids is 0. Returns UINT64_MAX
 * if the capabilities cannot be read.
 */
static uint64_t rights_of_task(const char *task)
{
	char path[300], line[256];
	uint64_t rights = 0, value;
	unsigned ids[4];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%s/status", task);
	file = fopen(path, "re");
	if (file == NULL)
		return errno == ENOENT ? 0 : UINT64_MAX; /* ENOENT: the thread has ended */
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "Cap%*3[PrmEfInhAmb]: %" SCNx64, &value) == 1 && strncmp(line, "CapBnd", 6) != 0)
			rights |= value;
		else if (sscanf(line, "Uid: %u %u %u %u", &ids[0], &ids[1], &ids[2], &ids[3]) == 4)
			rights |= ids[0] == 0 || ids[1] == 0 || ids[2] == 0 || ids[3] == 0;
	}
	fclose(file);
	return rights;
}

/*
 * Returns true if any thread has a capability or a user id of 0. Returns false without /proc, because only the calling
 * thread can be checked without it, and that thread has dropped its privileges.
 */
static bool any_task_has_rights(void)
{
	DIR *directory = opendir("/proc/self/task");
	const struct dirent *entry;
	bool any = false;

	if (directory == NULL)
		return false;
	while (!any && (entry = readdir(directory)) != NULL)
		any = entry->d_name[0] != '.' && rights_of_task(entry->d_name) != 0;
	closedir(directory);
	return any;
}

/* Switches all threads to the user. */
static int switch_user(const struct privileges *privileges)
{
	if (setgroups((size_t)privileges->group_count, privileges->groups) != 0 ||
	    setresgid(privileges->gid, privileges->gid, privileges->gid) != 0 ||
	    setresuid(privileges->uid, privileges->uid, privileges->uid) != 0)
		return -errno;
	return set_capabilities(false);
}

int privileges_drop(const struct privileges *privileges, char fault[PRIVILEGES_FAULT_BYTES])
{
	int error;

	if (privileges->name[0] == '\0' && geteuid() == 0)
		log_warning("started as root and still running as root; set user = \"name\" in ranged.conf, or user = "
			    "\"root\" to keep root");
	else if (privileges->name[0] != '\0' && geteuid() != 0 && privileges->uid != geteuid())
		log_warning("user: only root can switch to %s; still running as user %u", privileges->name,
			    (unsigned)geteuid());
	if (!is_due(privileges))
		return 0;
	error = switch_user(privileges);
	if (error != 0)
		return reject(fault, error, "user: cannot switch to %s: %s", privileges->name, strerror(-error));
	if (setresuid((uid_t)-1, 0, (uid_t)-1) == 0 || any_task_has_rights())
		return reject(fault, -EPERM, "user: privileges of root remain after the switch to %s",
			      privileges->name);
	log_info("running as %s (user %u, group %u)", privileges->name, (unsigned)privileges->uid,
		 (unsigned)privileges->gid);
	return 0;
}
