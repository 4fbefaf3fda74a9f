/* Status codes: the one vocabulary that every floor and every embedder shares.
 * Values are stable for ever; a new one takes the next free number. */
#ifndef LIBQUERY_STATUS_H
#define LIBQUERY_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lq_status {
  LQ_OK = 0,
  LQ_E_NOMEM = -1,        /* the allocator gave NULL, or a library beneath us ran out of memory */
  LQ_E_USAGE = -2,        /* the call itself is wrong: a NULL, a struct_size this version does not know */
  LQ_E_QUERY = -3,        /* a rule has errors: the diagnostics say which and where */
  LQ_E_LIMIT = -4,        /* a limit of lq_limits was reached; the counters say which */
  LQ_E_BUNDLE = -5,       /* not a bundle, damaged, or refused by the verifier */
  LQ_E_VERSION = -6,      /* a bundle of a version or feature this library does not know */
  LQ_E_INPUT = -7,        /* bytes that are no event: JSON, encoding, compression */
  LQ_E_NOTFOUND = -8,     /* no rule, field or function of that name */
  LQ_E_CANCELLED = -9,    /* a callback asked to stop */
  LQ_E_IO = -10,          /* a caller's write callback failed, or its lq_spill or lq_fill_fn */
  LQ_E_INTERNAL = -11,    /* a broken invariant of ours: please report it */
  LQ_E_UNSUPPORTED = -12, /* known, understood, and not available in this version */
} lq_status;

#ifdef __cplusplus
}
#endif
#endif
