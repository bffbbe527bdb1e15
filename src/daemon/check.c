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
#include <string.h>
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
#include "http/path.h"
#include "site/rules.h"
#include "steps/signing.h"
#include "store/beneath.h"

/* Adds a warning if the page of a site does not exist. A warning that is listed already is not repeated. */
static int check_error_page(struct config *config, const struct site *site, const char *page)
{
	struct file_version version;
	struct match match;
	char text[2 * PATH_BYTES];
	size_t i = 0;
	int error = rules_match(&config->rules, site, page + 1, false, &match);

	if (error != 0 || match.root == NULL)
		return error;
	error = beneath_get_version(match.root->fd, path_below(page + 1, match.root_prefix_bytes), config->symlinks,
				    &version);
	if (error == 0)
		return 0;
	snprintf(text, sizeof(text), "error_page: %s cannot be sent from %s: %s", page, match.root->path,
		 strerror(-error));
	while (i < config->warnings.count && strcmp(config->warnings.list[i], text) != 0)
		i++;
	return i == config->warnings.count && text_list_add(&config->warnings, text, NULL) != NULL ? -ENOMEM : 0;
}

static int check_pages_of_block(struct config *config, const struct site *site, const struct settings *block)
{
	int error = 0;

	for (size_t i = 0; i < block->error_page.count && error == 0; i++)
		error = check_error_page(config, site, text_list_second(block->error_page.list[i]));
	return error;
}

/* Checks the error pages of the blocks of `owner`, which is the site itself or the top level, for the site. */
static int check_pages_of(struct config *config, const struct site *site, const struct site *owner)
{
	int error = check_pages_of_block(config, site, &owner->settings);

	for (size_t i = 0; i < owner->count && error == 0; i++)
		error = check_pages_of_block(config, site, &owner->list[i].settings);
	return error;
}

/* Checks the error pages of all sites. The roots are open. */
static int check_error_pages(struct config *config)
{
	const struct site *sites = config->rules.sites;
	int error = 0;

	for (size_t i = 0; i < config->rules.site_count && error == 0; i++) {
		if (sites[i].served == RULES_NO_ROOT)
			continue;
		error = check_pages_of(config, &sites[i], &sites[0]);
		if (error == 0 && i > 0)
			error = check_pages_of(config, &sites[i], &sites[i]);
	}
	return error;
}

static int check_roots_and_keys(struct config *config)
{
	struct signing *signing = NULL;
	int error = site_roots_open(&config->rules, config->symlinks, SITE_ROOTS_TIMEOUT_MS);

	site_roots_warn_of_missing(&config->rules);
	if (error == 0)
		error = signing_new(&signing, &config->rules);
	signing_unref(signing);
	if (error == 0)
		error = check_error_pages(config);
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
