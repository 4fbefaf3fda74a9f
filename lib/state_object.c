// What stateful rules remember, as an object of the public API: made for a bundle, fed by a scan, saved, cut
// up, put together.
#include "lib/api.h"

// ---- life

static lq_state_limits limits_of(const lq_limits *l)
{
  return (lq_state_limits){.rule_bytes = l->max_state_rule,
                           .total_bytes = l->max_state,
                           .keys = l->max_state_keys,
                           .buffer_bytes = l->max_waiting,
                           .window_events = l->max_window,
                           .distinct = l->max_distinct,
                           .future = l->max_future};
}

// Events of saved state are read by the bundle at hand, as a scan would read them.
static lq_status read_record(void *user, lq_str raw, lq_event *into)
{
  lq_state *s = user;
  lq_status status = LQ_OK;
  if (!s->has_records) {
    lq_input_limits limits = lq_api_input_limits(&s->limits);
    status = lq_record_reader_init(&s->records, lq_ruleset_fields(s->bundle->rules), &limits, &s->mem);
    s->has_records = status == LQ_OK;
  }
  if (status == LQ_OK)
    status = lq_record_read(&s->records, raw, into);
  return status == LQ_E_LIMIT ? LQ_E_INPUT : status;
}

static lq_status make_partition(lq_state *s)
{
  if (s->bundle->program->nstates == 0)
    return LQ_OK;
  lq_status status = lq_rule_tables_make(&s->tables, s->bundle->rules, &s->mem);
  if (status)
    return status;
  lq_partition_config c = {.limits = limits_of(&s->limits),
                           .lateness = s->lateness,
                           .store = s->store,
                           .read = read_record,
                           .read_user = s};
  lq_rule_tables_config(&s->tables, &c);
  memcpy(c.hash_key, s->hash_key, sizeof c.hash_key);
  return lq_partition_new(&s->partition, &c, &s->mem);
}

static lq_status shell_of(lq_state **out, const lq_bundle *b, const lq_state_options *o,
                          const lq_limits *limits)
{
  lq_mem mem = lq_api_mem(o->allocator);
  lq_state *s = lq_mem_alloc(&mem, 1, sizeof *s);
  if (!s)
    return LQ_E_NOMEM;
  *s = (lq_state){.mem = mem, .bundle = lq_bundle_ref(b), .limits = *limits, .lateness = o->lateness};
  if (o->hash_key)
    memcpy(s->hash_key, o->hash_key, sizeof s->hash_key);
  else
    lq_seed(s->hash_key, s);
  *out = s;
  return LQ_OK;
}

static bool take_spill(lq_run_store *own, const lq_spill *given)
{
  lq_spill spill = LQ_INIT(lq_spill);
  if (!given)
    return true;
  if (lq_api_take(&spill, sizeof spill, given) != LQ_OK || !spill.write || !spill.read || !spill.drop)
    return false;
  *own = (lq_run_store){spill.user, spill.write, spill.read, spill.drop};
  return true;
}

lq_status lq_state_new(lq_state **out, const lq_bundle *b, const lq_state_options *options)
{
  lq_state_options o = LQ_INIT(lq_state_options);
  lq_limits limits;
  lq_run_store store = {0};
  if (out)
    *out = NULL;
  if (!out || !b || (options && lq_api_take(&o, sizeof o, options) != LQ_OK) ||
      lq_api_limits(&limits, o.limits) != LQ_OK || !take_spill(&store, o.spill) ||
      (o.lateness < 0 && o.lateness != LQ_SCAN_LATENESS_WHOLE))
    return LQ_E_USAGE;
  lq_state *s;
  lq_status status = shell_of(&s, b, &o, &limits);
  if (status != LQ_OK)
    return status;
  s->store = store;
  status = make_partition(s);
  if (status == LQ_OK)
    *out = s;
  else
    lq_state_free(s);
  return status;
}

void lq_state_free(lq_state *s)
{
  if (!s)
    return;
  lq_mem mem = s->mem;
  if (s->scan)
    lq_scan_use_state(s->scan, NULL);
  lq_partition_free(s->partition);
  lq_rule_tables_free(&s->tables);
  if (s->has_records)
    lq_record_reader_free(&s->records);
  lq_bundle_free(s->bundle);
  lq_mem_free(&mem, s, 1, sizeof *s);
}

static bool is_busy(const lq_state *s)
{
  return s->scan && s->scan->busy;
}

// ---- bytes

static lq_status give(lq_state *s, bool *changes, lq_write_fn write, void *user)
{
  if (!s || !write || is_busy(s))
    return LQ_E_USAGE;
  if (!s->partition)
    return LQ_OK;
  lq_buf b = {.mem = &s->mem};
  lq_status status = lq_partition_save(s->partition, &b, changes);
  if (status != LQ_OK) {
    lq_buf_free(&b);
    return status;
  }
  status = lq_api_write(&b, write, user);
  if (status != LQ_OK)
    lq_partition_unsaved(s->partition);
  return status;
}

lq_status lq_state_save(lq_state *s, lq_write_fn write, void *user)
{
  bool changes = false;
  return give(s, &changes, write, user);
}

lq_status lq_state_save_changes(lq_state *s, lq_write_fn write, void *user, int *whole)
{
  bool changes = true;
  lq_status status = whole ? give(s, &changes, write, user) : LQ_E_USAGE;
  if (status == LQ_OK)
    *whole = !changes;
  return status;
}

lq_status lq_state_restore(lq_state *s, const void *bytes, size_t n, lq_errinfo *info,
                           lq_restore_view *counts)
{
  if (!s || (!bytes && n > 0) || is_busy(s) || (info && !lq_api_has_room(info)) ||
      (counts && !lq_api_has_room(counts)))
    return LQ_E_USAGE;
  lq_restored r = {0};
  lq_status status = LQ_OK;
  if (s->partition && n > 0)
    status = lq_partition_restore(&s->partition, bytes, n, &r);
  const char *why = status == LQ_OK ? "" : r.why ? r.why : lq_status_text(status);
  lq_api_explain(info, (lq_errinfo){0}, lq_str_of(why), LQ_STR(""));
  lq_restore_view v = {.same_bundle = r.same_bundle, .kept = r.kept, .cold = r.cold};
  if (counts)
    lq_api_give(counts, &v, sizeof v);
  return status;
}

// ---- parts

static lq_status part_of(lq_state *s, uint32_t part, uint32_t parts, lq_state **out)
{
  lq_allocator allocator = {s->mem.fn, s->mem.user};
  lq_state_options o = {
      .struct_size = sizeof o, .allocator = &allocator, .lateness = s->lateness, .hash_key = s->hash_key};
  lq_state *mine;
  lq_status status = shell_of(&mine, s->bundle, &o, &s->limits);
  if (status == LQ_OK)
    status = make_partition(mine);
  else
    return status;
  if (status == LQ_OK && s->partition)
    status = lq_partition_take_part(&mine->partition, s->partition, part, parts);
  if (status == LQ_OK)
    *out = mine;
  else
    lq_state_free(mine);
  return status;
}

lq_status lq_state_split(lq_state *s, uint32_t n, lq_state **out)
{
  if (!s || !out || n == 0 || is_busy(s))
    return LQ_E_USAGE;
  lq_status status = LQ_OK;
  memset(out, 0, n * sizeof *out);
  for (uint32_t i = 0; i < n && status == LQ_OK; i++)
    status = part_of(s, i, n, &out[i]);
  for (uint32_t i = 0; i < n && status != LQ_OK; i++) {
    lq_state_free(out[i]);
    out[i] = NULL;
  }
  return status;
}

lq_status lq_state_merge(lq_state *into, lq_state *from)
{
  if (!into || !from || into == from || is_busy(into) || is_busy(from) ||
      strcmp(into->bundle->digest, from->bundle->digest) != 0)
    return LQ_E_USAGE;
  return into->partition ? lq_partition_merge(&into->partition, from->partition) : LQ_OK;
}

// ---- counters

void lq_state_add(const lq_state *s, lq_stats *out)
{
  lq_partition_stats t;
  out->clock = INT64_MIN;
  if (!s->partition)
    return;
  lq_partition_stats_get(s->partition, &t);
  out->matches += t.sum.groups;
  out->state_bytes = t.bytes;
  out->state_peak = t.peak;
  out->state_live = t.sum.live;
  out->state_keys = t.sum.keys;
  out->state_waiting = t.order.waiting;
  out->state_pending = t.held;
  out->state_expired = t.sum.expired;
  out->state_replaced = t.sum.replaced;
  out->state_killed = t.sum.killed;
  out->state_suppressed = t.sum.suppressed;
  out->state_evicted = t.sum.evicted;
  out->state_cut = t.sum.cut;
  out->late = t.order.late;
  out->future = t.order.future;
  out->timeless = t.order.timeless;
  out->forced = t.order.forced;
  out->dropped = t.order.dropped;
  out->spilled = t.order.spilled;
  out->processes = t.lineage.processes;
  out->processes_evicted = t.lineage.evicted;
  out->clock = lq_partition_clock(s->partition);
}

lq_status lq_state_stats(const lq_state *s, lq_stats *out)
{
  if (!s || !out || !lq_api_has_room(out))
    return LQ_E_USAGE;
  lq_stats all = {0};
  lq_state_add(s, &all);
  lq_api_give(out, &all, sizeof all);
  return LQ_OK;
}
