/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses the command line with argp. An option with a value usually sets a key of ranged.conf, and config_set() parses
 * the value.
 *
 * The options override the configuration file, so the file must be read first. However, the option --config names the
 * file. The parser therefore only collects the options. Then the file is read, and the collected options are applied.
 *
 * An argument that is an address or a port is a value of --listen. Any other argument is the directory to serve. An
 * argument that could be both is rejected, so that a directory named 8000 is never taken for a port, or the reverse.
 *
 * "Interactive" means that a user typed the command at a terminal, without a configuration file. ranged then serves the
 * current directory by default, as a simple file server does: with listings, a line for each request, and a small
 * cache.
 */
#include "config/options.h"

#include <argp.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/escape.h"
#include "config/config_file.h"
#include "config/config_warnings.h"
#include "mhd/server.h"

#define DEFAULT_FILE SYSCONFDIR "/ranged/ranged.conf"

enum {
	OPTION_CHECK = 256,
	OPTION_EXPLAIN,
	OPTION_ADDRESS_FILE,
	OPTION_LOG_LEVEL,
	OPTION_ACCESS_LOG,
	OPTION_ERROR_LOG,
	OPTION_DRAIN_TIMEOUT,
	OPTION_ADMIN
};

static const struct argp_option option_table[] = {
	{ "config", 'c', "FILE", 0, "Read the configuration from FILE", 0 },
	{ "listen", 'l', "ADDRESS", 0,
	  "Listen on host:port, [v6]:port, :port (all addresses) or unix:/path; the prefix tls: enables TLS. "
	  "Repeatable; replaces the addresses of the configuration file",
	  0 },
	{ "workers", 'w', "N", 0, "Start N worker threads (default: one for each CPU, at most the CPU quota)", 0 },
	{ "cache-size", 'm', "SIZE", 0, "Set the size of the cache, for example 256M, or 60% of the memory", 0 },
	{ "address-file", OPTION_ADDRESS_FILE, "FILE", 0, "Write the bound addresses to FILE, one per line", 0 },
	{ "access-log", OPTION_ACCESS_LOG, "FILE", 0, "Log requests to FILE; \"-\" means stderr", 0 },
	{ "error-log", OPTION_ERROR_LOG, "FILE", 0, "Log errors to FILE (default: stderr)", 0 },
	{ "log-level", OPTION_LOG_LEVEL, "LEVEL", 0, "Set the log level: error, warning, info or debug", 0 },
	{ "drain-timeout", OPTION_DRAIN_TIMEOUT, "TIME", 0,
	  "After SIGTERM, wait up to TIME (for example 30s) for responses to end", 0 },
	{ "admin", OPTION_ADMIN, "ADDRESS", 0,
	  "Serve /metrics, /status and other admin resources on unix:/path or 127.0.0.1:port; repeatable", 0 },
	{ "check", OPTION_CHECK, NULL, 0, "Check the configuration, print its errors and warnings, and exit", 0 },
	{ "explain", OPTION_EXPLAIN, "URL", 0, "Print the reply to a GET of URL (or /PATH) with the reasons, and exit",
	  0 },
	{ "header", 'H', "FIELD", 0,
	  "With --explain: add a header field to the request, for example \"Range: bytes=0-99\"; repeatable", 0 },
	{ 0 },
};

static const struct {
	int option;
	const char *key;
} option_keys[] = {
	{ 'l', "listen" },
	{ 'w', "workers" },
	{ 'm', "cache_size" },
	{ OPTION_ADDRESS_FILE, "address_file" },
	{ OPTION_ACCESS_LOG, "access_log" },
	{ OPTION_ERROR_LOG, "error_log" },
	{ OPTION_LOG_LEVEL, "log_level" },
	{ OPTION_DRAIN_TIMEOUT, "drain_timeout" },
	{ OPTION_ADMIN, "admin" },
};

/* An option that sets a key. */
struct given {
	const char *key;
	const char *value;
};

struct command {
	struct given *given; /* array with room for one element per argument */
	size_t given_count;
	char **arguments; /* array with room for one element per argument */
	size_t argument_count;
	const char *config_path;
	bool check_only;
	bool has_root;	  /* an argument is a directory */
	bool has_address; /* an argument is an address */
	char *explain;
	char **fields; /* array with room for one element per argument */
	size_t field_count;
	FILE *faults;
};

/*
 * Prints the version of libaio. libaio has no function that returns its version, so the version is parsed from the name
 * of the loaded file. Debian marks the ABI with 64-bit time in this name (libaio.so.1t64.0.2). The mark is not part of
 * the version (1.0.2).
 */
static void print_libaio(FILE *stream)
{
	Dl_info info;
	const void *function = dlsym(RTLD_DEFAULT, "io_setup");
	char *path = function != NULL && dladdr(function, &info) != 0 ? realpath(info.dli_fname, NULL) : NULL;
	const char *name = path != NULL ? strstr(path, "libaio.so.") : NULL;
	const char *version = name != NULL ? name + strlen("libaio.so.") : "(linked statically)";
	const char *mark = name != NULL ? strstr(version, "t64") : NULL;

	fprintf(stream, "libaio %.*s%s\n", mark != NULL ? (int)(mark - version) : 0, version,
		mark != NULL ? mark + strlen("t64") : version);
	free(path);
}

static void print_version(FILE *stream, struct argp_state *state)
{
	(void)state;
	fprintf(stream, "ranged %s\nlibmicrohttpd %s\nlong bodies: %s\n", PACKAGE_VERSION, server_library_version(),
		server_sender());
	print_libaio(stream);
}

/* Adds an option to the collected options. */
static void collect(struct command *command, const char *key, const char *value)
{
	command->given[command->given_count++] = (struct given){ key, value };
}

static error_t parse_option(int option, char *value, struct argp_state *state)
{
	struct command *command = state->input;
	switch (option) {
	case 'c':
		command->config_path = value;
		return 0;
	case OPTION_CHECK:
		command->check_only = true;
		return 0;
	case OPTION_EXPLAIN:
		command->explain = value;
		return 0;
	case 'H':
		command->fields[command->field_count++] = value;
		return 0;
	case ARGP_KEY_END:
		if (command->field_count > 0 && command->explain == NULL)
			argp_error(state, "--header requires --explain");
		return 0;
	case ARGP_KEY_ARG:
		command->arguments[command->argument_count++] = value;
		return 0;
	}
	for (size_t i = 0; i < sizeof(option_keys) / sizeof(option_keys[0]); i++) {
		if (option != option_keys[i].option)
			continue;
		collect(command, option_keys[i].key, value);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = option_table,
	.parser = parse_option,
	.args_doc = "[[ADDRESS:]PORT] [ROOT]",
	.doc = "Serve byte ranges of the files below ROOT over HTTP/1.1. Files are read asynchronously with O_DIRECT."
	       "\vExamples:\n"
	       "  ranged              serve the current directory on http://127.0.0.1:8080/\n"
	       "  ranged 8000         serve the current directory to other devices\n"
	       "  ranged 8000 ROOT    serve the directory ROOT on port 8000 of all addresses\n"
	       "  ranged -c FILE      serve with the settings of FILE\n\n"
	       "PORT is the same as --listen PORT. Without --config, PORT and ROOT, ranged serves the current "
	       "directory if it was started at a terminal; otherwise it reads " DEFAULT_FILE ".\n\n"
	       "All other settings are keys of the configuration file; see ranged.conf(5).",
};

static int reject(const struct command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prints an error message. Returns EX_USAGE. */
static int reject(const struct command *command, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	fputs("ranged: ", command->faults);
	escape_vprintf(command->faults, format, list);
	fputc('\n', command->faults);
	va_end(list);
	return EX_USAGE;
}

/* Returns true if the text has the form of an address with a port, even if the address is invalid. */
static bool resembles_address(const char *text)
{
	return strchr(text, ':') != NULL || (*text != '\0' && text[strspn(text, "0123456789")] == '\0');
}

/* Collects an argument that is not an option as an address or as the root. Returns 0 or EX_USAGE. */
static int place_argument(struct command *command, const char *text)
{
	struct listen_address address;
	const char *problem = listen_address_parse(text, &address);
	bool exists = access(text, F_OK) == 0;
	if (problem == NULL && exists)
		return reject(command,
			      "\"%s\" is a file or directory here, and also an address; write \"./%s\" to serve the "
			      "directory, or \"--listen %s\" for the address",
			      text, text, text);
	if (problem != NULL && !exists && resembles_address(text))
		return reject(command, "\"%s\" is neither a directory nor an address: %s", text, problem);
	if (problem != NULL && command->has_root)
		return reject(command, "only one ROOT is allowed; unexpected argument \"%s\"", text);
	collect(command, problem == NULL ? "listen" : "root", text);
	*(problem == NULL ? &command->has_address : &command->has_root) = true;
	return 0;
}

static int place_arguments(struct command *command)
{
	int status = 0;
	for (size_t i = 0; i < command->argument_count && status == 0; i++)
		status = place_argument(command, command->arguments[i]);
	return status;
}

static bool is_interactive(const struct command *command)
{
	return command->config_path == NULL && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* Reads the file of --config, or the default file if the command line has neither a root nor an address. */
static int load_file(const struct command *command, struct options *options)
{
	const char *path = command->config_path;
	if (path == NULL && !command->has_root && !command->has_address && access(DEFAULT_FILE, F_OK) == 0) {
		bool serves = !command->check_only && command->explain == NULL;
		if (options->interactive && serves)
			options->ignored_path = DEFAULT_FILE;
		else
			path = DEFAULT_FILE;
		options->interactive = options->interactive && serves;
	}
	if (path == NULL)
		return 0;
	options->config_path = strdup(path);
	if (options->config_path == NULL)
		return EX_OSERR;
	switch (config_file_load(&options->config, path, command->faults)) {
	case 0:
		return 0;
	case -ENOMEM:
		return EX_OSERR;
	default:
		return EX_CONFIG;
	}
}

/* Defaults of an interactive start. If an option sets the key `unless`, the usual default applies. */
static const struct {
	const char *key, *value, *unless;
} interactive_values[] = {
	{ "listing", "true", NULL },
	{ "access_log", "-", NULL },
	{ "access_format", "%h %l %u %t \"%r\" %>s %b", "access_log" },
	{ "log_level", "warning", "error_log" }, /* the greeting replaces the messages of level info */
	{ "drain_timeout", "0", NULL },		 /* Ctrl-C stops at once */
	{ "cache_size", "64M", NULL },
	{ "max_connections", "256", NULL }, /* fits the limit of 1024 descriptors that some systems set */
	{ "open_file_cache", "128", NULL },
};

static bool has_given(const struct command *command, const char *key)
{
	for (size_t i = 0; i < command->given_count; i++)
		if (strcmp(command->given[i].key, key) == 0)
			return true;
	return false;
}

static int set_interactive_values(const struct command *command, struct config *config)
{
	char fault[CONFIG_FAULT_BYTES];
	int error = 0;
	for (size_t i = 0; i < sizeof(interactive_values) / sizeof(interactive_values[0]) && error == 0; i++)
		if (interactive_values[i].unless == NULL || !has_given(command, interactive_values[i].unless))
			error = config_set(config, interactive_values[i].key, interactive_values[i].value, fault);
	return error == 0 ? 0 : EX_OSERR;
}

static int apply_command(struct command *command, struct options *options)
{
	char fault[CONFIG_FAULT_BYTES];
	int status = options->interactive ? set_interactive_values(command, &options->config) : 0;
	options->check_only = command->check_only;
	options->explain = command->explain;
	options->field_count = command->field_count;
	options->config.listen_is_default = true;
	if (!command->has_root && options->config_path == NULL && (options->interactive || command->has_address))
		collect(command, "root", ".");
	for (size_t i = 0; i < command->given_count; i++)
		if (config_set(&options->config, command->given[i].key, command->given[i].value, fault) != 0)
			status = reject(command, "%s", fault);
	return status;
}

/*
 * Adds the names of the passed sockets as listen addresses, except names that the key "monitor" uses. Called if the
 * configuration has no listen key.
 */
static int listen_on_passed(struct config *config, const char *const *names, char *fault)
{
	char text[300];
	int error = 0;

	config->listen_is_default = true;
	for (; *names != NULL && error == 0; names++) {
		if (config_names_passed(config, *names))
			continue;
		snprintf(text, sizeof(text), "fd:%s", *names);
		error = config_set(config, "listen", text, fault);
	}
	return error;
}

static int finish(struct options *options, const char *const *sockets, FILE *faults)
{
	char fault[CONFIG_FAULT_BYTES];
	const char *path = options->config_path;
	int error = 0;
	if (options->config.rules.site_count == 1 && options->config.rules.sites[0].root == NULL) {
		if (path != NULL)
			fprintf(faults,
				"ranged: no directory to serve; set root in %s, or give ROOT on the command line\n",
				path);
		else
			fprintf(faults,
				"ranged: no directory to serve; run \"ranged ROOT\", or set root in FILE and run "
				"\"ranged --config FILE\"\n");
		return path != NULL ? EX_CONFIG : EX_USAGE;
	}
	if (sockets[0] != NULL && !options->config.listen_is_set)
		error = listen_on_passed(&options->config, sockets, fault);
	if (error == 0)
		error = config_finish(&options->config, fault);
	if (error == 0) {
		config_warnings_find(&options->config);
		return 0;
	}
	escape_print_line(faults, "%s: %s", path != NULL ? path : "ranged", fault);
	return path != NULL ? EX_CONFIG : EX_USAGE;
}

static int build(struct command *command, struct options *options, const char *const *sockets)
{
	int status = place_arguments(command), command_status;
	if (status != 0)
		return status;
	options->interactive = is_interactive(command);
	status = load_file(command, options);
	command_status = apply_command(command, options);
	if (status == 0)
		status = command_status;
	return status != 0 ? status : finish(options, sockets, command->faults);
}

int options_parse(int argc, char **argv, const char *const *sockets, struct options *options, FILE *faults)
{
	struct command command = { .faults = faults,
				   .given = calloc((size_t)argc + 1, sizeof(struct given)),
				   .arguments = calloc((size_t)argc + 1, sizeof(char *)),
				   .fields = calloc((size_t)argc + 1, sizeof(char *)) };
	*options = (struct options){ 0 };
	if (command.given == NULL || command.arguments == NULL || command.fields == NULL) {
		free(command.given);
		free(command.arguments);
		free(command.fields);
		return EX_OSERR;
	}
	argp_program_version_hook = print_version;
	argp_err_exit_status = EX_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &command);

	int status = config_init(&options->config) == 0 ? build(&command, options, sockets) : EX_OSERR;
	free(command.given);
	free(command.arguments);
	options->fields = command.fields;
	if (status != 0)
		options_fini(options);
	return status;
}

void options_fini(struct options *options)
{
	config_fini(&options->config);
	free(options->config_path);
	options->config_path = NULL;
	free(options->fields);
	options->fields = NULL;
}
