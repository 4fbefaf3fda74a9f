// The function library: one table (functions.def) and one C function for each row.
#ifndef LQ_STDLIB_FUNCTIONS_H
#define LQ_STDLIB_FUNCTIONS_H

#include "base/arena.h"
#include "base/value.h"
#include "libquery/status.h"

typedef enum lq_function_id {
#define LQ_FUNCTION(name, group, result, params, flags, doc, example, expected) LQ_FN_##name,
#include "stdlib/functions.def"
#undef LQ_FUNCTION
  LQ_FN_COUNT
} lq_function_id;

typedef struct lq_call {
  lq_arena *scratch; // results' text; failing to allocate sets scratch->failed and the result is null
  int64_t now;
  bool fold;         // the `~` form was called
  bool endgame;      // Endgame EQL's differences (LANGUAGE.md section 1)
} lq_call;

// One result for one combination of argument elements; LQ_T_NULL is null. Arguments that are null never get here, but for
// optional ones, which then have LQ_T_NULL: their default.
typedef lq_value (*lq_scalar_fn)(const lq_call *call, const lq_value *args, int nargs);
// Functions of whole lists (flag A).
typedef lq_value (*lq_list_fn)(const lq_call *call, const lq_values *args, int nargs);

enum {
  LQ_FN_FOLDS = 1,    // has a `name~` form. In a program the folded form is its own function name, with `~`
  LQ_FN_LISTS = 2,    // takes lists as they are
  LQ_FN_LITERAL = 4,  // arguments after the first are patterns, networks or regexes: literals, compiled into a set
  LQ_FN_LAMBDA = 8,   // has a scope and an expression as arguments: the compiler turns it into ITER
  LQ_FN_AGGREGATE = 16,
};

typedef struct lq_function {
  const char *name;
  const char *group;
  lq_type result;     // LQ_T_NULL: depends on the arguments
  const char *params; // one letter an argument, as in functions.def
  unsigned flags;
  const char *doc, *example, *expected;
  lq_scalar_fn scalar; // NULL for LITERAL, LAMBDA, AGGREGATE and LISTS
  lq_list_fn list;
} lq_function;

extern const lq_function lq_functions[LQ_FN_COUNT];
// name in any case, a trailing `~` allowed for FOLDS; false: no such function.
bool lq_function_find(lq_str name, lq_function_id *id, bool *fold);
int lq_function_min_args(const lq_function *f);
int lq_function_max_args(const lq_function *f); // LQ_ARGS-like large number when it has no limit
char lq_function_param(const lq_function *f, int i); // letter of argument i, repeated ones too

// In programs a function is a number: 2 * id, + 1 for the folded form.
lq_value lq_function_call(uint32_t function, const lq_call *call, const lq_values *args, int nargs, lq_value *results,
                          size_t max_results, size_t *nresults, bool *cut);

#endif
