// A seal around bytes that are kept in files.
#include "base/seal.h"

#include <blake2.h>

#include "base/bytes.h"

enum { MAGIC = 8, AT_VERSION = 8, AT_KIND = 12, AT_SIZE = 16, AT_DIGEST = 24 };

void lq_digest(unsigned char out[LQ_SEAL_DIGEST], const void *p, size_t n)
{
  blake2b(out, p, NULL, LQ_SEAL_DIGEST, n, 0);
}

static void digest_of(unsigned char out[LQ_SEAL_DIGEST], const uint8_t *p, size_t n)
{
  static const uint8_t zeros[LQ_SEAL_DIGEST];
  blake2b_state b;
  blake2b_init(&b, LQ_SEAL_DIGEST);
  blake2b_update(&b, p, AT_DIGEST);
  blake2b_update(&b, zeros, sizeof zeros);
  blake2b_update(&b, p + LQ_SEAL_HEADER, n - LQ_SEAL_HEADER);
  blake2b_final(&b, out, LQ_SEAL_DIGEST);
}

size_t lq_seal_begin(lq_buf *out, const char *magic, uint32_t version, uint32_t kind)
{
  uint8_t header[LQ_SEAL_HEADER] = {0};
  size_t begin = out->n;
  memcpy(header, magic, MAGIC);
  lq_put32(header + AT_VERSION, version);
  lq_put32(header + AT_KIND, kind);
  lq_buf_add(out, header, sizeof header);
  return begin;
}

void lq_seal_again(void *sealed, size_t n, unsigned char digest[LQ_SEAL_DIGEST])
{
  uint8_t *p = sealed;
  lq_put64(p + AT_SIZE, n);
  digest_of(digest, p, n);
  memcpy(p + AT_DIGEST, digest, LQ_SEAL_DIGEST);
}

void lq_seal_end(lq_buf *out, size_t begin, unsigned char digest[LQ_SEAL_DIGEST])
{
  if (!out->failed)
    lq_seal_again(out->p + begin, out->n - begin, digest);
}

lq_seal_verdict lq_seal_open(lq_seal *out, lq_str from, const char *magic, uint32_t version)
{
  const uint8_t *p = (const uint8_t *)from.p;
  if (from.n < MAGIC || memcmp(p, magic, MAGIC) != 0)
    return LQ_SEAL_FOREIGN;
  if (from.n < LQ_SEAL_HEADER)
    return LQ_SEAL_CUT;
  *out = (lq_seal){.version = lq_le32(p + AT_VERSION), .kind = lq_le32(p + AT_KIND)};
  if (out->version != version)
    return LQ_SEAL_VERSION;
  uint64_t size = lq_le64(p + AT_SIZE);
  if (size > from.n)
    return LQ_SEAL_CUT;
  if (size < LQ_SEAL_HEADER)
    return LQ_SEAL_DAMAGED;
  out->size = (size_t)size;
  out->bytes = lq_str_slice(from, LQ_SEAL_HEADER, out->size);
  digest_of(out->digest, p, out->size);
  return memcmp(out->digest, p + AT_DIGEST, LQ_SEAL_DIGEST) == 0 ? LQ_SEAL_SOUND : LQ_SEAL_DAMAGED;
}
