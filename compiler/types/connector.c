/* connector.c - sources and sinks: the rows of a `from`, and what a sink asks of rows. */
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/types/binary_row.h"
#include "compiler/types/conn_args.h"
#include "compiler/types/const.h"
#include "compiler/types/nexmark.h"

/* ---- sources ---- */

static void no_connector(flowck_t *f, const char *name, span_t at, int source) {
    check_t *c = f->c;
    const char *names[SOURCE_COUNT + SINK_COUNT];
    size_t n = 0;
    for (int i = 0; source && i < SOURCE_COUNT; i++)
        names[n++] = source_row((source_id)i)->name;
    for (int i = 0; !source && i < SINK_COUNT; i++) names[n++] = sink_row((sink_id)i)->name;
    diag_t *m = diag_add(c->diags, source ? DIAG_no_source : DIAG_no_sink, at, name);
    const char *guess = diag_nearest(name, names, n);
    if (source && sink_named(name) != SINK_COUNT)
        diag_help(m, "`%s` is a sink: `|> to %s(…)`", name, name);
    else if (!source && source_named(name) != SOURCE_COUNT)
        diag_help(m, "`%s` is a source: `from %s(…)`", name, name);
    else if (guess) diag_help(m, "did you mean `%s`?", guess);
    else {
        buf_t b;
        buf_init(&b, c->arena);
        for (size_t i = 0; i < n; i++) buf_printf(&b, "%s%s", i ? ", " : "", names[i]);
        diag_note(m, "there are %s", buf_text(&b));
    }
}

/* Values of this type can be read from a file.  A reason why not, or null. */
static int readable(flowck_t *f, const type_t *t, span_t at) {
    const char *why = column_fault(t);
    if (!why) return 1;
    diag_t *m = diag_add(f->c->diags, DIAG_no_column_type, at, type_text(f->c->arena, t));
    diag_note(m, "%s", why);
    return 0;
}

/* `as T` or `as { … }`: the fields are the columns. */
static int shape_fields(flowck_t *f, node_t *shape, tconnector_t *conn, columns_t *cols) {
    check_t *c = f->c;
    type_t *t = type_resolve(c, f->base, shape);
    if (t->kind == TY_POISON || !readable(f, t, shape->span)) return 0;
    if (t->kind != TY_RECORD) {
        diag_t *m = diag_add(c->diags, DIAG_shape_record, shape->span, type_text(c->arena, t));
        diag_help(m, "give the value a column: `as %s: %s`",
                  t->kind == TY_UNION ? "event" : "value", type_text(c->arena, t));
        return 0;
    }
    if (conn->format == FORMAT_binary && !binary_row_read(f, t, shape->span)) return 0;
    conn->record = t;
    for (uint32_t i = 0; i < t->nfields; i++) {
        const field_t *fd = &t->fields[i];
        columns_add(c, cols, fd->name, fd->type, fd->at, shape->span);
        if (cols->fields.n) cols->fields.at[cols->fields.n - 1].def = fd->def;
    }
    return 1;
}

/* Can a row of the format be a value of type t?  Those of csv and binary have fields.  0
 * after a message. */
static int is_whole(flowck_t *f, const ast_shape_column_t *s, format_id format, type_t *t) {
    check_t *c = f->c;
    span_t at = s->type->span;
    field_t alone = {.name = s->name, .type = t, .at = at};
    if (format != FORMAT_csv && format != FORMAT_binary) return 1;
    if (format == FORMAT_csv && (t->kind == TY_RECORD || t->kind == TY_UNION)) return 1;
    type_t *row = t->kind == TY_RECORD ? t : type_record(c->types, NULL, &alone, 1);
    if (format == FORMAT_binary && !binary_row_read(f, row, at)) return 0;
    if (row == t) return 1;
    const char *type = type_text(c->arena, t);
    diag_t *m = diag_add(c->diags, DIAG_row_whole, at, format_row(format)->name, type);
    diag_help(m, "name its field: `as { %s: %s }`", s->name, type);
    return 0;
}

static int shape_whole(flowck_t *f, ast_shape_column_t *s, tconnector_t *conn,
                       columns_t *cols) {
    check_t *c = f->c;
    type_t *t = type_resolve(c, f->base, s->type);
    if (t->kind == TY_POISON || !readable(f, t, s->type->span)) return 0;
    if (!is_whole(f, s, conn->format, t)) return 0;
    conn->record = t;
    conn->whole = 1;
    return columns_add(c, cols, s->name, t, s->name_at, s->name_at);
}

/* Text has one column: `line`, or `as x: string`. */
static int shape_text(flowck_t *f, ast_from_t *from, tconnector_t *conn, columns_t *cols) {
    check_t *c = f->c;
    type_t *text = type_basic(c->types, TY_STRING);
    conn->record = text;
    conn->whole = 1;
    if (!from->shape)
        return columns_add(c, cols, intern(c->names, "line"), text, from->connector_at,
                           from->connector_at);
    if (from->shape->kind == AST_shape_column) {
        ast_shape_column_t *s = AST(shape_column, from->shape);
        type_t *t = type_resolve(c, f->base, s->type);
        if (t->kind == TY_STRING || t->kind == TY_POISON)
            return columns_add(c, cols, s->name, text, s->name_at, s->name_at);
        diag_t *m = diag_add(c->diags, DIAG_text_shape, s->type->span);
        diag_label(m, "%s", type_text(c->arena, t));
        diag_help(m, "`as %s: string`, or give a format: `format = json`", s->name);
        return 0;
    }
    diag_t *m = diag_add(c->diags, DIAG_text_shape, from->shape->span);
    diag_help(m, "give the format: `%s(%sformat = json)`, or csv", from->connector,
              from->args.n ? "…, " : "");
    return 0;
}

static int shape_formatted(flowck_t *f, ast_from_t *from, conn_use_t *use,
                           tconnector_t *conn, columns_t *cols) {
    if (conn->format == FORMAT_text && !use->format_fault)
        return shape_text(f, from, conn, cols);
    if (!from->shape) {
        if (use->format_fault) return 0;
        diag_t *m = diag_add(f->c->diags, DIAG_shape_missing, from->node.span,
                             format_row(conn->format)->name);
        diag_help(m, "say what a row holds: `… as { user: %s, n: int }`",
                  conn->format == FORMAT_binary ? "int" : "string");
        return 0;
    }
    if (from->shape->kind == AST_shape_column)
        return shape_whole(f, AST(shape_column, from->shape), conn, cols);
    return shape_fields(f, from->shape, conn, cols);
}

static void fixed_shape(flowck_t *f, ast_from_t *from) {
    if (!from->shape) return;
    diag_t *m = diag_add(f->c->diags, DIAG_shape_fixed, from->shape->span, from->connector);
    diag_help(m, "leave `as …` out");
}

/* One column with the event, of a type that declares what the generator makes. */
static int shape_nexmark(flowck_t *f, ast_from_t *from, tconnector_t *conn, columns_t *cols) {
    check_t *c = f->c;
    const char *why = "it has no `as`";
    span_t at = from->node.span;
    if (from->shape && from->shape->kind == AST_shape_column) {
        at = AST(shape_column, from->shape)->type->span;
        if (!shape_whole(f, AST(shape_column, from->shape), conn, cols)) return 0;
        why = nexmark_fault(c->arena, conn->record);
    } else if (from->shape) {
        at = from->shape->span;
        why = "the event is one column";
    }
    if (!why) return 1;
    diag_t *m = diag_add(c->diags, DIAG_nexmark_type, at);
    diag_note(m, "%s", why);
    diag_help(m, "%s", nexmark_declaration());
    return 0;
}

/* The columns of the source's rows; 0 if they are not known. */
static int source_columns(flowck_t *f, ast_from_t *from, const source_info *info,
                          conn_use_t *use, tconnector_t *conn, columns_t *cols) {
    check_t *c = f->c;
    switch (info->shape) {
    case SHAPE_format: return shape_formatted(f, from, use, conn, cols);
    case SHAPE_counter: {
        span_t at = from->connector_at;
        fixed_shape(f, from);
        columns_add(c, cols, intern(c->names, "at"), type_basic(c->types, TY_TIMESTAMP), at, at);
        columns_add(c, cols, intern(c->names, "value"), type_basic(c->types, TY_INT), at, at);
        conn->record = type_record(c->types, NULL, cols->fields.at, 2);
        return 1;
    }
    case SHAPE_lambda:
        fixed_shape(f, from);
        if (!conn->record) return 0;
        if (!readable(f, conn->record, conn->pos->span)) return 0;
        for (uint32_t i = 0; i < conn->record->nfields; i++) {
            const field_t *fd = &conn->record->fields[i];
            columns_add(c, cols, fd->name, fd->type, fd->at, conn->pos->span);
        }
        return 1;
    case SHAPE_own: return shape_nexmark(f, from, conn, cols);
    }
    flow_unreachable("shape");
}

static int is_bounded(const source_info *info, tconnector_t *conn) {
    toption_t *refresh = conn_option(conn, "refresh");
    if (refresh && refresh->given) return 0;
    if (info->ended != ENDED_rows) return info->ended == ENDED_yes;
    toption_t *rows = conn_option(conn, "rows");
    return rows && rows->given;
}

/* Reports the one part of a connector that is not built, if any. */
static void report_later(flowck_t *f, const conn_use_t *use, int built) {
    check_t *c = f->c;
    if (f->m->env->testing) return; /* nothing is read or written */
    if (!built) {
        not_built(c, use->name_at, arena_printf(c->arena, "`%s`", use->name));
        return;
    }
    if (!use->later) return;
    const ast_arg_t *a = use->later;
    if (a->value == use->format_arg)
        not_built(c, a->value->span, arena_printf(c->arena, "the format `%s`",
                                                  AST(name, a->value)->name));
    else
        not_built(c, a->name_at, arena_printf(c->arena, "the option `%s` of %s", a->name,
                                              use->name));
}

void source_check(flowck_t *f, ast_from_t *from) {
    check_t *c = f->c;
    source_id id = source_named(from->connector);
    stream_init_unknown(c, &f->st);
    if (id == SOURCE_COUNT) {
        no_connector(f, from->connector, from->connector_at, 1);
        if (from->shape) type_resolve(c, f->base, from->shape->kind == AST_shape_column
                                                      ? AST(shape_column, from->shape)->type
                                                      : from->shape);
        return;
    }
    const source_info *info = source_row(id);
    int errors = diags_errors(c->diags);
    tconnector_t *conn = ARENA_NEW(c->arena, tconnector_t);
    conn->row = (int)id;
    conn->node = &from->node;
    conn_use_t use = {.name = from->connector, .name_at = from->connector_at,
                      .of = arena_printf(c->arena, "source_%s", info->name),
                      .common = "sources", .pos = info->pos, .args = &from->args,
                      .form = info->shape == SHAPE_format ? FORMAT_text : FORMAT_none};
    conn_args(f, &use, conn);
    columns_t cols = {0};
    if (source_columns(f, from, info, &use, conn, &cols) && cols.fields.n) {
        stream_init(c, &f->st, &cols);
        f->st.props.bounded = is_bounded(info, conn);
    }
    f->flow->source = conn;
    if (errors != diags_errors(c->diags)) return;
    report_later(f, &use, info->built);
    if (id == SOURCE_queue && !f->m->env->testing) {
        diag_t *m = diag_add(c->diags, DIAG_queue_test, from->connector_at);
        diag_help(m, "`flowc test` runs the tests of this program; to run it, read a file, a socket, …");
    }
}

/* ---- sinks ---- */

static const struct {
    sink_mode mode;
    const char *name;
    char letter;
} modes[] = {
    {MODE_append, "append", 'a'},
    {MODE_update, "update", 'u'},
    {MODE_complete, "complete", 'c'},
    {MODE_final, "final", 'f'},
};

static sink_mode mode_named(const char *name) {
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (!strcmp(modes[i].name, name)) return modes[i].mode;
    flow_unreachable("mode");
}

static const char *with_article(check_t *c, const char *sink) {
    if (!strcmp(sink, "file") || !strcmp(sink, "socket"))
        return arena_printf(c->arena, "a %s", sink);
    return sink;
}

/* A table meets a sink that cannot take back rows (E14). */
static void table_into_append(flowck_t *f, const sink_info *info) {
    check_t *c = f->c;
    diag_t *m = diag_add(c->diags, DIAG_table_into_append, f->step->node->span,
                         with_article(c, info->name));
    note_table(f, m);
    buf_t keys;
    buf_init(&keys, c->arena);
    for (size_t i = 0; i < f->st.props.nkeys; i++) {
        const char *name = f->st.props.keys[i].name;
        if (name) buf_printf(&keys, "%s%s", keys.n ? ", " : "", name);
    }
    const char *the = with_article(c, info->name) != info->name
                          ? arena_printf(c->arena, "the %s", info->name)
                          : info->name;
    const char *way = "add a window before it";
    if (f->st.table_revises)
        way = arena_printf(c->arena, "leave `%s` out", f->st.table_revises);
    diag_help(m, "%s, or `|> changes` before %s, or `mode = final`%s%s%s", way, the,
              keys.n ? ", or a sink with keys:\nto postgres(…, key = [" : "", buf_text(&keys),
              keys.n ? "])" : "");
}

/* The words of the modes that a sink takes of a table. */
static const char *modes_text(check_t *c, const sink_info *info) {
    buf_t b;
    buf_init(&b, c->arena);
    for (size_t i = 1; i < sizeof modes / sizeof *modes; i++)
        if (strchr(info->modes, modes[i].letter))
            buf_printf(&b, "%s%s", b.n ? ", " : "", modes[i].name);
    return buf_text(&b);
}

static void table_mode(flowck_t *f, const sink_info *info, tconnector_t *conn,
                       const char *given, span_t at) {
    check_t *c = f->c;
    conn->mode = given ? mode_named(given) : MODE_update;
    if (conn->mode == MODE_append || (!given && !strchr(info->modes, 'u'))) {
        table_into_append(f, info);
        return;
    }
    if (!strchr(info->modes, modes[conn->mode].letter)) {
        diag_t *m = diag_add(c->diags, DIAG_sink_mode, at, info->name, given);
        diag_note(m, "of a table it takes %s", modes_text(c, info));
        if (given == f->m->mode && at.start == f->step->at.start)
            diag_note(m, "`mode` is set at %s", diag_where(c->diags, f->m->mode_at, at));
        return;
    }
    if (conn->mode != MODE_update || !f->st.props.sorted) return;
    diag_t *m = diag_add(c->diags, DIAG_sort_update, f->step->at);
    diag_note(m, "it is sorted at %s",
              diag_where(c->diags, f->st.props.sorted->at, f->step->at));
    diag_help(m, "%s shows changed rows only: write `mode = %s`", info->name,
              strchr(info->modes, 'c') ? "complete` or `mode = final" : "final");
}

static void sink_mode_check(flowck_t *f, const sink_info *info, tconnector_t *conn,
                            const nodes_t *args) {
    toption_t *o = conn_option(conn, "mode");
    const char *given = o && o->given ? o->word : NULL;
    span_t at = f->step->at;
    for (size_t i = 0; i < args->n; i++) {
        ast_arg_t *a = AST(arg, args->at[i]);
        if (a->name && !strcmp(a->name, "mode")) at = a->value->span;
    }
    if (o && o->given && !given) return; /* has its message */
    conn->mode = MODE_append;
    if (f->st.props.is_table) {
        if (!given && f->m->mode) given = f->m->mode;
        table_mode(f, info, conn, given, at);
        return;
    }
    if (!given || !strcmp(given, "append")) return;
    diag_t *m = diag_add(f->c->diags, DIAG_mode_stream, at, given);
    diag_help(m, "a stream has `append` only: leave `mode` out, or make a table of it with "
                 "`aggregate` without a window");
}

/* Is the column written to the rows, not to the path? */
static int is_written(const toption_t *paths, uint32_t column) {
    for (size_t k = 0; paths && k < paths->ncolumns; k++)
        if (paths->columns[k] == (int)column) return 0;
    return 1;
}

/* The columns that are written. */
static const type_t *written_row(check_t *c, tconnector_t *conn, const type_t *row) {
    const toption_t *paths = conn_option(conn, "partition");
    if (!paths || !paths->ncolumns) return row;
    field_t *fields = ARENA_ARRAY(c->arena, field_t, row->nfields + 1);
    uint32_t n = 0;
    for (uint32_t i = 0; i < row->nfields; i++)
        if (is_written(paths, i)) fields[n++] = row->fields[i];
    return type_record(c->types, NULL, fields, n);
}

/* A folder is named by one plain value. */
static void partition_columns(flowck_t *f, const toption_t *paths) {
    check_t *c = f->c;
    const type_t *row = f->st.row;
    for (size_t i = 0; i < paths->ncolumns; i++) {
        if (paths->columns[i] < 0) return; /* has its message */
        const field_t *fd = &row->fields[paths->columns[i]];
        const type_t *t = type_strip(fd->type);
        if (type_is_enum(t)) continue;
        switch (t->kind) {
        case TY_LIST: case TY_MAP: case TY_RECORD: case TY_UNION: case TY_BYTES: {
            diag_t *m = diag_add(c->diags, DIAG_sink_partition, f->step->node->span, fd->name,
                                 type_text(c->arena, fd->type));
            diag_help(m, "make a column of one plain value of it: `|> let day = …`");
            break;
        }
        default: break;
        }
    }
    if (paths->ncolumns >= row->nfields)
        diag_add(c->diags, DIAG_sink_partition_all, f->step->node->span);
}

/* Text is lines: exactly one column of type string. */
static void text_columns(flowck_t *f, const type_t *row) {
    check_t *c = f->c;
    if (row->nfields == 1 && (row->fields[0].type->kind == TY_STRING ||
                              row->fields[0].type->kind == TY_POISON))
        return;
    const char *have = row->nfields != 1
                           ? arena_printf(c->arena, "these are %u columns", row->nfields)
                           : arena_printf(c->arena, "`%s` is %s", row->fields[0].name,
                                          type_text(c->arena, row->fields[0].type));
    diag_t *m = diag_add(c->diags, DIAG_sink_text, f->step->node->span, have);
    diag_line(m, "here: %s", expr_columns_text(c, row, 20));
    if (row->nfields == 1 && row->fields[0].type->kind == TY_OPTION) {
        const char *name = row->fields[0].name;
        diag_help(m, "`|> where %s is not none` before it", name);
        return;
    }
    buf_t b;
    buf_init(&b, c->arena);
    for (uint32_t i = 0; i < row->nfields && i < 4; i++)
        buf_printf(&b, "%s{%s}", i ? " " : "", row->fields[i].name);
    diag_help(m, "make one: `|> select line = f\"%s\"`, or `format = csv` or `json`",
              buf_text(&b));
}

static void sink_columns(flowck_t *f, tconnector_t *conn) {
    check_t *c = f->c;
    const type_t *row = f->st.row;
    for (uint32_t i = 0; i < row->nfields; i++) {
        const field_t *fd = &row->fields[i];
        if (fd->type->kind != TY_NONE) continue;
        diag_t *m = diag_add(c->diags, DIAG_sink_none, f->step->node->span, fd->name);
        diag_help(m, "drop it: `|> drop %s`", fd->name);
    }
    const toption_t *paths = conn_option(conn, "partition");
    if (paths && paths->ncolumns) partition_columns(f, paths);
    row = written_row(c, conn, row);
    if (conn->format == FORMAT_text) text_columns(f, row);
    if (conn->format == FORMAT_binary) binary_row_written(f, row, f->step->node->span);
    if (conn->format != FORMAT_csv || row->nfields == 1) return;
    for (uint32_t i = 0; i < row->nfields; i++) {
        const type_t *t = type_strip(row->fields[i].type);
        int tagged = 0;
        for (uint32_t k = 0; t->kind == TY_UNION && k < t->nfields; k++)
            tagged |= t->fields[k].type->nfields > 0;
        if (!tagged) continue;
        diag_t *m = diag_add(c->diags, DIAG_csv_tagged, f->step->node->span,
                             row->fields[i].name);
        diag_help(m, "write it alone, or `format = json`");
    }
}

void sink_check(flowck_t *f, const char *name, span_t name_at, const nodes_t *args) {
    check_t *c = f->c;
    sink_id id = sink_named(name);
    if (id == SINK_COUNT) {
        no_connector(f, name, name_at, 0);
        return;
    }
    const sink_info *info = sink_row(id);
    int errors = diags_errors(c->diags);
    tconnector_t *conn = ARENA_NEW(c->arena, tconnector_t);
    conn->row = (int)id;
    conn->node = f->step->op == OP_to ? f->step->node : NULL;
    conn_use_t use = {.name = name, .name_at = name_at, .pos = info->pos, .args = args,
                      .of = arena_printf(c->arena, "sink_%s", info->name), .common = "sinks",
                      .form = info->form};
    conn_args(f, &use, conn);
    f->step->u.sink = conn;
    if (!use.format_fault) {
        sink_columns(f, conn);
        sink_mode_check(f, info, conn, args);
    }
    if (errors == diags_errors(c->diags)) report_later(f, &use, info->built);
}
