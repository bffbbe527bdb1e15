/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All password files are read at the start or at a reload, before the first request for their locations. So an
 * unreadable file is reported at once, and no request waits for a password file or fails because of it.
 */
#include "daemon/passwords.h"

#include <string.h>

#include "base/log.h"

static int add_file(struct login *login, const struct settings *settings)
{
	return settings->auth_file != NULL ? login_add(login, settings->auth_file) : 0;
}

static int add_site(struct login *login, const struct site *site)
{
	int error = add_file(login, &site->settings);

	for (size_t i = 0; i < site->count && error == 0; i++)
		error = add_file(login, &site->list[i].settings);
	return error;
}

int passwords_add(struct login *login, const struct config *config)
{
	int error = 0;

	for (size_t i = 0; i < config->rules.site_count && error == 0; i++)
		error = add_site(login, &config->rules.sites[i]);
	return error;
}

int passwords_open(struct login **login, const struct config *config, struct offload *offload)
{
	struct login *made;
	int error = login_new(&made, offload, config->offload_threads);

	if (error != 0) {
		log_error("cannot set up password checks: %s", strerror(-error));
		return error;
	}
	error = passwords_add(made, config);
	if (error != 0)
		login_free(made);
	else
		*login = made;
	return error;
}
