// A gate of a condition: predicates one of which holds whenever the condition does. With all of them false
// its code reaches the end, says no, and meets nothing on the way that can fail or spend budget: so an event
// whose predicates leave a gate closed need not run the code, and nobody can tell.
#ifndef LQ_ENGINE_GATES_H
#define LQ_ENGINE_GATES_H

#include "base/arena.h"
#include "vm/program.h"

enum { LQ_GATE_MAX = 64 }; // predicates of a gate; what needs more has none

// How often each predicate is thought to hold: parts of a million, at least 1. A guess that makes nothing
// wrong, only slow.
void lq_gate_rarities(const lq_program *p, uint32_t *rarity);

typedef enum lq_gate_kind {
  LQ_GATE_NONE,  // it may hold whatever the predicates are, or do what is more than to say no
  LQ_GATE_NEVER, // it says no, and does no more, whatever the others are
  LQ_GATE_ANY,   // of the ids
} lq_gate_kind;
typedef struct lq_gate {
  lq_gate_kind kind;
  uint32_t n;
  const uint32_t *ids; // ascending; the finder's, until it is asked again
} lq_gate;

typedef struct lq_gate_point lq_gate_point;
typedef struct lq_gate_finder {
  const lq_mem *mem;
  const lq_program *program;
  const uint32_t *rarity;
  lq_gate_point **points; // by instruction: what jumps arrive with
  size_t npoints;
  uint8_t *chosen; // by predicate
  lq_arena arena;  // of one condition
  bool failed;     // out of memory: the last gate is not what it would have been
} lq_gate_finder;

lq_status lq_gate_finder_init(lq_gate_finder *f, const lq_program *p, const uint32_t *rarity,
                              const lq_mem *mem);
void lq_gate_finder_free(lq_gate_finder *f);
// known: by predicate, as lq_exec's memo; NULL: nothing is. The rarest gate that one pass over the code
// shows.
lq_gate lq_gate_find(lq_gate_finder *f, uint32_t code, uint32_t ncode, const uint8_t *known);

#endif
