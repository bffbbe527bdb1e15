/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ranged-probe tests whether ranged will run well on the filesystem of a directory, by performing the same operations
 * as ranged. The program has one thread.
 *
 * A signal ends the program at once. No cleanup is necessary, because the temporary file has no name and all other
 * resources are memory of the process. The exit status is 1 for a fault of the storage, otherwise a status of
 * sysexits.h.
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
#define WRITE_NS_MAX (3 * CLOCK_NS_PER_S) /* maximum time for writing the file, unless --size is given */

struct command {
	struct probe_options options;
	bool json;
};

static const struct argp_option option_table[] = {
	{ "json", 'j', NULL, 0, "Print one JSON object instead of the report", 0 },
	{ "size", 's', "SIZE", 0, "Size of the temporary file (default 256M, or less on a slow disk; at least 16M)",
	  0 },
	{ "seconds", 't', "TIME", 0,
	  "Duration of the measurement in seconds (default 8), in addition to the time for writing and reading back "
	  "the file",
	  0 },
	{ 0 },
};

static void set_size(struct command *command, const char *text, struct argp_state *state)
{
	uint64_t bytes;

	if (units_parse_size(text, &bytes) != 0 || bytes < BYTES_MIN || bytes > BYTES_MAX)
		argp_error(state, "--size: \"%s\" is not a size from 16M to 1T", text);
	command->options.bytes = bytes / MIB * MIB;
	command->options.write_ns_max = 0;
}

static void set_seconds(struct command *command, const char *text, struct argp_state *state)
{
	uint64_t ms;

	if (units_parse_duration(text, &ms) != 0 || ms == 0 || ms > CELLS_MS_MAX)
		argp_error(state, "--seconds: \"%s\" is not a duration of up to one day", text);
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
		if (command->options.directory != NULL)
			argp_error(state, "only one directory can be measured, but \"%s\" was also given", value);
		command->options.directory = value;
		return 0;
	case ARGP_KEY_END:
		if (command->options.directory == NULL)
			argp_error(state, "no directory given");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = option_table,
	.parser = parse_option,
	.args_doc = "DIR",
	.doc = "Test whether ranged will run well on the filesystem of DIR, and recommend settings. The program "
	       "writes a temporary file to DIR. The file has no name, so nothing remains even if the program is "
	       "killed. Root privileges are not needed."
	       "\vThe exit status is 0 if the measurement was completed, whatever the verdict; 1 if the storage "
	       "failed; otherwise one of sysexits.h. See ranged-probe(8).",
};

static void print_version(FILE *stream, struct argp_state *state)
{
	(void)state;
	fprintf(stream, "ranged-probe %s\njansson %s\n", PACKAGE_VERSION, JANSSON_VERSION);
}

/* Shows the current step in a line that the next step overwrites. If step is NULL, erases the line. */
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

/* Installs the signal handlers. A signal that is ignored, for example because of nohup, stays ignored. */
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
	fprintf(stderr, "ranged-probe: cannot write the report: %s\n", strerror(error != 0 ? -error : errno));
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

	setlocale(LC_CTYPE, ""); /* only LC_CTYPE: the format of numbers must not depend on the locale */
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
