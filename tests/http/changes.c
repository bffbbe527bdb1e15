/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes files and changes them, in all the ways in which files are changed below a running server. See changes.h for
 * the log and the files.
 *
 * changes make ROOT LOG NAMES ACTIVE GROUP    makes NAMES files. The first ACTIVE of them change later. GROUP is the
 *                                             number of files in each of the directories that are replaced as a whole.
 * changes run ROOT LOG SECONDS RATE           makes RATE changes per second
 * changes roots LINK LOG SECONDS [NAMES]      replaces a root of NAMES files every few seconds: LINK is a symbolic link
 *                                             to it. With NAMES, only makes the first root.
 */
#define _GNU_SOURCE
#include "changes.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>

#define BLOCKS_MAX 1000
#define ROUND_NS UINT64_C(3000000000) /* Each group changes once in this time. Stale answers are then visible. */

static const char *root;
static struct log *log_;
static const char *const group_dirs[] = { "linked/", "swapped/", "moved/" };

enum group { GROUP_LINKED, GROUP_SWAPPED, GROUP_MOVED, GROUPS };

__attribute__((format(printf, 1, 2))) static const char *at_root(const char *format, ...)
{
	static char paths[4][PATH_MAX];
	static unsigned next;
	char *path = paths[next++ % 4];
	va_list arguments;
	int length = snprintf(path, PATH_MAX, "%s/", root);

	va_start(arguments, format);
	vsnprintf(path + length, (size_t)(PATH_MAX - length), format, arguments);
	va_end(arguments);
	return path;
}

/* --- the log --- */

static struct log_state *last(struct log_name *name)
{
	return &name->states[(atomic_load(&name->count) - 1) % LOG_STATES];
}

/* Prepares the next state, which begin() publishes. */
static struct log_state *prepare(struct log_name *name, enum log_kind kind, bool gradual)
{
	uint32_t count = atomic_load(&name->count);
	struct log_state *next = &name->states[count % LOG_STATES];
	const struct log_state *before = count > 0 ? last(name) : next;

	next->kind = (uint8_t)kind, next->gradual = gradual;
	next->content = before->content, next->size = before->size, next->mtime_ns = before->mtime_ns;
	atomic_store(&next->done_ns, 0);
	return next;
}

static void begin(struct log_name *name)
{
	name->states[atomic_load(&name->count) % LOG_STATES].begun_ns = now_ns();
	atomic_fetch_add(&name->count, 1);
}

static void done(struct log_name *name)
{
	atomic_store(&last(name)->done_ns, now_ns());
}

/* --- files --- */

static void write_blocks(int fd, const struct log_name *name, uint32_t content, uint32_t first, uint32_t blocks)
{
	static char bytes[BLOCKS_MAX * BLOCK_BYTES];
	struct block block = {
		.name = (uint32_t)(name - log_->names), .content = content, .first = first, .blocks = blocks
	};
	size_t length = (blocks - first) * BLOCK_BYTES;

	for (block.place = first; block.place < blocks; block.place++)
		block_write(bytes + (block.place - first) * BLOCK_BYTES, &block);
	if (pwrite(fd, bytes, length, first * BLOCK_BYTES) != (ssize_t)length)
		die("pwrite");
}

static int open_name(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0644);

	if (fd < 0)
		die(path);
	return fd;
}

static void close_noting(int fd, struct log_state *state)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		die("fstat");
	state->size = (uint64_t)st.st_size;
	state->mtime_ns = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
	close(fd);
}

/* An mtime in the past, as a mirror sets it. */
static struct timespec old_time(void)
{
	return (struct timespec){ .tv_sec = 1500000000 + below(100000000), .tv_nsec = below(1000000000) };
}

static void set_mtime(int fd, struct timespec mtime)
{
	if (futimens(fd, (struct timespec[]){ mtime, mtime }) != 0)
		die("futimens");
}

/* Makes a file with the next content at the path, which need not be that of the name. */
static void make_next(struct log_name *name, const char *path, bool old)
{
	struct log_state *next = prepare(name, LOG_PRESENT, false);
	int fd = open_name(path, O_WRONLY | O_CREAT | O_TRUNC);

	next->content++;
	write_blocks(fd, name, next->content, 0, 1 + below(below(32) == 0 ? BLOCKS_MAX : 64));
	if (old)
		set_mtime(fd, old_time());
	close_noting(fd, next);
}

static void make_directories(const char *path)
{
	char part[PATH_MAX];

	for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		if (mkdir(part, 0755) != 0 && errno != EEXIST)
			die(part);
	}
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *place)
{
	(void)st, (void)type, (void)place;
	return remove(path);
}

static void remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* --- one change of one file --- */

static void change_rename(struct log_name *name)
{
	/* A variant that is older than its file would be ignored. */
	make_next(name, at_root(".new"), name->role != ROLE_VARIANT && below(2) == 0);
	begin(name);
	if (rename(at_root(".new"), at_root("%s", name->path)) != 0)
		die("rename");
	done(name);
}

static void change_bytes(struct log_name *name)
{
	bool keep_mtime = name->role == ROLE_KEEP_MTIME;
	struct log_state *next = prepare(name, LOG_PRESENT, keep_mtime);
	const struct timespec mtime = { .tv_sec = next->mtime_ns / 1000000000, .tv_nsec = next->mtime_ns % 1000000000 };
	int fd = open_name(at_root("%s", name->path), O_WRONLY);

	next->content++;
	begin(name);
	write_blocks(fd, name, next->content, 0, (uint32_t)(next->size / BLOCK_BYTES));
	if (keep_mtime)
		set_mtime(fd, mtime);
	close_noting(fd, next);
	done(name);
}

static void change_rewrite(struct log_name *name)
{
	struct log_state *next = prepare(name, LOG_PRESENT, true);
	int fd;

	next->content++;
	begin(name);
	fd = open_name(at_root("%s", name->path), O_WRONLY | O_TRUNC);
	write_blocks(fd, name, next->content, 0, 1 + below(100));
	close_noting(fd, next);
	done(name);
}

static void change_append(struct log_name *name)
{
	uint32_t blocks = (uint32_t)(last(name)->size / BLOCK_BYTES), added = 1 + below(8);
	struct log_state *next;
	int fd;

	if (blocks + added > BLOCKS_MAX) {
		change_rename(name);
		return;
	}
	next = prepare(name, LOG_PRESENT, true);
	next->content++;
	fd = open_name(at_root("%s", name->path), O_WRONLY);
	begin(name);
	write_blocks(fd, name, next->content, blocks, blocks + added);
	close_noting(fd, next);
	done(name);
}

static void change_presence(struct log_name *name)
{
	struct log_state *next;
	int fd;

	if (last(name)->kind == LOG_PRESENT) {
		prepare(name, LOG_ABSENT, false);
		begin(name);
		if (unlink(at_root("%s", name->path)) != 0)
			die("unlink");
	} else if (name->role == ROLE_VARIANT || below(2) == 0) {
		change_rename(name);
		return;
	} else {
		next = prepare(name, LOG_PRESENT, true);
		next->content++;
		begin(name);
		fd = open_name(at_root("%s", name->path), O_WRONLY | O_CREAT | O_EXCL);
		write_blocks(fd, name, next->content, 0, 1 + below(64));
		close_noting(fd, next);
	}
	done(name);
}

static void change_access(struct log_name *name)
{
	bool forbid = last(name)->kind == LOG_PRESENT;
	const char *path = at_root("%s", name->path);

	prepare(name, forbid ? LOG_FORBIDDEN : LOG_PRESENT, false);
	begin(name);
	if (name->role == ROLE_CHMOD ? chmod(path, forbid ? 0 : 0644) : chown(path, forbid ? 1 : getuid(), (gid_t)-1))
		die(path);
	done(name);
}

static void change_mtime(struct log_name *name)
{
	struct log_state *next = prepare(name, LOG_PRESENT, false);
	int fd = open_name(at_root("%s", name->path), O_WRONLY);

	begin(name);
	set_mtime(fd, old_time());
	close_noting(fd, next);
	done(name);
}

static void change_links(struct log_name *name)
{
	const char *other = at_root("%s.2", name->path);

	if (unlink(other) != 0 && link(at_root("%s", name->path), other) != 0)
		die(other);
}

static void (*const changes[ROLES])(struct log_name *name) = {
	[ROLE_RENAME] = change_rename, [ROLE_OVERWRITE] = change_bytes,	 [ROLE_REWRITE] = change_rewrite,
	[ROLE_APPEND] = change_append, [ROLE_KEEP_MTIME] = change_bytes, [ROLE_DELETE] = change_presence,
	[ROLE_CHMOD] = change_access,  [ROLE_CHOWN] = change_access,	 [ROLE_TOUCH] = change_mtime,
	[ROLE_LINK] = change_links,    [ROLE_ALIAS] = change_bytes,	 [ROLE_VARIANT] = change_presence,
};

/* --- directories that are replaced as a whole --- */

static bool is_member(const struct log_name *name, const char *prefix)
{
	return name->role == ROLE_GROUP && strncmp(name->path, prefix, strlen(prefix)) == 0;
}

/* Makes a directory with the next content of all files of the group. */
static void make_tree(const char *prefix, const char *directory)
{
	char path[PATH_MAX];

	for (uint32_t i = 0; i < log_->count; i++) {
		struct log_name *name = &log_->names[i];

		if (!is_member(name, prefix))
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, name->path + strlen(prefix));
		make_directories(path);
		make_next(name, path, below(2) == 0);
	}
}

static void for_group(const char *prefix, void (*function)(struct log_name *name))
{
	for (uint32_t i = 0; i < log_->count; i++) {
		if (is_member(&log_->names[i], prefix))
			function(&log_->names[i]);
	}
}

static void prepare_absence(struct log_name *name)
{
	prepare(name, LOG_ABSENT, false);
}

/* Lets the symbolic link lead to a new directory. */
static void switch_link(const char *prefix, const char *link, unsigned round)
{
	char directory[PATH_MAX], former[PATH_MAX], next[PATH_MAX];

	snprintf(directory, sizeof(directory), "%s.%u", link, round);
	snprintf(former, sizeof(former), "%s.%u", link, round - 2); /* A root is in use for another second. */
	snprintf(next, sizeof(next), "%s.next", link);
	make_tree(prefix, directory);
	if (symlink(strrchr(directory, '/') + 1, next) != 0)
		die(next);
	for_group(prefix, begin);
	if (rename(next, link) != 0)
		die(link);
	for_group(prefix, done);
	remove_tree(former);
}

static const char *group_path(enum group group)
{
	return at_root("%.*s", (int)strlen(group_dirs[group]) - 1, group_dirs[group]);
}

static void change_group(enum group group, unsigned round)
{
	const char *path = group_path(group), *other = at_root(".other");

	if (group == GROUP_LINKED) {
		switch_link(group_dirs[group], path, round);
		return;
	}
	if (group == GROUP_MOVED && round % 2 == 0)
		for_group(group_dirs[group], prepare_absence);
	else
		make_tree(group_dirs[group], other);
	for_group(group_dirs[group], begin);
	if (group == GROUP_SWAPPED && renameat2(AT_FDCWD, path, AT_FDCWD, other, RENAME_EXCHANGE) != 0)
		die("renameat2");
	if (group == GROUP_MOVED && (round % 2 == 0 ? rename(path, other) : rename(other, path)) != 0)
		die("rename");
	for_group(group_dirs[group], done);
	remove_tree(other);
}

/* --- commands --- */

/* Names of a plain tree: 100 directories, half of them deeper. */
static void name_file(uint32_t number, uint32_t active)
{
	struct log_name *name = &log_->names[number];

	snprintf(name->path, sizeof(name->path), number % 100 < 50 ? "d%02u/%06u.txt" : "d%02u/e/f/%06u.txt",
		 number % 100, number);
	name->role = number < active ? 1 + number % (ROLE_ALIAS) : ROLE_STATIC;
	if (name->role == ROLE_CHOWN && getuid() != 0)
		name->role = ROLE_STATIC;
	if (name->role == ROLE_ALIAS)
		snprintf(name->alias, sizeof(name->alias), "a%02u/%06u.txt", number % 100, number);
}

static void make_name(struct log_name *name)
{
	const char *path = at_root("%s", name->path);
	make_directories(path);
	make_next(name, path, name->role != ROLE_VARIANT);
	begin(name);
	done(name);
	if (name->role == ROLE_CHOWN && chmod(path, 0600) != 0)
		die(path);
	if (name->alias[0] == '\0')
		return;
	make_directories(at_root("%s", name->alias));
	if (link(path, at_root("%s", name->alias)) != 0)
		die("link");
}

static void make(const char *log_path, uint32_t names, uint32_t active, uint32_t group)
{
	uint32_t variants = active > 0 ? VARIANTS : 0, number = 0;
	struct log_name *name;

	log_ = log_map(log_path, names + variants + group * GROUPS);
	log_->count = names + variants + group * GROUPS, log_->active = active, log_->plain = names;
	for (; number < names; number++)
		name_file(number, active);
	for (uint32_t i = 0; i < variants; i++, number++) {
		name = &log_->names[number];
		name->role = ROLE_VARIANT, name->original_number = active + i;
		strcpy(name->original, log_->names[active + i].path);
		strcat(strcpy(name->path, name->original), ".br");
	}
	for (uint32_t i = 0; i < group * GROUPS; i++, number++) {
		name = &log_->names[number];
		name->role = ROLE_GROUP;
		snprintf(name->path, sizeof(name->path), "%ss%u/%06u.txt", group_dirs[i % GROUPS], i % 5, number);
	}
	for (number = 0; number < log_->count; number++) {
		if (log_->names[number].role != ROLE_GROUP)
			make_name(&log_->names[number]);
	}
	if (group == 0)
		return;
	switch_link(group_dirs[GROUP_LINKED], group_path(GROUP_LINKED), 1);
	for (unsigned i = GROUP_SWAPPED; i < GROUPS; i++) {
		make_tree(group_dirs[i], group_path(i));
		for_group(group_dirs[i], begin);
		for_group(group_dirs[i], done);
	}
}

/* A random name that changes and has not changed in the last 100 ms, or NULL. */
static struct log_name *choose(void)
{
	uint32_t number = below(log_->active + VARIANTS);
	struct log_name *name;

	if (number >= log_->active)
		number += log_->plain - log_->active;
	name = &log_->names[number];
	return now_ns() - atomic_load(&last(name)->done_ns) < 100000000 ? NULL : name;
}

static void run(uint32_t seconds, uint32_t rate)
{
	uint64_t start = now_ns(), end = start + seconds * UINT64_C(1000000000), next_group = start + ROUND_NS / GROUPS;
	unsigned groups = 0, files = 0;

	while (now_ns() < end) {
		struct log_name *name = choose();

		if (name != NULL && changes[name->role] != NULL) {
			changes[name->role](name);
			files++;
		}
		if (now_ns() > next_group && log_->names[log_->count - 1].role == ROLE_GROUP) {
			change_group(groups % GROUPS, 2 + groups / GROUPS);
			groups++;
			next_group += ROUND_NS / GROUPS;
		}
		usleep(1000000 / rate);
	}
	printf("%u changes of files, %u of directories\n", files, groups);
}

static void roots(const char *link, const char *log_path, uint32_t seconds, uint32_t names)
{
	uint64_t start = now_ns(), end = start + seconds * UINT64_C(1000000000), next = start + ROUND_NS / 3;
	unsigned round = 2;

	root = link;
	log_ = log_map(log_path, names);
	if (names > 0) {
		log_->count = names;
		for (uint32_t i = 0; i < names; i++) {
			log_->names[i].role = ROLE_GROUP;
			snprintf(log_->names[i].path, sizeof(log_->names[i].path), "r%u/%06u.txt", i % 7, i);
		}
		switch_link("", link, 1);
		return;
	}
	for (; now_ns() < end; usleep(10000)) {
		if (now_ns() > next) {
			switch_link("", link, round++);
			/* Counts from the switch, so that no root is removed soon after it was in use. */
			next = now_ns() + ROUND_NS;
		}
	}
	printf("%u roots\n", round - 1);
}

int main(int argc, char **argv)
{
	umask(022);
	if (argc == 7 && strcmp(argv[1], "make") == 0) {
		root = argv[2];
		make(argv[3], (uint32_t)atoi(argv[4]), (uint32_t)atoi(argv[5]), (uint32_t)atoi(argv[6]));
	} else if (argc == 6 && strcmp(argv[1], "run") == 0) {
		root = argv[2];
		log_ = log_map(argv[3], 0);
		run((uint32_t)atoi(argv[4]), (uint32_t)atoi(argv[5]));
	} else if ((argc == 5 || argc == 6) && strcmp(argv[1], "roots") == 0) {
		roots(argv[2], argv[3], (uint32_t)atoi(argv[4]), argc == 6 ? (uint32_t)atoi(argv[5]) : 0);
	} else {
		return 64;
	}
	return 0;
}
