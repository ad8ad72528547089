/* kernel.c - the one unit of the kernel.
 *
 * Compiled by clang 19 to bitcode, into which flowc generates the program, and to an
 * object for the runtime archive, which serves the cold runtime, the constant folder
 * and the unit tests.  It keeps no mutable statics: in a linked program it exists twice. */
#include "runtime/kernel/k_value.h"
#include "runtime/kernel/k_cold.h"

/* text, records, numbers */
#include "runtime/kernel/k_hash.c"
#include "runtime/kernel/k_num.c"
#include "runtime/kernel/k_big.c"
#include "runtime/kernel/k_float.c"
#include "runtime/kernel/k_decimal.c"
#include "runtime/kernel/k_time.c"
#include "runtime/kernel/k_utf8.c"
#include "runtime/kernel/k_find.c"
#include "runtime/kernel/k_line.c"
#include "runtime/kernel/k_split.c"
#include "runtime/kernel/k_base64.c"
#include "runtime/kernel/k_map.c"
#include "runtime/kernel/k_schema.c"
#include "runtime/kernel/k_jscan.c"
#include "runtime/kernel/k_json.c"
#include "runtime/kernel/k_csv.c"
#include "runtime/kernel/k_write.c"
#include "runtime/kernel/k_print.c"

/* memory, keys, rows, tables, aggregates */
#include "runtime/kernel/k_mem.c"
#include "runtime/kernel/k_type.c"
#include "runtime/kernel/k_compare.c"
#include "runtime/kernel/k_key.c"
#include "runtime/kernel/k_row.c"
#include "runtime/kernel/k_heap.c"
#include "runtime/kernel/k_table.c"
#include "runtime/kernel/k_sort.c"
#include "runtime/kernel/k_top.c"
#include "runtime/kernel/k_exact.c"
#include "runtime/kernel/k_fsum.c"
#include "runtime/kernel/k_set.c"
#include "runtime/kernel/k_agg.c"
#include "runtime/kernel/k_agg_pick.c"
#include "runtime/kernel/k_agg_list.c"
#include "runtime/kernel/k_agg_moment.c"
#include "runtime/kernel/k_order.c"

/* regular expressions */
#include "runtime/kernel/k_regex_look.c"
#include "runtime/kernel/k_regex_dfa.c"
#include "runtime/kernel/k_regex_nfa.c"
#include "runtime/kernel/k_regex_tags.c"
#include "runtime/kernel/k_regex.c"
#include "runtime/kernel/k_regex_run.c"
#include "runtime/kernel/k_regex_fn.c"
