/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libconfuse has a function of its own for including files, which is not used for three reasons. It reads the file
 * unchanged, with comments and variables. It knows neither globs nor the directory of the including file. It also lets
 * a block end in another file than the one in which the block begins.
 *
 * Instead, this file copies each file into one text, and replaces each "include" setting with the text of the included
 * files. Comments and variables are replaced before, separately in each file. The table of places has the file and line
 * of each line of the joined text. An included file must be complete: it must not end within a string, a setting or a
 * block that begins in it.
 *
 * Each file that is being read has a struct reading on the stack. The list of these structs is the chain of includes
 * that leads to the file. If a file is already in the list, it includes itself, which is an error.
 */
#include "config/config_source.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/escape.h"
#include "config/config_text.h"
#include "config/config_variables.h"

#define MAX_BYTES CONFIG_VARIABLES_MAX_BYTES /* of one file, and of the joined text */
#define MAX_FILES 1024
#define MAX_DEPTH 10
#define GLOB_BYTES "*?["
#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* editors of Windows begin a text in UTF-8 with it */

/* The joined text as far as it is written. */
struct joined {
	struct config_source *source;
	FILE *out, *faults;
	size_t bytes;
	unsigned line; /* line of the next byte */
	unsigned file_count;
	bool with_includes;
	bool is_full; /* a limit of the joined text is exceeded and reported */
	int error;
};

/* A file that is being copied. */
struct reading {
	const struct reading *outer; /* the including file; NULL for the first file */
	const char *name;
	dev_t device; /* device and inode number: 0 for a text that is not a file */
	ino_t inode;
	unsigned depth;
	const char *begin, *at, *end; /* the text; it is copied or skipped up to `at` */
	unsigned line; /* line of `at`; while an included file is read, the line of its include setting */
};

static int copy_file(struct joined *joined, struct reading *reading, const char *text, size_t length);

static void fault(struct joined *joined, const struct reading *reading, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Reports an error at the current line of the file. */
static void fault(struct joined *joined, const struct reading *reading, const char *format, ...)
{
	va_list list;

	escape_printf(joined->faults, "%s:%u: ", reading->name, reading->line);
	va_start(list, format);
	escape_vprintf(joined->faults, format, list);
	va_end(list);
	fputc('\n', joined->faults);
	joined->error = joined->error == -ENOMEM ? -ENOMEM : -EINVAL;
}

static void note(struct joined *joined, const struct reading *reading, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Adds a line to the notes for --check. */
static void note(struct joined *joined, const struct reading *reading, const char *format, ...)
{
	char *message = NULL, *line = NULL;
	va_list list;

	va_start(list, format);
	if (vasprintf(&message, format, list) < 0 ||
	    asprintf(&line, "%s:%u: include: %s", reading->name, reading->line, message) < 0 ||
	    text_list_add(&joined->source->notes, line, NULL) != NULL)
		joined->error = -ENOMEM;
	va_end(list);
	free(line);
	free(message);
}

/* --- the joined text --- */

static void put(struct joined *joined, const char *text, size_t length)
{
	fwrite(text, 1, length, joined->out);
	joined->bytes += length;
	for (size_t i = 0; i < length; i++)
		joined->line += text[i] == '\n';
}

/* Copies the text of the file up to `to`. */
static void copy_to(struct joined *joined, struct reading *reading, const char *to)
{
	if (joined->bytes + (size_t)(to - reading->at) > MAX_BYTES && !joined->is_full) {
		fault(joined, reading, "the file and its included files have more than %zu bytes", MAX_BYTES);
		joined->is_full = true;
	}
	if (joined->is_full)
		return;
	put(joined, reading->at, (size_t)(to - reading->at));
	for (; reading->at < to; reading->at++)
		reading->line += *reading->at == '\n';
}

/* Skips the text of the file up to `to`. */
static void skip_to(struct reading *reading, const char *to)
{
	for (; reading->at < to; reading->at++)
		reading->line += *reading->at == '\n';
}

/* Begins a part of the joined text, in a line of its own. */
static void begin_part(struct joined *joined, const struct reading *reading)
{
	if (joined->bytes > 0)
		put(joined, "\n", 1);
	if (config_places_add(&joined->source->places, joined->line, reading->name, reading->line) != 0)
		joined->error = -ENOMEM;
}

/* --- included files --- */

/* Returns the file in the list of including files, or NULL. */
static const struct reading *find_outer(const struct reading *reading, const struct stat *status)
{
	while (reading != NULL && (reading->device != status->st_dev || reading->inode != status->st_ino))
		reading = reading->outer;
	return reading;
}

/*
 * Reads at most MAX_BYTES. `expected_bytes` is the size of the file if it is known. Stores the text, which the caller
 * frees. Returns 0 or -errno.
 */
static int read_text(FILE *file, off_t expected_bytes, char **text, size_t *length)
{
	size_t room = expected_bytes < (off_t)MAX_BYTES ? (size_t)expected_bytes + 1 : MAX_BYTES;

	*length = 0;
	for (;;) {
		char *longer = realloc(*text, room);

		if (longer == NULL)
			return -ENOMEM;
		*text = longer;
		errno = EIO;
		*length += fread(*text + *length, 1, room - *length, file);
		if (ferror(file))
			return -errno;
		if (*length < room)
			return 0;
		if (room == MAX_BYTES)
			return -EFBIG;
		room = MAX_BYTES;
	}
}

/* Copies the included file, which is open. */
static void include_open(struct joined *joined, const struct reading *outer, const char *name, FILE *file)
{
	struct reading reading = { .outer = outer, .name = name, .depth = outer->depth + 1 };
	const struct reading *same;
	struct stat status;
	char *text = NULL;
	size_t length;
	int error = fstat(fileno(file), &status) == 0 ? 0 : -errno;

	if (error != 0) {
		fault(joined, outer, "include: \"%s\": %s", name, strerror(-error));
		return;
	}
	same = find_outer(outer, &status);
	if (S_ISDIR(status.st_mode))
		fault(joined, outer, "include: \"%s\" is a directory; to include its files, write \"%s/*.conf\"", name,
		      name);
	else if (!S_ISREG(status.st_mode))
		fault(joined, outer, "include: \"%s\" is not a regular file", name);
	else if (same == outer)
		fault(joined, outer, "include: \"%s\" includes itself", name);
	else if (same != NULL)
		fault(joined, outer, "include: \"%s\" includes itself; it includes this file through %s:%u", name,
		      same->name, same->line);
	else if (reading.depth > MAX_DEPTH)
		fault(joined, outer, "include: \"%s\": files are included at most %d levels deep", name, MAX_DEPTH);
	else if (joined->file_count++ == MAX_FILES) {
		fault(joined, outer, "include: \"%s\": too many included files; the maximum is %d", name, MAX_FILES);
		joined->is_full = true;
	} else if ((error = read_text(file, status.st_size, &text, &length)) != 0)
		fault(joined, outer, "include: \"%s\": %s", name, strerror(-error));
	else {
		note(joined, outer, "%s", name);
		reading.device = status.st_dev;
		reading.inode = status.st_ino;
		copy_file(joined, &reading, text, length);
	}
	free(text);
}

/* Includes one file. O_NONBLOCK: the open of a FIFO must not wait for a writer. */
static void include_file(struct joined *joined, const struct reading *outer, const char *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;

	if (file == NULL)
		fault(joined, outer, "include: \"%s\": %s", name, strerror(errno));
	else
		include_open(joined, outer, name, file);
	if (file != NULL)
		fclose(file);
	else if (fd >= 0)
		close(fd);
}

/* Returns true for the names of backups of editors and package managers, which a glob does not include. */
static bool is_backup(const char *path)
{
	static const char *const globs[] = { "*~",	 "#*#",	    "*.bak",	"*.orig",    "*.swp",
					     "*.dpkg-*", "*.ucf-*", "*.rpmnew", "*.rpmsave", "*.rpmorig" };
	const char *slash = strrchr(path, '/');

	for (size_t i = 0; i < sizeof(globs) / sizeof(globs[0]); i++)
		if (fnmatch(globs[i], slash != NULL ? slash + 1 : path, 0) == 0)
			return true;
	return false;
}

static int glob_errno; /* of the last directory that glob() could not read; 0: none */

/* Called by glob(). A missing directory has no matching file, which is not an error. */
static int on_glob_error(const char *directory, int error)
{
	(void)directory;
	if (error == ENOENT || error == ENOTDIR)
		return 0;
	glob_errno = error;
	return 1;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Includes the files that match, in the order of the bytes of their names, except directories and backups. */
static void include_glob(struct joined *joined, const struct reading *outer, const char *pattern)
{
	glob_t found = { 0 };
	struct stat status;
	unsigned count = 0;
	int result;

	glob_errno = ENOMEM;
	result = glob(pattern, GLOB_NOSORT, on_glob_error, &found);
	if (result != 0 && result != GLOB_NOMATCH)
		fault(joined, outer, "include: \"%s\": %s", pattern, strerror(glob_errno));
	if (result == 0)
		qsort(found.gl_pathv, found.gl_pathc, sizeof(found.gl_pathv[0]), compare_names);
	for (size_t i = 0; result == 0 && i < found.gl_pathc && !joined->is_full; i++) {
		const char *name = found.gl_pathv[i];

		if (is_backup(name) || (stat(name, &status) == 0 && S_ISDIR(status.st_mode))) {
			note(joined, outer, "%s is ignored, because it is a %s", name,
			     is_backup(name) ? "backup" : "directory");
			continue;
		}
		include_file(joined, outer, name);
		count++;
	}
	if (count == 0)
		note(joined, outer, "no file matches \"%s\"", pattern);
	globfree(&found);
}

/*
 * Returns the name of the included file or the glob, with the directory of the including file if it is relative. The
 * caller frees the name. In a glob, the directory is escaped. Returns NULL if memory runs out.
 */
static char *resolve(const struct reading *outer, const char *pattern, bool is_glob)
{
	const char *slash = strrchr(outer->name, '/');
	size_t directory_bytes = slash != NULL && *pattern != '/' ? (size_t)(slash - outer->name) + 1 : 0;
	char *name = malloc(2 * directory_bytes + strlen(pattern) + 1), *to = name;

	if (name == NULL)
		return NULL;
	for (size_t i = 0; i < directory_bytes; i++) {
		if (is_glob && strchr(GLOB_BYTES "\\", outer->name[i]) != NULL)
			*to++ = '\\';
		*to++ = outer->name[i];
	}
	strcpy(to, pattern);
	return name;
}

/* Includes one value of an include setting. */
static void include_value(struct joined *joined, const struct reading *outer, const struct config_token *value)
{
	char *pattern = config_text_unquote(value), *name = NULL;
	bool is_glob = pattern != NULL && strpbrk(pattern, GLOB_BYTES) != NULL;

	if (pattern != NULL)
		name = resolve(outer, pattern, is_glob);
	if (name == NULL)
		joined->error = -ENOMEM;
	else if (*pattern == '\0')
		fault(joined, outer, "include: the name of the file is empty");
	else if (pattern[strlen(pattern) - 1] == ';')
		fault(joined, outer, "include: \"%s\" ends with a semicolon; remove it", pattern);
	else if (is_glob)
		include_glob(joined, outer, name);
	else
		include_file(joined, outer, name);
	free(name);
	free(pattern);
}

static bool is_closed_text(const struct config_token *token)
{
	return config_text_is_text(token) && !token->is_open;
}

/* Returns the end of the value, a text or a list of texts, that begins with this token. NULL: the value is invalid. */
static const char *end_of_value(struct config_token token, const char *end)
{
	if (token.kind != '{')
		return is_closed_text(&token) ? token.end : NULL;
	token = config_text_token(token.end, end);
	if (!is_closed_text(&token))
		return NULL;
	while (is_closed_text(&token)) {
		token = config_text_token(token.end, end);
		if (token.kind != ',')
			break;
		token = config_text_token(token.end, end);
	}
	return token.kind == '}' ? token.end : NULL;
}

/*
 * Handles the name "include". If a setting begins at this name, replaces the setting with the included files, and
 * returns true. Otherwise returns false, and the parser reports the error.
 */
static bool include(struct joined *joined, struct reading *reading, const struct config_token *name)
{
	struct config_token token = config_text_token(name->end, reading->end);
	const char *end;

	if (token.kind == '+')
		token = config_text_token(token.end, reading->end);
	if (token.kind != '=')
		return false;
	token = config_text_token(token.end, reading->end);
	end = end_of_value(token, reading->end);
	copy_to(joined, reading, name->begin);
	if (end == NULL) {
		fault(joined, reading, "include: expected a file, or a list of files: {\"a.conf\", \"b.conf\"}");
		return false;
	}
	for (; token.begin < end; token = config_text_token(token.end, reading->end))
		if (is_closed_text(&token)) {
			skip_to(reading, token.begin);
			include_value(joined, reading, &token);
		}
	skip_to(reading, end);
	token = config_text_token(end, reading->end);
	if (config_text_is_name(&token, ";"))
		fault(joined, reading, "include: remove the semicolon after the value");
	begin_part(joined, reading);
	return true;
}

/* --- the files --- */

/* The settings, lists and blocks that a file has begun and not ended. */
struct progress {
	const char *setting, *block, *string; /* beginning of the last one of each */
	unsigned depth;			      /* number of open blocks */
	bool in_name, in_value;		      /* after the name of a setting or block; after its "=" */
	bool in_list, is_string_open;
	bool is_closed_too_often; /* a "}" has no "{" */
	bool is_block;		  /* the setting is a site or a location */
};

static void follow(struct progress *progress, const struct config_token *token)
{
	if (token->kind == '{' && progress->in_value) {
		progress->in_list = true;
	} else if (token->kind == '{') {
		progress->block = progress->in_name ? progress->setting : token->begin;
		progress->depth++;
		progress->in_name = false;
	} else if (token->kind == '}' && !progress->in_list) {
		progress->is_closed_too_often = progress->depth == 0;
		progress->depth -= progress->depth > 0;
	} else if (token->kind == '=') {
		progress->in_value = true;
	} else if (token->kind == CONFIG_TOKEN_WORD || token->kind == CONFIG_TOKEN_STRING) {
		if (!progress->in_name && !progress->in_value)
			progress->setting = token->begin;
		if (progress->setting == token->begin)
			progress->is_block = config_text_is_name(token, "site") ||
					     config_text_is_name(token, "location");
		progress->in_name = !progress->in_value;
		progress->string = token->begin;
		progress->is_string_open = token->is_open;
	}
	if (token->kind == '}' || (is_closed_text(token) && progress->in_value && !progress->in_list))
		progress->in_list = progress->in_value = progress->in_name = false;
}

/*
 * Reports an included file that does not end what it begins. The first file is checked by config_syntax_check(), which
 * also reports a name at the end of a file that does not begin a block.
 */
static void check_end(struct joined *joined, struct reading *reading, const struct progress *progress)
{
	bool in_setting = (progress->in_name && progress->is_block) || progress->in_value;
	const char *open = progress->is_string_open ? progress->string
			   : in_setting		    ? progress->setting
						    : progress->block;

	if (!progress->is_string_open && !in_setting && progress->depth == 0)
		return;
	reading->at = reading->begin;
	reading->line = 1;
	skip_to(reading, open);
	fault(joined, reading, "the %s that begins here does not end in this included file",
	      progress->is_string_open ? "string"
	      : in_setting	       ? "setting"
				       : "block");
}

/* Copies a text without comments and variables, and replaces its includes. */
static void copy_prepared(struct joined *joined, struct reading *reading)
{
	struct progress progress = { 0 };
	struct config_token token;

	reading->line = 1;
	begin_part(joined, reading);
	for (const char *at = reading->at; !joined->is_full && joined->error != -ENOMEM; at = token.end) {
		token = config_text_token(at, reading->end);
		if (token.kind == CONFIG_TOKEN_END)
			break;
		if (joined->with_includes && !progress.in_value && config_text_is_name(&token, "include") &&
		    include(joined, reading, &token)) {
			token.end = reading->at;
			continue;
		}
		follow(&progress, &token);
		if (progress.is_closed_too_often && reading->outer != NULL) {
			skip_to(reading, token.begin);
			fault(joined, reading, "\"}\" closes a block that did not begin in this included file");
			return;
		}
	}
	copy_to(joined, reading, reading->end);
	if (reading->outer != NULL && !joined->is_full)
		check_end(joined, reading, &progress);
}

/* Copies the text of a file without its comments, variables and includes. Returns 0, -EINVAL or -ENOMEM. */
static int copy_file(struct joined *joined, struct reading *reading, const char *text, size_t length)
{
	const struct config_variables variables = { .name = reading->name,
						    .faults = joined->faults,
						    .seen = &joined->source->notes };
	const char *nul;
	char *copy, *expanded = NULL;
	size_t expanded_bytes;
	int error = -ENOMEM;

	nul = memchr(text, '\0', length);
	if (nul != NULL) {
		reading->line = 1;
		for (const char *at = text; at < nul; at++)
			reading->line += *at == '\n';
		fault(joined, reading, "not a text file; it contains a NUL byte");
		return joined->error;
	}
	if (length >= 3 && memcmp(text, BYTE_ORDER_MARK, 3) == 0) {
		text += 3;
		length -= 3;
	}
	copy = malloc(length + 1);
	if (copy != NULL) {
		memcpy(copy, text, length);
		copy[length] = '\0';
		config_text_blank_comments(copy, length);
		error = config_variables_expand(&variables, copy, length, &expanded, &expanded_bytes);
	}
	free(copy);
	if (error == 0) {
		reading->begin = reading->at = expanded;
		reading->end = expanded + expanded_bytes;
		copy_prepared(joined, reading);
	} else if (joined->error != -ENOMEM) {
		joined->error = error;
	}
	free(expanded);
	return joined->error;
}

/* Copies the first file, and stores the joined text. */
static int join(struct joined *joined, struct reading *reading, const char *text, size_t length)
{
	struct config_source *source = joined->source;

	joined->line = 1;
	joined->out = open_memstream(&source->text, &source->length);
	if (joined->out == NULL)
		return -ENOMEM;
	copy_file(joined, reading, text, length);
	if (fclose(joined->out) != 0)
		joined->error = -ENOMEM;
	return joined->error;
}

int config_source_copy(struct config_source *source, const char *name, const char *text, size_t length, FILE *faults)
{
	struct joined joined = { .source = source, .faults = faults };
	struct reading reading = { .name = name };

	return join(&joined, &reading, text, length);
}

int config_source_read(struct config_source *source, const char *path, FILE *faults)
{
	struct joined joined = { .source = source, .faults = faults, .with_includes = true };
	struct reading reading = { .name = path };
	struct stat status;
	char *text = NULL;
	size_t length;
	FILE *file = fopen(path, "re");
	int error = file != NULL && fstat(fileno(file), &status) == 0 ? 0 : -errno;

	if (error == 0)
		error = read_text(file, status.st_size, &text, &length);
	if (file != NULL)
		fclose(file);
	if (error != 0) {
		escape_print_line(faults, "%s: %s", path, strerror(-error));
	} else {
		reading.device = status.st_dev;
		reading.inode = status.st_ino;
		error = join(&joined, &reading, text, length);
	}
	free(text);
	return error;
}

void config_source_fini(struct config_source *source)
{
	free(source->text);
	config_places_clear(&source->places);
	text_list_clear(&source->notes);
	*source = (struct config_source){ 0 };
}
