/* plan_text.c - see plan_text.h.  Texts come from the source, so they are what the user
 * wrote; only blanks, line breaks and comments are folded. */
#include "compiler/plan/plan_text.h"

#include "compiler/syntax/ast.h"

void plan_span_text(buf_t *b, sources_t *sources, span_t at) {
    const char *text = source_at(sources, at.file)->text;
    int quoted = 0, blank = 0;
    size_t start = b->n;
    for (uint32_t i = at.start; i < at.end; i++) {
        char c = text[i];
        if (!quoted && c == '#') {
            while (i < at.end && text[i] != '\n') i++;
            c = ' ';
        }
        if (c == '"' && (i == at.start || text[i - 1] != '\\')) quoted = !quoted;
        if (!quoted && (c == ' ' || c == '\n' || c == '\t' || c == '\r')) {
            blank = 1;
            continue;
        }
        if (blank && b->n > start) buf_char(b, ' ');
        blank = 0;
        buf_char(b, c);
    }
}

void plan_step_text(buf_t *b, sources_t *sources, const tstep_t *s) {
    if (s->op == OP_remember) { /* what its handlers do is long */
        const tremember_t *r = s->u.remember;
        buf_str(b, "remember per ");
        for (size_t i = 0; i < r->nkeys; i++)
            buf_printf(b, "%s%s", i ? ", " : "", r->keys[i].name);
        if (r->by) {
            buf_str(b, " by ");
            plan_span_text(b, sources, r->by->span);
        }
        return;
    }
    if (s->node) plan_span_text(b, sources, s->node->span);
    else buf_str(b, op_at(s->op)->spelling);
}

static void put_argument(buf_t *b, sources_t *sources, const tconnector_t *c) {
    if (!c->pos) return;
    buf_char(b, '(');
    plan_span_text(b, sources, c->pos->span);
    buf_char(b, ')');
}

void plan_source_text(buf_t *b, sources_t *sources, const tconnector_t *c) {
    buf_printf(b, "from %s", source_row((source_id)c->row)->name);
    put_argument(b, sources, c);
    if (c->format != FORMAT_none) buf_printf(b, ", format %s", format_row(c->format)->name);
}

void plan_sink_text(buf_t *b, sources_t *sources, const tconnector_t *c) {
    static const char *const modes[] = {"", ", update", ", complete", ", final"};
    buf_printf(b, "to %s", sink_row((sink_id)c->row)->name);
    put_argument(b, sources, c);
    if (c->format != FORMAT_none) buf_printf(b, ", format %s", format_row(c->format)->name);
    buf_str(b, modes[c->mode]);
}

const char *plan_key_kind(const pstage_t *s) {
    if (!s->exchange->key_text || !*s->exchange->key_text) return "one entry";
    return s->state->int_key ? "int key" : "text key";
}
