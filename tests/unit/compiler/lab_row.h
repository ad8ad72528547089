/* lab_row.h - the columns and declarations that random expressions are made over
 * (productions.def), as text of the language. */
#ifndef FLOW_TESTS_LAB_ROW_H
#define FLOW_TESTS_LAB_ROW_H

#define LAB_TYPES                                                                        \
    "type Color = Red | Green | Blue\n"                                                  \
    "type Shape = Circle { r: float } | Rect { w: float, h: float } | Tag { t: string } | Dot\n"

#define LAB_FIELDS                                                                       \
    "i: int, j: int, k: int?, f: float, g: float, h: float?, b: bool, c: bool, q: bool?, "  \
    "s: string, u: string, t: string?, at: timestamp, d: duration, xs: [int], "          \
    "ys: [int?], fs: [float], ss: [string], col: Color, sh: Shape, osh: Shape?, "        \
    "rec: { a: int, b: string? }, orec: { a: int, b: string }?, "                        \
    "rs: [{ a: int, n: string }], raw: bytes, m: map<string, int>"

#define LAB_DECLARATIONS                                                                 \
    "const most = 12\n"                                                                  \
    "fn stride(a: int, b: int): int = if a < b then b - a else a\n"                      \
    "fn nested(x: int): int = stride(x, stride(x, 3)) % 1000\n"                          \
    "fn area(s: Shape): float = case s { Circle c => 3.0 * c.r * c.r, Rect r => r.w * r.h,"  \
    " Tag t => float(length(t.t)), Dot => 0.0 }\n"

#endif
