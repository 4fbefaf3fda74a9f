// Most conditions are dead in most classes, and a gate of tests over class fields alone says so without a
// pass over the code. Where it does not, the pass finds out: cuts change what learning a class costs, and
// nothing else.
#ifndef LQ_ENGINE_CLASS_CUTS_H
#define LQ_ENGINE_CLASS_CUTS_H

#include "engine/gates.h"

struct lq_ruleset;

typedef struct lq_class_cuts lq_class_cuts;
lq_class_cuts *lq_class_cuts_new(const struct lq_ruleset *rs, const lq_mem *mem); // NULL: out of memory
void lq_class_cuts_free(lq_class_cuts *c);
// The condition says no, and does no more, in a class of which `known` tells (by predicate, as lq_exec's
// memo; all class tests are known). False: it may yet.
bool lq_class_cuts_say_no(const lq_class_cuts *c, uint32_t condition, const uint8_t *known);

#endif
