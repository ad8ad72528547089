/* crc32c.h - the checksum of everything in a checkpoint: CRC-32C (Castagnoli 1993), as in
 * RFC 3720, appendix B.4.  Detects damage, not forging. */
#ifndef FLOW_RUNTIME_BASE_CRC32C_H
#define FLOW_RUNTIME_BASE_CRC32C_H

#include <stdint.h>

/* Goes on from `crc` (0 at first) over n bytes. */
uint32_t rt_crc32c(uint32_t crc, const void *p, int64_t n);
/* The same without the processor's instruction: for machines that lack it, and for tests. */
uint32_t rt_crc32c_portable(uint32_t crc, const void *p, int64_t n);

#endif
