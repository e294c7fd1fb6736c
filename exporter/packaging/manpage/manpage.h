/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that packages carry and that are made from the program's own tables of flags and metrics. */
#ifndef EXPORTER_PACKAGING_MANPAGE_H
#define EXPORTER_PACKAGING_MANPAGE_H

#include <stdio.h>

#include "metrics/textbuf.h"

/* The manual page: the template's lines, with "%flags%" and "%metrics%" replaced by what the tables say. */
void manpage_manual(struct textbuf *out, FILE *template);

/* Completions for each shell. */
void manpage_bash(struct textbuf *out);
void manpage_zsh(struct textbuf *out);
void manpage_fish(struct textbuf *out);

#endif
