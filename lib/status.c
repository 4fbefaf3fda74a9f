// Versions, statuses, limits: what every part of the API begins with.
#include "lib/api.h"

const char *lq_version(void)
{
  return LQ_VERSION_STRING;
}
uint32_t lq_version_number(void)
{
  return LQ_VERSION_NUMBER;
}

const char *lq_status_text(lq_status s)
{
  switch (s) {
  case LQ_OK: return "all is well";
  case LQ_E_NOMEM: return "out of memory";
  case LQ_E_USAGE: return "the call is wrong";
  case LQ_E_QUERY: return "a rule has errors";
  case LQ_E_LIMIT: return "a limit was reached";
  case LQ_E_BUNDLE: return "not a bundle, or damaged";
  case LQ_E_VERSION: return "a bundle of another version";
  case LQ_E_INPUT: return "bytes that are not an event";
  case LQ_E_NOTFOUND: return "not found";
  case LQ_E_CANCELLED: return "stopped by a callback";
  case LQ_E_IO: return "the output could not be written";
  case LQ_E_INTERNAL: return "an error in libquery";
  case LQ_E_UNSUPPORTED: return "not available in this version";
  }
  return "an unknown status";
}

static const lq_limits defaults = {
    .struct_size = sizeof(lq_limits),
    .max_depth = 256,
    .max_list = 100000,
    .max_code = 65536,
    .max_bundle = UINT64_C(64) << 20,
    .max_rules = 1000000,
    .max_json_depth = 64,
    .max_cost = 1000000,
    .max_budget = 1000000,
    .max_scratch = UINT64_C(16) << 20,
    .max_record = UINT64_C(16) << 20,
    .max_value = UINT64_C(1) << 20,
    .max_fields = 4096,
    .max_ratio = 200,
    .max_state = UINT64_C(256) << 20,
    .max_state_rule = UINT64_C(16) << 20,
    .max_state_keys = 100000,
    .max_waiting = UINT64_C(64) << 20,
    .max_window = 65536,
    .max_distinct = 65536,
    .max_future = INT64_C(300000000000),
    .max_regex_memory = UINT64_C(256) << 20,
};

lq_status lq_limits_default(lq_limits *l)
{
  return lq_api_give(l, &defaults, sizeof defaults);
}

#define OR_DEFAULT(field) l.field = l.field ? l.field : defaults.field

lq_status lq_api_limits(lq_limits *out, const lq_limits *given)
{
  lq_limits l = {.struct_size = sizeof l};
  lq_status s = given ? lq_api_take(&l, sizeof l, given) : LQ_OK;
  if (s != LQ_OK)
    return s;
  OR_DEFAULT(max_depth), OR_DEFAULT(max_list), OR_DEFAULT(max_code), OR_DEFAULT(max_bundle),
      OR_DEFAULT(max_rules);
  OR_DEFAULT(max_json_depth), OR_DEFAULT(max_cost), OR_DEFAULT(max_budget), OR_DEFAULT(max_scratch);
  OR_DEFAULT(max_record), OR_DEFAULT(max_value), OR_DEFAULT(max_fields), OR_DEFAULT(max_ratio);
  OR_DEFAULT(max_state), OR_DEFAULT(max_state_rule), OR_DEFAULT(max_state_keys), OR_DEFAULT(max_waiting);
  OR_DEFAULT(max_window), OR_DEFAULT(max_distinct), OR_DEFAULT(max_future), OR_DEFAULT(max_regex_memory);
  *out = l;
  return LQ_OK;
}

lq_input_limits lq_api_input_limits(const lq_limits *l)
{
  return (lq_input_limits){.max_record = (size_t)l->max_record,
                           .max_value = (size_t)l->max_value,
                           .max_depth = l->max_json_depth,
                           .max_fields = l->max_fields,
                           .max_ratio = l->max_ratio};
}

lq_mem lq_api_mem(const lq_allocator *a)
{
  return a && a->fn ? (lq_mem){a->fn, a->user} : lq_mem_libc;
}

lq_status lq_api_write(lq_buf *b, lq_write_fn write, void *user)
{
  lq_status s = b->failed ? LQ_E_NOMEM : b->n > 0 && write(user, b->p, b->n) != 0 ? LQ_E_IO : LQ_OK;
  lq_buf_free(b);
  return s;
}
