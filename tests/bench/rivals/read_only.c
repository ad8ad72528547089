/* read_only.c - reads a file in 1 MiB pieces and does nothing: the limit of any rival. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
    int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
    char *buffer = malloc(1 << 20);
    if (fd < 0 || !buffer) return 2;
    ssize_t got;
    while ((got = read(fd, buffer, 1 << 20)) > 0) {}
    return got != 0;
}
