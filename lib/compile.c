// One query to a bundle, and one error that says why not: the first thing that a newcomer calls.
#include "lib/build.h"

static lq_str str_of(lq_text t)
{
  return lq_str_make(t.p, t.n);
}

// A limit that was reached while building may have left no diagnostic.
static bool find_error(const lq_build *b, lq_diagnostic *out)
{
  for (size_t i = 0; lq_build_diag(b, i, out) == LQ_OK; i++) {
    if (out->severity == LQ_SEVERITY_ERROR)
      return true;
  }
  return false;
}

static void explain(lq_errinfo *error, const lq_build *b, lq_status s)
{
  lq_diagnostic d = LQ_INIT(lq_diagnostic);
  if (s == LQ_E_QUERY && find_error(b, &d)) {
    lq_errinfo facts = {.reason = d.code, .line = d.line, .column = d.column, .offset = d.start};
    lq_api_explain(error, facts, str_of(d.message), str_of(d.help));
  } else {
    lq_api_explain(error, (lq_errinfo){0}, lq_str_of(s == LQ_OK ? "" : lq_status_text(s)), LQ_STR(""));
  }
}

lq_status lq_compile(lq_bundle **out, const char *query, size_t n, const lq_build_options *options,
                     lq_errinfo *error)
{
  lq_build *b = NULL;
  if (!out || (error && !lq_api_has_room(error)))
    return LQ_E_USAGE;
  *out = NULL;
  lq_status s = lq_build_new(&b, options);
  if (s == LQ_OK)
    s = lq_build_add_query(b, "<query>", NULL, query, n);
  bool added = s == LQ_OK;
  if (added)
    s = lq_build_close(b, out, error);
  // Of a bundle that was made and then refused, the loader has said why.
  if (!added || s == LQ_E_NOMEM)
    explain(error, b, s);
  lq_build_free(b);
  return s;
}
