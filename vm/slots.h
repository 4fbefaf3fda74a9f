// The values of a field as code sees them at this moment: inside a walk, only those of the current element.
#ifndef LQ_VM_SLOTS_H
#define LQ_VM_SLOTS_H

#include "vm/exec.h"

// Takes from the budget; false and x->failed when it is spent.
static inline bool lq_exec_charge(lq_exec *x, uint64_t units)
{
  if (units <= x->budget) {
    x->budget -= units;
    return true;
  }
  x->budget = 0;
  x->failed = true;
  return false;
}

// The innermost open walk over that scope, or -1.
static inline int lq_exec_walk_of(const lq_exec *x, uint32_t scope)
{
  for (int i = x->depth; i-- > 0;) {
    if (x->scope[i] == scope)
      return i;
  }
  return -1;
}

typedef struct lq_slot_walk {
  bool tied, parent; // only values of one element; of one element of the scope around it
  uint32_t element;
} lq_slot_walk;

// Of the scope around a field, the current element.
static inline lq_slot_walk lq_slot_walk_around(const lq_exec *x, uint32_t field)
{
  const lq_field *f = &x->program->fields[field];
  int around = x->depth && f->scope != LQ_NONE ? lq_exec_walk_of(x, f->scope) : -1;
  if (around < 0)
    return (lq_slot_walk){0};
  return (lq_slot_walk){.tied = true, .parent = f->flags & LQ_FIELD_SCOPE, .element = x->element[around]};
}

// What an instruction reads: of a scope that is being walked, the current element itself.
static inline lq_slot_walk lq_slot_walk_of(const lq_exec *x, uint32_t field)
{
  bool is_scope = x->depth && x->program->fields[field].flags & LQ_FIELD_SCOPE;
  int own = is_scope ? lq_exec_walk_of(x, field) : -1;
  if (own >= 0)
    return (lq_slot_walk){.tied = true, .element = x->element[own]};
  return lq_slot_walk_around(x, field);
}

// Values of other elements are passed over, which is charged: an event may have many of them.
static inline const lq_slot_value *lq_slot_skip(lq_exec *x, const lq_slot_walk *w, const lq_slot_value *v)
{
  while (w->tied && v && (w->parent ? v->parent : v->element) != w->element)
    v = lq_exec_charge(x, 1) ? lq_event_next(x->event, v) : NULL;
  return v;
}

static inline const lq_slot_value *lq_slot_first(lq_exec *x, const lq_slot_walk *w, uint32_t field)
{
  return lq_slot_skip(x, w, lq_event_first(x->event, x->slots[field]));
}

static inline const lq_slot_value *lq_slot_next(lq_exec *x, const lq_slot_walk *w, const lq_slot_value *v)
{
  return lq_slot_skip(x, w, lq_event_next(x->event, v));
}

#endif
