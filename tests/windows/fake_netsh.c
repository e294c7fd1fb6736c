/* SPDX-License-Identifier: Apache-2.0 */
/* Stand-in for netsh.exe: prints the file of the scene whose name is the command's second and fourth word, as in
 * "ipv4-dynamicport". */
#include <stdio.h>
#include <stdlib.h>

enum { PATH_MAX_BYTES = 512 };

int main(int argc, char **argv)
{
	char path[PATH_MAX_BYTES];
	const char *scene = getenv("SCENE");
	FILE *file;
	int byte;

	if (argc < 5 || scene == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s\\%s-%s", scene, argv[2], argv[4]);
	file = fopen(path, "rb");
	if (file == NULL)
		return 1;
	while ((byte = getc(file)) != EOF)
		putchar(byte);
	fclose(file);
	return 0;
}
