// SPDX-License-Identifier: MIT
/* cat [FILE...]: with read(2) and write(2). */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int copy(int fd)
{
	static char buffer[65536];
	ssize_t got, put, done;

	while ((got = read(fd, buffer, sizeof(buffer))) > 0) {
		for (done = 0; done < got; done += put) {
			put = write(1, buffer + done, got - done);
			if (put < 0) {
				perror("write");
				return 1;
			}
		}
	}
	if (got < 0)
		perror("read");
	return got < 0;
}

int main(int argc, char **argv)
{
	int i, fd, failed = 0;

	if (argc < 2)
		return copy(0);
	for (i = 1; i < argc; i++) {
		fd = open(argv[i], O_RDONLY);
		if (fd < 0) {
			perror(argv[i]);
			failed = 1;
			continue;
		}
		failed |= copy(fd);
		close(fd);
	}
	return failed;
}
