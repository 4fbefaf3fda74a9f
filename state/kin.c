// What an event that waits says of processes, in one block.
#include "state/kin.h"

size_t lq_kin_size(const lq_process_facts *facts)
{
  return sizeof(lq_kin) + facts->own.n + facts->parent.n;
}

static char *put(char *to, lq_str s)
{
  if (s.n > 0)
    memcpy(to, s.p, s.n);
  return to + s.n;
}

lq_kin *lq_kin_new(const lq_process_facts *facts, const lq_mem *mem)
{
  size_t size = lq_kin_size(facts);
  lq_kin *k = lq_mem_alloc(mem, 1, size);
  if (!k)
    return NULL;
  k->size = size;
  k->nown = (uint32_t)facts->own.n;
  k->nparent = (uint32_t)facts->parent.n;
  k->starts = facts->starts;
  k->unique = facts->unique;
  put(put(k->text, facts->own), facts->parent);
  return k;
}

void lq_kin_free(lq_kin *k, const lq_mem *mem)
{
  if (k)
    lq_mem_free(mem, k, 1, k->size);
}

void lq_kin_facts(const lq_kin *k, lq_process_facts *out)
{
  *out = (lq_process_facts){.own = {k->text, k->nown},
                            .parent = {k->text + k->nown, k->nparent},
                            .starts = k->starts,
                            .unique = k->unique};
}

bool lq_kin_is_whole(const lq_kin *k, size_t size)
{
  unsigned char flags[2];
  memcpy(flags, &k->starts, 1);
  memcpy(flags + 1, &k->unique, 1);
  return k->size == size && (uint64_t)k->nown + k->nparent == size - sizeof *k && (flags[0] | flags[1]) <= 1;
}
