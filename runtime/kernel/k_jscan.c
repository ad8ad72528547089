/* k_jscan.c - texts with escapes, and values that are skipped.
 *
 * Skipping keeps one bit per open bracket; it never recurses, so the depth of what
 * nobody reads costs nothing but its limit. */
#include "runtime/kernel/k_jscan.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_num.h"
#include "runtime/kernel/k_utf8.h"

#define JSON_SURROGATE(c) ((c) >= 0xD800 && (c) <= 0xDFFF)

FLOW_FAR void k_json_blanks_slow(flow_json *j) {
    const uint8_t *p = j->p;
    while (p < j->end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
        p++;
    j->p = p;
}

/* The closing quote of the text whose first byte is at p; null after a failure. */
static const uint8_t *json_close(flow_json *j, const uint8_t *p) {
    const uint8_t *stop = k_json_stop(p);
    while (*stop == '\\' && stop + 1 < j->end)
        stop = k_json_stop(stop + 2);
    if (*stop == '"' && stop < j->end) return stop;
    j->p = stop < j->end ? stop : j->end;
    k_json_fail(j, JSON_SYNTAX,
                stop < j->end && *stop < ' ' ? "a control character in a text"
                                             : "a text is not closed");
    return NULL;
}

/* Four hex digits at p, -1 if they are not there. */
static int64_t json_hex4(const uint8_t *p) {
    int64_t v = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t c = p[i], letter = c | 32;
        if (k_num_digit(c)) {
            v = v << 4 | (c - '0');
        } else if (letter >= 'a' && letter <= 'f') {
            v = v << 4 | (letter - 'a' + 10);
        } else {
            return -1;
        }
    }
    return v;
}

/* The code point of `\uXXXX` whose u is at p, surrogate pairs joined; *n is the length
 * from the u on.  -1: not hex digits; a surrogate: it stands alone. */
static int64_t json_code_point(const uint8_t *p, int64_t *n) {
    int64_t c = json_hex4(p + 1);
    *n = 5;
    if (c < 0xD800 || c > 0xDBFF || p[5] != '\\' || p[6] != 'u') return c;
    int64_t low = json_hex4(p + 7);
    if (low < 0xDC00 || low > 0xDFFF) return c;
    *n = 11;
    return 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
}

static int json_letter(uint8_t c) {
    switch (c) {
    case '"':
    case '\\':
    case '/': return c;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return -1;
    }
}

/* The escape whose letter is at p, to *o; returns its length without the backslash, 0 if
 * there is no such escape. */
static int64_t json_escape(flow_json *j, const uint8_t *p, uint8_t **o) {
    if (*p != 'u') {
        int c = json_letter(*p);
        *(*o)++ = (uint8_t)c;
        return c >= 0;
    }
    int64_t n, c = json_code_point(p, &n);
    if (c < 0) return 0;
    if (JSON_SURROGATE(c)) {
        if (!(j->fmt.flags & FLOW_FMT_REPLACE)) return 0;
        c = 0xFFFD;
    }
    *o += k_utf8_put(*o, (uint32_t)c);
    return n;
}

FLOW_FAR int k_json_escaped(flow_json *j, uint64_t *out) {
    const uint8_t *from = j->p + 1, *close = json_close(j, from);
    if (!close) return JSON_SYNTAX;
    uint8_t *text = flow_k_alloc(j->ctx, close - from), *o = text;
    for (const uint8_t *p = from; p < close;) {
        if (*p != '\\') {
            *o++ = *p++;
            continue;
        }
        int64_t n = json_escape(j, p + 1, &o);
        if (!n) {
            j->p = p;
            return k_json_fail(j, JSON_SYNTAX, "no such escape in a text");
        }
        p += 1 + n;
    }
    out[0] = (uint64_t)(uintptr_t)text;
    out[1] = (uint64_t)(o - text);
    j->p = close + 1;
    return JSON_OK;
}

static int json_skip_text(flow_json *j) {
    const uint8_t *stop = json_close(j, j->p + 1);
    if (!stop) return JSON_SYNTAX;
    j->p = stop + 1;
    return JSON_OK;
}

/* A scalar or text at p. */
static int json_skip_scalar(flow_json *j) {
    if (*j->p == '"') return json_skip_text(j);
    const uint8_t *from = j->p, *p = from;
    while (!k_json_delimiter(*p))
        p++;
    if (p == from) return k_json_fail(j, JSON_SYNTAX, "a value is missing");
    j->p = p;
    return JSON_OK;
}

/* Open brackets, one bit each: 1 is an object. */
typedef struct json_stack {
    uint64_t bits[FLOW_DEPTH_MAX / 64];
    int64_t n;
} json_stack;

static int json_top(const json_stack *s) {
    return s->bits[(s->n - 1) / 64] >> ((s->n - 1) % 64) & 1;
}

static int json_skip_key(flow_json *j) {
    k_json_blanks(j);
    if (*j->p != '"') return k_json_fail(j, JSON_SYNTAX, "a field's name is missing");
    if (json_skip_text(j)) return JSON_SYNTAX;
    k_json_blanks(j);
    if (*j->p != ':') return k_json_fail(j, JSON_SYNTAX, "a `:` is missing");
    j->p++;
    return JSON_OK;
}

/* Past an opening bracket.  *closed: it was followed by the closing one. */
static int json_skip_open(flow_json *j, json_stack *s, int *closed) {
    int object = *j->p++ == '{';
    k_json_blanks(j);
    if (j->depth + s->n >= FLOW_DEPTH_MAX)
        return k_json_fail(j, JSON_SYNTAX, "nested too deep");
    *closed = *j->p == (object ? '}' : ']');
    j->p += *closed;
    if (*closed) return JSON_OK;
    uint64_t bit = (uint64_t)1 << (s->n % 64);
    uint64_t *word = &s->bits[s->n / 64];
    *word = object ? *word | bit : *word & ~bit;
    s->n++;
    return object ? json_skip_key(j) : JSON_OK;
}

/* After a value: past closing brackets, to the next value or the end of it all. */
static int json_skip_close(flow_json *j, json_stack *s) {
    while (s->n) {
        int object = json_top(s);
        k_json_blanks(j);
        if (*j->p == ',') {
            j->p++;
            return object ? json_skip_key(j) : JSON_OK;
        }
        if (*j->p != (object ? '}' : ']'))
            return k_json_fail(j, JSON_SYNTAX, "a `,` or a bracket is missing");
        j->p++;
        s->n--;
    }
    return JSON_OK;
}

FLOW_FAR int k_json_skip_any(flow_json *j) {
    json_stack s;
    s.n = 0;
    do {
        k_json_blanks(j);
        int closed = 1;
        if (*j->p == '{' || *j->p == '[') {
            if (json_skip_open(j, &s, &closed)) return JSON_SYNTAX;
        } else if (json_skip_scalar(j)) {
            return JSON_SYNTAX;
        }
        if (closed && json_skip_close(j, &s)) return JSON_SYNTAX;
    } while (s.n);
    return JSON_OK;
}
