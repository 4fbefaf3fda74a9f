// What the bodies of functions share: their declarations, out of the table, and help with arguments and
// results.
#ifndef LQ_STDLIB_BODIES_H
#define LQ_STDLIB_BODIES_H

#include "stdlib/functions.h"

// A row whose flags ask for a body declares it here, so a row without one does not link.
#define LQ_BODY_NONE(name) lq_value lq_fn_##name(const lq_call *call, const lq_value *args, int nargs);
#define LQ_BODY_FOLDS(name) LQ_BODY_NONE(name)
#define LQ_BODY_LISTS(name)                                                                                  \
  void lq_fn_##name(const lq_call *call, const lq_values *args, int nargs, lq_results *out);
#define LQ_BODY_FOLDS_LISTS(name) LQ_BODY_LISTS(name)
#define LQ_BODY_LISTS_AGGREGATE(name) LQ_BODY_LISTS(name)
#define LQ_BODY_LITERAL(name)
#define LQ_BODY_FOLDS_LITERAL(name)
#define LQ_BODY_LAMBDA(name)
#define LQ_BODY_AGGREGATE(name)
#define LQ_FUNCTION(name, group, result, params, flags, doc, example, expected) LQ_BODY_##flags(name)
#include "stdlib/functions.def"
#undef LQ_FUNCTION

// One result longer than this is null: replace() and concat() in a chain must not eat the machine.
enum { LQ_TEXT_MAX = 16 * 1024 * 1024, LQ_CALL_ARGS_MAX = 16 };

#define LQ_NO_VALUE ((lq_value){.type = LQ_T_NULL})

// ---- arguments

bool lq_arg_given(const lq_value *args, int nargs, int i);
// The canonical text; numbers and the like are written to scratch. False: it has none, or out of memory.
bool lq_arg_text(const lq_call *call, const lq_value *v, lq_str *out);
bool lq_arg_int(const lq_value *v, int64_t *out); // a whole number, cut to the range of int64
bool lq_arg_ip(const lq_value *v, lq_ip *out);
bool lq_is_true(const lq_values *list); // some element is the boolean true

// ---- results

char *lq_new_text(const lq_call *call, size_t n); // NULL: too long, or out of memory
lq_value lq_copied(const lq_call *call, const char *p, size_t n);
lq_value lq_repaired(const lq_call *call, char *p, size_t n); // U+FFFD for what is no UTF-8
bool lq_results_add(lq_results *out, lq_value v);             // null is left out; false: full
bool lq_results_full(lq_results *out, size_t work); // true, and marked as cut, if work is too much to go on

// ---- finding text in text

// With call->fold both sides are folded first; places are always those in the text as it is.
typedef struct lq_finder {
  lq_str text, hay, needle;
  size_t at, text_at; // one place, in hay and in text
  bool same;          // hay and text have the same places
} lq_finder;

// Places in `text` from `from` on. False: out of memory.
bool lq_finder_init(lq_finder *f, const lq_call *call, lq_str text, size_t from, lq_str needle);
// The next occurrence that does not overlap the one before; an empty needle is found everywhere.
bool lq_find_next(lq_finder *f, size_t *start, size_t *end);
bool lq_find_last(lq_finder *f, const lq_call *call, size_t *start);

#endif
