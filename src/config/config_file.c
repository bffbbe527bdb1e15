/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ranged.conf, read with libconfuse, which is given every key as a string: values, units and messages are
 * config_set()'s.
 *
 * libconfuse stops at the first key it does not know. To report all faults of a file at once, such a key is added to
 * its list of options, where it becomes a fault like the others, and the text is parsed again. And it counts lines
 * wrong after comments (3.3: each as three), so comments are blanked out before it sees them. It says nothing when a
 * block begins: but then it sets the block's defaults, so each has a default that on_value() knows. It takes the end of
 * the file for the end of a block: see report_open(). Its lexer is global: main thread only, and so the parse under way
 * is a static here.
 */
#include "config/config_file.h"

#include <confuse.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_key.h"

#define FILE_MAX_BYTES ((size_t)1 << 20)
#define UNKNOWN_MAX 32
#define LOCATION "location"
#define SITE "site"
/*
 * The options that tell where a block begins: no key can have such a name. A location in a site has one of its own,
 * since libconfuse does not tell what a block is in.
 */
#define LOCATION_BEGINS ""
#define SITE_BEGINS " "
#define INNER_BEGINS "  "
#define TAIL_BYTES 2

/* Of all blocks of a scope together, as libconfuse has one list of options for them. */
struct unknown {
	char *name;
	int line;
	enum config_scope scope;
};

struct parse {
	struct config *config;
	const char *name;
	char *text; /* with room for a tail */
	size_t length;
	FILE *faults; /* of this pass */
	unsigned fault_count;
	int block_at;	   /* the last block that began */
	struct site *site; /* the last that began */
	struct rule *rule; /* of the last location that began; `refused` likewise */
	struct rule refused;
	int set_at[CONFIG_LOCATION + 1][CONFIG_KEY_COUNT]; /* line, of the last block of each scope; 0: not yet */
	struct unknown unknown[UNKNOWN_MAX];
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

static enum config_scope scope_of(const cfg_t *cfg)
{
	if (cfg->title == NULL)
		return CONFIG_TOP;
	return strcmp(cfg->name, SITE) == 0 ? CONFIG_SITE : CONFIG_LOCATION;
}

/* Where the line is kept on which the key was first set; NULL for a key that there is not. */
static int *set_at(const char *name, enum config_scope scope)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
		if (strcmp(name, config_key(i)) == 0 && config_key_is_of(i, scope))
			return &parse->set_at[scope][i];
	return NULL;
}

static int set(const char *name, enum config_scope scope, const char *text, char *fault)
{
	switch (scope) {
	case CONFIG_TOP:
		return config_set(parse->config, name, text, fault);
	case CONFIG_SITE:
		return config_set_site(parse->config, parse->site, name, text, fault);
	case CONFIG_LOCATION:
		return config_set_rule(&parse->rule->settings, name, text, fault);
	}
	return -EINVAL;
}

static void report_unknown(int line, const char *name, enum config_scope scope)
{
	char fault[CONFIG_FAULT_BYTES];
	if (scope == CONFIG_LOCATION && strcmp(name, LOCATION) == 0)
		report(line, "a location inside of another; the one of line %d is not closed", parse->block_at);
	else if (scope != CONFIG_TOP && strcmp(name, SITE) == 0)
		report(line, "a site inside of another block; the one of line %d is not closed", parse->block_at);
	else if (set(name, scope, "", fault) != 0)
		report(line, "%s", fault);
}

/* The keys of a block are looked at even if its pattern is refused. */
static void begin_location(const cfg_t *block, struct site *site)
{
	char fault[CONFIG_FAULT_BYTES];
	size_t i = 0;
	while (i < site->count && strcmp(site->list[i].pattern, block->title) != 0)
		i++;
	parse->block_at = block->line;
	settings_fini(&parse->refused.settings);
	memset(parse->set_at[CONFIG_LOCATION], 0, sizeof(parse->set_at[CONFIG_LOCATION]));
	if (i < site->count)
		report(block->line, LOCATION ": \"%.200s\" has a second block; line %u has its first", block->title,
		       site->list[i].line);
	else if (config_add_rule(site, block->title, &parse->rule, fault) != 0)
		report(block->line, "%s", fault);
	else {
		parse->rule->line = (unsigned)block->line;
		return;
	}
	parse->rule = &parse->refused;
}

/* What follows is looked at in any case: after a fault nobody uses the sites, so another will do for it. */
static void begin_site(const cfg_t *block)
{
	char fault[CONFIG_FAULT_BYTES];
	struct rules *rules = &parse->config->rules;
	size_t i = 1;
	while (i < rules->site_count && strcasecmp(rules->sites[i].host, block->title) != 0)
		i++;
	parse->block_at = block->line;
	parse->site = &rules->sites[i < rules->site_count ? i : 0];
	memset(parse->set_at[CONFIG_SITE], 0, sizeof(parse->set_at[CONFIG_SITE]));
	if (i < rules->site_count)
		report(block->line, SITE ": \"%.200s\" has a second block; line %u has its first", block->title,
		       rules->sites[i].line);
	else if (config_add_site(parse->config, block->title, &parse->site, fault) != 0)
		report(block->line, "%s", fault);
	else
		parse->site->line = (unsigned)block->line;
}

/* True: this option only tells that a block begins: the first of those of a block, since elsewhere anybody may write
 * such a name. */
static bool begin_block(const cfg_t *block, const cfg_opt_t *option)
{
	const char *name = option->name;
	if (option != block->opts)
		return false;
	if (strcmp(name, LOCATION_BEGINS) == 0)
		begin_location(block, &parse->config->rules.sites[0]);
	else if (strcmp(name, SITE_BEGINS) == 0)
		begin_site(block);
	else if (strcmp(name, INNER_BEGINS) == 0)
		begin_location(block, parse->site);
	else
		return false;
	return true;
}

/* libconfuse takes "location|cache" for the key of a block from outside of it. */
static bool is_option_of(const cfg_t *cfg, const cfg_opt_t *option)
{
	const cfg_opt_t *own = cfg->opts;
	while (own->name != NULL && own != option)
		own++;
	return own->name != NULL;
}

/* libconfuse has read one value. It is told that all is well in any case, so that the parse goes on to the next fault.
 */
static int on_value(cfg_t *cfg, cfg_opt_t *option, const char *text, void *result)
{
	char fault[CONFIG_FAULT_BYTES];
	enum config_scope scope = scope_of(cfg);
	bool first_of_list = option->nvalues == 1;
	int *line = set_at(option->name, scope);
	*(const char **)result = text;
	if (!is_option_of(cfg, option))
		report(cfg->line, "a key of a block is set outside of it");
	else if (begin_block(cfg, option))
		return 0;
	else if (line != NULL && *line != 0 && first_of_list)
		report(cfg->line, "%s: \"%.200s\" is its second value; line %d set it already", option->name, text,
		       *line);
	else if ((line != NULL || first_of_list) && set(option->name, scope, text, fault) != 0)
		report(cfg->line, "%s", fault);
	if (line != NULL && *line == 0)
		*line = cfg->line;
	return 0;
}

static bool is_unknown_already(const char *name, enum config_scope scope)
{
	for (size_t i = 0; i < parse->unknown_count; i++)
		if (parse->unknown[i].scope == scope && strcmp(parse->unknown[i].name, name) == 0)
			return true;
	return false;
}

/* libconfuse gives up. A key that it does not know is kept for the next pass; one that begins a block can't be passed
 * over. */
static void on_error(cfg_t *cfg, const char *format, va_list list) __attribute__((format(printf, 2, 0)));
static void on_error(cfg_t *cfg, const char *format, va_list list)
{
	char text[CONFIG_FAULT_BYTES], name[CONFIG_FAULT_BYTES];
	enum config_scope scope = scope_of(cfg);
	vsnprintf(text, sizeof(text), format, list);
	bool is_unknown = sscanf(text, "no such option '%511[^']", name) == 1;
	if (sscanf(text, "missing equal sign after option '%511[^']", name) == 1 && is_unknown_already(name, scope)) {
		report_unknown(cfg->line, name, scope);
		return;
	}
	if (!is_unknown || is_unknown_already(name, scope) || parse->unknown_count == UNKNOWN_MAX) {
		report(cfg->line, "%s", text);
		return;
	}
	char *copy = strdup(name);
	if (copy != NULL)
		parse->unknown[parse->unknown_count++] =
			(struct unknown){ .name = copy, .line = cfg->line, .scope = scope };
}

/* What may stand in a scope, and behind it what is unknown there; returns the end, where blocks can be added. */
static cfg_opt_t *list_keys(cfg_opt_t *options, enum config_scope scope, cfg_callback_t on_value_or_null)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		char *name = (char *)config_key(i);
		cfg_opt_t one = CFG_STR_CB(name, NULL, CFGF_NODEFAULT, on_value_or_null);
		cfg_opt_t many = CFG_STR_LIST_CB(name, NULL, CFGF_NODEFAULT, on_value_or_null);
		if (config_key_is_of(i, scope))
			*options++ = config_key_is_list(i) ? many : one;
	}
	for (size_t i = 0; i < parse->unknown_count; i++) {
		cfg_opt_t unknown = CFG_STR_LIST_CB(parse->unknown[i].name, NULL, CFGF_NODEFAULT, on_value_or_null);
		if (parse->unknown[i].scope == scope)
			*options++ = unknown;
	}
	return options;
}

static cfg_opt_t *list_beginning(cfg_opt_t *options, const char *name, cfg_callback_t on_value_or_null)
{
	cfg_opt_t begin = CFG_STR_LIST_CB((char *)name, (char *)"x", CFGF_NONE, on_value_or_null);
	*options++ = begin;
	return options;
}

static cfg_opt_t *list_block(cfg_opt_t *options, const char *name, cfg_opt_t *block)
{
	cfg_opt_t section = CFG_SEC((char *)name, block, CFGF_MULTI | CFGF_TITLE);
	*options++ = section;
	return options;
}

static void end_list(cfg_opt_t *options)
{
	cfg_opt_t end = CFG_END();
	*options = end;
}

/* NULL: no memory. */
static cfg_t *new_cfg(cfg_callback_t on_value_or_null, cfg_errfunc_t error_fn)
{
	enum { ROOM = 1 + CONFIG_KEY_COUNT + UNKNOWN_MAX + 2 + 1 };
	cfg_opt_t top[ROOM], site[ROOM], location[ROOM], inner[ROOM];
	end_list(list_keys(list_beginning(location, LOCATION_BEGINS, on_value_or_null), CONFIG_LOCATION,
			   on_value_or_null));
	end_list(list_keys(list_beginning(inner, INNER_BEGINS, on_value_or_null), CONFIG_LOCATION, on_value_or_null));
	end_list(list_block(
		list_keys(list_beginning(site, SITE_BEGINS, on_value_or_null), CONFIG_SITE, on_value_or_null), LOCATION,
		inner));
	end_list(list_block(list_block(list_keys(top, CONFIG_TOP, on_value_or_null), LOCATION, location), SITE, site));
	cfg_t *cfg = cfg_init(top, CFGF_NONE);
	if (cfg != NULL)
		cfg_set_error_function(cfg, error_fn);
	return cfg;
}

static void ignore_error(cfg_t *cfg, const char *format, va_list list)
{
	(void)cfg;
	(void)format;
	(void)list;
}

static bool is_well_formed_with(const char *tail)
{
	memcpy(parse->text + parse->length, tail, TAIL_BYTES);
	FILE *stream = fmemopen(parse->text, parse->length + TAIL_BYTES, "r");
	cfg_t *cfg = new_cfg(NULL, ignore_error);
	bool well_formed = stream != NULL && cfg != NULL && cfg_parse_fp(cfg, stream) == CFG_SUCCESS;
	if (cfg != NULL)
		cfg_free(cfg);
	if (stream != NULL)
		fclose(stream);
	return well_formed;
}

/*
 * The end of the file closes all that is open, so libconfuse finds that well-formed. Then it still is with more behind
 * it: half a setting if that falls into a string, a brace if it has a block to close.
 */
static void report_open(int last_line)
{
	if (is_well_formed_with("\nx"))
		report(last_line, "a string or a comment is not closed");
	else if (is_well_formed_with("\n}"))
		report(parse->block_at, "the block that begins here is not closed");
}

static char *skip_quoted(char *at, char *end);

/* The word, "=" or "+=" and all, that ends before `at`; its length. */
static size_t word_before(const char *at, const char **word)
{
	const char *end;
	while (at > parse->text && strchr(" \t\r\n=+", at[-1]) != NULL)
		at--;
	for (end = at; at > parse->text && strchr(" \t\r\n=+{}", at[-1]) == NULL; at--)
		;
	*word = at;
	return (size_t)(end - at);
}

static bool is_assigned(const char *at)
{
	while (at > parse->text && strchr(" \t\r\n", at[-1]) != NULL)
		at--;
	return at > parse->text && at[-1] == '=';
}

/* One says nothing, and could be meant to say "none" or "all". libconfuse does not tell: no value, no callback. */
static void report_empty_lists(void)
{
	char *end = parse->text + parse->length;
	int line = 1;
	for (char *at = parse->text, *after; at < end; at = after) {
		const char *word;
		after = skip_quoted(at, end);
		if (after == at)
			after = at + 1;
		if (*at == '{' && is_assigned(at) && at[1 + strspn(at + 1, " \t\r\n")] == '}') {
			int length = (int)word_before(at, &word);
			report(line, "%.*s: the list is empty, which says nothing; leave it away, or \"\" for none",
			       length, word);
		}
		for (char *c = at; c < after; c++)
			line += *c == '\n';
	}
}

/* Faults that libconfuse and on_value() did not see. */
static void report_rest(cfg_t *cfg, bool well_formed)
{
	if (!well_formed)
		report(cfg->line, "this is not of the form key = value");
	else if (parse->unknown_count > 0)
		report_unknown(parse->unknown[0].line, parse->unknown[0].name, parse->unknown[0].scope);
	else
		report_empty_lists();
}

/* One pass over the text. 0; -EAGAIN when it met a key that is new to it; -EINVAL; -ENOMEM. */
static int parse_once(FILE *text)
{
	size_t unknown_before = parse->unknown_count;
	cfg_t *cfg = new_cfg(on_value, on_error);
	if (cfg == NULL)
		return -ENOMEM;
	bool well_formed = cfg_parse_fp(cfg, text) == CFG_SUCCESS;
	bool again = parse->unknown_count > unknown_before;
	int last_line = cfg->line;
	if (!again && parse->fault_count == 0)
		report_rest(cfg, well_formed);
	cfg_free(cfg); /* which also takes the lexer out of the string that it may have stopped in */
	if (!again && well_formed)
		report_open(last_line);
	return again ? -EAGAIN : parse->fault_count > 0 ? -EINVAL : 0;
}

/* One pass from the defaults on; what it has to say is written to `faults` if it is the last. */
static int parse_anew(FILE *faults)
{
	char *said = NULL;
	size_t said_bytes = 0;
	FILE *stream = parse->length > 0 ? fmemopen(parse->text, parse->length, "r") : fopen("/dev/null", "r");
	parse->faults = open_memstream(&said, &said_bytes);
	parse->fault_count = 0;
	memset(parse->set_at, 0, sizeof(parse->set_at));
	config_fini(parse->config);

	int error = config_init(parse->config);
	if (error == 0)
		error = stream != NULL && parse->faults != NULL ? parse_once(stream) : -ENOMEM;
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
	struct parse this_parse = { .config = config, .name = name, .length = length };
	if (memchr(text, '\0', length) != NULL) {
		fprintf(faults, "%s: this is not a text: it holds a NUL byte\n", name);
		return -EINVAL;
	}
	this_parse.text = malloc(length + TAIL_BYTES);
	if (this_parse.text == NULL)
		return -ENOMEM;
	memcpy(this_parse.text, text, length);
	this_parse.text[length] = '\0';
	blank_comments(this_parse.text, length);

	int error;
	parse = &this_parse;
	do
		error = parse_anew(faults);
	while (error == -EAGAIN);
	parse = NULL;
	settings_fini(&this_parse.refused.settings);
	for (size_t i = 0; i < this_parse.unknown_count; i++)
		free(this_parse.unknown[i].name);
	free(this_parse.text);
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
