/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a site does not say of its log, the top level says. Sites that name the same target share a log, each with lines
 * of its own form, and so do configurations. The formats were found to be good when the configuration was read.
 */
#include "daemon/logs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "site/access_format.h"

static int say_failed(const char *key, const char *target, int error, char *fault)
{
	const char *why =
		error == -EBUSY
			? "too many logs are open; those of former configurations that nobody reads are among them"
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
	return error == 0 ? 0 : say_failed("access_log", target, error, fault);
}

int logs_open(struct config *config, char fault[LOGS_FAULT_BYTES])
{
	struct rules *rules = &config->rules;
	int error = log_open_errors(config->error_log, &config->errors);

	if (error != 0)
		return say_failed("error_log", config->error_log != NULL ? config->error_log : "stderr", error, fault);
	for (size_t i = 0; i < rules->site_count && error == 0; i++)
		error = open_site(&rules->sites[i], &rules->sites[0], fault);
	if (error != 0)
		logs_close(config);
	return error;
}

static int check_target(const char *key, const char *target, char *fault)
{
	char folder[PATH_MAX];
	size_t length;

	if (target == NULL || *target != '/' || access(target, W_OK) == 0)
		return 0;
	length = (size_t)(strrchr(target, '/') - target);
	if (errno != ENOENT || length >= sizeof(folder))
		return say_failed(key, target, -errno, fault);
	snprintf(folder, sizeof(folder), "%.*s/", (int)length, target);
	return access(folder, W_OK | X_OK) == 0 ? 0 : say_failed(key, target, -errno, fault);
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
