// Which slots of a record have been asked for.
#include "input/cursor.h"

lq_status lq_slot_set_init(lq_slot_set *s, size_t slots, const lq_mem *mem)
{
  *s = (lq_slot_set){.mem = mem, .n = (slots + 63) / 64};
  s->words = lq_mem_alloc(mem, s->n, sizeof *s->words);
  return s->words ? LQ_OK : LQ_E_NOMEM;
}

void lq_slot_set_free(lq_slot_set *s)
{
  if (s->mem)
    lq_mem_free(s->mem, s->words, s->n, sizeof *s->words);
  *s = (lq_slot_set){0};
}

void lq_slot_set_all(lq_slot_set *s)
{
  if (s->n)
    memset(s->words, 0xFF, s->n * sizeof *s->words);
}

lq_status lq_cursor_init(lq_cursor *c, lq_event *event, lq_status (*fill)(lq_cursor *c), const lq_mem *mem)
{
  size_t slots = lq_fieldmap_slots(event->map);
  *c = (lq_cursor){.event = event, .fill = fill};
  lq_status status = lq_slot_set_init(&c->done, slots, mem);
  return status ? status : lq_slot_set_init(&c->wanted, slots, mem);
}

void lq_cursor_free(lq_cursor *c)
{
  lq_slot_set_free(&c->done);
  lq_slot_set_free(&c->wanted);
}

void lq_cursor_begin(lq_cursor *c)
{
  if (c->done.n)
    memset(c->done.words, 0, c->done.n * sizeof *c->done.words);
  c->timed = c->may_be_over = false;
  c->kind = 0;
}

static lq_status fill(lq_cursor *c, uint64_t any)
{
  if (!any)
    return c->event->failed ? LQ_E_NOMEM : LQ_OK;
  lq_status status = c->fill(c);
  for (size_t i = 0; i < c->done.n; i++)
    c->done.words[i] |= c->wanted.words[i];
  return status == LQ_OK && c->event->failed ? LQ_E_NOMEM : status;
}

lq_status lq_cursor_need(lq_cursor *c, const lq_slot_set *set)
{
  uint64_t any = 0;
  for (size_t i = 0; c->fill && i < set->n; i++)
    any |= c->wanted.words[i] = set->words[i] & ~c->done.words[i];
  return fill(c, any);
}

lq_status lq_cursor_need_rest(lq_cursor *c, const lq_slot_set *set)
{
  if (!c->kind)
    return lq_cursor_need(c, set);
  uint64_t any = 0;
  for (size_t i = 0; c->fill && i < set->n; i++)
    any |= c->wanted.words[i] = set->words[i] & ~c->done.words[i] & ~c->decided->words[i];
  return fill(c, any);
}

lq_status lq_cursor_need_time(lq_cursor *c)
{
  if (!c->time || c->timed)
    return LQ_OK;
  c->timed = true;
  return c->time(c);
}

lq_status lq_cursor_count(lq_cursor *c, const lq_slot_set *set)
{
  return c->may_be_over ? lq_cursor_need(c, set) : LQ_OK;
}
