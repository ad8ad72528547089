/* nexmark.c - see nexmark.h.
 *
 * The generator (runtime/kernel/k_nexmark.c) fills words of a fixed layout, so the type
 * must have exactly these variants and fields, in this order; its name is free. */
#include "compiler/types/nexmark.h"

#include <string.h>

typedef struct shape {
    const char *variant;
    struct {
        const char *name;
        type_kind kind;
    } fields[11];
} shape_t;

static const shape_t shapes[] = {
    {"Person",
     {{"id", TY_INT},
      {"name", TY_STRING},
      {"email", TY_STRING},
      {"credit_card", TY_STRING},
      {"city", TY_STRING},
      {"state", TY_STRING},
      {"date_time", TY_TIMESTAMP},
      {"extra", TY_STRING}}},
    {"Auction",
     {{"id", TY_INT},
      {"item_name", TY_STRING},
      {"description", TY_STRING},
      {"initial_bid", TY_INT},
      {"reserve", TY_INT},
      {"date_time", TY_TIMESTAMP},
      {"expires", TY_TIMESTAMP},
      {"seller", TY_INT},
      {"category", TY_INT},
      {"extra", TY_STRING}}},
    {"Bid",
     {{"auction", TY_INT},
      {"bidder", TY_INT},
      {"price", TY_INT},
      {"channel", TY_STRING},
      {"url", TY_STRING},
      {"date_time", TY_TIMESTAMP},
      {"extra", TY_STRING}}},
};

#define SHAPES (sizeof shapes / sizeof *shapes)

static const char *variant_fault(arena_t *a, const shape_t *want, const type_t *t) {
    uint32_t n = 0;
    for (; want->fields[n].name; n++) {
        const char *name = want->fields[n].name;
        if (n >= t->nfields)
            return arena_printf(a, "`%s` lacks the field `%s`", want->variant, name);
        const field_t *f = &t->fields[n];
        if (strcmp(f->name, name))
            return arena_printf(a, "field %u of `%s` is `%s`, not `%s`", n + 1, want->variant,
                                name, f->name);
        if (f->type->kind != want->fields[n].kind)
            return arena_printf(a, "`%s` of `%s` is not %s", name, want->variant,
                                type_text(a, f->type));
    }
    if (t->nfields == n) return NULL;
    return arena_printf(a, "`%s` has no field `%s`", want->variant, t->fields[n].name);
}

const char *nexmark_fault(arena_t *a, const type_t *t) {
    if (t->kind != TY_UNION)
        return arena_printf(a, "%s is no tagged record", type_text(a, t));
    for (uint32_t i = 0; i < SHAPES; i++) {
        if (i >= t->nfields || strcmp(t->fields[i].name, shapes[i].variant))
            return arena_printf(a, "variant %u is `%s`", i + 1, shapes[i].variant);
        const char *why = variant_fault(a, &shapes[i], t->fields[i].type);
        if (why) return why;
    }
    if (t->nfields == SHAPES) return NULL;
    return arena_printf(a, "there is no variant `%s`", t->fields[SHAPES].name);
}

const char *nexmark_declaration(void) {
    return "type Event =\n"
           "    Person  { id: int, name: string, email: string, credit_card: string,\n"
           "              city: string, state: string, date_time: timestamp, extra: string }\n"
           "  | Auction { id: int, item_name: string, description: string, initial_bid: int,\n"
           "              reserve: int, date_time: timestamp, expires: timestamp,\n"
           "              seller: int, category: int, extra: string }\n"
           "  | Bid     { auction: int, bidder: int, price: int, channel: string, url: string,\n"
           "              date_time: timestamp, extra: string }\n"
           "from nexmark(...) as event: Event";
}
