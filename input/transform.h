// A raw value to a field's: the transforms of stdlib/mapping.h.
#ifndef LQ_INPUT_TRANSFORM_H
#define LQ_INPUT_TRANSFORM_H

#include "input/fill.h"
#include "stdlib/mapping.h"

typedef struct lq_map_call {
  lq_fill *fill;
  const lq_map_row *row;
  uint32_t node; // of the target in the field map
  bool gave;     // a value was given
  bool stamped;  // by one of its raw values the event has a time
  // Another raw value of the same event, as text; empty when there is none.
  lq_str (*other)(void *user, lq_str raw);
  void *user;
} lq_map_call;

void lq_map_apply(lq_map_call *c, const lq_value *raw);
void lq_map_give(lq_map_call *c, lq_value v);

// ---- for the bodies of transforms

void lq_give(lq_map_call *c, lq_str s);
void lq_give_long(lq_map_call *c, lq_str s);
void lq_give_basename(lq_map_call *c, lq_str s);
void lq_give_dirname(lq_map_call *c, lq_str s);
void lq_give_extension(lq_map_call *c, lq_str s);
void lq_give_domain(lq_map_call *c, lq_str s);
void lq_give_account(lq_map_call *c, lq_str s);
void lq_give_argv(lq_map_call *c, lq_str s);
void lq_give_argc(lq_map_call *c, lq_str s);
lq_str lq_raw_text(lq_map_call *c, const lq_value *v);
lq_str lq_map_own(lq_map_call *c, lq_str s); // a copy that lives as long as the event
lq_str lq_map_lower(lq_map_call *c, lq_str s);
bool lq_map_bits(lq_str s, uint64_t *bits); // decimal or `0x…`
size_t lq_text_find(lq_str s, char b);      // where the first is, or s.n
size_t lq_text_find_last(lq_str s, char b);
bool lq_text_part(lq_str *rest, char separator, lq_str *part);

// One body for each transform: a row of the table without one does not link.
#define X(name, gives, text) void lq_to_##name(lq_map_call *c, const lq_value *v);
LQ_MAP_TRANSFORMS(X)
#undef X

#endif
