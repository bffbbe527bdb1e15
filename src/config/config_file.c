/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses ranged.conf with libconfuse, which reads every value as a string. config_set() and the similar functions parse
 * the values and write the error messages. This file works around five properties of libconfuse:
 *
 * - libconfuse stops at the first unknown key, but all errors of a file are to be reported at once. An unknown key is
 *   therefore added to the list of options, and the text is parsed again. In the next pass, on_value() reports the key.
 * - libconfuse has no callback for the beginning of a block, but sets the defaults of the options of the block at that
 *   time. So each block has an extra option with a default, which on_value() recognizes.
 * - libconfuse stops at the first syntax error, and accepts the end of the file as the end of a block or a string. So
 *   config_syntax.h checks the text before.
 * - libconfuse takes an environment variable that is not set for an empty value. See config_variables.h.
 * - The lexer of libconfuse has global state. So only one thread may parse at a time, and the current parse is a static
 *   variable.
 */
#include "config/config_file.h"

#include <confuse.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "config/config_key.h"
#include "config/config_source.h"
#include "config/config_syntax.h"
#include "config/config_text.h"

#define UNKNOWN_MAX 200
#define LOCATION "location"
#define SITE "site"
/*
 * Names of the options whose defaults mark the beginning of a block. No key has one of these names. A location in a
 * site has a different option, because libconfuse does not report the enclosing block.
 */
#define LOCATION_BEGINS ""
#define SITE_BEGINS " "
#define INNER_BEGINS "  "
/* The option for the names of a site after its first, see config_text_copy_site_names(). */
#define SITE_NAMES "   "

/*
 * An unknown key. libconfuse has one list of options for all blocks of a scope, so the key is added to all of these
 * blocks.
 */
struct unknown {
	char *name;
	int line;
	enum config_scope scope;
};

struct parse {
	struct config *config;
	struct config_source source;
	FILE *faults; /* error messages of this pass */
	unsigned fault_count;
	unsigned syntax_fault_count; /* errors that config_syntax_check() has reported */
	int block_at;		     /* line of the last block that began */
	struct site *site;	     /* the last site that began */
	struct rule *rule;	     /* the last location that began; &rejected if this location is invalid */
	struct rule rejected;
	/* Line in which each key was set in the last block of each scope; 0: not set. */
	int set_at[CONFIG_LOCATION + 1][CONFIG_KEY_COUNT];
	struct unknown unknown[UNKNOWN_MAX];
	size_t unknown_count;
	char place[CONFIG_PLACE_BYTES];
};

static struct parse *parse; /* the parse in progress */

static void report(int line, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Reports an error in a line of the joined text. */
static void report(int line, const char *format, ...)
{
	unsigned file_line;
	const char *file = config_places_find(&parse->source.places, (unsigned)line, &file_line);
	va_list list;
	va_start(list, format);
	escape_printf(parse->faults, "%s:%u: ", file, file_line);
	escape_vprintf(parse->faults, format, list);
	fputc('\n', parse->faults);
	va_end(list);
	parse->fault_count++;
}

/* Returns the place of a line of the joined text, for a message. The next call overwrites it. */
static const char *place(unsigned line)
{
	return config_places_format(&parse->source.places, line, parse->place);
}

static enum config_scope scope_of(const cfg_t *cfg)
{
	if (cfg->title == NULL)
		return CONFIG_TOP;
	return strcmp(cfg->name, SITE) == 0 ? CONFIG_SITE : CONFIG_LOCATION;
}

/* Returns the element of parse->set_at for this key, or NULL for an unknown key. */
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
		report(line,
		       "a location must not be inside another location; the block that begins in %s is not closed",
		       place((unsigned)parse->block_at));
	else if (scope != CONFIG_TOP && strcmp(name, SITE) == 0)
		report(line, "a site must not be inside another block; the block that begins in %s is not closed",
		       place((unsigned)parse->block_at));
	else if (set(name, scope, "", fault) != 0)
		report(line, "%s", fault);
}

/*
 * Begins a location. The keys of the location are parsed even if its pattern is invalid, so that errors in the keys are
 * reported as well.
 */
static void begin_location(const cfg_t *block, struct site *site)
{
	char fault[CONFIG_FAULT_BYTES];
	size_t i = 0;
	while (i < site->count && strcmp(site->list[i].pattern, block->title) != 0)
		i++;
	parse->block_at = block->line;
	settings_fini(&parse->rejected.settings);
	memset(parse->set_at[CONFIG_LOCATION], 0, sizeof(parse->set_at[CONFIG_LOCATION]));
	if (i < site->count)
		report(block->line, LOCATION ": \"%.200s\" already has a block in %s", block->title,
		       place(site->list[i].line));
	else if (config_add_rule(site, block->title, &parse->rule, fault) != 0)
		report(block->line, "%s", fault);
	else {
		parse->rule->line = (unsigned)block->line;
		return;
	}
	parse->rule = &parse->rejected;
}

/*
 * Begins a site. After an error, the keys of the block are set in another site, because the configuration is not used.
 */
static void begin_site(const cfg_t *block)
{
	char fault[CONFIG_FAULT_BYTES];
	struct rules *rules = &parse->config->rules;
	const struct site *same = rules_find_name(rules, block->title);
	parse->block_at = block->line;
	parse->site = &rules->sites[same != NULL ? same - rules->sites : 0];
	memset(parse->set_at[CONFIG_SITE], 0, sizeof(parse->set_at[CONFIG_SITE]));
	if (same != NULL)
		report(block->line, SITE ": \"%.200s\" already has a block in %s", block->title, place(same->line));
	else if (config_add_site(parse->config, block->title, &parse->site, fault) != 0)
		report(block->line, "%s", fault);
	else
		parse->site->line = (unsigned)block->line;
}

/* Adds a further name to the site that began last. */
static void add_alias(const cfg_t *block, const char *name)
{
	char fault[CONFIG_FAULT_BYTES];
	const struct site *same = rules_find_name(&parse->config->rules, name);
	if (same != NULL)
		report(block->line, SITE ": \"%.200s\" already has a block in %s", name, place(same->line));
	else if (config_add_alias(parse->site, name, fault) != 0)
		report(block->line, "%s", fault);
}

/*
 * Begins a block and returns true if the option marks the beginning of the block. Otherwise returns false. Only the
 * first option of a block can mark its beginning, because a file may contain an option of the same name elsewhere.
 */
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

/*
 * Returns true if the option belongs to this block. libconfuse also accepts "location|cache" outside the location as a
 * key of the location.
 */
static bool is_option_of(const cfg_t *cfg, const cfg_opt_t *option)
{
	const cfg_opt_t *own = cfg->opts;
	while (own->name != NULL && own != option)
		own++;
	return own->name != NULL;
}

/*
 * Handles a value. Called by libconfuse for each value. Always returns 0, so that the parse continues and finds further
 * errors.
 */
static int on_value(cfg_t *cfg, cfg_opt_t *option, const char *text, void *result)
{
	char fault[CONFIG_FAULT_BYTES];
	enum config_scope scope = scope_of(cfg);
	bool first_of_list = option->nvalues == 1;
	int *line = set_at(option->name, scope);
	*(const char **)result = text;
	if (!is_option_of(cfg, option))
		report(cfg->line, "block|key is not supported; set the key inside the block");
	else if (begin_block(cfg, option))
		return 0;
	else if (scope == CONFIG_SITE && strcmp(option->name, SITE_NAMES) == 0)
		add_alias(cfg, text);
	else if (line != NULL && *line != 0 && first_of_list)
		report(cfg->line, "%s: \"%.200s\" is a second value; the key is already set in %s", option->name, text,
		       place((unsigned)*line));
	else if ((line != NULL || first_of_list) && set(option->name, scope, text, fault) != 0)
		report(cfg->line, "%s", fault);
	if (line != NULL && *line == 0)
		*line = cfg->line;
	return 0;
}

static bool is_listed_unknown(const char *name, enum config_scope scope)
{
	for (size_t i = 0; i < parse->unknown_count; i++)
		if (parse->unknown[i].scope == scope && strcmp(parse->unknown[i].name, name) == 0)
			return true;
	return false;
}

/*
 * Handles an error. Called by libconfuse when it stops. An unknown key is listed for the next pass. An unknown block
 * cannot be skipped, so it is reported at once.
 */
static void on_error(cfg_t *cfg, const char *format, va_list list) __attribute__((format(printf, 2, 0)));
static void on_error(cfg_t *cfg, const char *format, va_list list)
{
	char text[CONFIG_FAULT_BYTES], name[CONFIG_FAULT_BYTES];
	enum config_scope scope = scope_of(cfg);
	vsnprintf(text, sizeof(text), format, list);
	bool is_unknown = sscanf(text, "no such option '%511[^']", name) == 1;
	if (sscanf(text, "missing equal sign after option '%511[^']", name) == 1 && is_listed_unknown(name, scope)) {
		report_unknown(cfg->line, name, scope);
		return;
	}
	if (!is_unknown || is_listed_unknown(name, scope) || parse->unknown_count == UNKNOWN_MAX) {
		if (parse->syntax_fault_count == 0 || is_unknown)
			report(cfg->line, "%s", text);
		return;
	}
	char *copy = strdup(name);
	if (copy != NULL)
		parse->unknown[parse->unknown_count++] =
			(struct unknown){ .name = copy, .line = cfg->line, .scope = scope };
}

/* Lists the keys that are allowed in a scope, then the unknown keys of the scope. Returns the end of the list. */
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

/* Creates a parser for all scopes. Returns NULL if memory runs out. */
static cfg_t *new_cfg(cfg_callback_t on_value_or_null, cfg_errfunc_t error_fn)
{
	enum { ROOM = 2 + CONFIG_KEY_COUNT + UNKNOWN_MAX + 2 + 1 };
	cfg_opt_t top[ROOM], site[ROOM], location[ROOM], inner[ROOM];
	end_list(list_keys(list_beginning(location, LOCATION_BEGINS, on_value_or_null), CONFIG_LOCATION,
			   on_value_or_null));
	end_list(list_keys(list_beginning(inner, INNER_BEGINS, on_value_or_null), CONFIG_LOCATION, on_value_or_null));
	cfg_opt_t *names = list_beginning(site, SITE_BEGINS, on_value_or_null);
	*names++ = (cfg_opt_t)CFG_STR_LIST_CB(SITE_NAMES, NULL, CFGF_NODEFAULT, on_value_or_null);
	end_list(list_block(list_keys(names, CONFIG_SITE, on_value_or_null), LOCATION, inner));
	end_list(list_block(list_block(list_keys(top, CONFIG_TOP, on_value_or_null), LOCATION, location), SITE, site));
	cfg_t *cfg = cfg_init(top, CFGF_NONE);
	if (cfg != NULL)
		cfg_set_error_function(cfg, error_fn);
	return cfg;
}

/* An empty list could mean "no value" or "all values", so it is rejected. */
static void report_empty_list(int line, const char *key, size_t key_bytes)
{
	report(line, "%.*s: the list is empty; remove the key, or write \"\" for no value", (int)key_bytes, key);
}

/* Reports errors that neither libconfuse nor on_value() has reported. */
static void report_remaining(cfg_t *cfg, bool well_formed)
{
	if (!well_formed && parse->syntax_fault_count == 0)
		report(cfg->line, "syntax error; expected key = value");
	else if (parse->unknown_count > 0)
		report_unknown(parse->unknown[0].line, parse->unknown[0].name, parse->unknown[0].scope);
	else
		config_text_find_empty_lists(parse->source.text, parse->source.length, report_empty_list);
}

/* Parses the text once. Returns 0, -EINVAL, -ENOMEM, or -EAGAIN if the text has a new unknown key. */
static int parse_once(FILE *text)
{
	size_t unknown_before = parse->unknown_count;
	cfg_t *cfg = new_cfg(on_value, on_error);
	if (cfg == NULL)
		return -ENOMEM;
	bool well_formed = cfg_parse_fp(cfg, text) == CFG_SUCCESS;
	bool again = parse->unknown_count > unknown_before;
	if (!again && parse->fault_count == 0)
		report_remaining(cfg, well_formed);
	cfg_free(cfg); /* also resets the lexer, which may have stopped within a string */
	return again ? -EAGAIN : parse->fault_count > 0 ? -EINVAL : 0;
}

/* Resets the configuration and parses the text. Writes the error messages to `faults` if no further pass follows. */
static int parse_from_defaults(FILE *faults)
{
	char *messages = NULL;
	size_t messages_bytes = 0;
	FILE *stream = parse->source.length > 0 ? fmemopen(parse->source.text, parse->source.length, "r")
						: fopen("/dev/null", "r");
	parse->faults = open_memstream(&messages, &messages_bytes);
	parse->fault_count = 0;
	memset(parse->set_at, 0, sizeof(parse->set_at));
	config_fini(parse->config);

	int error = config_init(parse->config);
	if (error == 0)
		error = stream != NULL && parse->faults != NULL ? parse_once(stream) : -ENOMEM;
	if (stream != NULL)
		fclose(stream);
	if (parse->faults != NULL && fclose(parse->faults) == 0 && error == -EINVAL)
		fwrite(messages, 1, messages_bytes, faults);
	free(messages);
	return error;
}

static void report_text_fault(int line, const char *message)
{
	report(line, "%s", message);
}

static void copy_site_names(FILE *out)
{
	config_text_copy_site_names(out, parse->source.text, parse->source.length, SITE_NAMES, report_text_fault);
}

static void copy_words(FILE *out)
{
	config_text_quote_words(out, parse->source.text, parse->source.length);
}

/* Replaces the text by a copy that libconfuse can parse. Returns 0, -EINVAL or -ENOMEM. */
static int rewrite(void (*copy)(FILE *out), FILE *faults)
{
	struct config_source *source = &parse->source;
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	if (out == NULL)
		return -ENOMEM;
	parse->faults = faults;
	parse->fault_count = 0;
	copy(out);
	if (fclose(out) != 0) {
		free(text);
		return -ENOMEM;
	}
	free(source->text);
	source->text = text;
	source->length = length;
	return parse->fault_count > 0 ? -EINVAL : 0;
}

/* Parses the text of the source, and gives its places and notes to the configuration. */
static int parse_source(struct parse *made, FILE *faults)
{
	parse = made;
	int error = rewrite(copy_site_names, faults);
	if (error == 0) {
		parse->syntax_fault_count =
			config_syntax_check(made->source.text, made->source.length, report_text_fault);
		error = rewrite(copy_words, faults);
	}
	if (error == 0)
		do
			error = parse_from_defaults(faults);
		while (error == -EAGAIN);
	parse = NULL;
	if (error == 0 && made->syntax_fault_count > 0)
		error = -EINVAL;
	if (error == 0) {
		made->config->places = made->source.places;
		made->config->resolved = made->source.notes;
		made->source.places = (struct config_places){ 0 };
		made->source.notes = (struct text_list){ 0 };
	}
	settings_fini(&made->rejected.settings);
	for (size_t i = 0; i < made->unknown_count; i++)
		free(made->unknown[i].name);
	return error;
}

int config_file_parse(struct config *config, const char *name, const char *text, size_t length, FILE *faults)
{
	struct parse this_parse = { .config = config };
	int error = config_source_copy(&this_parse.source, name, text, length, faults);
	if (error == 0)
		error = parse_source(&this_parse, faults);
	config_source_fini(&this_parse.source);
	return error;
}

int config_file_load(struct config *config, const char *path, FILE *faults)
{
	struct parse this_parse = { .config = config };
	int error = config_source_read(&this_parse.source, path, faults);
	if (error == 0)
		error = parse_source(&this_parse, faults);
	config_source_fini(&this_parse.source);
	return error;
}
