// All predicates of a slot at once give what each gives alone.
#include <criterion/criterion.h>

#include "engine/matchers.h"
#include "tests/mutate/seeds.h"
#include "tests/unit/counting_mem.h"
#include "vm/exec.h"

typedef struct world {
  const lq_program *program;
  lq_fieldmap *map;
  uint32_t *slots;
  lq_matchers *matchers;
  lq_match_run *run;
  lq_event event;
} world;

static void begin(world *w, const lq_program *p)
{
  *w = (world){.program = p, .slots = calloc(p->nfields, sizeof *w->slots)};
  cr_assert(lq_fieldmap_new(&w->map, &lq_mem_libc) == LQ_OK);
  for (size_t i = 0; i < p->nfields; i++) {
    const lq_field *f = &p->fields[i];
    lq_field_spec spec = {p->strings[f->name], f->scope == LQ_NONE ? LQ_NO_SLOT : w->slots[f->scope],
                          f->flags & LQ_FIELD_SCOPE};
    cr_assert(lq_fieldmap_add(w->map, &spec, &w->slots[i]) == LQ_OK);
  }
  cr_assert(lq_matchers_new(&w->matchers, p, w->slots, lq_fieldmap_slots(w->map), &lq_mem_libc) == LQ_OK);
  cr_assert(lq_match_run_new(&w->run, w->matchers, &lq_mem_libc) == LQ_OK);
  cr_assert(lq_event_init(&w->event, w->map, &lq_mem_libc) == LQ_OK);
}

static void end(world *w)
{
  lq_event_free(&w->event);
  lq_match_run_free(w->run);
  lq_matchers_free(w->matchers);
  lq_fieldmap_free(w->map);
  free(w->slots);
}

// Asks all slots of the event both ways. Gives how many predicates hold.
static size_t compare(world *w, const char *what)
{
  const lq_program *p = w->program;
  lq_exec x = {.program = p,
               .slots = w->slots,
               .event = &w->event,
               .scratch.mem = &lq_mem_libc,
               .folds.mem = &lq_mem_libc};
  uint8_t *given = calloc(p->npredicates, 1);
  size_t holding = 0;
  for (uint32_t slot = 0; slot < lq_fieldmap_slots(w->map); slot++) {
    const uint32_t *trues;
    size_t n;
    cr_assert(lq_match_run_slot(w->run, slot, &w->event, &trues, &n));
    for (size_t i = 0; i < n; i++) {
      cr_assert(given[trues[i]]++ == 0, "%s: predicate %u twice", what, trues[i]);
      cr_assert(w->slots[p->predicates[trues[i]].field] == slot && lq_matchers_covers(w->matchers, trues[i]));
    }
  }
  for (uint32_t i = 0; i < p->npredicates; i++) {
    if (!lq_matchers_covers(w->matchers, i))
      continue;
    bool want = lq_predicate_test(&x, &p->predicates[i]);
    holding += want;
    cr_assert(given[i] == want, "%s: predicate %u is %d", what, i, want);
  }
  lq_arena_free(&x.folds);
  free(given);
  return holding;
}

static lq_program *load(void (*seed)(builder *))
{
  builder *b = malloc(sizeof *b);
  lq_buf bytes = {.mem = &lq_mem_libc};
  lq_program *p = NULL;
  lq_fault f;
  build_begin(b);
  seed(b);
  cr_assert(build_finish(b, &f) && lq_bundle_write(&bytes, &b->p) == LQ_OK);
  cr_assert(lq_bundle_read(&p, &lq_mem_libc, bytes.p, bytes.n, NULL, &f) == LQ_OK);
  lq_buf_free(&bytes);
  free(b);
  return p;
}

Test(matchers, of_the_rich_program)
{
  lq_program *p = load(seed_rich);
  world w;
  begin(&w, p);
  size_t holding = 0;
  for (int i = 0; i < SEED_EVENTS * 3; i++) {
    seed_event(&w.event, w.map, i % SEED_EVENTS);
    holding += compare(&w, "rich");
  }
  cr_expect(holding > 20, "%zu", holding);
  for (uint32_t i = 0; i < p->npredicates; i++) {
    const lq_field *field = &p->fields[p->predicates[i].field];
    if (field->scope != LQ_NONE || field->flags & LQ_FIELD_SCOPE)
      cr_expect(!lq_matchers_covers(w.matchers, i));
  }
  end(&w);
  lq_program_free(p);
}
