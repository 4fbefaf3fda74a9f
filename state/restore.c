// Restoring: frames of bytes, of any origin, into a partition that holds nothing else yet.
#include "state/save.h"

uint32_t lq_lineage_ordinal(const lq_partition *p, size_t row)
{
  const lq_lineage_def *rows = p->config.lineages;
  uint32_t n = 0;
  while (row > n && rows[row - n - 1].rule == rows[row].rule)
    n++;
  return n;
}

uint32_t lq_state_of_rule(const lq_partition *p, uint32_t rule)
{
  for (uint32_t i = 0; i < p->config.tables->nstates; i++) {
    if (p->config.tables->states[i].rule == rule)
      return i;
  }
  return UINT32_MAX;
}

// What is known of one chain of frames while it is read.
typedef struct reading {
  lq_partition *p;
  lq_pool_in pool;
  lq_arena known, room;                // for the chain; for one thing
  uint32_t *states, *lineages, *slots; // by number in the file: here, or UINT32_MAX
  size_t nstates, nlineages, nslots;
  bool has_lineage, merging;
  uint8_t last[32];
  lq_restored *out;
} reading;

static void *known(reading *r, lq_decoder *w, uint32_t n)
{
  void *p = lq_arena_array(&r->known, n ? n : 1, sizeof(uint32_t));
  if (!p)
    lq_decoder_no_memory(w);
  return p;
}

// ---- fields

static bool same_spec(const lq_partition *p, uint32_t slot, lq_str name, uint32_t scope, bool is_scope)
{
  const lq_field_spec *f = lq_fieldmap_spec(p->config.fields, slot);
  return lq_str_eq(f->name, name) && f->scope == scope && f->is_scope == is_scope;
}

static uint32_t slot_of(const lq_partition *p, lq_str name, uint32_t scope, bool is_scope, uint32_t hint)
{
  size_t n = p->config.fields ? lq_fieldmap_slots(p->config.fields) : 0;
  for (size_t i = 0; i < n; i++) { // most often it is where it was
    uint32_t slot = (uint32_t)((hint + i) % n);
    if (same_spec(p, slot, name, scope, is_scope))
      return slot;
  }
  return UINT32_MAX;
}

// Scopes stand before what is tied to them, so theirs are known already.
static void get_fields(reading *r, lq_decoder *w)
{
  uint32_t n = lq_decode_count(w, 9);
  uint32_t *slots = r->slots = known(r, w, n);
  for (uint32_t i = 0; i < n && !w->bad; i++) {
    lq_str name = lq_decode_str(w);
    uint32_t scope = lq_decode32(w);
    bool is_scope = lq_decode_flag(w);
    lq_decoder_refuse(w, scope != LQ_NO_SLOT && scope >= i);
    if (w->bad)
      return;
    bool gone = scope != LQ_NO_SLOT && slots[scope] == UINT32_MAX;
    uint32_t here = scope == LQ_NO_SLOT ? LQ_NO_SLOT : slots[scope];
    slots[i] = gone ? UINT32_MAX : slot_of(r->p, name, here, is_scope, i);
  }
  r->nslots = n;
}

// ---- rules

static uint32_t state_here(const lq_partition *p, lq_str id, lq_str schema, uint32_t hint)
{
  const lq_partition_config *c = &p->config;
  size_t n = c->rules && c->schemas ? c->tables->nstates : 0;
  for (size_t i = 0; i < n; i++) {
    uint32_t state = (uint32_t)((hint + i) % n);
    if (lq_str_eq(c->rules[state], id))
      return memcmp(c->schemas[state], schema.p, 16) == 0 ? state : UINT32_MAX;
  }
  return UINT32_MAX;
}

static void get_states(reading *r, lq_decoder *w)
{
  uint32_t n = lq_decode_count(w, 20);
  if (r->p->config.find_schemas)
    r->p->config.find_schemas(r->p->config.schemas_user);
  r->states = known(r, w, n);
  uint8_t *taken = lq_arena_array(&r->known, r->p->config.tables->nstates + 1, 1);
  if (!taken)
    lq_decoder_no_memory(w);
  for (uint32_t i = 0; i < n && !w->bad; i++) {
    lq_str id = lq_decode_str(w), schema = lq_decode_bytes(w, 16);
    if (w->bad)
      return;
    uint32_t state = r->states[i] = state_here(r->p, id, schema, i);
    lq_decoder_refuse(w, state != UINT32_MAX && taken[state]++);
    r->out->kept += state != UINT32_MAX;
    r->out->cold += state == UINT32_MAX;
  }
  r->nstates = n;
}

static uint32_t lineage_here(const lq_partition *p, uint32_t state, uint32_t ordinal)
{
  uint32_t rule = state == UINT32_MAX ? UINT32_MAX : p->config.tables->states[state].rule;
  for (uint32_t i = 0; rule != UINT32_MAX && i < p->config.nlineages; i++) {
    if (p->config.lineages[i].rule == rule && lq_lineage_ordinal(p, i) == ordinal)
      return i;
  }
  return UINT32_MAX;
}

static void get_lineages(reading *r, lq_decoder *w)
{
  uint32_t n = lq_decode_count(w, 8);
  r->lineages = known(r, w, n);
  for (uint32_t i = 0; i < n && !w->bad; i++) {
    uint32_t state = lq_decode32(w), ordinal = lq_decode32(w);
    r->lineages[i] = lineage_here(r->p, state < r->nstates ? r->states[state] : UINT32_MAX, ordinal);
  }
  r->nlineages = n;
}

// ---- what belongs to no key

static void get_time(reading *r, lq_decoder *w, lq_loading how)
{
  lq_buffer *b = &r->p->buffer;
  int64_t latest = (int64_t)lq_decode64(w), last = (int64_t)lq_decode64(w), clock = (int64_t)lq_decode64(w);
  uint64_t arrival = lq_decode_tally(w);
  uint64_t *all[] = {&b->stats.late, &b->stats.future, &b->stats.timeless, &b->stats.forced,
                     &b->stats.dropped};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    uint64_t v = lq_decode64(w);
    *all[i] = how == LQ_LOAD_CHANGES ? v : *all[i] + v;
  }
  if (w->bad)
    return;
  last = last > LQ_TIME_FIRST ? last : LQ_TIME_FIRST;
  b->last = arrival >= b->arrival ? last : b->last;
  b->latest = latest > b->latest ? latest : b->latest;
  b->clock = clock > b->clock ? clock : b->clock;
  b->arrival = arrival > b->arrival ? arrival : b->arrival;
}

// Its record tells all when its turn comes, if anybody can read it.
static lq_snapshot *without_values(const reading *r, lq_decoder *w, lq_snapshot *k)
{
  if (!r->p->config.read || k->nvalues == 0)
    return k;
  lq_snapshot record = *k, *own;
  record.nvalues = 0;
  own = lq_snapshot_copy(&record, w->mem);
  lq_snapshot_unref(k, w->mem);
  if (!own)
    lq_decoder_no_memory(w);
  return own;
}

static lq_waiting unasked(lq_snapshot *k)
{
  return (lq_waiting){.order = k->order, .kept = k, .nhits = LQ_HITS_UNKNOWN, .nrows = LQ_HITS_UNKNOWN};
}

static void get_waiting(reading *r, lq_decoder *w, lq_loading how)
{
  lq_buffer *b = &r->p->buffer;
  if (how == LQ_LOAD_CHANGES)
    lq_buffer_clear(b);
  uint32_t n = lq_decode_count(w, 4);
  for (uint32_t i = 0; i < n && !w->bad; i++) {
    w->unreadable = false;
    lq_snapshot *k = lq_decode_event(w);
    lq_decoder_refuse(w, !k || !k->whole);
    if (w->bad || w->unreadable) {
      b->stats.dropped += !w->bad; // today's limits or input have no such record
      lq_snapshot_unref(k, w->mem);
    } else if ((k = without_values(r, w, k)) && lq_buffer_push(b, unasked(k))) {
      lq_decoder_no_memory(w);
    }
    lq_arena_reset(w->room);
  }
}

static void skip_processes(lq_decoder *w, size_t nrows)
{
  lq_decode_bytes(w, 9);
  uint32_t n = lq_decode_count(w, 4);
  for (uint32_t i = 0; i < n && !w->bad; i++)
    lq_decode_str(w);
  n = lq_decode_count(w, 12);
  for (uint32_t i = 0; i < n && !w->bad; i++) {
    lq_decode_str(w);
    lq_decode_bytes(w, 8 + 3 * ((nrows + 7) / 8));
  }
}

static void get_processes(reading *r, lq_decoder *w, lq_loading how)
{
  if (!lq_decode_flag(w))
    return;
  if (r->p->lineage)
    lq_ancestry_load(r->p->lineage, w, how, r->lineages, r->nlineages);
  else
    skip_processes(w, r->nlineages);
}

static void get_rules(reading *r, lq_decoder *w, lq_loading how)
{
  uint32_t n = lq_decode_count(w, 8), before = UINT32_MAX;
  for (uint32_t i = 0; i < n && !w->bad; i++) {
    uint32_t nth = lq_decode32(w);
    lq_decoder one = *w;
    one.rest = lq_decode_str(w);
    lq_decoder_refuse(w, nth >= r->nstates || (i > 0 && nth <= before));
    before = nth;
    if (w->bad || r->states[nth] == UINT32_MAX)
      continue;
    lq_machine_load(r->p->machines[r->states[nth]], &one, how);
    w->bad = one.bad, w->status = one.status;
  }
}

// ---- frames

static void get_pool(reading *r, lq_decoder *w, lq_str frame, uint64_t at)
{
  lq_decoder_refuse(w, at > frame.n || frame.n - at > w->rest.n);
  if (w->bad)
    return;
  lq_decoder pool = *w;
  pool.rest = lq_str_slice(frame, (size_t)at, frame.n);
  w->rest = lq_str_slice(w->rest, 0, w->rest.n - pool.rest.n);
  lq_decoder_refuse(&pool, lq_decode32(&pool) != r->pool.n);
  lq_decode_pool(&pool);
  lq_decoder_refuse(&pool, pool.rest.n != 0);
  w->bad = pool.bad, w->status = pool.status;
}

static void get_frame(reading *r, lq_decoder *w, lq_str frame, bool first)
{
  lq_str bundle = lq_decode_bytes(w, 32);
  bool changes = lq_decode_flag(w);
  lq_str follows = lq_decode_bytes(w, 32);
  lq_loading how = changes ? LQ_LOAD_CHANGES : r->merging ? LQ_LOAD_MERGE : LQ_LOAD_WHOLE;
  if (!w->bad && (changes == first || (changes && memcmp(follows.p, r->last, 32) != 0))) {
    w->why = first ? "it is of changes, and what they change is not there"
                   : "its parts do not follow each other";
    w->bad = true;
  }
  if (w->bad)
    return;
  r->out->same_bundle = memcmp(bundle.p, r->p->config.bundle, 32) == 0;
  get_pool(r, w, frame, lq_decode64(w));
  get_time(r, w, how);
  if (!changes) {
    get_fields(r, w);
    if (!w->bad)
      get_states(r, w);
    if (!w->bad)
      get_lineages(r, w);
  }
  w->slots = r->slots, w->nslots = r->nslots;
  if (!w->bad)
    get_waiting(r, w, how);
  if (!w->bad)
    get_processes(r, w, how);
  if (!w->bad)
    get_rules(r, w, how);
  lq_decoder_refuse(w, w->rest.n != 0);
}

static const char *reason_of(lq_seal_verdict v)
{
  switch (v) {
  case LQ_SEAL_SOUND: break;
  case LQ_SEAL_FOREIGN: return "it is no saved state";
  case LQ_SEAL_CUT: return "it is cut short";
  case LQ_SEAL_DAMAGED: return "its digest is not that of its bytes";
  case LQ_SEAL_VERSION:
    return "it was saved by another version of libquery; when you begin anew without it, its partial "
           "matches, "
           "counts and waiting events are lost";
  }
  return NULL;
}

// The next frame of the bytes; what is wrong with it otherwise.
static lq_status take_frame(lq_str *rest, lq_seal *out, lq_str *frame, const char **why)
{
  lq_seal_verdict v = lq_seal_open(out, *rest, LQ_SEAL_STATE, LQ_FRAME_VERSION);
  *why = reason_of(v);
  if (*why)
    return v == LQ_SEAL_VERSION ? LQ_E_VERSION : LQ_E_BUNDLE;
  *frame = lq_str_slice(*rest, 0, out->size);
  *rest = lq_str_slice(*rest, out->size, rest->n);
  return LQ_OK;
}

static lq_status read_frames(reading *r, lq_str rest)
{
  lq_status status = LQ_OK;
  for (bool first = true; !status && (first || rest.n > 0); first = false) {
    lq_str frame;
    lq_seal seal;
    status = take_frame(&rest, &seal, &frame, &r->out->why);
    if (status)
      return status;
    lq_decoder w = {.rest = seal.bytes, .room = &r->room, .mem = &r->p->meter.hook, .pool = &r->pool};
    get_frame(r, &w, frame, first);
    memcpy(r->last, seal.digest, sizeof r->last);
    status = lq_decoder_status(&w);
    r->out->why = w.why ? w.why : status ? "its parts do not fit together" : NULL;
    lq_arena_reset(&r->room);
  }
  return status;
}

// ---- the limits here may be lower than there

static bool drop_waiting(lq_partition *p)
{
  lq_waiting w;
  if (!lq_buffer_drop(&p->buffer, &w))
    return false;
  p->buffer.stats.dropped++;
  lq_waiting_free(&w, &p->meter.hook);
  return true;
}

static void settle(lq_partition *p, size_t max)
{
  for (uint32_t i = 0; i < p->config.tables->nstates; i++)
    lq_machine_loaded(p->machines[i]);
  if (p->lineage)
    lq_ancestry_loaded(p->lineage);
  p->meter.max = max;
  while (!lq_room_make(&p->host, 0) && drop_waiting(p))
    continue;
  p->meter.peak = p->meter.used;
  for (uint32_t i = 0; i < p->config.tables->nstates; i++)
    lq_deadlines_set(&p->due, i, lq_machine_due(p->machines[i]));
}

static lq_status load(lq_partition *p, lq_str bytes, bool merging, lq_restored *out)
{
  size_t max = p->meter.max;
  p->meter.max = SIZE_MAX;
  p->meter.out_of_memory = false;
  reading r = {.p = p,
               .pool = {.mem = p->mem,
                        .read = p->config.read,
                        .user = p->config.read_user,
                        .into = p->has_viewed ? &p->viewed : NULL,
                        .of_rows = p->config.of_rows},
               .known = {.mem = p->mem},
               .room = {.mem = p->mem},
               .merging = merging,
               .out = out};
  lq_status status = read_frames(&r, bytes);
  lq_pool_in_free(&r.pool, &p->meter.hook);
  lq_arena_free(&r.known);
  lq_arena_free(&r.room);
  p->viewing = NULL;
  if (!status)
    settle(p, max);
  p->meter.max = max;
  return status;
}

// ---- into a new partition, which takes the place of the old one when all went well

static lq_status replace(lq_partition **p, const lq_str *bytes, size_t n, lq_restored *out)
{
  lq_partition *fresh, *old = *p;
  lq_partition_config config = old->config;
  lq_status status = lq_partition_new(&fresh, &config, old->mem);
  for (size_t i = 0; i < n && !status; i++)
    status = load(fresh, bytes[i], i > 0, out);
  if (status) {
    lq_partition_free(fresh);
    return status;
  }
  fresh->buffer.runs.next_id = old->buffer.runs.next_id;
  fresh->buffer.has_now = old->buffer.has_now;
  fresh->buffer.now = old->buffer.now;
  lq_partition_free(old);
  *p = fresh;
  return LQ_OK;
}

lq_status lq_partition_restore(lq_partition **p, const void *bytes, size_t n, lq_restored *out)
{
  *out = (lq_restored){0};
  return replace(p, &(lq_str){bytes, n}, 1, out);
}

lq_status lq_partition_merge(lq_partition **into, lq_partition *from)
{
  lq_buf a = {.mem = (*into)->mem}, b = {.mem = (*into)->mem};
  lq_restored out = {0};
  lq_status status = lq_partition_save_part(*into, &a, 0, 1);
  if (!status)
    status = lq_partition_save_part(from, &b, 0, 1);
  if (!status)
    status = replace(into, (lq_str[]){lq_buf_get(&a), lq_buf_get(&b)}, 2, &out);
  lq_buf_free(&a);
  lq_buf_free(&b);
  return status;
}

lq_status lq_partition_take_part(lq_partition **into, lq_partition *from, uint32_t part, uint32_t parts)
{
  lq_buf b = {.mem = (*into)->mem};
  lq_restored out = {0};
  lq_status status = lq_partition_save_part(from, &b, part, parts);
  if (!status)
    status = replace(into, (lq_str[]){lq_buf_get(&b)}, 1, &out);
  lq_buf_free(&b);
  return status;
}
