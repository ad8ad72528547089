/* oracle.c - exact arithmetic in decimal. */
#include "tests/unit/kernel/oracle.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BASE = 1000000000, DIGITS = ORACLE_FRACTION * 9 };

oracle oracle_of(double x) {
    static char text[DIGITS + 400];
    oracle a;
    memset(&a, 0, sizeof a);
    a.negative = x < 0;
    int n = snprintf(text, sizeof text, "%.*f", DIGITS, fabs(x));
    int place = 0; /* of the digit, from the end */
    for (int i = n - 1; i >= 0; i--) {
        if (text[i] == '.') continue;
        uint32_t weight = 1;
        for (int k = 0; k < place % 9; k++)
            weight *= 10;
        a.g[place / 9] += (uint32_t)(text[i] - '0') * weight;
        place++;
    }
    return a;
}

oracle oracle_int(int64_t x) {
    oracle a;
    uint64_t m = x < 0 ? -(uint64_t)x : (uint64_t)x;
    memset(&a, 0, sizeof a);
    a.negative = x < 0;
    for (int i = ORACLE_FRACTION; m; i++, m /= BASE)
        a.g[i] = (uint32_t)(m % BASE);
    return a;
}

static int size_order(const oracle *a, const oracle *b) {
    for (int i = ORACLE_GROUPS - 1; i >= 0; i--)
        if (a->g[i] != b->g[i]) return a->g[i] < b->g[i] ? -1 : 1;
    return 0;
}

oracle oracle_add(const oracle *a, const oracle *b) {
    oracle out;
    int64_t carry = 0;
    if (size_order(a, b) < 0) {
        const oracle *t = a;
        a = b;
        b = t;
    }
    out.negative = a->negative;
    for (int i = 0; i < ORACLE_GROUPS; i++) {
        int64_t y = a->negative == b->negative ? b->g[i] : -(int64_t)b->g[i];
        carry += a->g[i] + y;
        out.g[i] = (uint32_t)((carry + BASE) % BASE);
        carry = carry < 0 ? -1 : carry / BASE;
    }
    return out;
}

oracle oracle_sub(const oracle *a, const oracle *b) {
    oracle minus = *b;
    minus.negative = !minus.negative;
    return oracle_add(a, &minus);
}

oracle oracle_mul(const oracle *a, const oracle *b) {
    static uint64_t t[2 * ORACLE_GROUPS + 1];
    oracle out;
    memset(t, 0, sizeof t);
    for (int i = 0; i < ORACLE_GROUPS; i++) {
        if (!a->g[i]) continue;
        uint64_t carry = 0;
        for (int k = 0; k < ORACLE_GROUPS; k++) {
            carry += t[i + k] + (uint64_t)a->g[i] * b->g[k];
            t[i + k] = carry % BASE;
            carry /= BASE;
        }
        t[i + ORACLE_GROUPS] += carry;
    }
    out.negative = a->negative != b->negative;
    for (int i = 0; i < ORACLE_GROUPS; i++)
        out.g[i] = (uint32_t)t[i + ORACLE_FRACTION];
    return out;
}

double oracle_round(const oracle *a, uint64_t n) {
    static char text[ORACLE_GROUPS * 9 + 16];
    uint64_t rest = 0;
    int at = 0;
    if (a->negative) text[at++] = '-';
    for (int i = ORACLE_GROUPS - 1; i >= 0; i--) {
        if (i == ORACLE_FRACTION - 1) text[at++] = '.';
        rest = rest * BASE + a->g[i];
        at += sprintf(text + at, "%09u", (unsigned)(rest / n));
        rest %= n;
    }
    text[at++] = rest ? '1' : '0'; /* what is left only says: a little more */
    text[at] = 0;
    double x = strtod(text, 0);
    return x == 0 ? 0.0 : x;
}
