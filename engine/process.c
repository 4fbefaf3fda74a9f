// What an event says of its process and of its parent.
#include "engine/process.h"

static const lq_str names[LQ_PROCESS_FIELDS] = {
#define LQ_PROCESS_FIELD(id, name) LQ_STR_INIT(name),
#include "engine/process_fields.def"
#undef LQ_PROCESS_FIELD
};

lq_status lq_process_add_fields(lq_fieldmap *map, uint32_t slots[LQ_PROCESS_FIELDS])
{
  for (int i = 0; i < LQ_PROCESS_FIELDS; i++) {
    lq_field_spec spec = {.name = names[i], .scope = LQ_NO_SLOT};
    lq_status status = lq_fieldmap_add(map, &spec, &slots[i]);
    if (status)
      return status;
  }
  return LQ_OK;
}

static const lq_value *first(const lq_event *e, const uint32_t *slots, lq_process_field f)
{
  const lq_slot_value *v = lq_event_first(e, slots[f]);
  return v ? &v->v : NULL;
}

static bool has(const lq_event *e, const uint32_t *slots, lq_process_field f, const char *text)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  for (const lq_slot_value *v = lq_event_first(e, slots[f]); v; v = lq_event_next(e, v)) {
    if (lq_str_is(lq_value_text(&v->v, scratch), text))
      return true;
  }
  return false;
}

static bool starts(const lq_event *e, const uint32_t *slots)
{
  if (has(e, slots, LQ_PROCESS_EVENT_TYPE, "process") ||
      has(e, slots, LQ_PROCESS_EVENT_TYPE_FULL, "process_event"))
    return has(e, slots, LQ_PROCESS_OPCODE, "1") ||
           has(e, slots, LQ_PROCESS_OPCODE, "3"); // new, or running already
  return has(e, slots, LQ_PROCESS_TYPE, "start") &&
         (!first(e, slots, LQ_PROCESS_CATEGORY) || has(e, slots, LQ_PROCESS_CATEGORY, "process"));
}

static void add(lq_buf *out, char tag, const lq_value *v)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  lq_buf_byte(out, tag);
  lq_buf_str(out, lq_value_text(v, scratch));
}

// An id that is never used again, or else host and number. Tags keep the kinds apart.
static bool name_process(lq_buf *out, const lq_value *entity, const lq_value *unique, const lq_value *host,
                         const lq_value *pid)
{
  lq_buf_clear(out);
  if (entity)
    add(out, 'e', entity);
  else if (unique)
    add(out, 'u', unique);
  else if (pid) {
    add(out, 'p', pid);
    if (host)
      add(out, 0, host);
  }
  return entity || unique;
}

void lq_process_read(const lq_event *e, const uint32_t slots[LQ_PROCESS_FIELDS], lq_buf *own, lq_buf *parent,
                     lq_process_facts *out)
{
  const lq_value *host = first(e, slots, LQ_PROCESS_HOST_ID);
  host = host ? host : first(e, slots, LQ_PROCESS_HOST_NAME);
  *out = (lq_process_facts){.starts = starts(e, slots)};
  out->unique = name_process(own, first(e, slots, LQ_PROCESS_ENTITY), first(e, slots, LQ_PROCESS_UNIQUE_PID),
                             host, first(e, slots, LQ_PROCESS_PID));
  name_process(parent, first(e, slots, LQ_PROCESS_PARENT_ENTITY), first(e, slots, LQ_PROCESS_UNIQUE_PPID),
               host, first(e, slots, LQ_PROCESS_PARENT_PID));
  out->own = own->failed ? (lq_str){0} : lq_buf_get(own);
  out->parent = parent->failed ? (lq_str){0} : lq_buf_get(parent);
}
