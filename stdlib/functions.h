// The function library: one table (functions.def) and one C function for each row.
#ifndef LQ_STDLIB_FUNCTIONS_H
#define LQ_STDLIB_FUNCTIONS_H

#include "base/arena.h"
#include "base/buf.h"
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
  bool fold;    // the `~` form was called
  bool endgame; // Endgame EQL's differences (LANGUAGE.md section 1)
} lq_call;

// Where a function of lists puts its results: lq_results_add.
typedef struct lq_results lq_results;

// One result for one combination of argument elements; LQ_T_NULL is null. Arguments that are null never get
// here, but for optional ones, which then have LQ_T_NULL: their default.
typedef lq_value (*lq_scalar_fn)(const lq_call *call, const lq_value *args, int nargs);
// Functions of whole lists (flag LISTS); a missing argument is an empty list. No result is null.
typedef void (*lq_list_fn)(const lq_call *call, const lq_values *args, int nargs, lq_results *out);

enum {
  LQ_FN_NONE = 0,
  LQ_FN_FOLDS = 1, // has a `name~` form. In a program the folded form is its own function name, with `~`
  LQ_FN_LISTS = 2, // takes lists as they are
  LQ_FN_LITERAL =
      4, // arguments after the first are patterns, networks or regexes: literals, compiled into a set
  LQ_FN_LAMBDA = 8, // has a scope and an expression as arguments: the compiler turns it into ITER
  LQ_FN_AGGREGATE = 16,
  LQ_FN_FOLDS_LISTS = LQ_FN_FOLDS | LQ_FN_LISTS,
  LQ_FN_FOLDS_LITERAL = LQ_FN_FOLDS | LQ_FN_LITERAL,
  LQ_FN_LISTS_AGGREGATE = LQ_FN_LISTS | LQ_FN_AGGREGATE,
};

typedef struct lq_function {
  const char *name;
  const char *group;
  lq_type result;     // LQ_T_NULL: depends on the arguments; LQ_T_DOUBLE: any number
  const char *params; // one letter an argument, as in functions.def
  unsigned flags;
  const char *doc, *example, *expected;
  lq_scalar_fn scalar; // NULL for LITERAL, LAMBDA, AGGREGATE and LISTS
  lq_list_fn list;     // NULL without LISTS
} lq_function;

enum { LQ_FN_ARGS_MAX = 1000000 }; // lq_function_max_args of a function without a limit

extern const lq_function lq_functions[LQ_FN_COUNT];
// name in any case, a trailing `~` allowed for FOLDS; false: no such function.
bool lq_function_find(lq_str name, lq_function_id *id, bool *fold);
int lq_function_min_args(const lq_function *f);
int lq_function_max_args(const lq_function *f); // LQ_FN_ARGS_MAX when it has no limit
char lq_function_param(const lq_function *f,
                       int i); // letter of argument i, repeated ones too; 0 past the last

// In programs a function is a number: 2 * id, + 1 for the folded form.
// The first *nresults of `results` are the answer, none is null; it also gives the first one, or null. Scalar
// functions are called for each combination of their arguments' elements, the last argument's turning
// fastest. *cut: more results than max_results, or than the scratch should hold, were left out. Text in
// results is the arguments' or in scratch. call->fold need not be set. A function without a body (LITERAL,
// LAMBDA, only AGGREGATE) gives null.
lq_value lq_function_call(uint32_t function, const lq_call *call, const lq_values *args, int nargs,
                          lq_value *results, size_t max_results, size_t *nresults, bool *cut);

// Arithmetic of the operators and of add() to modulo(): op is one of + - * / %. Null for what is no number, a
// zero divisor, and results that are not finite. Whole numbers are exact as long as 64 bits hold them, else
// doubles. floors: division and remainder round down (Endgame EQL), not towards zero.
lq_value lq_arithmetic(char op, const lq_value *a, const lq_value *b, bool floors);

void lq_docs_functions(lq_buf *out); // docs/functions.md: the table as Markdown

#endif
