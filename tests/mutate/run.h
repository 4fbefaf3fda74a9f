// Bytes that may be a bundle: loaded, and if they are accepted, run on three events, explained, listed, and
// written again. What the mutation test and the fuzz target share.
#ifndef LQ_TESTS_RUN_H
#define LQ_TESTS_RUN_H

#include <stdio.h>
#include <string.h>

#include "engine/internal.h"
#include "tests/mutate/seeds.h"
#include "vm/bytes.h"
#include "vm/disasm.h"

typedef struct run_engine {
  lq_engine *engine;
  const lq_event *event;
  size_t explained, rows;
} run_engine;

static inline void run_row(void *user, const lq_reason_row *row)
{
  run_engine *r = user;
  char text[LQ_VALUE_TEXT_MAX];
  // Touch all that is given, so that a sanitizer sees it.
  size_t n = lq_value_text(&row->value, text).n;
  uint8_t sum = 0;
  for (size_t i = 0; i < row->field.n; i++)
    sum = (uint8_t)(sum + (uint8_t)row->field.p[i]);
  for (size_t i = 0; i < row->entry.n; i++)
    sum = (uint8_t)(sum + (uint8_t)row->entry.p[i]);
  if (row->match_start > row->match_end || (row->value.type == LQ_T_STRING && row->match_end > n))
    __builtin_trap();
  r->rows += 1 + sum % 1;
}

static inline int run_match(void *user, uint32_t rule)
{
  run_engine *r = user;
  if (r->explained++ < 8)
    lq_engine_explain(r->engine, r->event, rule, run_row, user);
  return 0;
}

// Every snippet by itself, with a group that has as much as any code may read, and in blocks of just that
// size.
static inline void run_snippets(const lq_ruleset *rs, const lq_event *event)
{
  const lq_program *p = rs->program;
  static const lq_value seven = {.type = LQ_T_INT, .i = 7};
  lq_values *captured = malloc((p->ncaptures + 1) * sizeof *captured),
            *columns = malloc(LQ_COLUMNS_MAX * sizeof *columns);
  const lq_values **captures = malloc(LQ_TERMS_MAX * sizeof *captures);
  uint8_t *memo = calloc(p->npredicates + 1, 1);
  for (size_t i = 0; i < p->ncaptures; i++)
    captured[i] = (lq_values){&seven, 1};
  for (size_t i = 0; i < LQ_COLUMNS_MAX; i++)
    columns[i] = (lq_values){&seven, i % 2};
  for (size_t i = 0; i < LQ_TERMS_MAX; i++)
    captures[i] = i % 3 == 2 ? NULL : captured;
  lq_exec x = {.program = p,
               .event = event,
               .slots = rs->slots,
               .memo = memo,
               .group = &(lq_group){captures, columns},
               .scratch = {.mem = &lq_mem_libc},
               .folds = {.mem = &lq_mem_libc}};
  for (uint32_t i = 0; i < p->nsnippets && i < 64; i++) {
    lq_values v;
    x.budget = 1000;
    if (p->snippets[i].gives == LQ_GIVES_TRUTH)
      lq_exec_truth(&x, i);
    else
      lq_exec_value(&x, i, &v);
    lq_arena_reset(&x.scratch);
  }
  lq_arena_free(&x.scratch);
  lq_arena_free(&x.folds);
  free(memo);
  free(captures);
  free(columns);
  free(captured);
}

static inline void run_program(lq_program *adopt)
{
  const lq_engine_limits limits = {.budget = 10000, .max_scratch = 1 << 20};
  lq_ruleset *rs;
  lq_event event;
  run_engine r = {0};
  if (lq_ruleset_new(&rs, adopt, &limits, &lq_mem_libc) != LQ_OK)
    return;
  if (lq_engine_new(&r.engine, rs, &lq_mem_libc) == LQ_OK &&
      lq_event_init(&event, lq_ruleset_fields(rs), &lq_mem_libc) == LQ_OK) {
    for (int i = 0; i < SEED_EVENTS; i++) {
      seed_event(&event, lq_ruleset_fields(rs), i);
      r.event = &event;
      lq_hits hits;
      if (lq_engine_eval(r.engine, &(lq_cursor){.event = &event}, LQ_ASK_ALL, &hits) == LQ_OK)
        lq_engine_give(r.engine, &hits, run_match, &r);
      run_snippets(rs, &event);
    }
    lq_event_free(&event);
  }
  lq_engine_free(r.engine);
  lq_ruleset_free(rs);
}

static inline void run_listing(const lq_program *p)
{
  lq_buf out = {.mem = &lq_mem_libc};
  for (uint32_t i = 0; i < p->nrules && i < 4; i++)
    lq_disasm_rule(&out, p, i);
  lq_buf_free(&out);
}

// Ours, and without sections of the future: then reading and writing is the identity.
static inline bool run_is_canonical(const uint8_t *bytes)
{
  uint32_t n = lq_le32(bytes + LQ_AT_SECTIONS);
  bool ours = lq_le16(bytes + LQ_AT_MINOR) == LQ_BUNDLE_MINOR && lq_le64(bytes + LQ_AT_OPTIONAL) == 0 &&
              lq_le32(bytes + LQ_AT_LANGUAGE) == LQ_BUNDLE_LANGUAGE &&
              lq_le32(bytes + LQ_AT_OPCODES) == LQ_BUNDLE_OPCODES;
  for (uint32_t i = 0; i < n && ours; i++) {
    uint32_t type = lq_le32(bytes + LQ_BUNDLE_HEADER + i * LQ_BUNDLE_SECTION);
    ours = type <= LQ_SECTION_PROVENANCE;
  }
  return ours;
}

// LQ_OK: accepted and run. LQ_E_INTERNAL: accepted, but what is written is something else.
static inline lq_status run_bytes(const uint8_t *bytes, size_t n, lq_fault *fault)
{
  lq_program *p;
  lq_status status = lq_bundle_read(&p, &lq_mem_libc, bytes, n, NULL, fault);
  if (status)
    return status;
  lq_buf again = {.mem = &lq_mem_libc};
  if (run_is_canonical(bytes)) {
    status = lq_bundle_write(&again, p);
    if (!status && (again.n != n || memcmp(again.p, bytes, n) != 0))
      status = LQ_E_INTERNAL;
  }
  lq_buf_free(&again);
  run_listing(p);
  run_program(p);
  return status;
}

#endif
