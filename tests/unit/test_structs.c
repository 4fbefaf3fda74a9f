// Structs that cross the border, of callers that are older and newer than the library.
#include <criterion/criterion.h>
#include <libquery/lq.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>

enum { ROOM = 8192, MORE = 64, SIZE_MAX_OF_A_STRUCT = 4096 };

// A caller's struct of any size, in memory that nobody has set.
typedef struct room {
  alignas(16) unsigned char p[ROOM];
} room;

static void set_size(room *r, uint32_t size)
{
  memcpy(r->p, &size, sizeof size);
}

static lq_bundle *bundle;
static lq_build *build;
static lq_scan *scan;

static void open_all(void)
{
  static const char good[] = "sequence by a [any where b == 1] [any where c == 2]", bad[] = "x = 1",
                    records[] = "{\"a\":1,\"b\":1}\n{";
  cr_assert(lq_compile(&bundle, good, strlen(good), NULL, NULL) == LQ_OK);
  cr_assert(lq_scan_new(&scan, bundle, NULL) == LQ_OK && lq_scan_begin(scan, "s") == LQ_OK);
  cr_assert(lq_scan_feed(scan, records, strlen(records)) == LQ_OK);
  cr_assert(lq_build_new(&build, NULL) == LQ_OK);
  cr_assert(lq_build_add_query(build, "q", NULL, bad, strlen(bad)) == LQ_E_QUERY);
}

static void close_all(void)
{
  lq_scan_free(scan);
  lq_bundle_free(bundle);
  lq_build_free(build);
}

// ---- what we fill in

static lq_status give_limits(void *out)
{
  return lq_limits_default(out);
}
static lq_status give_diag(void *out)
{
  return lq_build_diag(build, 0, out);
}
static lq_status give_found(void *out)
{
  return lq_build_found(build, 0, out);
}
static lq_status give_rule(void *out)
{
  return lq_bundle_rule(bundle, 0, out);
}
static lq_status give_function(void *out)
{
  return lq_function_at(3, out);
}
static lq_status give_input(void *out)
{
  return lq_input_at(1, out);
}
static lq_status give_position(void *out)
{
  return lq_scan_position(scan, out);
}
static lq_status give_position_view(void *out)
{
  lq_position at = LQ_INIT(lq_position);
  lq_status s = lq_scan_position(scan, &at);
  return s == LQ_OK ? lq_position_get(&at, out) : s;
}
static lq_status give_stats(void *out)
{
  return lq_scan_stats(scan, out);
}
static lq_status give_rule_state(void *out)
{
  return lq_scan_rule_state(scan, 0, out);
}
// LQ_E_BUNDLE is what it says when it could say it.
static lq_status give_errinfo(void *out)
{
  lq_bundle *none;
  lq_status s = lq_bundle_load(&none, "x", 1, NULL, NULL, out);
  return s == LQ_E_BUNDLE ? LQ_OK : s;
}
static lq_status give_compile_error(void *out)
{
  lq_bundle *none;
  lq_status s = lq_compile(&none, "a = 1", 5, NULL, out);
  return s == LQ_E_QUERY ? LQ_OK : s;
}
static lq_status give_restored(void *out)
{
  return lq_scan_restore(scan, "", 0, NULL, out);
}

static const struct {
  const char *name;
  uint32_t size;
  lq_status (*give)(void *out);
} given[] = {
    {"lq_limits", sizeof(lq_limits), give_limits},
    {"lq_diagnostic", sizeof(lq_diagnostic), give_diag},
    {"lq_found", sizeof(lq_found), give_found},
    {"lq_rule_view", sizeof(lq_rule_view), give_rule},
    {"lq_function_view", sizeof(lq_function_view), give_function},
    {"lq_input_view", sizeof(lq_input_view), give_input},
    {"lq_position", sizeof(lq_position), give_position},
    {"lq_position_view", sizeof(lq_position_view), give_position_view},
    {"lq_stats", sizeof(lq_stats), give_stats},
    {"lq_rule_state_view", sizeof(lq_rule_state_view), give_rule_state},
    {"lq_errinfo", sizeof(lq_errinfo), give_errinfo},
    {"lq_errinfo of a query", sizeof(lq_errinfo), give_compile_error},
    {"lq_restore_view", sizeof(lq_restore_view), give_restored},
};

static bool all_are(const unsigned char *p, size_t n, unsigned char wanted)
{
  for (size_t i = 0; i < n; i++) {
    if (p[i] != wanted)
      return false;
  }
  return true;
}

static void ask(size_t i, uint32_t size, const room *whole)
{
  room r;
  memset(r.p, 0xAA, sizeof r.p);
  set_size(&r, size);
  uint32_t own = given[i].size, common = size < own ? size : own;
  cr_expect(given[i].give(r.p) == LQ_OK, "%s of %u bytes", given[i].name, size);
  cr_expect(memcmp(r.p, &size, sizeof size) == 0, "%s: struct_size is the caller's", given[i].name);
  cr_expect(memcmp(r.p + 4, whole->p + 4, common - 4) == 0, "%s of %u bytes: not the same", given[i].name,
            size);
  cr_expect(all_are(r.p + common, size - common, 0), "%s of %u bytes: what is new must be 0", given[i].name,
            size);
  cr_expect(all_are(r.p + size, sizeof r.p - size, 0xAA), "%s of %u bytes: written past its end",
            given[i].name, size);
}

static const uint32_t wrong_sizes[] = {
    0, 1, 3, 5, 6, 7, 4097, 4098, SIZE_MAX_OF_A_STRUCT + 4, 0xAAAAAAAA, UINT32_MAX - 3};

Test(structs, filled_in_for_older_and_newer_callers)
{
  open_all();
  for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
    room whole = {{0}};
    set_size(&whole, given[i].size);
    cr_assert(given[i].give(whole.p) == LQ_OK, "%s", given[i].name);
    for (uint32_t size = 4; size <= given[i].size + MORE; size += 4)
      ask(i, size, &whole);
    ask(i, SIZE_MAX_OF_A_STRUCT, &whole);
    for (size_t k = 0; k < sizeof wrong_sizes / sizeof *wrong_sizes; k++) {
      room r;
      memset(r.p, 0xAA, sizeof r.p);
      set_size(&r, wrong_sizes[k]);
      cr_expect(given[i].give(r.p) == LQ_E_USAGE, "%s of %u bytes", given[i].name, wrong_sizes[k]);
      cr_expect(all_are(r.p + 4, sizeof r.p - 4, 0xAA), "%s of %u bytes: written", given[i].name,
                wrong_sizes[k]);
    }
  }
  close_all();
}

// ---- what the caller fills in

static lq_status take_limits(const void *in)
{
  lq_scan *s = NULL;
  lq_status status = lq_scan_new(&s, bundle,
                                 &(lq_scan_options){.struct_size = sizeof(lq_scan_options), .limits = in});
  lq_scan_free(s);
  return status;
}
static lq_status take_scan_options(const void *in)
{
  lq_scan *s = NULL;
  lq_status status = lq_scan_new(&s, bundle, in);
  lq_scan_free(s);
  return status;
}
static lq_status take_build_options(const void *in)
{
  lq_build *b = NULL;
  lq_status status = lq_build_new(&b, in);
  lq_build_free(b);
  return status;
}

static const struct {
  const char *name;
  uint32_t size;
  lq_status (*take)(const void *in);
} taken[] = {
    {"lq_limits", sizeof(lq_limits), take_limits},
    {"lq_scan_options", sizeof(lq_scan_options), take_scan_options},
    {"lq_build_options", sizeof(lq_build_options), take_build_options},
};

Test(structs, taken_from_older_and_newer_callers)
{
  open_all();
  for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
    uint32_t own = taken[i].size;
    // An older caller has something else behind its struct.
    for (uint32_t size = 4; size <= own; size += 4) {
      room r = {{0}};
      memset(r.p + size, 0xAA, sizeof r.p - size);
      set_size(&r, size);
      cr_expect(taken[i].take(r.p) == LQ_OK, "%s of %u bytes", taken[i].name, size);
    }
    for (uint32_t size = own + 4; size <= own + MORE; size += 4) {
      room r = {{0}};
      set_size(&r, size);
      cr_expect(taken[i].take(r.p) == LQ_OK, "%s of %u bytes", taken[i].name, size);
      r.p[size - 1] = 1;
      cr_expect(taken[i].take(r.p) == LQ_E_USAGE, "%s of %u bytes asks for what is not there", taken[i].name,
                size);
    }
    for (size_t k = 0; k < sizeof wrong_sizes / sizeof *wrong_sizes; k++) {
      room r = {{0}};
      set_size(&r, wrong_sizes[k]);
      cr_expect(taken[i].take(r.p) == LQ_E_USAGE, "%s of %u bytes", taken[i].name, wrong_sizes[k]);
    }
  }
  close_all();
}

// A short lq_limits sets what it has, and the rest is as always.
Test(structs, older_limits_are_limits)
{
  static const char query[] = "a in (1, 2, 3)";
  for (uint32_t size = 8; size <= 12; size += 4) {
    lq_limits l = {.struct_size = size, .max_list = 2};
    lq_build_options o = {.struct_size = sizeof o, .limits = &l};
    lq_bundle *b;
    cr_expect(lq_compile(&b, query, strlen(query), &o, NULL) == (size == 8 ? LQ_OK : LQ_E_QUERY), "%u", size);
    lq_bundle_free(b);
  }
}

Test(structs, versions)
{
  char text[40];
  snprintf(text, sizeof text, "%d.%d.%d", LQ_VERSION_NUMBER / 1000000, LQ_VERSION_NUMBER / 1000 % 1000,
           LQ_VERSION_NUMBER % 1000);
  cr_expect(strcmp(text, LQ_VERSION_STRING) == 0, "%s", text);
  cr_expect(lq_version_number() == LQ_VERSION_NUMBER && strcmp(lq_version(), LQ_VERSION_STRING) == 0);
}
