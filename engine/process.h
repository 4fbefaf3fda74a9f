// What an event says of its process and of its parent, in ECS or as the Endgame sensor wrote it.
#ifndef LQ_ENGINE_PROCESS_H
#define LQ_ENGINE_PROCESS_H

#include "base/event.h"

typedef enum lq_process_field {
#define LQ_PROCESS_FIELD(id, name) LQ_PROCESS_##id,
#include "engine/process_fields.def"
#undef LQ_PROCESS_FIELD
  LQ_PROCESS_FIELDS
} lq_process_field;

// What an event says of processes. The names are canonical bytes, of an entity id or of host and pid; empty:
// it says nothing.
typedef struct lq_process_facts {
  lq_str own, parent;
  bool starts;
  bool unique; // `own` is never used again for another process
} lq_process_facts;

lq_status lq_process_add_fields(lq_fieldmap *map, uint32_t slots[LQ_PROCESS_FIELDS]);
// own and parent are written to the buffers, which are cleared first. A failed buffer: the event says
// nothing.
void lq_process_read(const lq_event *e, const uint32_t slots[LQ_PROCESS_FIELDS], lq_buf *own, lq_buf *parent,
                     lq_process_facts *out);

#endif
