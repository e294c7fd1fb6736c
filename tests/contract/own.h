/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of the test's own process, and of the operating system, for the contract's tests. */
#ifndef TESTS_CONTRACT_OWN_H
#define TESTS_CONTRACT_OWN_H

#include <stdbool.h>
#include <stdint.h>

/* Sets and returns the name of this process, with as many special bytes as the system allows. */
const char *own_name(void);
uint32_t own_pid(void);
/* Returns the FACT_ bits that every backend of the system has. */
unsigned own_facts(void);

/* Waits until both ends know that the client has half-closed the connection. */
void own_wait_for_close(int client, int server);
/* Returns true if the system reports the owner of a socket from socket(), or from accept(). */
bool own_shows_made(int socket);
bool own_shows_accepted(int socket);
void own_close(int socket);

#endif
