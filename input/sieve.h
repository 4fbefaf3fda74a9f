// Lines that hold none of a few texts, found without reading them as JSON. It searches blocks of lines, as
// they lie in memory, for each text as JSON writes it.
#ifndef LQ_INPUT_SIEVE_H
#define LQ_INPUT_SIEVE_H

#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"
#include "libquery/status.h"

enum { LQ_SIEVE_TEXTS = 16, LQ_SIEVE_TEXT_MAX = 32 };

// The part of a text that is best to look for: it stands in a line as it is, but for the case of its letters
// and escapes that a line may use instead. Empty: no part will do, every line may have it, or a number could
// stand for it. *strength: how much there is in it that not every line has.
lq_str lq_sieve_part(lq_str text, uint32_t *strength);

// Immutable: shared among threads.
typedef struct lq_sieve lq_sieve;
// Each text is what lq_sieve_part gave.
lq_status lq_sieve_new(lq_sieve **out, const lq_str *texts, size_t n, const lq_mem *mem);
void lq_sieve_free(lq_sieve *s, const lq_mem *mem);
// The first place from `from` on where a text stands, in any of its spellings; block.n: none does. wide: with
// wide instructions where the machine has them, to the same answer.
size_t lq_sieve_find(const lq_sieve *s, lq_str block, size_t from, bool wide);

#endif
