/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The name and password of "Authorization: Basic" (RFC 7617). Pure. */
#ifndef AUTH_BASIC_H
#define AUTH_BASIC_H

#define BASIC_USER_BYTES 256	 /* with the NUL behind it */
#define BASIC_PASSWORD_BYTES 512 /* libcrypt takes no longer ones */

struct basic {
	char user[BASIC_USER_BYTES], password[BASIC_PASSWORD_BYTES];
};

/*
 * 0, or -EINVAL: another scheme, base64 that is not exactly that, no colon, a control byte, no UTF-8, or too long.
 * basic_wipe() it afterwards.
 */
int basic_parse(const char *authorization, struct basic *basic);
void basic_wipe(struct basic *basic);

#endif
