// The safety boundary: after lq_verify says OK, lq_exec and everything else that reads a program checks
// nothing again.
#ifndef LQ_VM_VERIFY_H
#define LQ_VM_VERIFY_H

#include "vm/program.h"

// Stable numbers and texts: vm/verify_reasons.def, LQ_REASON(name, number, text)
typedef enum lq_reason {
#define LQ_REASON(name, number, text) LQ_REASON_##name = number,
#include "vm/verify_reasons.def"
#undef LQ_REASON
} lq_reason;

const char *lq_reason_text(lq_reason r);

// What a snippet may read besides constants.
typedef struct lq_reach {
  lq_gives gives;
  bool event;               // the event at hand: fields, tests, walks, lineage
  const lq_term_def *terms; // REF: the terms before, of the same state
  uint32_t nterms;
  uint32_t ncolumns; // COLUMN: those that there are
  uint32_t lineage,
      lineages_end; // the lineage that must be asked for next; moved on. At lineages_end there is none left
} lq_reach;

enum { LQ_VERIFY_SCRATCH = 5 * LQ_RULE_CODE_MAX }; // bytes, aligned as a uint32_t is
typedef struct lq_fault {
  lq_reason reason;
  uint32_t section; // lq_section of the row, 0: the header or the section table
  uint64_t
      at; // bundle_read: byte offset in the file; lq_verify: row of the section; lq_verify_rule: instruction
} lq_fault;

// Code of one snippet. Linear, no recursion, no allocation; scratch has LQ_VERIFY_SCRATCH bytes (ncode * 5
// suffice). Fills *max_stack and *cost when OK. p's other tables must have passed, or be known to be right.
bool lq_verify_snippet(const lq_program *p, const lq_insn *code, uint32_t ncode, lq_reach *reach,
                       void *scratch, uint32_t *max_stack, uint32_t *cost, lq_fault *fault);
// The same for the condition of a rule over single events.
bool lq_verify_rule(const lq_program *p, const lq_insn *code, uint32_t ncode, void *scratch,
                    uint32_t *max_stack, uint32_t *cost, lq_fault *fault);
// All tables and all rules of a program whose tables have been sized (counts are true, indexes are not
// trusted). 5 bytes of scratch for each instruction of the longest rule suffice.
bool lq_verify(const lq_program *p, void *scratch, lq_fault *fault);

// Rules, and all that belongs to them: snippets, states and what they are made of (vm/verify_rules.c). With
// `measure`, stack and cost of rules and snippets are filled in; otherwise they must be there already.
bool lq_verify_rules(const lq_program *p, bool measure, void *scratch, lq_fault *fault);

#endif
