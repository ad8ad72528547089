/* emit_join_table.c - joins with a table: a stream that meets it as it is, and two tables.
 *
 * A table comes as the rows that a batch changed, old and new, each with the key by which
 * the rows of a table are in order. */
#include "compiler/emit/emit_join.h"

#include "compiler/base/check.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/plan/joins.h"
#include "compiler/syntax/ast.h"

void emit_join_table_row(gen_t *g, int right, LLVMValueRef at, LLVMBasicBlockRef next) {
    (void)g; (void)right; (void)at; (void)next;
}

void emit_join_tables_row(gen_t *g, int right, LLVMValueRef at) {
    (void)g; (void)right; (void)at;
}

void emit_join_tables_close(gen_t *g) { (void)g; }
