/* sinks.h - the sinks of this folder, and what they share. */
#ifndef FLOW_RUNTIME_IO_SINKS_H
#define FLOW_RUNTIME_IO_SINKS_H

#include "runtime/base/rt_check.h"
#include "runtime/io/connector.h"

extern const rt_sink_ops rt_discard_sink;
extern const rt_sink_ops rt_console_sink;
extern const rt_sink_ops rt_file_sink;
extern const rt_sink_ops rt_socket_sink;
extern const rt_sink_ops rt_stdout_sink;

/* Writes a piece, which begins at byte `at` of the batch; *done bytes of the batch have
 * been written before, and *done goes on counting, so that a repeat continues.
 * RT_given_up where the reader has gone, RT_again for other errors; `what` names the
 * target in the message. */
rt_status rt_piece_write(int fd, const rt_piece *piece, int64_t at, int64_t *done,
                         const char *what);

/* An output with a header before it. */
typedef struct rt_headed {
    rt_output *from;
    const char *header;
    bool given;
} rt_headed;

void rt_headed_open(rt_output *out, rt_headed *h, rt_output *from, const char *header);

/* The sink's name as a file name, with a number that keeps the sinks of a program apart. */
void rt_sink_file_name(const rt_sink *s, char *out, size_t room);
/* Could it be one? */
bool rt_sink_is_file_name(const char *name);

/* Of an errno of a call on files: RT_again_io for what may pass (a full disk), else RT_io. */
rt_status rt_sink_error(int error);

/* The checksum of bytes [at, at + n) of a file; -1 with errno, EIO where it is shorter. */
int rt_sink_crc(int fd, int64_t at, int64_t n, uint32_t *crc);

#endif
