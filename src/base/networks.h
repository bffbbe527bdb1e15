/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of networks, such as the values of "allow" and "trusted_proxies". Pure. */
#ifndef BASE_NETWORKS_H
#define BASE_NETWORKS_H

#include "base/address.h"
#include "base/text_list.h"

/* A network, as address_parse_cidr() reads it: as it is; a struct cidr behind it, for networks_narrowest(). */
const char *networks_parse(char *text);

/* The bits of the narrowest network of the list that holds the address; -1: none does. */
int networks_narrowest(const struct text_list *networks, const struct address *address);

#endif
