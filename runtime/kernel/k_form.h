/* k_form.h - is what was saved of the form that its reader takes it for?
 *
 * Checksums tell what a disk did to a file; they do not tell that somebody wrote it with
 * lies in it.  Rows have offsets, key bytes have flags and ends, and the code that reads
 * them by type follows these.  So what a layout (k_save.h) keeps to be read by type has its
 * form beside it, and loading refuses what is of another:
 *
 *   form = y            any bytes
 *        | K n T*       key bytes of n values (k_key.h)
 *        | R w n T*     an encoded row (k_row.h) of n values from its word w on; n: two
 *                       bytes, low first
 *        | L T          values one behind the other, as collect keeps them (k_agg_list.c)
 *        | ? form       the same, or nothing
 *
 * T is a type code whose names are empty.  K n T* in one are bytes that are read as the key
 * of n values.
 *
 * What is asked is that reading stays inside of the bytes, and finds values of the type.  A
 * row has to be as k_row.c writes it, each part at the place where the one before it ends. */
#ifndef FLOW_KERNEL_K_FORM_H
#define FLOW_KERNEL_K_FORM_H

#include "runtime/kernel/k_value.h"

/* One past the form. */
FLOW_FAR const uint8_t *k_form_skip(const uint8_t *form);
/* Are these n bytes of the form?  A null form is y.  They may stand at any address; the task
 * arena is as before. */
FLOW_FAR int32_t k_form_fits(flow_ctx *ctx, const uint8_t *form, const uint8_t *p, int64_t n);
/* The same of the form L, of so many values; of any other the count says nothing. */
FLOW_FAR int32_t k_form_fits_list(flow_ctx *ctx, const uint8_t *form, const uint8_t *p,
                                  int64_t n, uint64_t count);

#endif
