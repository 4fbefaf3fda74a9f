// A seal around bytes that are kept in files: what they are, how many, and a digest. It tells damage, not
// malice.
//   0 magic 8   8 version 4   12 kind 4   16 size of it all 8   24 BLAKE2b-256 of it all with this field
//   zeroed   56 the bytes
// Numbers are little-endian.
#ifndef LQ_BASE_SEAL_H
#define LQ_BASE_SEAL_H

#include "base/buf.h"

enum { LQ_SEAL_HEADER = 56, LQ_SEAL_DIGEST = 32 };
// A high bit, line ends of two kinds and a ^Z: damage by text-mode copies shows at once.
#define LQ_SEAL_STATE "\x89LQS\r\n\x1a\n"

void lq_digest(unsigned char out[LQ_SEAL_DIGEST], const void *p, size_t n); // BLAKE2b-256

// What is added to out between the two is sealed. end gives the digest; it does nothing when out has failed.
size_t lq_seal_begin(lq_buf *out, const char *magic, uint32_t version, uint32_t kind);
void lq_seal_end(lq_buf *out, size_t begin, unsigned char digest[LQ_SEAL_DIGEST]);
// The same of n bytes that begin with a header: size and digest are made right.
void lq_seal_again(void *p, size_t n, unsigned char digest[LQ_SEAL_DIGEST]);

typedef enum lq_seal_verdict {
  LQ_SEAL_SOUND,
  LQ_SEAL_FOREIGN, // the magic is another one
  LQ_SEAL_VERSION, // version is not the one asked for: seal->version
  LQ_SEAL_CUT,     // there are fewer bytes than there should be
  LQ_SEAL_DAMAGED,
} lq_seal_verdict;
typedef struct lq_seal {
  uint32_t version, kind;
  size_t size; // of all of it
  lq_str bytes;
  unsigned char digest[LQ_SEAL_DIGEST];
} lq_seal;
// The first seal of what may be several, one behind the other.
lq_seal_verdict lq_seal_open(lq_seal *out, lq_str from, const char *magic, uint32_t version);

#endif
