/* sinks.c - see sinks.h. */
#include "runtime/io/sinks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/crc32c.h"
#include "runtime/base/os.h"

/* ---- a header --------------------------------------------------------------------------- */

static rt_status next_headed(rt_output *out, rt_piece *piece) {
    rt_headed *h = out->stream;
    bool first = !h->given && *h->header;
    h->given = true;
    if (!first) return h->from->next(h->from, piece);
    *piece = (rt_piece){(const uint8_t *)h->header, (int64_t)strlen(h->header), NULL};
    return RT_ok;
}

static void rewind_headed(rt_output *out) {
    rt_headed *h = out->stream;
    h->given = false;
    h->from->rewind(h->from);
}

void rt_headed_open(rt_output *out, rt_headed *h, rt_output *from, const char *header) {
    *h = (rt_headed){from, header, false};
    *out = *from;
    out->next = next_headed;
    out->rewind = rewind_headed;
    out->stream = h;
}

/* ---- names and files -------------------------------------------------------------------- */

static bool name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_';
}

/* "to console" becomes "console", "to file" becomes "out". */
static void base_name(const char *name, char *out, size_t room) {
    size_t n = 0;
    if (!strcmp(name, "to file")) name = "to out";
    for (const char *p = strncmp(name, "to ", 3) ? name : name + 3; *p && n + 1 < room; p++)
        out[n++] = name_char(*p) ? *p : '_';
    out[n] = 0;
}

/* The number is that among the sinks of one name: those of other kinds may come and go. */
void rt_sink_file_name(const rt_sink *s, char *out, size_t room) {
    const rt_program *p = s->env->program;
    char base[40], other[40];
    int64_t number = 0;
    base_name(s->decl->name, base, sizeof base);
    for (int64_t i = 0; i < RT_MIN(s->id, p->nsinks); i++) {
        base_name(p->sinks[i].name, other, sizeof other);
        number += !strcmp(base, other);
    }
    snprintf(out, room, "%s%" PRId64, base, number);
}

bool rt_sink_is_file_name(const char *name) {
    for (const char *p = name; *p; p++)
        if (!name_char(*p)) return false;
    return *name != 0;
}

rt_status rt_sink_error(int error) {
    return error == ENOSPC || error == EDQUOT || error == EMFILE || error == ENFILE
               ? RT_again_io
               : RT_io;
}

int rt_sink_crc(int fd, int64_t at, int64_t n, uint32_t *crc) {
    uint8_t buffer[64 << 10];
    *crc = 0;
    for (int64_t done = 0; done < n;) {
        int64_t part = RT_MIN(n - done, (int64_t)sizeof buffer);
        int64_t got = rt_os_pread_all(fd, buffer, part, at + done);
        if (got >= 0 && got < part) errno = EIO;
        if (got < part) return -1;
        *crc = rt_crc32c(*crc, buffer, part);
        done += part;
    }
    return 0;
}
