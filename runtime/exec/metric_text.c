/* metric_text.c - see metric_text.h. */
#include "runtime/exec/metric_text.h"

#include <string.h>

void rt_metric_text(rt_wire *w, const char *text, bool html) {
    for (; *text; text++) {
        const char *as = NULL;
        if (html)
            as = *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : *text == '&' ? "&amp;"
               : *text == '"' ? "&quot;" : *text == '\'' ? "&#39;" : NULL;
        else
            as = *text == '\\' ? "\\\\" : *text == '"' ? "\\\"" : *text == '\n' ? "\\n" : NULL;
        rt_wire_raw(w, as ? as : text, as ? (int64_t)strlen(as) : 1);
    }
}

void rt_metric_head(rt_wire *w, const char *name, const char *type, const char *help) {
    rt_wire_print(w, "# HELP flow_%s %s\n# TYPE flow_%s %s\n", name, help, name, type);
}

void rt_metric_one(rt_wire *w, const char *name, const char *type, const char *help, double v) {
    rt_metric_head(w, name, type, help);
    rt_wire_print(w, "flow_%s %.15g\n", name, v);
}

void rt_metric_sample(rt_wire *w, const char *name, rt_label a, rt_label b, double v) {
    rt_wire_print(w, "flow_%s{%s=\"", name, a.name);
    rt_metric_text(w, a.text, false);
    if (b.name) {
        rt_wire_print(w, "\",%s=\"", b.name);
        rt_metric_text(w, b.text, false);
    }
    rt_wire_print(w, "\"} %.15g\n", v);
}
