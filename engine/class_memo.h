// Which class events of these very values were of: one question in place of one for each class field.
#ifndef LQ_ENGINE_CLASS_MEMO_H
#define LQ_ENGINE_CLASS_MEMO_H

#include "input/cursor.h"

typedef struct lq_class_memo lq_class_memo;
lq_status lq_class_memo_new(lq_class_memo **out, const lq_mem *mem);
void lq_class_memo_free(lq_class_memo *m);
void lq_class_memo_clear(lq_class_memo *m);

// The number that is remembered of the values that the event has in these slots, less those that its kind
// decides; LQ_NO_CLASS: none is.
#define LQ_NO_CLASS UINT32_MAX
uint32_t lq_class_memo_recall(lq_class_memo *m, const lq_cursor *c, const uint32_t *slots, uint32_t nslots,
                              bool terms);
// Remembers a number for what was asked about last, if that was short; another's place is taken.
void lq_class_memo_learn(lq_class_memo *m, uint32_t number);

#endif
