// What an event that waits says of processes, in one block: all that most events matter for to lineage.
#ifndef LQ_STATE_KIN_H
#define LQ_STATE_KIN_H

#include "engine/process.h"

typedef struct lq_kin {
  size_t size; // of the block
  uint32_t nown, nparent;
  bool starts, unique;
  char text[]; // own, parent
} lq_kin;

size_t lq_kin_size(const lq_process_facts *facts);
lq_kin *lq_kin_new(const lq_process_facts *facts, const lq_mem *mem); // NULL: no memory
void lq_kin_free(lq_kin *k, const lq_mem *mem);                       // NULL is fine
void lq_kin_facts(const lq_kin *k, lq_process_facts *out);            // borrowed from k
bool lq_kin_is_whole(const lq_kin *k, size_t size);                   // `size` bytes that were read are one

#endif
