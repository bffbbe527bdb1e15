/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of networks: the values of "allow", "deny" and "trusted_proxies". The functions are pure and thread-safe. */
#ifndef BASE_NETWORKS_H
#define BASE_NETWORKS_H

#include "base/address.h"
#include "base/text_list.h"

/*
 * Parses one network for text_list_add() (a text_list_parse_fn) and stores its struct cidr after the text, where
 * networks_narrowest() reads it. Returns NULL on success, or a static string that describes the error (see
 * address_parse_cidr()).
 */
const char *networks_parse(char *text);

/*
 * Returns the prefix length of the narrowest network of the list that contains the address, or -1 if no network
 * contains it. An IPv4 network counts as an IPv6 network, so its result is 96 to 128.
 */
int networks_narrowest(const struct text_list *networks, const struct address *address);

#endif
