/* div128.h - 128-bit division under the names that compilers call. */
#ifndef FLOW_RUNTIME_BASE_DIV128_H
#define FLOW_RUNTIME_BASE_DIV128_H

typedef __int128 i128;
typedef unsigned __int128 u128;

u128 __udivmodti4(u128 n, u128 d, u128 *rest);
u128 __udivti3(u128 n, u128 d);
u128 __umodti3(u128 n, u128 d);
i128 __divmodti4(i128 n, i128 d, i128 *rest);
i128 __divti3(i128 n, i128 d);
i128 __modti3(i128 n, i128 d);

#endif
