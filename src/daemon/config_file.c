/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ranged.conf, read with libconfuse, which is given every key as a string: values, units and messages are config_set()'s.
 *
 * libconfuse stops at the first key it does not know. To report all faults of a file at once, such a key is added to its list
 * of options, where it becomes a fault like the others, and the text is parsed again. And it counts lines wrong after comments
 * (3.3: each as three), so comments are blanked out before it sees them. Its lexer is global: main thread only, and so the
 * parse under way is a static here.
 */
#include "daemon/config_file.h"

#include <confuse.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES ((size_t)1 << 20)
#define UNKNOWN_MAX 32

struct parse {
	struct config *config;
	const char *name;
	FILE *faults; /* of this pass */
	unsigned fault_count;
	int set_at[CONFIG_KEY_COUNT]; /* line; 0: not yet */
	char *unknown[UNKNOWN_MAX];
	int unknown_at[UNKNOWN_MAX];
	size_t unknown_count;
};

static struct parse *parse;

static void report(int line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void report(int line, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	fprintf(parse->faults, "%s:%d: ", parse->name, line);
	vfprintf(parse->faults, format, list);
	fputc('\n', parse->faults);
	va_end(list);
	parse->fault_count++;
}

/* Where the line is kept on which the key was first set; NULL for a key that there is not. */
static int *set_at(const char *name)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
		if (strcmp(name, config_key(i)) == 0)
			return &parse->set_at[i];
	return NULL;
}

/* libconfuse has read one value. It is told that all is well in any case, so that the parse goes on to the next fault. */
static int on_value(cfg_t *cfg, cfg_opt_t *option, const char *text, void *result)
{
	char fault[CONFIG_FAULT_BYTES];
	int *line = set_at(option->name);
	bool first_of_list = option->nvalues == 1;
	*(const char **)result = text;
	if (line != NULL && *line != 0 && first_of_list)
		report(cfg->line, "%s: \"%.200s\" is its second value; line %d set it already", option->name, text, *line);
	else if ((line != NULL || first_of_list) && config_set(parse->config, option->name, text, fault) != 0)
		report(cfg->line, "%s", fault);
	if (line != NULL && *line == 0)
		*line = cfg->line;
	return 0;
}

static bool is_unknown_already(const char *name)
{
	for (size_t i = 0; i < parse->unknown_count; i++)
		if (strcmp(parse->unknown[i], name) == 0)
			return true;
	return parse->unknown_count == UNKNOWN_MAX;
}

/* libconfuse gives up. A key that it does not know is kept for the next pass. */
static void on_error(cfg_t *cfg, const char *format, va_list list) __attribute__((format(printf, 2, 0)));
static void on_error(cfg_t *cfg, const char *format, va_list list)
{
	char text[CONFIG_FAULT_BYTES], name[CONFIG_FAULT_BYTES];
	vsnprintf(text, sizeof(text), format, list);
	if (sscanf(text, "no such option '%511[^']", name) != 1 || is_unknown_already(name)) {
		report(cfg->line, "%s", text);
		return;
	}
	char *copy = strdup(name);
	if (copy == NULL)
		return;
	parse->unknown_at[parse->unknown_count] = cfg->line;
	parse->unknown[parse->unknown_count++] = copy;
}

static void list_options(cfg_opt_t *options)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		cfg_opt_t one = CFG_STR_CB((char *)config_key(i), NULL, CFGF_NODEFAULT, on_value);
		cfg_opt_t many = CFG_STR_LIST_CB((char *)config_key(i), NULL, CFGF_NODEFAULT, on_value);
		*options++ = strcmp(config_key(i), "listen") == 0 ? many : one;
	}
	for (size_t i = 0; i < parse->unknown_count; i++) {
		cfg_opt_t unknown = CFG_STR_LIST_CB(parse->unknown[i], NULL, CFGF_NODEFAULT, on_value);
		*options++ = unknown;
	}
	cfg_opt_t end = CFG_END();
	*options = end;
}

/* Faults that libconfuse and on_value() did not see. */
static void report_rest(cfg_t *cfg, bool well_formed)
{
	char fault[CONFIG_FAULT_BYTES];
	const cfg_opt_t *listen = cfg_getopt(cfg, "listen");
	if (!well_formed)
		report(cfg->line, "this is not of the form key = value");
	else if ((listen->flags & CFGF_MODIFIED) != 0 && listen->nvalues == 0)
		report(cfg->line, "listen: the list is empty; without the key it is %s", CONFIG_LISTEN_PRESET);
	else if (parse->unknown_count > 0 && config_set(parse->config, parse->unknown[0], "", fault) != 0)
		report(parse->unknown_at[0], "%s", fault);
}

/* One pass over the text. 0; -EAGAIN when it met a key that is new to it; -EINVAL; -ENOMEM. */
static int parse_once(FILE *text)
{
	cfg_opt_t options[CONFIG_KEY_COUNT + UNKNOWN_MAX + 1];
	size_t unknown_before = parse->unknown_count;
	list_options(options);
	cfg_t *cfg = cfg_init(options, CFGF_NONE);
	if (cfg == NULL)
		return -ENOMEM;
	cfg_set_error_function(cfg, on_error);
	bool well_formed = cfg_parse_fp(cfg, text) == CFG_SUCCESS;
	bool again = parse->unknown_count > unknown_before;
	if (!again && parse->fault_count == 0)
		report_rest(cfg, well_formed);
	cfg_free(cfg);
	return again ? -EAGAIN : parse->fault_count > 0 ? -EINVAL : 0;
}

/* One pass from the defaults on; what it has to say is written to `faults` if it is the last. */
static int parse_anew(const char *text, size_t length, FILE *faults)
{
	char *said = NULL;
	size_t said_bytes = 0;
	FILE *stream = length > 0 ? fmemopen((void *)text, length, "r") : fopen("/dev/null", "r");
	parse->faults = open_memstream(&said, &said_bytes);
	parse->fault_count = 0;
	memset(parse->set_at, 0, sizeof(parse->set_at));
	parse->config->listen_is_default = true;

	int error = stream != NULL && parse->faults != NULL ? parse_once(stream) : -ENOMEM;
	if (stream != NULL)
		fclose(stream);
	if (parse->faults != NULL && fclose(parse->faults) == 0 && error == -EINVAL)
		fwrite(said, 1, said_bytes, faults);
	free(said);
	return error;
}

/* The end of the string or comment that `at` is the first byte of, or `at` itself. */
static char *skip_quoted(char *at, char *end)
{
	char quote = *at;
	if (quote != '"' && quote != '\'')
		return at;
	for (at++; at < end && *at != quote; at++)
		if (*at == '\\' && at + 1 < end)
			at++;
	return at < end ? at + 1 : end;
}

static char *skip_comment(char *at, char *end)
{
	char *stop = NULL;
	size_t length = (size_t)(end - at);
	if (*at == '#' || (length >= 2 && memcmp(at, "//", 2) == 0))
		stop = memchr(at, '\n', length);
	else if (length >= 4 && memcmp(at, "/*", 2) == 0)
		stop = memmem(at + 2, length - 2, "*/", 2);
	else if (length < 2 || memcmp(at, "/*", 2) != 0)
		return at;
	if (stop == NULL)
		return end;
	return *stop == '*' ? stop + 2 : stop;
}

/* A comment begins where a word could; "http://host" is one word. Line ends stay, so that lines count right. */
static void blank_comments(char *text, size_t length)
{
	char *end = text + length;
	bool in_word = false;
	for (char *at = text; at < end;) {
		char *after = skip_quoted(at, end);
		char *comment_end = after == at && (!in_word || *at == '#') ? skip_comment(at, end) : at;
		for (char *c = at; c < comment_end; c++)
			if (*c != '\n')
				*c = ' ';
		in_word = after == at && comment_end == at && strchr(" \t\r\n={}(),", *at) == NULL;
		at = comment_end > at ? comment_end : after > at ? after : at + 1;
	}
}

int config_file_parse(struct config *config, const char *name, const char *text, size_t length, FILE *faults)
{
	struct parse this_parse = {.config = config, .name = name};
	if (memchr(text, '\0', length) != NULL) {
		fprintf(faults, "%s: this is not a text: it holds a NUL byte\n", name);
		return -EINVAL;
	}
	char *copy = malloc(length + 1);
	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, text, length);
	blank_comments(copy, length);

	int error;
	parse = &this_parse;
	do
		error = parse_anew(copy, length, faults);
	while (error == -EAGAIN);
	parse = NULL;
	for (size_t i = 0; i < this_parse.unknown_count; i++)
		free(this_parse.unknown[i]);
	free(copy);
	return error;
}

int config_file_load(struct config *config, const char *path, FILE *faults)
{
	char *text = malloc(FILE_MAX_BYTES);
	FILE *file = text != NULL ? fopen(path, "re") : NULL;
	size_t length = file != NULL ? fread(text, 1, FILE_MAX_BYTES, file) : 0;
	int error = file == NULL || ferror(file) ? -errno : 0;
	if (error == 0 && length == FILE_MAX_BYTES)
		error = -EFBIG;
	if (error != 0)
		fprintf(faults, "%s: %s\n", path, strerror(-error));
	else
		error = config_file_parse(config, path, text, length, faults);
	if (file != NULL)
		fclose(file);
	free(text);
	return error;
}
