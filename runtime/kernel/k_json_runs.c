/* k_json_runs.c - what lines have in common, joined to runs: see k_json_plain.h. */
#include "runtime/kernel/k_json_plain.h"

static void run_add(json_run *run, const uint8_t *bytes, int64_t n, uint64_t *mask) {
    for (int64_t i = 0; i < n; i++, run->n++) {
        run->like[run->n] = bytes ? bytes[i] : 0;
        mask[run->n / FLOW_LANES] |= (uint64_t)1 << (run->n % FLOW_LANES);
    }
    run->chunks = (run->n + FLOW_LANES - 1) / FLOW_LANES;
}

/* The next run; null: there are too many. */
static json_run *run_next(json_form *f, json_run *run) {
    run = run ? run + 1 : f->runs;
    if (run == f->runs + JSON_RUNS) return 0;
    __builtin_memset(run, 0, sizeof *run);
    run->piece = -1;
    return run;
}

/* A text of one length that goes on in the run, with what stands behind it? */
static int run_takes(const json_run *run, const json_piece *piece, int64_t behind) {
    return piece->text && piece->length > 0 &&
           run->n + piece->length + behind <= JSON_CHUNKS * FLOW_LANES;
}

void k_json_make_runs(json_form *f, const flow_node *t) {
    json_run *run = run_next(f, 0);
    json_text *text = f->texts;
    int64_t n = t->nguesses;
    f->made = f->changed = f->misses = 0;
    f->left--;
    for (int64_t k = 0; k < n; k++) {
        const json_piece *piece = &f->pieces[k];
        int64_t behind = k + 1 < n ? f->pieces[k + 1].n : 2;
        if (!piece->n) return;
        run_add(run, piece->between, piece->n, run->between);
        if (run_takes(run, piece, behind)) {
            if (piece->member >= 0 && !t->members[piece->member].unread) {
                *text++ = (json_text){piece->member, run->n, piece->length};
                run->texts++;
            }
            run_add(run, 0, piece->length, run->inside);
        } else {
            run->piece = k;
            if (!(run = run_next(f, run))) return;
        }
    }
    run_add(run, (const uint8_t *)"\"}" + !f->pieces[n - 1].text, 1 + f->pieces[n - 1].text,
            run->between);
    f->made = n;
}
