/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libmicrohttpd calls for a request, in this order: callbacks for MHD_start_daemon(), whose cls is the struct exchange_shared of the
 * server. Reactor's thread.
 */
#ifndef HTTP_HANDLER_H
#define HTTP_HANDLER_H

#include <microhttpd.h>
#include <stddef.h>

/* MHD_OPTION_URI_LOG_CALLBACK: its exchange, or NULL if there is no memory. */
void *handler_begin(void *cls, const char *target, struct MHD_Connection *mhd);
/* MHD_OPTION_UNESCAPE_CALLBACK. */
size_t handler_keep_escapes(void *cls, struct MHD_Connection *mhd, char *text);
/* MHD_AccessHandlerCallback. */
enum MHD_Result handler_call(void *cls, struct MHD_Connection *mhd, const char *url, const char *method, const char *version,
			     const char *upload_data, size_t *upload_data_size, void **req_cls);
/* MHD_OPTION_NOTIFY_COMPLETED. */
void handler_completed(void *cls, struct MHD_Connection *mhd, void **req_cls, enum MHD_RequestTerminationCode code);

#endif
