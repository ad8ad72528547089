/* ident.h - the folder of a checkpoint: who may use it, and whose it is.
 *
 *     <checkpoint>/ (0700)
 *       LOCK      held by the one process that works with it; its number as text
 *       IDENT     the job, written once
 *       journal   (journal.h)
 *       begun-<job>  empty: the job has committed a batch
 *       state/ outbox/ input/
 *
 * A job is made by the first start and by `--fresh`.  Its id is part of everything that
 * outlives a process outside of the folder, so the output of two jobs is never mixed up.
 *
 * At first the journal is made, with nothing but its RT_BEGIN; then IDENT.  So a journal
 * with more in it and no IDENT, or an IDENT without a journal, has lost something. */
#ifndef FLOW_RUNTIME_CKPT_IDENT_H
#define FLOW_RUNTIME_CKPT_IDENT_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/status.h"
#include "runtime/base/wire.h"

#define RT_CKPT_VERSION 1
/* Longest path of the folder: names below it still fit into a path. */
#define RT_CKPT_PATH 2048

typedef struct rt_ident {
    uint8_t job[16];
    uint64_t seed;      /* of the hash of tables: no output depends on it */
    int64_t partitions;
    char name[256];     /* of the program */
} rt_ident;

/* Makes the folder if it is not there, refuses one that others may write to or that does
 * not survive a power loss, and takes the lock.  *made: it is new.  RT_locked if another
 * process has it. */
rt_status rt_folder_take(const char *dir, int *lock, bool *made);
/* Makes `state/`; the caller syncs the folder. */
rt_status rt_folder_below(const char *dir);
/* Gives the lock back. */
void rt_folder_leave(int lock);
/* What a file of the folder must be: a plain file, of this user, that no one else may
 * change.  For one that is not there RT_ok and *found false. */
rt_status rt_folder_check(const char *dir, const char *name, bool *found);

/* A new job. */
rt_status rt_ident_new(const char *name, int64_t partitions, rt_ident *out);
/* RT_refused if it is damaged, or of another version. */
rt_status rt_ident_read(const char *dir, rt_ident *out, bool *found);
/* Durably: file, name, and the folder's own name. */
rt_status rt_ident_write(const char *dir, const rt_ident *ident);

/* The empty file `begun-<job>`: a batch of the job has been committed.  A journal that was cut
 * behind its head would otherwise look like that of a job that has done nothing yet.  Made
 * durably, if it is not there, before anything of the first batch is shown. */
rt_status rt_begun_make(const char *dir, const uint8_t *job);
bool rt_begun_is(const char *dir, const uint8_t *job);
/* Of a job whose place another takes. */
void rt_begun_forget(const char *dir, const uint8_t *job);

/* The payload of RT_BEGIN: the job that the journal is of, and the one that it replaces
 * (zeros: none), which tells an interrupted --fresh from journals that were exchanged. */
void rt_begin_write(rt_wire *w, const uint8_t *job, const uint8_t *before);
bool rt_begin_read(const uint8_t *p, int64_t n, uint8_t *job, uint8_t *before);

#endif
