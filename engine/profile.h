// What conditions, predicates and fields cost: of every so many events, timed by a clock of the caller's.
#ifndef LQ_ENGINE_PROFILE_H
#define LQ_ENGINE_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "libquery/status.h"

typedef struct lq_clock {
  uint64_t (*now)(void *user); // ns, of any beginning; NULL: none
  void *user;
  uint32_t every; // event is timed; 0: the 64th
} lq_clock;

typedef struct lq_cost {
  uint64_t runs, ns; // in events that were timed
} lq_cost;

typedef struct lq_profile {
  const lq_mem *mem;
  lq_clock clock;
  uint32_t left;   // events before the next that is timed
  bool on;         // this one is
  uint64_t events; // that were timed
  size_t nrules, npredicates, nslots;
  lq_cost *rules;      // the code of all conditions of each, with what it asks for
  lq_cost *predicates; // that were asked one by one
  lq_cost *slots;      // all predicates of each at once
} lq_profile;

lq_status lq_profile_new(lq_profile **out, const lq_clock *clock, size_t nrules, size_t npredicates,
                         size_t nslots, const lq_mem *mem);
void lq_profile_free(lq_profile *p);
void lq_profile_next(lq_profile *p); // event; NULL is fine
static inline uint64_t lq_profile_start(const lq_profile *p)
{
  return p && p->on ? p->clock.now(p->clock.user) : 0;
}
void lq_profile_end(const lq_profile *p, lq_cost *cost, uint64_t start); // only if it is on

#endif
