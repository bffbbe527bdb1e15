/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parser has already checked the keys and values. --check opens the same files as a start, with the same functions,
 * so both report the same errors. The files are closed again at once. Listening sockets are not opened, because the
 * running daemon may use their addresses.
 *
 * The check runs in a child process. A thread that waits for storage that does not respond may be unable to end, and
 * then the child cannot exit either. The parent exits as soon as the result is known.
 */
#include "daemon/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "auth/certificates.h"
#include "base/escape.h"
#include "base/log.h"
#include "daemon/logs.h"
#include "daemon/passwords.h"
#include "daemon/privileges.h"
#include "daemon/site_roots.h"
#include "daemon/sizing.h"
#include "steps/signing.h"

static int check_roots_and_keys(struct config *config)
{
	struct signing *signing = NULL;
	int error = site_roots_open(&config->rules, config->symlinks, SITE_ROOTS_TIMEOUT_MS);

	site_roots_warn_of_missing(&config->rules);
	if (error == 0)
		error = signing_new(&signing, &config->rules);
	signing_unref(signing);
	site_roots_close(&config->rules);
	return error;
}

static int check_passwords(const struct config *config)
{
	struct login *login = NULL;
	int error = passwords_open(&login, config, NULL);

	login_free(login);
	return error;
}

static int check_certificates(const struct config *config)
{
	struct certificates *certificates = NULL;
	char fault[CERTIFICATES_FAULT_BYTES];
	int error = config_tls_listeners(config) != 0
			    ? certificates_load(&certificates, config->tls.list, config->tls.count, fault)
			    : 0;

	if (error != 0)
		log_error("%s", fault);
	certificates_free(certificates);
	return error;
}

static int check_logs(const struct config *config)
{
	char fault[LOGS_FAULT_BYTES];
	int error = logs_check(config, fault);

	if (error != 0)
		log_error("%s", fault);
	return error;
}

static int check_user(const char *user)
{
	struct privileges privileges;
	char fault[PRIVILEGES_FAULT_BYTES];
	int error = privileges_find(&privileges, user, fault);

	if (error != 0)
		log_error("%s", fault);
	privileges_fini(&privileges);
	return error;
}

static int check(struct options *options)
{
	struct config *config = &options->config;
	int error = check_roots_and_keys(config), other_error;

	if (error == 0)
		error = check_passwords(config);
	other_error = check_certificates(config);
	error = error != 0 ? error : other_error;
	other_error = check_logs(config);
	error = error != 0 ? error : other_error;
	if (error == 0)
		error = check_user(config->user);
	if (error != 0)
		return EX_CONFIG;
	sizing_apply(config);
	for (size_t i = 0; i < config->resolved.count; i++)
		escape_print_line(stdout, "%s", config->resolved.list[i]);
	for (size_t i = 0; i < config->warnings.count; i++)
		escape_print_line(stdout, "warning: %s", config->warnings.list[i]);
	escape_print_line(stdout, "%s: ok", options->config_path != NULL ? options->config_path : "command line");
	return EXIT_SUCCESS;
}

/* Runs in the child process. Does not return. */
static void run_child(struct options *options, int result_fd)
{
	const int status = check(options);
	bool sent;

	fflush(stdout);
	fflush(stderr);
	sent = write(result_fd, &status, sizeof(status)) == sizeof(status);
	_exit(sent ? status : EX_OSERR);
}

int check_run(struct options *options)
{
	int ends[2], status = EX_OSERR;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return check(options);
	fflush(stdout);
	child = fork();
	if (child == 0)
		run_child(options, ends[1]);
	close(ends[1]);
	if (child < 0)
		status = check(options);
	else if (read(ends[0], &status, sizeof(status)) != sizeof(status))
		status = EX_SOFTWARE; /* the child has reported why it ended */
	close(ends[0]);
	return status;
}
