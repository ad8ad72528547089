/* oracle.h - exact arithmetic in decimal, for comparing with.
 *
 * Slow and plain on purpose, and of another kind than the kernel's: a double is printed
 * with all its digits, numbers are sums and products of such texts' digits, and strtod
 * rounds the result. */
#ifndef FLOW_TESTS_ORACLE_H
#define FLOW_TESTS_ORACLE_H

#include <stdint.h>

#define ORACLE_FRACTION 242 /* groups of 9 digits behind the point: 2178 digits */
#define ORACLE_GROUPS   390

typedef struct oracle {
    int negative;
    uint32_t g[ORACLE_GROUPS]; /* the lowest first */
} oracle;

oracle oracle_of(double x);
oracle oracle_int(int64_t x);
oracle oracle_add(const oracle *a, const oracle *b);
oracle oracle_sub(const oracle *a, const oracle *b);
/* Only what stays behind the fraction's last digit is lost, and nothing of doubles is. */
oracle oracle_mul(const oracle *a, const oracle *b);
/* a / n, rounded to the nearest double; n below 2^32. */
double oracle_round(const oracle *a, uint64_t n);

#endif
