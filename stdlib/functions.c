// The function library's table: names, arities, and the call that every function goes through.
#include "stdlib/functions.h"

#include "stdlib/bodies.h"

#define LQ_ENTRY_NONE(name) .scalar = lq_fn_##name
#define LQ_ENTRY_FOLDS(name) .scalar = lq_fn_##name
#define LQ_ENTRY_LISTS(name) .list = lq_fn_##name
#define LQ_ENTRY_FOLDS_LISTS(name) .list = lq_fn_##name
#define LQ_ENTRY_LISTS_AGGREGATE(name) .list = lq_fn_##name
#define LQ_ENTRY_LITERAL(name) .scalar = NULL
#define LQ_ENTRY_FOLDS_LITERAL(name) .scalar = NULL
#define LQ_ENTRY_LAMBDA(name) .scalar = NULL
#define LQ_ENTRY_AGGREGATE(name) .scalar = NULL

const lq_function lq_functions[LQ_FN_COUNT] = {
#define LQ_FUNCTION(name, group, result, params, flags, doc, example, expected)                              \
  [LQ_FN_##name] = {#name,   group,    LQ_T_##result,         params, LQ_FN_##flags, doc,                    \
                    example, expected, LQ_ENTRY_##flags(name)},
#include "stdlib/functions.def"
#undef LQ_FUNCTION
};

// ---- names and arities

bool lq_function_find(lq_str name, lq_function_id *id, bool *fold)
{
  *fold = name.n > 0 && name.p[name.n - 1] == '~';
  name.n -= *fold;
  for (int i = 0; i < LQ_FN_COUNT; i++) {
    if (!lq_str_eq_ascii(name, lq_str_of(lq_functions[i].name)))
      continue;
    *id = (lq_function_id)i;
    return !*fold || lq_functions[i].flags & LQ_FN_FOLDS;
  }
  return false;
}

// Letters of params, with what stands beside each.
typedef struct param {
  char letter;
  bool optional, repeats;
} param;

static bool next_param(const char **params, param *out)
{
  const char *p = *params;
  bool optional = *p == '?';
  p += optional;
  if (*p == '\0')
    return false;
  *out = (param){.letter = *p, .optional = optional, .repeats = p[1] == '+'};
  *params = p + 1 + out->repeats;
  return true;
}

int lq_function_min_args(const lq_function *f)
{
  int n = 0;
  param p;
  for (const char *at = f->params; next_param(&at, &p);)
    n += !p.optional;
  return n;
}

int lq_function_max_args(const lq_function *f)
{
  int n = 0;
  param p;
  for (const char *at = f->params; next_param(&at, &p); n++) {
    if (p.repeats)
      return LQ_FN_ARGS_MAX;
  }
  return n;
}

static param param_at(const lq_function *f, int i)
{
  param p;
  for (const char *at = f->params; next_param(&at, &p); i--) {
    if (i == 0 || p.repeats)
      return p;
  }
  return (param){0};
}

char lq_function_param(const lq_function *f, int i)
{
  return param_at(f, i).letter;
}

// ---- calls

enum { WORK_MAX = 1000000 };

struct lq_results {
  lq_value *v;
  size_t n, max;
  bool cut;
};

bool lq_results_add(lq_results *out, lq_value v)
{
  if (v.type == LQ_T_NULL)
    return true;
  out->cut |= out->n == out->max;
  if (out->n < out->max)
    out->v[out->n++] = v;
  return !out->cut;
}

bool lq_results_full(lq_results *out, size_t work)
{
  out->cut |= work > WORK_MAX;
  return out->cut;
}

enum { CALL_MEMORY_MAX = 64 * 1024 * 1024 };

static const lq_value null_value = {.type = LQ_T_NULL};

// Null optional arguments become one null each; a required one that is null leaves nothing to call.
static bool prepare(const lq_function *f, const lq_values *args, int nargs, lq_values out[LQ_CALL_ARGS_MAX])
{
  if (nargs > LQ_CALL_ARGS_MAX)
    return false;
  for (int i = 0; i < nargs; i++) {
    out[i] = args[i];
    if (args[i].n > 0)
      continue;
    if (!param_at(f, i).optional)
      return false;
    out[i] = (lq_values){&null_value, 1};
  }
  return true;
}

// Moves to the next combination, like an odometer; false after the last.
static bool turn(const lq_values *lists, int n, size_t index[LQ_CALL_ARGS_MAX],
                 lq_value args[LQ_CALL_ARGS_MAX])
{
  for (int i = n - 1; i >= 0; i--) {
    bool wraps = ++index[i] == lists[i].n;
    if (wraps)
      index[i] = 0;
    args[i] = lists[i].v[index[i]];
    if (!wraps)
      return true;
  }
  return false;
}

// Endgame EQL's functions of single values know no arrays, but that `length` counts their elements.
static bool has_array(const lq_values *args, int nargs)
{
  for (int i = 0; i < nargs; i++) {
    if (args[i].n > 1)
      return true;
  }
  return false;
}

static void call_with_array(const lq_function *f, const lq_values *args, lq_results *out)
{
  if (f == &lq_functions[LQ_FN_length])
    lq_results_add(out, lq_int((int64_t)args[0].n));
}

static void call_scalar(lq_scalar_fn fn, const lq_call *call, const lq_values *lists, int n, lq_results *out)
{
  size_t index[LQ_CALL_ARGS_MAX] = {0}, memory = call->scratch->total;
  lq_value args[LQ_CALL_ARGS_MAX];
  for (int i = 0; i < n; i++)
    args[i] = lists[i].v[0];
  // Combinations that give null cost time as well, so it is calls that are counted, not results.
  size_t calls = 0;
  do {
    out->cut |= calls++ == out->max || call->scratch->total - memory > CALL_MEMORY_MAX;
    if (out->cut)
      return;
    lq_results_add(out, fn(call, args, n));
  } while (turn(lists, n, index, args));
}

lq_value lq_function_call(uint32_t function, const lq_call *call, const lq_values *args, int nargs,
                          lq_value *results, size_t max_results, size_t *nresults, bool *cut)
{
  const lq_function *f = &lq_functions[function / 2];
  lq_call c = *call;
  c.fold = function & 1;
  lq_results out = {.v = results, .max = max_results};
  lq_values lists[LQ_CALL_ARGS_MAX];
  if (c.endgame && f->scalar && f != &lq_functions[LQ_FN_lower] && has_array(args, nargs))
    call_with_array(f, args, &out);
  else if (f->list)
    f->list(&c, args, nargs, &out);
  else if (f->scalar && prepare(f, args, nargs, lists))
    call_scalar(f->scalar, &c, lists, nargs, &out);
  *nresults = out.n;
  *cut = out.cut;
  return out.n > 0 ? results[0] : LQ_NO_VALUE;
}
