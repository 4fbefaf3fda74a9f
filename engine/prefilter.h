// What a line must hold, one text of a few, for any rule to match it.
#ifndef LQ_ENGINE_PREFILTER_H
#define LQ_ENGINE_PREFILTER_H

#include "input/sieve.h"
#include "vm/program.h"

// *out stays NULL where there are no such texts: rules over several events, too many rules, a rule that can
// match a line whatever stands in it. LQ_E_NOMEM.
lq_status lq_prefilter_make(lq_sieve **out, const lq_program *p, const lq_mem *mem);

#endif
