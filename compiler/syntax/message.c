/* message.c - syntax errors in words of the program.
 *
 * The exact set of tokens that could stand (LAC) says what the grammar was about; the
 * tokens before say what the author was.  A list of rules is tried in order, each for one
 * common mistake; the last names what could stand here.  Help lines quote the step as it
 * should be written, taken from the text itself. */
#include "compiler/syntax/message.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/syntax/offer.h"
#include "compiler/syntax/tokens.h"
#include "compiler/syntax/words.h"

#include "lang/flow_parse.h"

typedef struct fault {
    parser_t *p;
    diags_t *diags;
    const expected_t *wanted;
    const token_t *at, *before, *before2;
    const char *text; /* the token at fault, as written */
} fault_t;

static int wants(const fault_t *f, int token) {
    return f->wanted->has[token];
}

static int wants_value(const fault_t *f) {
    return expects_value(f->wanted);
}

static int wants_name(const fault_t *f) {
    return expects_name(f->wanted);
}

static int wants_new_name(const fault_t *f) {
    return expects_new_name(f->wanted);
}

static int wants_type(const fault_t *f) {
    return expects_type(f->wanted);
}

static int wants_step(const fault_t *f) {
    return expects_step(f->wanted);
}

static int wants_decl(const fault_t *f) {
    return expects_decl(f->wanted);
}

static int is_word(const token_t *t) {
    return t->word.text && t->kind != T_IDENT && t->kind != T_UIDENT;
}

static word_class class_of(const token_t *t) {
    if (!is_word(t)) return WORD_NAME;
    return word_lookup(t->word.text, strlen(t->word.text), NULL);
}

static int begins_step(const token_t *t) {
    return t->kind == T_WHERE || t->kind == T_LET || class_of(t) == WORD_STEP;
}

/* ---- pieces of the text ---- */

/* The end of the step that holds `from`: the next `|>`, comment or line end outside
 * strings and brackets; blanks before it are left out. */
static uint32_t step_end(const parser_t *p, uint32_t from) {
    const char *s = p->source->text;
    uint32_t i = from, n = (uint32_t)p->source->len;
    int depth = 0, quoted = 0;
    for (; i < n && s[i] != '\n'; i++) {
        if (s[i] == '\\' && quoted && i + 1 < n && s[i + 1] != '\n') i++;
        else if (s[i] == '"') quoted = !quoted;
        else if (quoted) continue;
        else if (s[i] == '#' || (s[i] == '|' && s[i + 1] == '>')) break;
        else if (strchr("([{", s[i])) depth++;
        else if (strchr(")]}", s[i]) && depth-- == 0) break;
    }
    while (i > from && (s[i - 1] == ' ' || s[i - 1] == '\t' || s[i - 1] == '\r')) i--;
    return i;
}

/* The step at fault with `better` in place of the token. */
static const char *corrected(const fault_t *f, const char *better) {
    parser_t *p = f->p;
    span_t head = span_at(p, p->step_word.start, f->at->at.start);
    span_t tail = span_at(p, f->at->at.end, step_end(p, f->at->at.end));
    if (head.start > head.end) head.start = head.end;
    const char *left = diag_source(f->diags, head), *right = diag_source(f->diags, tail);
    const char *gap = p->source->text[f->at->at.end] == ' ' ? " " : "";
    if (strlen(left) + strlen(right) > 90) left = "… ";
    return arena_printf(p->env->arena, "%s%s%s%s", left, better, gap, right);
}

static int begins_declaration(const fault_t *f) {
    return tokens_first_column(f->p, f->at->at) && tokens_begins_decl(f->at->kind);
}

/* The plain message.  Where the text or a declaration ends too early, it stands behind the
 * last token, not at what follows. */
static diag_t *does_not_fit(const fault_t *f) {
    uint32_t end = f->before->kind ? f->before->at.end : f->at->at.start;
    if (f->at->kind == 0)
        return diag_add(f->diags, DIAG_ends_early, span_at(f->p, end, end));
    if (begins_declaration(f) && !wants_decl(f) && f->before->kind)
        return diag_add(f->diags, DIAG_decl_ends_early, span_at(f->p, end, end));
    return diag_add(f->diags, DIAG_syntax, f->at->at, f->text);
}

/* ---- the rules: each gives 1 if the mistake is its own ---- */

/* `f(a, b |> ...`, a declaration, or the end, while a bracket is open. */
static int rule_bracket_open(const fault_t *f) {
    const context_t *c = tokens_open(f->p);
    int kind = f->at->kind;
    if (!c || c->kind == T_FSTART || (c->piped && kind == T_PIPE)) return 0;
    int declares = tokens_first_column(f->p, f->at->at) &&
                   (tokens_begins_decl(kind) || kind == T_IDENT);
    if (kind != 0 && kind != T_PIPE && !declares) return 0;
    const char *open = diag_source(f->diags, c->at);
    diag_t *m = diag_add(f->diags, DIAG_bracket_open, c->at, open);
    if (kind != 0)
        diag_note(m, "%s at %s cannot stand inside it", f->text,
                  diag_where(f->diags, f->at->at, c->at));
    diag_help(m, "close it with `%s`", *open == '(' ? ")" : *open == '[' ? "]" : "}");
    return 1;
}

/* `(a]`, or a `)` too many. */
static int rule_bracket_mismatch(const fault_t *f) {
    int kind = f->at->kind;
    if (kind != ')' && kind != ']' && kind != '}' && kind != T_FCLOSE) return 0;
    const context_t *c = tokens_open(f->p);
    const char *closes = diag_source(f->diags, f->at->at);
    if (!c) {
        diag_add(f->diags, DIAG_bracket_stray, f->at->at, closes);
        return 1;
    }
    int pairs = (c->kind == '(' && kind == ')') || (c->kind == '[' && kind == ']') ||
                (c->kind == '{' && kind == '}') || (c->kind == T_FOPEN && kind == T_FCLOSE);
    if (pairs) return 0;
    diag_t *m = diag_add(f->diags, DIAG_bracket_mismatch, f->at->at, closes,
                         diag_source(f->diags, c->at));
    diag_note(m, "that bracket is at %s", diag_where(f->diags, c->at, f->at->at));
    return 1;
}

/* `|> agregate count()`: a word that is no step, and no `(` after it. */
static int rule_no_step(const fault_t *f) {
    const token_t *word = f->before;
    if (word->kind != T_IDENT || f->before2->kind != T_PIPE) return 0;
    const char *steps[64], *name = word->word.text;
    size_t n = words_of_class(WORD_STEP, steps, 64);
    diag_t *m = diag_add(f->diags, DIAG_no_step, word->at, name);
    const char *near = diag_nearest(name, steps, n), *known = word_foreign_step(name);
    if (known) diag_help(m, "here that is `%s`", known);
    else if (near) diag_help(m, "did you mean `%s`?", near);
    else diag_help(m, "a step of your own is called with brackets: `%s(…)`", name);
    return 1;
}

/* `|> 5`, `|> from`: what follows is no step at all. */
static int rule_step_due(const fault_t *f) {
    if (!wants_step(f) || wants_decl(f) || f->at->kind == 0) return 0;
    const char *steps[64];
    size_t n = words_of_class(WORD_STEP, steps, 64);
    diag_t *m = diag_add(f->diags, DIAG_step_due, f->at->at, f->text);
    const char *near = f->at->word.text ? diag_nearest(f->at->word.text, steps, n) : NULL;
    if (f->before->kind == T_PIPE && f->at->kind == T_PIPE)
        diag_help(m, "one `|>` is enough");
    else if (near)
        diag_help(m, "did you mean `%s`?", near);
    else
        diag_help(m, "steps begin with a word: where, select, let, aggregate, window, to, …");
    return 1;
}

/* `where` without `|>` before it. */
static int rule_step_needs_pipe(const fault_t *f) {
    if (!begins_step(f->at) || !(wants(f, T_PIPE) || wants_decl(f))) return 0;
    diag_t *m = diag_add(f->diags, DIAG_step_needs_pipe, f->at->at);
    diag_label(m, "%s is a step", f->text);
    span_t step = span_at(f->p, f->at->at.start, step_end(f->p, f->at->at.start));
    if (step.end < f->at->at.end) step.end = f->at->at.end;
    diag_help(m, "write `|> %s`", diag_source(f->diags, step));
    return 1;
}

/* `aggregate count() by user`, `sort per user`. */
static int rule_by_per(const fault_t *f) {
    diag_t *m;
    if (f->at->kind == T_BY && wants(f, T_PER)) {
        m = diag_add(f->diags, DIAG_by_is_order, f->at->at);
        if (f->before->kind == T_LATEST || f->before->kind == T_REMEMBER)
            diag_help(m, "the key comes first: `%s per key by …`", f->before->word.text);
        else diag_help(m, "%s", corrected(f, "per"));
        return 1;
    }
    if (f->at->kind != T_PER || !wants(f, T_BY)) return 0;
    m = diag_add(f->diags, DIAG_per_is_key, f->at->at);
    diag_help(m, "%s", corrected(f, "by"));
    return 1;
}

/* `where user = "ann"`. */
static int rule_equals(const fault_t *f) {
    if (f->at->kind != '=' || !wants(f, T_EQ)) return 0;
    diag_t *m = diag_add(f->diags, DIAG_eq_compares, f->at->at);
    diag_help(m, "%s", corrected(f, "=="));
    return 1;
}

static int is_comparison(int kind) {
    switch (kind) {
    case T_EQ: case T_NE: case '<': case T_LE: case '>': case T_GE: case T_IN: case T_IS:
        return 1;
    default:
        return 0;
    }
}

/* `1 < x < 3`. */
static int rule_chain(const fault_t *f) {
    if (!is_comparison(f->at->kind) || !wants(f, T_AND) || wants(f, T_EQ)) return 0;
    diag_t *m = diag_add(f->diags, DIAG_comparison_chain, f->at->at);
    diag_help(m, "`a < b and b < c`, or `b in a..c`");
    return 1;
}

/* A word of the language where a name is declared, or a reserved one as any name. */
static int rule_word_as_name(const fault_t *f) {
    if (!is_word(f->at)) return 0;
    if (begins_declaration(f)) return 0;
    const char *word = f->at->word.text;
    int reserved = class_of(f->at) == WORD_RESERVED;
    if (wants_value(f) || !(wants_name(f) || wants_new_name(f)) || wants_step(f)) return 0;
    if (reserved && !wants_name(f) && !wants_type(f) && wants(f, T_ELSE)) return 0;
    if (reserved) {
        diag_t *m = diag_add(f->diags, DIAG_word_reserved, f->at->at, word);
        if (wants_name(f)) diag_help(m, "in backticks it is one: `` `%s` ``", word);
        else diag_help(m, "take another name, such as `my_%s`", word);
        return 1;
    }
    diag_t *m = diag_add(f->diags, DIAG_name_special, f->at->at, word);
    diag_help(m, "take another name, such as `my_%s`", word);
    return 1;
}

static const char *const decl_help =
    "declarations begin with import, type, const, param, fn, extern, step, set, model, "
    "stream, table or test";

/* `strem x = ...`, `orders = from ...`: a word that begins no declaration. */
static int rule_declaration(const fault_t *f) {
    const token_t *word = f->before;
    if (word->kind != T_IDENT || word->at.start != f->p->decl_start.start) return 0;
    if (f->at->kind == T_PIPE || f->at->kind == 0) return 0;
    const char *decls[32], *name = word->word.text;
    size_t n = words_of_class(WORD_DECL, decls, 32);
    const char *near = diag_nearest(name, decls, n);
    if (f->at->kind == '=') {
        diag_t *m = diag_add(f->diags, DIAG_declaration_unknown, word->at, name);
        diag_help(m, "say what it is: `stream %s = …`, `table %s = …`, `const %s = …`", name,
                  name, name);
        return 1;
    }
    int named = f->at->kind == T_IDENT || f->at->kind == T_UIDENT || f->at->kind == T_STRING;
    if (!named || (!near && f->at->kind == T_IDENT && tokens_first_column(f->p, f->at->at)))
        return 0;
    diag_t *m = diag_add(f->diags, DIAG_declaration_unknown, word->at, name);
    if (near) diag_help(m, "did you mean `%s`?", near);
    else diag_help(m, "%s", decl_help);
    return 1;
}

/* `clicks` alone: a flow that goes nowhere. */
static int rule_goes_nowhere(const fault_t *f) {
    if (!wants(f, T_PIPE) || wants_decl(f)) return 0;
    int over = f->at->kind == 0 || tokens_first_column(f->p, f->at->at);
    if (!over || f->p->decl_start.start == f->at->at.start || tokens_open(f->p)) return 0;
    span_t at = f->p->decl_start;
    diag_t *m = diag_add(f->diags, DIAG_goes_nowhere, at);
    span_t whole = span_at(f->p, at.start, f->before->at.end);
    diag_help(m, "end it with `|> print` or `|> to …`, or name it: `stream name = %s`",
              diag_source(f->diags, whole));
    return 1;
}

/* At the place of a declaration stands something else. */
static int rule_no_declaration(const fault_t *f) {
    if (!wants_decl(f)) return 0;
    if (f->at->kind == ';') {
        diag_t *m = does_not_fit(f);
        diag_help(m, "declarations need no sign to end them");
        return 1;
    }
    if (f->at->kind == T_PIPE && wants_decl(f) && !wants(f, T_PIPE)) {
        diag_t *m = does_not_fit(f);
        diag_help(m, "a pipeline begins with a flow, or with `from`: `from stdin() |> …`");
        return 1;
    }
    if (f->at->kind == T_REGEX && f->p->source->text[f->at->at.start + 1] == '/') {
        diag_t *m = does_not_fit(f);
        diag_help(m, "a comment begins with `#`");
        return 1;
    }
    if (wants(f, T_PIPE)) return 0;
    if (f->at->kind == T_UIDENT) {
        diag_t *m = diag_add(f->diags, DIAG_declaration_unknown, f->at->at, f->at->word.text);
        diag_help(m, "the names of flows begin with a small letter, and so do declarations");
        return 1;
    }
    diag_t *m = does_not_fit(f);
    diag_label(m, "expected a declaration or a pipeline");
    diag_help(m, "%s", decl_help);
    return 1;
}

/* `clicks | where`, `.5`, `type click`, a missing comma ... */
static int rule_small_slips(const fault_t *f) {
    const char *help = NULL;
    if (f->at->kind == '|' && wants(f, T_PIPE)) help = "steps are joined by `|>`";
    else if (f->at->kind == '>' && wants(f, T_PIPE)) help = "steps are joined by `|>`";
    else if (f->at->kind == '.' && wants_value(f)) help = "a number has a digit before its point: 0.5";
    else if (f->at->kind == T_IDENT && wants(f, T_UIDENT) && !wants(f, T_IDENT))
        help = "the name of a type or variant begins with a capital letter";
    else if (f->at->kind == T_UIDENT && wants(f, T_IDENT) && !wants(f, T_UIDENT))
        help = "such a name begins with a small letter; types and variants have the capital";
    else if (f->at->kind == '=' && wants(f, T_ARROW)) help = "an arm of `case` has `=>`";
    else if (f->at->kind == T_EQ && wants(f, '=')) help = "`==` compares; to give a value write `=`";
    else if (f->at->kind == ':' && wants(f, '=')) help = "`:` gives a type; to give a value write `=`";
    else if (f->at->kind == '=' && wants(f, ':') && !wants(f, '='))
        help = "its type must be given first: `name: type`";
    else if (f->at->kind == ';' && wants(f, T_PIPE)) help = "declarations need no sign to end them";
    if (!help) return 0;
    diag_t *m = does_not_fit(f);
    diag_help(m, "%s", help);
    return 1;
}

/* `from stdin |>`: the brackets are missing. */
static int rule_no_arguments(const fault_t *f) {
    int due = wants(f, '(') && f->before->kind == T_IDENT && !wants(f, T_OR);
    if (!due || wants_value(f) || wants_name(f) || wants_type(f)) return 0;
    if (f->before2->kind != T_FROM && f->before2->kind != T_TO && f->before2->kind != '=') return 0;
    diag_t *m = does_not_fit(f);
    const char *name = f->before->word.text;
    diag_help(m, "its options stand in brackets, even if there are none: `%s()`", name);
    return 1;
}

/* `from file("x") as csv |>`: what `as` gives rows is a type. */
static int rule_as_format(const fault_t *f) {
    if (f->before2->kind != T_AS || f->before->kind != T_IDENT || !wants(f, ':')) return 0;
    diag_t *m = does_not_fit(f);
    diag_help(m, "`as` gives rows a type: `as { x: int }`; a format is an option: `format = %s`",
              f->before->word.text);
    return 1;
}

/* ---- the last rule: say what could stand (offer.c), and how the step is written ---- */

static const char *step_form(const fault_t *f) {
    static const struct {
        const char *word, *form;
    } forms[] = {
        {"aggregate", "aggregate n = count(), total = sum(x) per key"},
        {"anti", "anti join flow as f on key == f.key"},
        {"branch", "branch big where x > 9, else rest"},
        {"close", "close at moment"},
        {"distinct", "distinct per key within 5m"},
        {"drop", "drop column, column"},
        {"each", "each word in split(line, \" \")"},
        {"errors", "errors into bad"},
        {"event_time", "event_time column delay 5s idle 1m late into aside"},
        {"full", "full join flow as f on key == f.key within 10m"},
        {"join", "join flow as f on key == f.key within 10m"},
        {"latest", "latest per key by time keep 1d"},
        {"left", "left join flow as f on key == f.key within 10m"},
        {"let", "let name = value, name = value"},
        {"match", "match (a where x > 1 then b where y > a.y) per key within 10m"},
        {"remember", "remember per key { n: int = 0 } on row { n = n + 1 emit { key, n } }"},
        {"repartition", "repartition 8 per key"},
        {"right", "right join flow as f on key == f.key within 10m"},
        {"semi", "semi join flow as f on key == f.key"},
        {"sort", "sort by column desc, column"},
        {"to", "to file(\"x.csv\", format = csv)"},
        {"top", "top 10 by column desc per key"},
        {"train", "train model on [x, y] label z"},
        {"window", "window tumbling 10s, window sliding 1m every 10s, window session 30m"},
    };
    const context_t *c = tokens_open(f->p);
    if (c && !c->piped) return NULL;
    const char *word = diag_source(f->diags, f->p->step_word);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (!strcmp(forms[i].word, word)) return forms[i].form;
    return NULL;
}

static void rule_rest(const fault_t *f) {
    diag_t *m = does_not_fit(f);
    const char *near = NULL, *could = offer(f->p, f->wanted, f->at->word.text, &near);
    if (could) diag_label(m, "expected %s", could);
    int starts = f->at->kind == T_IDENT || f->at->kind == T_STRING || f->at->kind == T_INT ||
                 f->at->kind == T_UIDENT;
    const char *form = step_form(f);
    int reserved = class_of(f->at) == WORD_RESERVED && wants(f, T_IDENT);
    if (near) diag_help(m, "did you mean `%s`?", near);
    else if (reserved && !begins_declaration(f) && wants_value(f))
        diag_help(m, "a column of this name stands in backticks: `` `%s` ``", f->at->word.text);
    else if (starts && wants(f, ',') && !wants_value(f)) diag_help(m, "is a `,` missing before it?");
    else if (form) diag_help(m, "it is written: %s", form);
}

void message_syntax(parser_t *p, const expected_t *wanted) {
    static int (*const rules[])(const fault_t *f) = {
        rule_bracket_open,   rule_bracket_mismatch, rule_no_step,      rule_by_per,
        rule_equals,         rule_chain,            rule_step_needs_pipe, rule_step_due,
        rule_declaration,    rule_goes_nowhere,     rule_small_slips,  rule_no_declaration,
        rule_word_as_name,   rule_no_arguments,    rule_as_format,
    };
    fault_t f = {.p = p, .diags = p->env->diags, .wanted = wanted, .at = &p->last,
                 .before = &p->back[0], .before2 = &p->back[1]};
    f.text = token_text(p, &p->last);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i](&f)) return;
    rule_rest(&f);
}

void message_nesting(parser_t *p, span_t at) {
    if (p->stopped) return;
    if (at.end > at.start + 1) at.end = at.start + 1;
    diag_t *m = diag_add(p->env->diags, DIAG_nesting, at,
                         arena_printf(p->env->arena, "%d", FLOW_MAX_NESTING));
    diag_help(m, "give inner parts names: with `let`, `const` or `fn`");
    tokens_stop(p);
}
