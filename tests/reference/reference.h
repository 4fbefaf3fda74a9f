// A slow and obviously right reading of the rules: it keeps every event and looks at all of them again, each
// time.
#ifndef LQ_TESTS_REFERENCE_H
#define LQ_TESTS_REFERENCE_H

#include "tests/reference/world.h"

// The groups that the rule gives over the stream, sorted by time and arrival, in the format of world.h.
void ref_run(const w_rule *rule, const w_stream *stream, lq_buf *out);

#endif
