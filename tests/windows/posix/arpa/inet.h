/* SPDX-License-Identifier: Apache-2.0 */
/* Includes Windows' sockets, which are all in one header. */
#include <sys/socket.h>
