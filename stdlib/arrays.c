// Functions of whole lists: arrays, and choices between values of which some may be missing.
#include "base/utf8.h"
#include "stdlib/bodies.h"

static void add_all(lq_results *out, const lq_values *list)
{
  for (size_t i = 0; i < list->n && lq_results_add(out, list->v[i]); i++)
    ;
}

// ---- arrays

static bool holds(const lq_call *call, const lq_values *list, const lq_values *wanted, lq_results *out)
{
  if (wanted->n > 0 && lq_results_full(out, list->n > SIZE_MAX / wanted->n ? SIZE_MAX : list->n * wanted->n))
    return false;
  for (size_t i = 0; i < list->n; i++) {
    for (size_t j = 0; j < wanted->n; j++) {
      if ((call->fold ? lq_value_equal_fold : lq_value_equal)(&list->v[i], &wanted->v[j]))
        return true;
    }
  }
  return false;
}

void lq_fn_arrayContains(const lq_call *call, const lq_values *args, int nargs, lq_results *out)
{
  // A null among the values is skipped: the others may still be there.
  bool found = false, wants = false;
  for (int i = 1; i < nargs; i++) {
    wants |= args[i].n > 0;
    found = found || holds(call, &args[0], &args[i], out);
  }
  if (args[0].n > 0 && wants)
    lq_results_add(out, lq_bool(found));
}

void lq_fn_array_length(const lq_call *call, const lq_values *args, int nargs, lq_results *out)
{
  (void)call, (void)nargs;
  lq_results_add(out, lq_int((int64_t)args[0].n));
}

void lq_fn_first(const lq_call *call, const lq_values *args, int nargs, lq_results *out)
{
  (void)call, (void)nargs;
  if (args[0].n > 0)
    lq_results_add(out, args[0].v[0]);
}

void lq_fn_last(const lq_call *call, const lq_values *args, int nargs, lq_results *out)
{
  (void)call, (void)nargs;
  if (args[0].n > 0)
    lq_results_add(out, args[0].v[args[0].n - 1]);
}

static bool split_one(const lq_call *call, lq_str s, lq_str separator, lq_results *out)
{
  lq_finder f;
  size_t from = 0, start, end;
  if (!lq_finder_init(&f, call, s, 0, separator))
    return false;
  while (separator.n > 0 && lq_find_next(&f, &start, &end)) {
    if (!lq_results_add(out, lq_string(lq_str_slice(s, from, start))))
      return false;
    from = end;
  }
  return lq_results_add(out, lq_string(lq_str_slice(s, from, s.n)));
}

void lq_fn_split(const lq_call *call, const lq_values *args, int nargs, lq_results *out)
{
  (void)nargs;
  lq_str s, separator;
  for (size_t i = 0; i < args[0].n; i++) {
    for (size_t j = 0; j < args[1].n; j++) {
      if (lq_arg_text(call, &args[0].v[i], &s) && lq_arg_text(call, &args[1].v[j], &separator) &&
          !split_one(call, s, separator, out))
        return;
    }
  }
}

// ---- choices

void lq_fn_coalesce(const lq_call *call, const lq_values *args, int nargs, lq_results *out)
{
  (void)call;
  int i = 0;
  while (i < nargs && args[i].n == 0)
    i++;
  if (i < nargs)
    add_all(out, &args[i]);
}

void lq_fn_if(const lq_call *call, const lq_values *args, int nargs, lq_results *out)
{
  (void)call;
  if (lq_is_true(&args[0]))
    add_all(out, &args[1]);
  else if (nargs > 2)
    add_all(out, &args[2]);
}

void lq_fn_case(const lq_call *call, const lq_values *args, int nargs, lq_results *out)
{
  (void)call;
  int i = 0;
  while (i + 1 < nargs && !lq_is_true(&args[i]))
    i += 2;
  if (i + 1 < nargs)
    add_all(out, &args[i + 1]);
  else if (i < nargs)
    add_all(out, &args[i]);
}

void lq_fn_exists(const lq_call *call, const lq_values *args, int nargs, lq_results *out)
{
  (void)call, (void)nargs;
  lq_results_add(out, lq_bool(args[0].n > 0));
}

void lq_fn_missing(const lq_call *call, const lq_values *args, int nargs, lq_results *out)
{
  (void)call, (void)nargs;
  lq_results_add(out, lq_bool(args[0].n == 0));
}
