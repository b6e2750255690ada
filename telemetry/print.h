/* SPDX-License-Identifier: MIT */
/* UPFRONT_TELEMETRY_PRINT=1: what would be sent is shown instead. */
#ifndef UPFRONT_TELEMETRY_PRINT_H
#define UPFRONT_TELEMETRY_PRINT_H

/* Writes the body that the sender would make of one event, a line; never waits for who reads, and lets go what nobody takes. */
void print_body(int fd, const char *api_key, const char *event);

#endif
