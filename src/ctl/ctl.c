/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ranged-ctl shows the state of a running ranged and controls its cache. The program communicates with the daemon only
 * over the admin listener, and shares no file and no memory with the daemon. ranged-ctl has one thread.
 *
 * To add a command, add a row to `operations` and a line to the text of --help. A row lists the letters of the options
 * that the command accepts, and check_command() rejects all other options. The exit statuses are those of sysexits.h.
 * In addition, health and ready exit with 1 if the check fails.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/units.h"
#include "ctl/cache.h"
#include "ctl/summary.h"
#include "ctl/terminal.h"
#include "ctl/top.h"

#define SOCKET_DEFAULT "/run/ranged/admin.sock"
#define LIMIT_DEFAULT 20
#define LIMIT_MAX 1000
#define OFFSET_MAX 999999
#define INTERVAL_MS_DEFAULT 1000
#define INTERVAL_MS_MIN 100
#define INTERVAL_MS_MAX 60000
#define WIDTH_DEFAULT 80

struct command {
	const char *socket_path, *url, *site;
	const struct operation *operation;
	bool json, quiet, once;
	uint64_t offset, limit, interval_ms;
	struct ctl_client *client;
	char **paths;
	unsigned path_count;
	char given[16]; /* letters of the options used, except --socket and --url, without duplicates */
};

struct operation {
	const char *name;
	const char *options; /* letters of the options that the command accepts */
	bool takes_paths;
	int (*run)(struct command *command);
};

static bool is_unicode(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static int print_error(const struct command *command, int status)
{
	escape_print_line(stderr, "ranged-ctl: %s", ctl_client_fault(command->client));
	return status;
}

/* --- the commands --- */

static void print_body(const struct command *command)
{
	size_t bytes;
	const char *body = ctl_client_body(command->client, &bytes);

	fwrite(body, 1, bytes, stdout);
	if (bytes > 0 && body[bytes - 1] != '\n')
		putchar('\n');
}

static int print_summary(const json_t *status)
{
	struct ctl_canvas canvas;
	unsigned width = WIDTH_DEFAULT, height = 0; /* the height is not used */
	size_t bytes;
	char *text = NULL;

	ctl_terminal_size(STDOUT_FILENO, &width, &height);
	if (ctl_canvas_init(&canvas, CTL_SUMMARY_WIDTH, CTL_SUMMARY_ROWS, is_unicode()) == 0) {
		ctl_summary_draw(&canvas, width, status);
		text = ctl_canvas_render(&canvas, ctl_terminal_colours(STDOUT_FILENO), false, &bytes);
	}
	ctl_canvas_fini(&canvas);
	if (text == NULL)
		return EX_OSERR;
	fwrite(text, 1, bytes, stdout);
	free(text);
	return 0;
}

static int run_status(struct command *command)
{
	int status = ctl_client_request(command->client, false, "/status", NULL, NULL);
	const char *body;
	size_t bytes;
	json_t *json;

	if (status != 0)
		return print_error(command, status);
	body = ctl_client_body(command->client, &bytes);
	json = json_loadb(body, bytes, 0, NULL);
	if (!json_is_object(json)) {
		fprintf(stderr, "ranged-ctl: the server is not ranged: its answer to /status is not a JSON object\n");
		status = EX_PROTOCOL;
	} else if (command->json) {
		print_body(command);
	} else {
		status = print_summary(json);
	}
	json_decref(json);
	return status;
}

static int run_metrics(struct command *command)
{
	int status = ctl_client_request(command->client, false, "/metrics", NULL, NULL);

	if (status != 0)
		return print_error(command, status);
	print_body(command);
	return 0;
}

/* Runs health or ready. Returns 1 for the HTTP status 503, which is a valid answer. */
static int run_check(struct command *command, const char *resource)
{
	int status = ctl_client_request(command->client, false, resource, NULL, NULL);

	if (status != 0 && ctl_client_status(command->client) != 503)
		return print_error(command, status);
	if (!command->quiet)
		print_body(command);
	return status == 0 ? 0 : 1;
}

static int run_health(struct command *command)
{
	return run_check(command, "/healthz");
}

static int run_ready(struct command *command)
{
	return run_check(command, "/readyz");
}

static int run_top(struct command *command)
{
	bool live = !command->once && isatty(STDIN_FILENO) && ctl_terminal_colours(STDOUT_FILENO) != CTL_NO_CODES;

	return (live ? ctl_top_run : ctl_top_once)(command->client, command->interval_ms, is_unicode());
}

/* Runs the operation on all paths. Returns 0, or the exit status of the first failure. */
static int run_cache(struct command *command)
{
	struct ctl_cache cache = {
		.client = command->client,
		.operation = command->operation->name,
		.site = command->site,
		.quiet = command->quiet,
		.terminal = ctl_terminal_colours(STDERR_FILENO) != CTL_NO_CODES,
		.unicode = is_unicode(),
	};
	int result = 0;

	for (unsigned i = 0; i < command->path_count; i++) {
		int status = ctl_cache_run(&cache, command->paths[i]);

		result = result != 0 ? result : status;
	}
	return result;
}

static int run_hot(struct command *command)
{
	return ctl_cache_hot(command->client, command->offset, command->limit, command->json);
}

static const struct operation operations[] = {
	{ "status", "j", false, run_status }, { "metrics", "", false, run_metrics },
	{ "health", "q", false, run_health }, { "ready", "q", false, run_ready },
	{ "top", "i1", false, run_top },      { "warm", "qS", true, run_cache },
	{ "pin", "qS", true, run_cache },     { "evict", "qS", true, run_cache },
	{ "hot", "jno", false, run_hot },
};

/* --- the command line --- */

static const struct argp_option option_table[] = {
	{ "socket", 's', "PATH", 0, "Connect to this Unix socket (default " SOCKET_DEFAULT ")", 0 },
	{ "url", 'u', "URL", 0,
	  "Connect over TCP, for example to http://127.0.0.1:9180; warm, pin and evict need the Unix socket", 0 },
	{ "json", 'j', NULL, 0, "status, hot: print the JSON answer of ranged", 0 },
	{ "limit", 'n', "N", 0, "hot: maximum number of files (default 20)", 0 },
	{ "offset", 'o', "N", 0, "hot: number of files to skip (default 0)", 0 },
	{ "site", 'S', "HOST", 0, "warm, pin, evict: use the site of this name", 0 },
	{ "quiet", 'q', NULL, 0, "warm, pin, evict, health, ready: print errors only", 0 },
	{ "interval", 'i', "TIME", 0, "top: time between two updates, for example 500ms or 5s (default 1s)", 0 },
	{ "once", '1', NULL, 0, "top: print one frame as text, and exit", 0 },
	{ 0 },
};

static void set_url(struct command *command, char *text, struct argp_state *state)
{
	size_t length = strlen(text);

	while (length > 0 && text[length - 1] == '/')
		text[--length] = '\0';
	if (strncmp(text, "http://", 7) != 0 || length == 7 || strpbrk(text + 7, "/?# ") != NULL)
		argp_error(state, "--url: \"%s\" is not a valid URL; example: http://127.0.0.1:9180", text);
	command->url = text;
}

static uint64_t number_of(const char *option, const char *text, uint64_t least, uint64_t most, struct argp_state *state)
{
	char *end;
	const uint64_t number = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || number < least || number > most)
		argp_error(state, "--%s: \"%s\" is not a number from %" PRIu64 " to %" PRIu64, option, text, least,
			   most);
	return number;
}

static void set_interval(struct command *command, const char *text, struct argp_state *state)
{
	if (units_parse_duration(text, &command->interval_ms) != 0 || command->interval_ms < INTERVAL_MS_MIN ||
	    command->interval_ms > INTERVAL_MS_MAX)
		argp_error(state, "--interval: \"%s\" is not a duration from 100ms to 60s", text);
}

static void set_operation(struct command *command, const char *text, struct argp_state *state)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (strcmp(operations[i].name, text) == 0)
			command->operation = &operations[i];
	if (command->operation == NULL)
		argp_error(state, "unknown command \"%s\"", text);
}

static void add_argument(struct command *command, char *text, struct argp_state *state)
{
	if (command->operation == NULL) {
		set_operation(command, text, state);
		return;
	}
	if (!command->operation->takes_paths)
		argp_error(state, "%s takes no arguments, but \"%s\" was given", command->operation->name, text);
	if (*text != '/')
		argp_error(state, "\"%s\" is not a valid path; a path starts with a slash", text);
	command->paths[command->path_count++] = text;
}

static const char *name_of(char letter)
{
	for (size_t i = 0; option_table[i].name != NULL; i++)
		if (option_table[i].key == letter)
			return option_table[i].name;
	return "";
}

static void check_command(struct command *command, struct argp_state *state)
{
	if (command->operation == NULL)
		argp_error(state, "no command given; use status, metrics, health, ready, top, warm, pin, evict or hot");
	if (command->operation->takes_paths && command->path_count == 0)
		argp_error(state, "%s needs at least one path; a path starts with a slash", command->operation->name);
	if (command->socket_path != NULL && command->url != NULL)
		argp_error(state, "--socket and --url cannot be used together");
	for (const char *p = command->given; *p != '\0'; p++)
		if (strchr(command->operation->options, *p) == NULL)
			argp_error(state, "--%s cannot be used with %s", name_of(*p), command->operation->name);
}

/* Records that an option was used. */
static void note_option(struct command *command, char letter)
{
	size_t length = strlen(command->given);

	if (strchr(command->given, letter) == NULL && length + 1 < sizeof(command->given))
		command->given[length] = letter;
}

static error_t parse_option(int option, char *value, struct argp_state *state)
{
	struct command *command = state->input;

	switch (option) {
	case 's':
		if (*value == '\0')
			argp_error(state, "--socket: the path is empty");
		command->socket_path = value;
		return 0;
	case 'u':
		set_url(command, value, state);
		return 0;
	case 'j':
		command->json = true;
		break;
	case 'n':
		command->limit = number_of("limit", value, 1, LIMIT_MAX, state);
		break;
	case 'o':
		command->offset = number_of("offset", value, 0, OFFSET_MAX, state);
		break;
	case 'S':
		command->site = value;
		break;
	case 'q':
		command->quiet = true;
		break;
	case 'i':
		set_interval(command, value, state);
		break;
	case '1':
		command->once = true;
		break;
	case ARGP_KEY_ARG:
		add_argument(command, value, state);
		return 0;
	case ARGP_KEY_END:
		check_command(command, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	note_option(command, (char)option);
	return 0;
}

static const struct argp argp = {
	.options = option_table,
	.parser = parse_option,
	.args_doc = "COMMAND [PATH...]",
	.doc = "Show the state of a running ranged, and control its cache, over the admin listener (key \"admin\" in "
	       "ranged.conf).\n\n"
	       "  status      print a summary\n"
	       "  metrics     print the metrics in the format of Prometheus\n"
	       "  health      exit with 0 if all workers are running, otherwise with 1\n"
	       "  ready       exit with 0 if ranged accepts requests, otherwise with 1\n"
	       "  top         show a live view of traffic, latencies, files and clients\n"
	       "  warm PATH   read a file, or all files of a directory, into the cache\n"
	       "  pin PATH    like warm, and also protect the files from eviction\n"
	       "  evict PATH  remove a file, or all files of a directory, from the cache\n"
	       "  hot         list the files with the most bytes in the cache\n"
	       "\vThe exit status is one of sysexits.h; see ranged-ctl(8).",
};

static void print_version(FILE *stream, struct argp_state *state)
{
	(void)state;
	fprintf(stream, "ranged-ctl %s\nlibcurl %s\njansson %s\n", PACKAGE_VERSION, ctl_client_library(),
		JANSSON_VERSION);
}

int main(int argc, char **argv)
{
	struct command command = { .limit = LIMIT_DEFAULT,
				   .interval_ms = INTERVAL_MS_DEFAULT,
				   .paths = calloc((size_t)argc, sizeof(char *)) };
	int status = EX_OSERR;

	setlocale(LC_CTYPE, ""); /* only LC_CTYPE: the format of numbers must not depend on the locale */
	argp_program_version_hook = print_version;
	argp_err_exit_status = EX_USAGE;
	if (command.paths == NULL)
		return EX_OSERR;
	argp_parse(&argp, argc, argv, 0, NULL, &command);
	if (command.url == NULL && command.socket_path == NULL)
		command.socket_path = SOCKET_DEFAULT;
	command.client = ctl_client_open(command.socket_path, command.url);
	if (command.client != NULL)
		status = command.operation->run(&command);
	else
		fprintf(stderr, "ranged-ctl: cannot initialise libcurl\n");
	ctl_client_close(command.client);
	free(command.paths);
	if ((fflush(stdout) != 0 || ferror(stdout)) && status == 0) {
		fprintf(stderr, "ranged-ctl: standard output: %s\n", strerror(errno));
		status = EX_IOERR;
	}
	return status;
}
