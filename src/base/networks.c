/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses lists of networks from the configuration and finds the narrowest network of an address. The configuration owns
 * the list. The main thread fills the list, and any thread may read it afterwards.
 *
 * The main idea: an entry keeps its text, which messages show, and the parsed network directly after the terminating
 * NUL. A lookup therefore parses nothing and needs no second list.
 */
#include "base/networks.h"

#include <string.h>

const char *networks_parse(char *text)
{
	struct cidr cidr;
	const char *fault = address_parse_cidr(text, &cidr);

	_Static_assert(sizeof(cidr) <= TEXT_LIST_SPARE_BYTES, "the network is stored after the text");
	_Static_assert(_Alignof(struct cidr) == 1, "the text may end at any address");
	memcpy(text + strlen(text) + 1, &cidr, sizeof(cidr));
	return fault;
}

int networks_narrowest(const struct text_list *networks, const struct address *address)
{
	int narrowest = -1;

	for (size_t i = 0; i < networks->count; i++) {
		const struct cidr *cidr = (const struct cidr *)text_list_second(networks->list[i]);

		if ((int)cidr->bits > narrowest && address_in(address, cidr))
			narrowest = cidr->bits;
	}
	return narrowest;
}
