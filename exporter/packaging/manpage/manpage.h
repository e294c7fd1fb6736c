/* SPDX-License-Identifier: Apache-2.0 */
/* Generated texts of packages: the manual page and completions, from the program's tables of flags and metrics. */
#ifndef EXPORTER_PACKAGING_MANPAGE_H
#define EXPORTER_PACKAGING_MANPAGE_H

#include <stdio.h>

#include "metrics/textbuf.h"

/* Writes the manual page: the lines of the template, with "%flags%" and "%metrics%" replaced by lists. */
void manpage_manual(struct textbuf *out, FILE *template);

/* Write the completions of a shell. */
void manpage_bash(struct textbuf *out);
void manpage_zsh(struct textbuf *out);
void manpage_fish(struct textbuf *out);

#endif
