/* cpu.h - does this machine have what the program was built for? */
#ifndef FLOW_RUNTIME_START_CPU_H
#define FLOW_RUNTIME_START_CPU_H

#include <stdbool.h>
#include <stddef.h>

/* Features of the list (parted by commas, as /proc/cpuinfo names them) that are missing,
 * into `missing`, parted by ", "; true if there are none. */
bool rt_cpu_has(const char *features, char *missing, size_t room);

/* The best `--cpu` of flowc that this machine runs. */
const char *rt_cpu_level(void);

#endif
