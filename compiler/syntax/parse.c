/* parse.c - the entry: a source through scanner and grammar.
 *
 * What the scanner may rely on is checked before it starts: the text is UTF-8 without NUL
 * bytes.  A byte order mark is stepped over.  What the grammar cannot say (where a range
 * may stand) is checked on the finished tree. */
#include "compiler/syntax/parse.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/syntax/message.h"
#include "compiler/syntax/range.h"
#include "compiler/syntax/tokens.h"

#include "lang/flow_parse.h"

#define YYSTYPE token_t
#define YYLTYPE span_t
#include "lang/flow_scan.h"

/* The length of the code point at s, or 0 if there is none. */
static size_t utf8_length(const unsigned char *s, size_t n) {
    if (s[0] < 0x80) return 1;
    size_t len = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] < 0xC2 || s[0] > 0xF4 || len > n) return 0;
    for (size_t i = 1; i < len; i++)
        if ((s[i] & 0xC0) != 0x80) return 0;
    int overlong = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xF0 && s[1] < 0x90);
    int surrogate = s[0] == 0xED && s[1] > 0x9F;
    return overlong || surrogate || (s[0] == 0xF4 && s[1] > 0x8F) ? 0 : len;
}

/* Reports the first byte that cannot stand in a program; gives 0 then. */
static int check_bytes(parser_t *p) {
    const unsigned char *s = (const unsigned char *)p->source->text;
    size_t n = p->source->len;
    for (size_t i = 0, len; i < n; i += len) {
        len = utf8_length(s + i, n - i);
        if (len && s[i]) continue;
        span_t at = span_at(p, (uint32_t)i, (uint32_t)i + 1);
        diag_t *m = diag_add(p->env->diags, len ? DIAG_file_nul : DIAG_file_bytes, at);
        if (n >= 2 && ((s[0] == 0xFF && s[1] == 0xFE) || (s[0] == 0xFE && s[1] == 0xFF)))
            diag_help(m, "the file is UTF-16: save it as UTF-8");
        else diag_help(m, "save the file as UTF-8");
        return 0;
    }
    return 1;
}

static void open_parser(parser_t *p, parse_env_t *env, uint32_t file, comments_t *comments) {
    memset(p, 0, sizeof *p);
    p->env = env;
    p->file = file;
    p->source = source_at(env->sources, file);
    p->comments = comments;
    p->decl_due = 1;
    p->program = ast_new(env->arena, program, span_at(p, 0, 0));
    if (comments) memset(comments, 0, sizeof *comments);
}

/* The scanner reads a copy: flex writes into its buffer and wants two NULs at its end. */
static int open_scanner(parser_t *p) {
    size_t n = p->source->len, skip = 0;
    if (n >= 3 && !memcmp(p->source->text, "\xEF\xBB\xBF", 3)) skip = 3;
    p->pos = (uint32_t)skip;
    char *text = arena_alloc(p->env->arena, n - skip + 2);
    memcpy(text, p->source->text + skip, n - skip);
    if (flow_scan_lex_init_extra(p, &p->scanner)) return 0;
    if (flow_scan__scan_buffer(text, n - skip + 2, p->scanner)) return 1;
    flow_scan_lex_destroy(p->scanner);
    return 0;
}

ast_program_t *parse_file(parse_env_t *env, uint32_t file, comments_t *comments) {
    parser_t p;
    int before = diags_errors(env->diags);
    open_parser(&p, env, file, comments);
    if (!check_bytes(&p)) return p.program;
    if (!open_scanner(&p)) flow_unreachable("the scanner does not open");
    int failed = flow_parse(&p);
    flow_scan_lex_destroy(p.scanner);
    if (failed && diags_errors(env->diags) == before) {
        p.stopped = 0;
        diag_add(env->diags, DIAG_ends_early, p.last.at);
    }
    range_check(env->diags, p.program);
    return p.program;
}

static const char *kind_text(const token_t *t) {
    switch (t->kind) {
    case T_IDENT: return "name";
    case T_UIDENT: return "type";
    case T_INT: return "int";
    case T_FLOAT: return "float";
    case T_DECIMAL: return "decimal";
    case T_STRING: return "string";
    case T_DURATION: return "duration";
    case T_SIZE: return "size";
    case T_TIMESTAMP: return "timestamp";
    case T_REGEX: return "regex";
    case T_FSTART:
    case T_FTEXT:
    case T_FOPEN:
    case T_FCLOSE:
    case T_FEND: return "f-string";
    case T_FLOW_error: return "error";
    default: return t->word.text ? "word" : "sign";
    }
}

void parse_print_tokens(parse_env_t *env, uint32_t file, buf_t *out) {
    parser_t p;
    comments_t comments;
    open_parser(&p, env, file, &comments);
    if (!check_bytes(&p)) return;
    if (!open_scanner(&p)) flow_unreachable("the scanner does not open");
    for (token_t t = tokens_scan(&p); t.kind != 0; t = tokens_scan(&p)) {
        int line, column;
        source_position(p.source, t.at.start, &line, &column);
        buf_printf(out, "%d:%d  %s  ", line, column, kind_text(&t));
        buf_put(out, p.source->text + t.at.start, t.at.end - t.at.start);
        buf_char(out, '\n');
    }
    flow_scan_lex_destroy(p.scanner);
}
