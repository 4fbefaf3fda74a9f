// The .lqb file: canonical, little-endian, reproducible. Layout: docs/bundle.md; RELIABILITY rules in the
// reader.
#ifndef LQ_VM_BUNDLE_H
#define LQ_VM_BUNDLE_H

#include "vm/verify.h"

typedef struct lq_bundle_limits {
  size_t max_bytes;          // 64 MiB when 0
  uint32_t max_rules;        // 1,000,000 when 0
  uint64_t max_cost;         // per rule and event; 1,000,000 when 0
  uint64_t max_regex_memory; // bytes that all regular expressions may use; 256 MiB when 0
} lq_bundle_limits;

// Copies the bytes, checks all of them, links functions by name, compiles regexes. Refuses whole:
// LQ_E_BUNDLE (fault says where and why), LQ_E_VERSION, LQ_E_LIMIT, LQ_E_NOMEM. *out is NULL then.
lq_status lq_bundle_read(lq_program **out, const lq_mem *mem, const void *bytes, size_t n,
                         const lq_bundle_limits *limits, lq_fault *fault);

// The same, of n bytes that fill puts in place: nothing is copied, and nobody but this has seen them there.
// It gives false if it cannot: LQ_E_IO.
typedef bool (*lq_bundle_fill)(void *user, void *p, size_t n);
lq_status lq_bundle_read_by(lq_program **out, const lq_mem *mem, lq_bundle_fill fill, void *user, size_t n,
                            const lq_bundle_limits *limits, lq_fault *fault);

// Writes tables (from the compiler) as a bundle: sorts and drops nothing, so the caller gives canonical
// tables: lq_verify holds for them. The digest is computed here.
lq_status lq_bundle_write(lq_buf *out, const lq_program *p);

void lq_bundle_hash(const uint8_t *bytes, size_t n,
                    uint8_t out[32]); // BLAKE2b-256 with the digest field as zero

// Offsets and names for inspection (`lq inspect`): one call a section.
typedef struct lq_section_info {
  const char *name; // "?" if unknown
  uint32_t type;
  uint64_t offset, length;
  uint32_t count, element;
} lq_section_info;
void lq_program_sections(const lq_program *p, void (*each)(void *user, const lq_section_info *s), void *user);

#endif
