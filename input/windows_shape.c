// Is an object a raw Windows event?
#include "input/windows_tables.h"

static bool is_object(const lq_json *j, uint32_t value)
{
  return value && j->nodes[value].kind == LQ_JSON_OBJECT;
}

static bool has_system(const lq_json *j, uint32_t object)
{
  return is_object(j, object) &&
         lq_json_member(j, lq_json_member(j, object, LQ_STR("System")), LQ_STR("EventID"));
}

// ECS already: Winlogbeat's own form, or a record that somebody has mapped.
static bool is_ecs_name(lq_str s)
{
  return lq_str_eq(s, LQ_STR("event")) || lq_str_eq(s, LQ_STR("winlog")) || lq_str_eq(s, LQ_STR("ecs")) ||
         lq_str_eq(s, LQ_STR("event.code")) || lq_str_eq(s, LQ_STR("winlog.event_id"));
}

// What a flat record has beside its id.
static bool tells_log(lq_str s)
{
  static const lq_str names[] = {
      LQ_STR_INIT("Channel"),  LQ_STR_INIT("SourceName"), LQ_STR_INIT("Hostname"),   LQ_STR_INIT("Provider"),
      LQ_STR_INIT("Computer"), LQ_STR_INIT("LogName"),    LQ_STR_INIT("MachineName")};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (lq_str_eq(s, names[i]))
      return true;
  }
  return false;
}

static bool is_id_name(lq_str s)
{
  return lq_str_eq(s, LQ_STR("EventID")) || lq_str_eq(s, LQ_STR("EventId"));
}

bool lq_windows_is_sign(lq_str key)
{
  return is_ecs_name(key) || is_id_name(key) || tells_log(key);
}

lq_windows_role lq_windows_role_of(lq_str key)
{
  static const lq_str parts[] = {LQ_STR_INIT("Event"), LQ_STR_INIT("System"), LQ_STR_INIT("EventData"),
                                 LQ_STR_INIT("UserData")};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (lq_str_eq(key, parts[i]))
      return LQ_WINDOWS_PART;
  }
  return lq_str_eq(key, LQ_STR("_source")) ? LQ_WINDOWS_WRAP
         : is_ecs_name(key)                ? LQ_WINDOWS_ECS
         : is_id_name(key)                 ? LQ_WINDOWS_ID
         : tells_log(key)                  ? LQ_WINDOWS_LOG
                                           : LQ_WINDOWS_DATUM;
}

bool lq_windows_shape(const lq_json *j, uint32_t object, uint32_t *event)
{
  bool id = false, log = false;
  *event = object;
  for (uint32_t key = object + 1; key < j->nodes[object].next; key = j->nodes[key + 1].next) {
    lq_str name = lq_json_raw(j, &j->nodes[key]);
    switch (name.n > 0 ? name.p[0] : 0) {
    case 'E':
      if (lq_str_eq(name, LQ_STR("Event")) && has_system(j, key + 1)) {
        *event = key + 1;
        return true;
      }
      id |= is_id_name(name);
      break;
    case 'e':
    case 'w':
      if (is_ecs_name(name))
        return false;
      break;
    case 'S':
      if (lq_str_eq(name, LQ_STR("System")) && has_system(j, object))
        return true;
      log |= tells_log(name);
      break;
    case 'C':
    case 'H':
    case 'L':
    case 'M':
    case 'P': log |= tells_log(name); break;
    }
  }
  return id && log;
}
