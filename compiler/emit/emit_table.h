/* emit_table.h - tables whose rows change: how a root tells what changed, and the roots
 * latest, changes and close.
 *
 * A root remembers the row that it gave last for a key.  When a batch has made another of
 * it, its out of mode `changes` gets the old row with sign 0 and the new one with sign 1;
 * the operators of the out are generated once, in a loop over the two. */
#ifndef FLOW_EMIT_EMIT_TABLE_H
#define FLOW_EMIT_EMIT_TABLE_H

#include "compiler/emit/emit_stage.h"

/* Does somebody behind the root ask for what a batch has changed? */
int emit_shows_changes(const pstage_t *stage);

/* The key, in its table, of the row at hand: what an order key says behind the step. */
gkey_t emit_table_key(gen_t *g);
/* From here on rows stand where the key stands when the batch closes; i: its row at this
 * place, or null. */
void emit_stands_at_key(gen_t *g, gkey_t key, LLVMValueRef i);

/* A loop over the rows of one change: the old one, if there is one, then the new one.
 * Inside it g->sign is that of `words`. */
typedef struct change {
    loop_t loop;
    LLVMValueRef words;
} change_t;
/* old, new: addresses of words; had, has (i1): is there such a row? */
change_t emit_change_open(gen_t *g, LLVMValueRef had, LLVMValueRef old, LLVMValueRef has,
                          LLVMValueRef new);
void emit_change_close(gen_t *g, change_t *c);

/* ---- latest, changes, close ---- */
int emit_table_words(const pstage_t *stage); /* of an entry's state */
/* What state keeps of a row, at the stage at hand; of `close`: may it have none, of one that
 * came late? */
type_t *emit_table_row_type(gen_t *g);
int emit_close_has_late(gen_t *g);
void emit_table_send(gen_t *g, pop_t *op, val_t *cols);
void emit_table_row_in(gen_t *g, LLVMValueRef at);
void emit_table_close(gen_t *g);

/* ---- emit_forget.c ---- */
/* What has left by `close` is forgotten in the step that made the table, too, where nobody
 * else reads that: the stage of that step, or null. */
pstage_t *emit_maker(const plan_t *plan, const pstage_t *close);
/* The same of a join, by the key of both sides, of which nobody else reads anything; the
 * steps that made its sides forget, too. */
pstage_t *emit_closed_join(const plan_t *plan, const pstage_t *close);
/* Is it what emit_maker gives for some stage? */
int emit_is_closed(const plan_t *plan, const pstage_t *maker);
/* Into the stage of `close`: the row of this key has left `table`, that of those that wait. */
void emit_forget_made(gen_t *g, LLVMValueRef table, gkey_t key);

#endif
