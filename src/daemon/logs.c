/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A site without access_log or access_format uses the value of the top level. Sites with the same target share a log,
 * and each site writes lines in its own format. Two configurations with the same target also share a log. The formats
 * were checked when the configuration was read.
 *
 * base/log.c owns the logs and counts their users.
 */
#include "daemon/logs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/line.h"
#include "base/log.h"
#include "site/access_format.h"

/* Writes the error message to `fault`. Returns `error`. */
static int report_failure(const char *key, const char *target, int error, char *fault)
{
	const char *why =
		error == -EBUSY
			? "too many logs are open; logs of former configurations stay open while the programs that "
			  "read them are stuck"
			: strerrordesc_np(-error);

	snprintf(fault, LOGS_FAULT_BYTES, "%s: %.300s: %s", key, target, why);
	return error;
}

static int open_site(struct site *site, const struct site *top, char *fault)
{
	const char *target = site->access_log != NULL ? site->access_log : top->access_log;
	const char *text = site->access_format != NULL ? site->access_format : top->access_format;
	struct access_format *format;

	if (target == NULL || *target == '\0')
		return 0;
	int error = access_format_new(text, &format, fault);
	if (error == -EINVAL)
		return error;
	if (error == 0) {
		error = log_open(target, &site->log);
		if (error == 0)
			site->log_form = access_format_form(format);
		else
			access_format_free(format);
	}
	return error == 0 ? 0 : report_failure("access_log", target, error, fault);
}

int logs_open(struct config *config, char fault[LOGS_FAULT_BYTES])
{
	struct rules *rules = &config->rules;
	int error = log_open_errors(config->error_log, &config->errors);

	if (error != 0)
		return report_failure("error_log", config->error_log != NULL ? config->error_log : "stderr", error,
				      fault);
	for (size_t i = 0; i < rules->site_count && error == 0; i++)
		error = open_site(&rules->sites[i], &rules->sites[0], fault);
	if (error != 0)
		logs_close(config);
	return error;
}

/* Checks that a log file can be written to, or created in its directory. Does not create the file. */
static int check_target(const char *key, const char *target, char *fault)
{
	char directory[PATH_MAX];
	size_t length;

	if (target == NULL || *target != '/' || access(target, W_OK) == 0)
		return 0;
	length = (size_t)(strrchr(target, '/') - target);
	if (errno != ENOENT || length >= sizeof(directory))
		return report_failure(key, target, -errno, fault);
	snprintf(directory, sizeof(directory), "%.*s/", (int)length, target);
	return access(directory, W_OK | X_OK) == 0 ? 0 : report_failure(key, target, -errno, fault);
}

int logs_check(const struct config *config, char fault[LOGS_FAULT_BYTES])
{
	int error = check_target("error_log", config->error_log, fault);

	for (size_t i = 0; i < config->rules.site_count && error == 0; i++)
		error = check_target("access_log", config->rules.sites[i].access_log, fault);
	return error;
}

void logs_use(struct config *config)
{
	line_set_style(config->log_format);
	log_use(config->errors, config->log_level);
	config->errors = 0;
}

void logs_close(struct config *config)
{
	for (size_t i = 0; i < config->rules.site_count; i++) {
		struct site *site = &config->rules.sites[i];

		if (site->log == 0)
			continue;
		log_retire(site->log, site->log_form);
		log_close(site->log);
		site->log = 0;
	}
	if (config->errors != 0)
		log_close(config->errors);
	config->errors = 0;
}
