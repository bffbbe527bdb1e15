/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses the name and the password of "Authorization: Basic" (RFC 7617). All functions are pure and thread-safe. */
#ifndef AUTH_BASIC_H
#define AUTH_BASIC_H

#define BASIC_USER_BYTES 256	 /* maximum length of a name, with its NUL */
#define BASIC_PASSWORD_BYTES 512 /* maximum length of a password in libcrypt, with its NUL */

/* Credentials. The caller owns the struct and calls basic_wipe() when it no longer needs them. */
struct basic {
	char user[BASIC_USER_BYTES], password[BASIC_PASSWORD_BYTES];
};

/*
 * Parses the value of an Authorization field. Returns 0 or -EINVAL. Errors are: another scheme, malformed base64, a
 * missing colon, a control byte, text that is not UTF-8, and a name or password that is too long.
 */
int basic_parse(const char *authorization, struct basic *basic);
/* Overwrites the credentials in memory. */
void basic_wipe(struct basic *basic);

#endif
