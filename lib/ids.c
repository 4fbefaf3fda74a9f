// Ids of a build's rules. Files of different origin may name their rules alike, and both are wanted: they are
// told apart when all are known, in the order of their files' names, so that it does not matter in which
// order the files came.
#include "base/hash.h"
#include "base/sort.h"
#include "lib/build.h"

// ---- a table of ids

// Where the id is, or would be.
static lq_id_slot *slot_of(const lq_ids *t, lq_str id)
{
  size_t mask = t->size - 1, i = lq_hash_text(id) & mask;
  while (t->slots[i].first && !lq_str_eq(t->slots[i].id, id))
    i = (i + 1) & mask;
  return &t->slots[i];
}

static bool is_taken(const lq_ids *t, lq_str id)
{
  return t->size > 0 && slot_of(t, id)->first != 0;
}

static bool grow(lq_build *b)
{
  lq_ids *t = &b->ids, wide = {.size = t->size ? t->size * 2 : 64, .n = t->n};
  if (t->n * 2 < t->size)
    return true;
  wide.slots = lq_mem_alloc(&b->mem, wide.size, sizeof *wide.slots);
  if (!wide.slots)
    return false;
  for (size_t i = 0; i < t->size; i++) {
    if (t->slots[i].first)
      *slot_of(&wide, t->slots[i].id) = t->slots[i];
  }
  lq_mem_free(&b->mem, t->slots, t->size, sizeof *t->slots);
  *t = wide;
  return true;
}

// The rules of one id stand in a chain, the newest first.
static bool take(lq_build *b, lq_str id, uint32_t found)
{
  if (!grow(b))
    return false;
  lq_id_slot *s = slot_of(&b->ids, id);
  b->ids.n += s->first == 0;
  s->id = id;
  b->found[found].same_id = s->first;
  s->first = found + 1;
  return true;
}

void lq_ids_free(lq_build *b)
{
  lq_mem_free(&b->mem, b->ids.slots, b->ids.size, sizeof *b->ids.slots);
}

// ---- while rules come in

bool lq_ids_known(const lq_build *b, lq_str id)
{
  return is_taken(&b->ids, id);
}

const lq_found_rule *lq_ids_of_file(const lq_build *b, lq_str id, const lq_source *source)
{
  uint32_t at = b->ids.size > 0 ? slot_of(&b->ids, id)->first : 0;
  while (at && !lq_str_eq(b->found[at - 1].source->name, source->name))
    at = b->found[at - 1].same_id;
  return at ? &b->found[at - 1] : NULL;
}

lq_status lq_ids_take(lq_build *b, const lq_found_rule *f)
{
  return take(b, f->id, (uint32_t)(f - b->found)) ? LQ_OK : LQ_E_NOMEM;
}

// ---- when all are there

// A sort has no context, so what is sorted carries all that the order needs.
typedef struct sharer {
  lq_str id, file;
  uint32_t found;
} sharer;

static int by_id_and_file(const void *a, const void *b)
{
  const sharer *x = a, *y = b;
  int id = lq_str_cmp(x->id, y->id);
  return id ? id : lq_str_cmp(x->file, y->file);
}

// All rules whose id another rule has too. NULL: out of memory.
static sharer *sharers_of(lq_build *b, size_t *n)
{
  sharer *all = lq_arena_array(&b->file_arena, b->nfound, sizeof *all);
  *n = 0;
  for (size_t i = 0; i < b->ids.size && all; i++) {
    uint32_t at = b->ids.slots[i].first;
    bool shared = at && b->found[at - 1].same_id;
    for (; shared && at; at = b->found[at - 1].same_id) {
      const lq_found_rule *f = &b->found[at - 1];
      all[(*n)++] = (sharer){f->id, f->source->name, at - 1};
    }
  }
  if (all && *n > 0)
    lq_sort(all, *n, sizeof *all, by_id_and_file);
  return all;
}

// The first number from *next on that makes an id which nobody has.
static lq_str numbered(lq_build *b, lq_str id, unsigned *next)
{
  lq_str name;
  do
    name = lq_arena_format(&b->arena, "%.*s-%u", LQ_STR_ARG(id), (*next)++);
  while (is_taken(&b->ids, name) && !b->arena.failed);
  return name;
}

static lq_status rename_rule(lq_build *b, uint32_t found, const lq_found_rule *first, unsigned *next,
                             lq_diag_list *diags)
{
  lq_found_rule *f = &b->found[found];
  lq_str id = f->id, name = numbered(b, id, next);
  if (b->arena.failed || !take(b, name, found))
    return LQ_E_NOMEM;
  f->id = name;
  diags->source = f->source;
  diags->rule = id;
  lq_diag *d = lq_diag_add(diags, LQ_DIAG_SHARED_ID, f->place,
                           "a rule of another file has the id `%.*s` too; this one is called `%.*s`",
                           LQ_STR_ARG(id), LQ_STR_ARG(name));
  lq_build_say_other(diags, d, first);
  return lq_compiler_rename(b->compiler, f->rule, name);
}

lq_status lq_ids_tell_apart(lq_build *b)
{
  size_t n = 0, first = 0;
  unsigned next = 2;
  if (b->told_apart)
    return LQ_OK;
  b->told_apart = true;
  lq_arena_reset(&b->file_arena);
  sharer *all = sharers_of(b, &n);
  lq_diag_list diags = {.arena = &b->file_arena};
  lq_status s = all ? LQ_OK : LQ_E_NOMEM;
  for (size_t i = 0; i < n && s == LQ_OK; i++) {
    if (i == 0 || !lq_str_eq(all[i].id, all[first].id)) {
      first = i;
      next = 2;
      // Until now it may have run under a name of our own making.
      s = lq_compiler_rename(b->compiler, b->found[all[i].found].rule, all[i].id);
    } else {
      s = rename_rule(b, all[i].found, &b->found[all[first].found], &next, &diags);
    }
  }
  if (s == LQ_OK && b->file_arena.failed)
    s = LQ_E_NOMEM;
  return s == LQ_OK ? lq_build_keep_diags(b, &diags) : s;
}
