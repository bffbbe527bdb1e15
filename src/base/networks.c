/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/networks.h"

#include <string.h>

const char *networks_parse(char *text)
{
	struct cidr cidr;
	const char *fault = address_parse_cidr(text, &cidr);

	_Static_assert(sizeof(cidr) <= TEXT_LIST_SPARE_BYTES, "it is kept behind the text");
	_Static_assert(_Alignof(struct cidr) == 1, "wherever that ends");
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
