/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Chooses the format of a response that ranged generates (an error, a directory listing) from the Accept field: text,
 * HTML or JSON (RFC 9110 section 12.5.1). The function is pure and thread-safe.
 */
#ifndef HTTP_ACCEPT_H
#define HTTP_ACCEPT_H

enum accept_format { ACCEPT_TEXT, ACCEPT_HTML, ACCEPT_JSON, ACCEPT_FORMATS };

/*
 * Returns the format for this Accept field, which may be NULL. `usual` is the default format, ACCEPT_TEXT or
 * ACCEPT_HTML. If the default is ACCEPT_HTML, text is not offered. The rules apply in this order:
 * - If no offered format is acceptable, the default is chosen, so the field never causes a 406.
 * - HTML or JSON is chosen if the field names that type and no offered format has a higher quality. HTML wins a tie.
 * - The default is chosen if it has the highest quality. A client without the field, or with wildcards only, has no
 *   preference and also gets the default.
 * - Otherwise the format with the highest quality is chosen.
 */
enum accept_format accept_choose(const char *field, enum accept_format usual);

#endif
