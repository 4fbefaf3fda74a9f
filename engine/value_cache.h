// What was found for a value of a slot, remembered: which predicates hold for it. Nothing but a cache: what
// it forgets is found again.
#ifndef LQ_ENGINE_VALUE_CACHE_H
#define LQ_ENGINE_VALUE_CACHE_H

#include "base/value.h"
#include "libquery/status.h"

typedef struct lq_value_cache lq_value_cache;
// bytes: of all that it remembers, and of its table; rounded up to what it can do with.
lq_status lq_value_cache_new(lq_value_cache **out, size_t nslots, size_t bytes, const lq_mem *mem);
void lq_value_cache_free(lq_value_cache *c);
size_t lq_value_cache_bytes(const lq_value_cache *c);

// Is a value of the slot worth asking about? Short ones are. Others are if remembering one pays, unless they
// are very long, and unless, for a while, the slot's values have hardly ever been found. What follows is
// about the value that was asked about last.
bool lq_value_cache_wants(lq_value_cache *c, uint32_t slot, const lq_value *v, bool pays);
// *trues lives until something is added. False: it is not known; what is found out may be added now, and the
// place for it is known.
bool lq_value_cache_find(lq_value_cache *c, uint32_t slot, const lq_value *v, const uint32_t **trues,
                         size_t *n);
void lq_value_cache_add(lq_value_cache *c, uint32_t slot, const lq_value *v, const uint32_t *trues, size_t n);

#endif
