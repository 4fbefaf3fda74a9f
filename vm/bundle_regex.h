// The regular expressions of a bundle: what they may cost together, then compiled.
#ifndef LQ_VM_BUNDLE_REGEX_H
#define LQ_VM_BUNDLE_REGEX_H

#include "vm/verify.h"

// Tables are verified. memory: bytes that all of them may use while they match. LQ_E_LIMIT, LQ_E_BUNDLE:
// *row is the expression and *reason why; LQ_E_NOMEM.
lq_status lq_bundle_compile_regexes(lq_program *p, uint64_t memory, size_t *row, lq_reason *reason);

#endif
