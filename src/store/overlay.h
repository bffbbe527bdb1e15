/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The layers of an overlay filesystem, from /proc/self/mountinfo. The functions block and are thread-safe. */
#ifndef STORE_OVERLAY_H
#define STORE_OVERLAY_H

#include <stdbool.h>
#include <stdint.h>

/* Receives the path of a layer, as it was passed to mount(2). A path may be relative, or of another mount namespace. */
typedef bool overlay_layer_fn(void *context, const char *path);

/* Returns the number of the mount of an open file, or 0 if it is not known (before Linux 5.8). */
uint64_t overlay_mount_of(int fd);

/*
 * Calls the function for each layer of the overlay filesystem of a mount, until it returns false. Returns true if
 * there are layers and the function returned true for all of them. Returns false if the layers are not known.
 */
bool overlay_all_layers(uint64_t mount, overlay_layer_fn *check, void *context);

/* Works like overlay_all_layers(), with the options as mountinfo escapes them. Modifies the options. */
bool overlay_all_layers_of(char *options, overlay_layer_fn *check, void *context);

#endif
