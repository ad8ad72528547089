/* image.h - what an executable says of itself: its functions, and the lines of the program.
 *
 * Read from its own file: the symbols, and the line numbers that flowc wrote (DWARF 4,
 * 6.2; the units of the runtime, which are of another version, are passed over).  What
 * `strip` took away is not there. */
#ifndef FLOW_RUNTIME_BASE_IMAGE_H
#define FLOW_RUNTIME_BASE_IMAGE_H

#include <stdint.h>

typedef struct rt_image rt_image;

typedef struct rt_function {
    uintptr_t from, to; /* addresses in this process */
    const char *name;
} rt_function;

/* Never null; without functions and lines if the file cannot be read or makes no sense. */
rt_image *rt_image_read(void);
void rt_image_free(rt_image *image);

/* All functions, by address. */
const rt_function *rt_image_functions(const rt_image *image, int64_t *n);
/* The one that an address is in, or null. */
const rt_function *rt_image_function(const rt_image *image, uintptr_t pc);
/* The line of the program that an address was made from, and its file; 0: it is not known. */
int64_t rt_image_line(const rt_image *image, uintptr_t pc, const char **file);

#endif
