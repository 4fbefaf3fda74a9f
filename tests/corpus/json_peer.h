// Another JSON decoder, to compare with.
#ifndef LQ_TESTS_JSON_PEER_H
#define LQ_TESTS_JSON_PEER_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum peer_verdict {
  PEER_FINE,
  PEER_STRICTER, // it refuses what RFC 8259 allows and lq reads: bad UTF-8, half a surrogate pair, a number
                 // out of range, deep nesting
  PEER_BAD,
} peer_verdict;

typedef struct peer_sink { // what the text says, piece by piece
  void (*piece)(void *user, const char *p, size_t n);
  void *user;
} peer_sink;

// piece gets `{`, `}`, `[`, `]`, `t`, `f`, `n`; for a string `"`, its length and `:`, and its bytes; for a
// number `i`, `u` or `d` and its digits (%.17g).
peer_verdict peer_parse(const char *text, size_t n, const peer_sink *sink);

#ifdef __cplusplus
}
#endif
#endif
