/* source_stand.h - a source without a program: what its operations need, and no more. */
#ifndef FLOW_TESTS_SOURCE_STAND_H
#define FLOW_TESTS_SOURCE_STAND_H

#include "runtime/io/connector.h"

typedef struct stand {
    rt_settings settings;
    rt_program program;
    rt_codec codec;
    rt_source_decl decl;
    rt_option options[4];
    int noptions;
    rt_env env;
} stand;

typedef struct bytes {
    uint8_t *p;
    int64_t n, room;
} bytes;

/* With a codec `gzip`, whose text stands between `<` and `>`. */
stand *stand_new(const char *connector, rt_format format);
void stand_free(stand *st);
void option(stand *st, const char *name, char letter, const char *text, int64_t word);
rt_status begin(stand *st, rt_source *s, bool resumes);
void finish(rt_source *s);

void add(bytes *b, const void *p, int64_t n);
bool same(const bytes *a, const bytes *b);
rt_unwire of(const rt_wire *w);
/* From 0 to n - 1, the same in every run. */
int64_t dice(int64_t n);

/* Messages of refusals are not wanted: until unhush standard error leads nowhere. */
int hush(void);
void unhush(int saved);

#endif
