// Programs as text, for people: `lq disasm`, the REPL, tests.
#ifndef LQ_VM_DISASM_H
#define LQ_VM_DISASM_H

#include "vm/program.h"

void lq_disasm_rule(lq_buf *out, const lq_program *p,
                    uint32_t rule); // listing with predicates and source spans
void lq_disasm_predicate(lq_buf *out, const lq_program *p,
                         uint32_t predicate); // one line: field, matcher, set (cut after some)
void lq_docs_opcodes(lq_buf *out);            // docs/bytecode.md's tables

#endif
