// Saved state: what all rules remember, and the events that wait, as bytes with a digest.
//
// A frame is whole, or holds what has changed since the frame before it, which it names by its digest. Rules
// are known by id and by a digest of what they mean, so a changed bundle keeps the state of unchanged rules.
// Events are their records, which the bundle at hand reads again.
#include "state/save.h"

// ---- what belongs to no key

static void put_time(const lq_partition *p, const lq_saving *s)
{
  const lq_buffer *b = &p->buffer;
  const lq_order_stats *o = &b->stats;
  const uint64_t counters[] = {o->late, o->future, o->timeless, o->forced, o->dropped};
  bool mine = b->arrival % s->parts == s->part;
  lq_encode64(s->out, (uint64_t)b->latest);
  lq_encode64(s->out, (uint64_t)b->last);
  lq_encode64(s->out, (uint64_t)b->clock);
  lq_encode64(s->out, b->arrival);
  for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
    lq_encode64(s->out, mine ? counters[i] : 0);
}

// Values come with events only where nobody can read records: their slots are known by name.
static void put_fields(const lq_partition *p, const lq_saving *s)
{
  const lq_fieldmap *map = p->config.fields;
  size_t n = map && p->pool.values ? lq_fieldmap_slots(map) : 0;
  lq_encode32(s->out, n);
  for (uint32_t i = 0; i < n; i++) {
    const lq_field_spec *f = lq_fieldmap_spec(map, i);
    lq_encode_str(s->out, f->name);
    lq_encode32(s->out, f->scope);
    lq_encode8(s->out, f->is_scope);
  }
}

static void put_identities(const lq_partition *p, const lq_saving *s)
{
  static const uint8_t none[16] = {0};
  const lq_partition_config *c = &p->config;
  if (c->find_schemas)
    c->find_schemas(c->schemas_user);
  lq_encode32(s->out, c->tables->nstates);
  for (size_t i = 0; i < c->tables->nstates; i++) {
    lq_encode_str(s->out, c->rules ? c->rules[i] : LQ_STR(""));
    lq_encode_bytes(s->out, c->schemas ? c->schemas[i] : none, 16);
  }
  lq_encode32(s->out, p->lineage ? c->nlineages : 0);
  for (size_t i = 0; p->lineage && i < c->nlineages; i++) {
    lq_encode32(s->out, lq_state_of_rule(p, c->lineages[i].rule));
    lq_encode32(s->out, lq_lineage_ordinal(p, i));
  }
}

static void put_waiting(const lq_partition *p, const lq_saving *s)
{
  size_t gap = lq_encode_gap(s->out), n = 0;
  for (size_t i = 0; i < p->buffer.n; i++) {
    if (p->buffer.heap[i].order.arrival % s->parts != s->part)
      continue;
    lq_encode_event(s->out, p->buffer.heap[i].kept);
    n++;
  }
  lq_encode_into_gap(s->out, gap, n);
}

static void put_rules(lq_partition *p, const lq_saving *s)
{
  size_t gap = lq_encode_gap(s->out), n = 0;
  for (uint32_t i = 0; i < p->config.tables->nstates; i++) {
    if (s->changes && !lq_machine_changed(p->machines[i]))
      continue;
    lq_encode32(s->out, i);
    size_t at = lq_encode_gap(s->out);
    lq_machine_save(p->machines[i], s);
    lq_encode_into_gap(s->out, at, s->out->out.n - at - 4);
    n++;
  }
  lq_encode_into_gap(s->out, gap, n);
}

// ---- a frame

static void begin_frame(lq_partition *p, const lq_saving *s)
{
  static const uint8_t none[32] = {0};
  (void)lq_seal_begin(&s->out->out, LQ_SEAL_STATE, LQ_FRAME_VERSION, 0);
  lq_encode_bytes(s->out, p->config.bundle, sizeof p->config.bundle);
  lq_encode8(s->out, s->changes);
  lq_encode_bytes(s->out, s->changes ? p->last_frame : none, 32);
}

static void put_all(lq_partition *p, const lq_saving *s)
{
  lq_save_pool *pool = s->out->pool;
  uint32_t before = s->changes ? pool->n : 0;
  begin_frame(p, s);
  size_t at = s->out->out.n; // of the pool, which is known last and read first
  lq_encode64(s->out, 0);
  put_time(p, s);
  if (!s->changes) {
    put_fields(p, s);
    put_identities(p, s);
  }
  put_waiting(p, s);
  lq_encode8(s->out, p->lineage != NULL);
  if (p->lineage)
    lq_ancestry_save(p->lineage, s);
  put_rules(p, s);
  for (size_t i = 0; i < 8 && !s->out->out.failed; i++)
    s->out->out.p[at + i] = (char)((uint64_t)s->out->out.n >> (8 * i));
  lq_encode32(s->out, before);
  lq_encode32(s->out, pool->n - before);
  s->out->out.failed |= pool->out.failed;
  lq_encode_bytes(s->out, pool->out.p, pool->out.n);
  lq_buf_clear(&pool->out);
}

static lq_status give(lq_encoder *w, lq_buf *out, lq_status status)
{
  if (!status && out->n == 0) { // no second copy of what may be large
    lq_buf_free(out);
    *out = w->out;
    return LQ_OK;
  }
  if (!status)
    lq_buf_str(out, lq_buf_get(&w->out));
  lq_buf_free(&w->out);
  return status ? status : out->failed ? LQ_E_NOMEM : LQ_OK;
}

// Events that wait for lineage alone have no record where they could leave memory.
static bool has_stripped(const lq_partition *p)
{
  bool any = false;
  for (size_t i = 0; i < p->buffer.n && !any; i++)
    any = lq_buffer_strips(&p->buffer, p->buffer.heap[i].nhits);
  return any;
}

static lq_status save(lq_partition *p, lq_buf *out, lq_saving s)
{
  if (p->buffer.runs.events > 0 || has_stripped(p))
    return LQ_E_UNSUPPORTED;
  lq_encoder w = {.out = {.mem = out->mem}, .pool = &p->pool};
  uint8_t digest[32] = {0};
  s.out = &w;
  if (!s.changes) {
    p->pool.values = !p->config.read;
    lq_save_pool_begin(&p->pool, ++p->pools, p->config.hash_key, p->mem);
  }
  put_all(p, &s);
  lq_seal_end(&w.out, 0, digest);
  lq_status status = w.out.failed ? LQ_E_NOMEM : LQ_OK;
  size_t size = w.out.n;
  status = give(&w, out, status);
  p->following = s.follow && !status;
  if (p->following) {
    memcpy(p->last_frame, digest, sizeof digest);
    p->whole_size = s.changes ? p->whole_size : size;
  }
  if (!s.follow)
    lq_save_pool_free(&p->pool);
  return status;
}

// Keys that a save of changes would write, of all there are.
static bool few_changed(const lq_partition *p)
{
  uint64_t all = 0, dirty = 0;
  for (size_t i = 0; i < p->config.tables->nstates; i++) {
    const lq_machine *m = p->machines[i];
    for (uint32_t k = 0; k <= m->def->nstages; k++) {
      const lq_key_table *t = k ? &m->stages[k - 1].table : &m->table;
      all += t->n;
      dirty += !t->changes || t->changes->lost ? t->n : t->changes->ndirty;
    }
  }
  return dirty <= all / 2 + 64;
}

lq_status lq_partition_save(lq_partition *p, lq_buf *out, bool *changes)
{
  *changes = *changes && p->following && few_changed(p) && p->grown < p->whole_size;
  size_t before = out->n;
  lq_status status = save(p, out, (lq_saving){.changes = *changes, .follow = true, .parts = 1});
  p->grown = *changes ? p->grown + (out->n - before) : 0;
  return status;
}

void lq_partition_unsaved(lq_partition *p)
{
  p->following = false;
}

lq_status lq_partition_save_part(lq_partition *p, lq_buf *out, uint32_t part, uint32_t parts)
{
  if (parts == 0 || part >= parts)
    return LQ_E_USAGE;
  p->following = false; // its pool is another one
  return save(p, out, (lq_saving){.part = part, .parts = parts});
}
