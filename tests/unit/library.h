// A user of the library, for tests: text that is written to, a query to its bundle, matches that are counted.
#ifndef LQ_TESTS_LIBRARY_H
#define LQ_TESTS_LIBRARY_H

#include <criterion/criterion.h>
#include <libquery/lq.h>
#include <stdbool.h>
#include <string.h>

typedef struct text {
  char p[16384]; // ends in a NUL
  size_t n;
} text;

// An lq_write_fn into a text; says no when it is full.
static inline int put(void *user, const char *bytes, size_t n)
{
  text *t = user;
  if (n >= sizeof t->p - t->n)
    return 1;
  memcpy(t->p + t->n, bytes, n);
  t->n += n;
  t->p[t->n] = '\0';
  return 0;
}

static inline void put_z(text *t, const char *z)
{
  cr_assert(put(t, z, strlen(z)) == 0);
}

static inline bool is(lq_text t, const char *z)
{
  return t.n == strlen(z) && memcmp(t.p, z, t.n) == 0;
}

static inline lq_bundle *bundle_with(const char *query, const lq_build_options *options)
{
  lq_bundle *out = NULL;
  lq_errinfo error = LQ_INIT(lq_errinfo);
  lq_status s = lq_compile(&out, query, strlen(query), options, &error);
  cr_assert(s == LQ_OK, "%s: %d, %s", query, s, error.message);
  return out;
}

static inline lq_bundle *bundle_of(const char *query)
{
  return bundle_with(query, NULL);
}

// A match function; user is an int.
static inline int count_match(void *user, const lq_match *m)
{
  (void)m;
  ++*(int *)user;
  return 0;
}

#endif
