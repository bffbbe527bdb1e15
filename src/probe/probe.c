/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ranged-probe: whether ranged will run well on a folder's filesystem, found out by doing what ranged does. One thread.
 *
 * A signal ends it at once and with nothing to clean up: the file it measures with has no name, and all else is its own
 * memory.
 */
#include <argp.h>
#include <errno.h>
#include <jansson.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/units.h"
#include "probe/json.h"
#include "probe/report.h"

#define MIB (UINT64_C(1) << 20)
#define BYTES_DEFAULT (256 * MIB)
#define BYTES_MIN (16 * MIB)
#define BYTES_MAX (MIB << 20)
#define CELLS_MS_DEFAULT 8000
#define CELLS_MS_MAX (24 * 3600 * 1000)
#define WRITE_NS_MAX (3 * CLOCK_NS_PER_S) /* unless a size was asked for */

struct command {
	struct probe_options options;
	bool json;
};

static const struct argp_option option_table[] = {
	{ "json", 'j', NULL, 0, "Print one JSON object instead of the report", 0 },
	{ "size", 's', "SIZE", 0, "Measure with a file of SIZE (default 256M, or less on a slow disk; at least 16M)",
	  0 },
	{ "seconds", 't', "TIME", 0,
	  "Measure depths and sizes for so long (default 8; writing and reading back come on top)", 0 },
	{ 0 },
};

static void set_size(struct command *command, const char *text, struct argp_state *state)
{
	uint64_t bytes;

	if (units_parse_size(text, &bytes) != 0 || bytes < BYTES_MIN || bytes > BYTES_MAX)
		argp_error(state, "--size: \"%s\" is no size from 16M to 1T", text);
	command->options.bytes = bytes / MIB * MIB;
	command->options.write_ns_max = 0;
}

static void set_seconds(struct command *command, const char *text, struct argp_state *state)
{
	uint64_t ms;

	if (units_parse_duration(text, &ms) != 0 || ms == 0 || ms > CELLS_MS_MAX)
		argp_error(state, "--seconds: \"%s\" is no time up to a day", text);
	command->options.cells_ns = ms * CLOCK_NS_PER_MS;
}

static error_t parse_option(int option, char *value, struct argp_state *state)
{
	struct command *command = state->input;

	switch (option) {
	case 'j':
		command->json = true;
		return 0;
	case 's':
		set_size(command, value, state);
		return 0;
	case 't':
		set_seconds(command, value, state);
		return 0;
	case ARGP_KEY_ARG:
		if (command->options.folder != NULL)
			argp_error(state, "one folder is measured, not two: \"%s\" is one too many", value);
		command->options.folder = value;
		return 0;
	case ARGP_KEY_END:
		if (command->options.folder == NULL)
			argp_error(state, "name the folder that is to be served");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = option_table,
	.parser = parse_option,
	.args_doc = "DIR",
	.doc = "Tell whether ranged will run well on the filesystem of DIR, and with which settings. Writes a temporary file there that has "
	       "no name and is gone at the end, whatever ends the program. Needs no root."
	       "\vExit status: 0 measured, whatever the verdict; 1 the storage failed; others as in sysexits.h: see ranged-probe(8).",
};

static void print_version(FILE *stream, struct argp_state *state)
{
	(void)state;
	fprintf(stream, "ranged-probe %s\njansson %s\n", PACKAGE_VERSION, JANSSON_VERSION);
}

/* One line that is written over by the next and gone in the end. */
static void show_progress(const char *step)
{
	fprintf(stderr, "\r\033[K%s%s", step != NULL ? step : "", step != NULL ? " ..." : "");
}

static void end_by_signal(int number)
{
	if (isatty(STDERR_FILENO) && write(STDERR_FILENO, "\r\033[K", 4) < 0)
		_exit(128 + number);
	_exit(128 + number);
}

/* One that is ignored (nohup) stays so. */
static void catch_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = end_by_signal }, before;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL);
	}
}

static struct probe_style style_of(FILE *out)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return (struct probe_style){
		.out = out,
		.colours = isatty(fileno(out)) && (no_color == NULL || *no_color == '\0') && term != NULL &&
			   strcmp(term, "dumb") != 0,
		.unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	};
}

static int report(const struct command *command, const struct probe_result *result)
{
	struct probe_style style = style_of(stdout);
	struct probe_verdict verdict;
	int error = probe_verdict_reach(result, &verdict);

	if (error == 0 && command->json)
		error = probe_json_print(stdout, result, &verdict);
	else if (error == 0)
		probe_report_print(&style, result, &verdict);
	if (error == 0 && fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_SUCCESS;
	fprintf(stderr, "ranged-probe: can't write the report: %s\n", strerror(error != 0 ? -error : errno));
	return EX_IOERR;
}

int main(int argc, char **argv)
{
	struct command command = {
		.options = { .bytes = BYTES_DEFAULT,
			     .write_ns_max = WRITE_NS_MAX,
			     .cells_ns = CELLS_MS_DEFAULT * CLOCK_NS_PER_MS },
	};
	static struct probe_result result;
	int status;

	setlocale(LC_CTYPE, ""); /* not the numbers: they are the same everywhere */
	argp_program_version_hook = print_version;
	argp_err_exit_status = EX_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &command);
	if (isatty(STDERR_FILENO))
		command.options.progress = show_progress;
	catch_signals();
	status = probe_measure_run(&command.options, &result);
	if (result.file.fd >= 0)
		close(result.file.fd);
	return status == 0 ? report(&command, &result) : status;
}
