/* SPDX-License-Identifier: MIT */
/* Ports a stack declares: are they free, and if not, who holds them. */
#ifndef UPFRONT_LAUNCHER_PROCESS_PORTS_H
#define UPFRONT_LAUNCHER_PROCESS_PORTS_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct stack;

/*
 * Tries to bind each declared port of the member services (IPv4 and IPv6, tcp and udp) and lets go again. A taken one is
 * ERR_MISSING at the port's place, naming the holder (name and pid) when /proc lets us see it, else its user; so is one we may not
 * bind, and an address that is not this machine's. Each port is told of once. Services of containers are left to their
 * engine. Nothing is looked up: a host that is no address is not checked. `member` NULL: all.
 * `running`: NULL, or the stack that runs now and is to become this one: what is declared there is not tried.
 */
int ports_check(const struct stack *stack, const bool *member, const struct stack *running, struct err *err);

/*
 * True when a server can listen there (tcp), on 127.0.0.1 as on any address, IPv4 and IPv6 as far as this machine has them.
 */
bool ports_is_free(int number);
/* Who stands in the way of that: "nginx (pid 12)". "" when nobody does. */
void ports_holder_words(int number, char *words, size_t size_bytes);

#endif
