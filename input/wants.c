// Which members of a record anybody reads.
#include "input/wants.h"

static bool is_one_of(lq_str s, const char *const *names)
{
  for (; *names; names++) {
    if (lq_str_is(s, *names))
      return true;
  }
  return false;
}

// A dotted key that leads through an array of objects is an element of it, whatever stands behind (fill.c).
static uint32_t below(const lq_fieldmap *m, uint32_t node, lq_str key)
{
  const char *dot;
  bool element = false;
  while (node != LQ_NO_NODE && key.n > 0 && (dot = memchr(key.p, '.', key.n))) {
    size_t n = (size_t)(dot - key.p);
    node = lq_fieldmap_child(m, node, lq_str_slice(key, 0, n));
    key = lq_str_slice(key, n + 1, key.n);
    element |= lq_fieldmap_node_is_scope(m, node);
  }
  node = lq_fieldmap_child(m, node, key);
  return node != LQ_NO_NODE ? node : element ? LQ_WANTS_VALUE : LQ_JSON_LEAVE_OUT;
}

// Two wishes for one value.
static uint32_t both(uint32_t a, uint32_t b)
{
  if (a == b || b == LQ_JSON_LEAVE_OUT)
    return a;
  if (a == LQ_JSON_LEAVE_OUT)
    return b;
  return a == LQ_WANTS_VALUE ? b : b == LQ_WANTS_VALUE ? a : LQ_WANTS_ALL;
}

// Members of the record itself. What kind of record it is shows only when all of it is there, so a key is
// wanted for whatever it may turn out to be: a field, a part or a value of a raw event, a wrapper.
static uint32_t member_of_root(const lq_wants *w, lq_str key)
{
  static const char *const parts[] = {"Event", "System", "EventData", "UserData", NULL};
  static const char *const times[] = {"@timestamp", "timestamp", NULL};
  const lq_fieldmap *m = w->fill->map;
  uint32_t found = below(m, 0, key);
  if (lq_str_is(key, "_source"))
    return found == LQ_JSON_LEAVE_OUT ? 0 : LQ_WANTS_ALL;
  if (is_one_of(key, parts) || lq_windows_reads(*w->windows, key))
    return LQ_WANTS_ALL;
  if (is_one_of(key, times) || lq_windows_is_sign(key))
    found = both(found, LQ_WANTS_VALUE);
  uint32_t data = lq_fieldmap_descend(m, 0, LQ_STR("winlog.event_data"));
  return data == LQ_NO_NODE ? found : both(found, below(m, data, key));
}

static uint32_t member(const lq_wants *w, uint32_t where, lq_str key)
{
  switch (where) {
  case LQ_WANTS_ALL: return LQ_WANTS_ALL;
  case LQ_WANTS_VALUE:
  case LQ_JSON_LEAVE_OUT: return LQ_JSON_LEAVE_OUT;
  case 0: return member_of_root(w, key);
  default: return below(w->fill->map, where, key);
  }
}

bool lq_wants_member(void *user, const lq_shape *in, lq_shape *made, lq_str key)
{
  lq_wants *w = user;
  if (!*w->windows)
    *w->windows = lq_windows_new(w->fill);
  if (!*w->windows)
    return false;
  made->where = member(w, in->where, key);
  made->node = made->where == 0 ? 0 : lq_fieldmap_descend(w->fill->map, in->node, key);
  return true;
}
