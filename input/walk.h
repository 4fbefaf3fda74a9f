// The fast decoder: a pass that finds the structure of a text (input/index.h), and a walk over that which
// checks the grammar and makes nodes where somebody wants them. The plain decoder (json.c) decides whatever
// this one is not sure of, and says what is wrong with a bad record.
#ifndef LQ_INPUT_WALK_H
#define LQ_INPUT_WALK_H

#include "input/index.h"
#include "input/json.h"
#include "input/shapes.h"

typedef struct lq_walker {
  const lq_mem *mem;
  lq_index_fn run; // the kernel
  bool has_shapes;
  lq_index index;
  lq_str line;       // the index is of this one, and of what stood behind it. NULL: of nothing that is known
  bool line_is_fine; // the kernel's answer
  lq_shapes shapes;
  unsigned pause, pauses; // records that are read without shapes, now and next time
  uint64_t records;       // that the walk was asked for
  uint64_t plain;         // that it left to the plain decoder
  uint64_t undecided;     // whose keys are not in shapes: duplicates are looked for by hash
} lq_walker;

// kernel NULL: the fastest.
void lq_walker_init(lq_walker *w, uint32_t layers_off, const lq_index_kernel *kernel, const lq_mem *mem);
void lq_walker_free(lq_walker *w);

// Bytes before the first newline; n: there is none. If so, and the line is walked next, it was looked at once
// for both.
size_t lq_walker_line(lq_walker *w, const char *p, size_t n);
static inline void lq_walker_forget_line(lq_walker *w)
{
  w->line.p = NULL;
}

typedef enum lq_walk_verdict {
  LQ_WALK_FINE,   // j has the nodes, and lq_json_parse without a walker would have said LQ_OK
  LQ_WALK_UNSURE, // ask the plain decoder
  LQ_WALK_NOMEM,
} lq_walk_verdict;
lq_walk_verdict lq_json_walk(lq_walker *w, lq_json *j, lq_str text, uint32_t max_depth);

// lq_fieldmap_descend(map, node, key) for the key of an object, if that was asked when the key's shape was
// made.
static inline bool lq_walk_knows(const lq_json *j, uint32_t key, uint32_t node, uint32_t *child)
{
  uint16_t shape = j->nodes[key].shape;
  if (shape == LQ_NO_SHAPE || !j->walker->shapes.wants.member)
    return false;
  const lq_shape *items = j->walker->shapes.items, *s = &items[shape];
  *child = s->node;
  return s->where != 0 && items[s->parent].node == node; // a wrapper (0) stands for the root
}

#endif
