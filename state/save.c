// Saved state: what all rules remember, and the events that wait, as bytes with a digest.
//
// Rules are known by id and by a digest of what they mean, so a changed bundle keeps the state of unchanged
// rules. Fields are known by name. The digest tells damage, not malice: everything that is read is checked.
#include <blake2.h>

#include "state/codec.h"
#include "state/partition_internal.h"

// Magic, version, size, digest: the digest is of all bytes with its own place zeroed.
#define MAGIC "\x89LQS\r\n\x1a\n"
enum { AT_VERSION = 8, AT_SIZE = 16, AT_DIGEST = 24, HEADER = 56, VERSION = 1 };

static void digest_of(const void *p, size_t n, uint8_t out[32])
{
  const uint8_t *bytes = p;
  static const uint8_t zeros[32] = {0};
  blake2b_state s;
  if (blake2b_init(&s, 32) != 0)
    return;
  blake2b_update(&s, bytes, AT_DIGEST);
  blake2b_update(&s, zeros, sizeof zeros);
  blake2b_update(&s, bytes + HEADER, n - HEADER);
  blake2b_final(&s, out, 32);
}

// ---- writing

static void put_fields(const lq_partition *s, lq_buf *out)
{
  const lq_fieldmap *map = s->config.fields;
  size_t n = map ? lq_fieldmap_slots(map) : 0;
  lq_encode32(out, n);
  for (uint32_t i = 0; i < n; i++) {
    const lq_field_spec *f = lq_fieldmap_spec(map, i);
    lq_encode_str(out, f->name);
    lq_encode32(out, f->scope);
    lq_encode8(out, f->is_scope);
  }
}

static void put_time(const lq_partition *s, lq_buf *out)
{
  const lq_buffer *b = &s->buffer;
  lq_encode64(out, (uint64_t)b->latest);
  lq_encode64(out, (uint64_t)b->last);
  lq_encode64(out, (uint64_t)b->clock);
  lq_encode64(out, b->arrival);
}

static void put_counters(const lq_partition *s, lq_buf *out, bool first)
{
  const lq_order_stats *o = &s->buffer.stats;
  const uint64_t all[] = {o->late, o->future, o->timeless, o->forced, o->dropped};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    lq_encode64(out, first ? all[i] : 0);
}

static void put_waiting(const lq_partition *s, lq_buf *out, bool first)
{
  lq_encode32(out, first ? s->buffer.n : 0);
  for (size_t i = 0; first && i < s->buffer.n; i++)
    lq_encode_snapshot(out, s->buffer.heap[i].kept);
}

static uint32_t ordinal(const lq_partition *s, size_t row)
{
  uint32_t n = 0;
  while (row > n && s->config.lineages[row - n - 1].rule == s->config.lineages[row].rule)
    n++;
  return n;
}

static uint32_t state_of_rule(const lq_partition *s, uint32_t rule)
{
  for (uint32_t i = 0; i < s->config.tables->nstates; i++) {
    if (s->config.tables->states[i].rule == rule)
      return i;
  }
  return UINT32_MAX;
}

static void put_identity(const lq_partition *s, uint32_t state, lq_buf *out)
{
  static const uint8_t none[16] = {0};
  bool known = state != UINT32_MAX;
  lq_encode_str(out, known && s->config.rules ? s->config.rules[state] : LQ_STR(""));
  lq_buf_add(out, known && s->config.schemas ? s->config.schemas[state] : none, 16);
}

static void put_lineage(const lq_partition *s, lq_buf *out, bool first)
{
  bool any = s->lineage && first;
  lq_encode32(out, any ? s->config.nlineages : 0);
  for (size_t i = 0; any && i < s->config.nlineages; i++) {
    put_identity(s, state_of_rule(s, s->config.lineages[i].rule), out);
    lq_encode32(out, ordinal(s, i));
  }
  lq_buf body = {.mem = s->mem};
  if (any)
    lq_ancestry_save(s->lineage, &body);
  lq_encode_str(out, lq_buf_get(&body));
  out->failed |= body.failed;
  lq_buf_free(&body);
}

static void put_rules(const lq_partition *s, lq_buf *out, uint32_t part, uint32_t parts)
{
  lq_encode32(out, s->config.tables->nstates);
  for (uint32_t i = 0; i < s->config.tables->nstates; i++) {
    put_identity(s, i, out);
    size_t at = out->n;
    lq_encode32(out, 0);
    lq_machine_save(s->machines[i], out, part, parts);
    size_t size = out->n - at - 4;
    out->failed |= size > UINT32_MAX;
    for (size_t k = 0; k < 4 && !out->failed; k++)
      out->p[at + k] = (char)(size >> (8 * k));
  }
}

lq_status lq_partition_save(const lq_partition *s, lq_buf *out, uint32_t part, uint32_t parts)
{
  if (parts == 0 || part >= parts)
    return LQ_E_USAGE;
  if (s->buffer.runs.events > 0)
    return LQ_E_UNSUPPORTED;
  lq_buf b = {.mem = out->mem};
  lq_buf_add(&b, MAGIC, AT_VERSION);
  lq_encode64(&b, VERSION);
  lq_buf_fill(&b, 0, HEADER - AT_SIZE);
  lq_buf_add(&b, s->config.bundle, sizeof s->config.bundle);
  lq_encode32(&b, part);
  lq_encode32(&b, parts);
  put_time(s, &b);
  put_counters(s, &b, part == 0);
  put_fields(s, &b);
  put_waiting(s, &b, part == 0);
  put_lineage(s, &b, part == 0);
  put_rules(s, &b, part, parts);
  if (!b.failed) {
    for (size_t i = 0; i < 8; i++)
      b.p[AT_SIZE + i] = (char)((uint64_t)b.n >> (8 * i));
    digest_of(b.p, b.n, (uint8_t *)b.p + AT_DIGEST);
  }
  bool failed = b.failed;
  if (!failed && out->n == 0) { // no second copy of what may be large
    lq_buf_free(out);
    *out = b;
    return LQ_OK;
  }
  if (!failed)
    lq_buf_str(out, lq_buf_get(&b));
  lq_buf_free(&b);
  return failed || out->failed ? LQ_E_NOMEM : LQ_OK;
}

// ---- reading

static bool same_spec(const lq_partition *s, uint32_t slot, lq_str name, uint32_t scope, bool is_scope)
{
  const lq_field_spec *f = lq_fieldmap_spec(s->config.fields, slot);
  return lq_str_eq(f->name, name) && f->scope == scope && f->is_scope == is_scope;
}

static uint32_t slot_of(const lq_partition *s, lq_str name, uint32_t scope, bool is_scope, uint32_t hint)
{
  size_t n = s->config.fields ? lq_fieldmap_slots(s->config.fields) : 0;
  if (hint < n && same_spec(s, hint, name, scope, is_scope))
    return hint;
  for (uint32_t i = 0; i < n; i++) {
    if (same_spec(s, i, name, scope, is_scope))
      return i;
  }
  return UINT32_MAX;
}

// Scopes stand before what is tied to them, so theirs are known already.
static void get_fields(const lq_partition *s, lq_decoder *w)
{
  uint32_t n = lq_decode_count(w, 9);
  uint32_t *slots = lq_arena_array(w->room, n ? n : 1, sizeof *slots);
  if (!slots) {
    w->bad = true;
    w->status = LQ_E_NOMEM;
    return;
  }
  for (uint32_t i = 0; i < n && !w->bad; i++) {
    lq_str name = lq_decode_str(w);
    uint32_t scope = lq_decode32(w);
    bool is_scope = lq_decode_flag(w);
    lq_decoder_refuse(w, scope != LQ_NO_SLOT && scope >= i);
    if (w->bad)
      return;
    bool gone = scope != LQ_NO_SLOT && slots[scope] == UINT32_MAX;
    slots[i] = gone ? UINT32_MAX
                    : slot_of(s, name, scope == LQ_NO_SLOT ? LQ_NO_SLOT : slots[scope], is_scope, i);
  }
  w->slots = slots;
  w->nslots = n;
}

static void get_time(lq_partition *s, lq_decoder *w)
{
  lq_buffer *b = &s->buffer;
  int64_t latest = (int64_t)lq_decode64(w), last = (int64_t)lq_decode64(w), clock = (int64_t)lq_decode64(w);
  uint64_t arrival = lq_decode64(w);
  uint64_t *all[] = {&b->stats.late, &b->stats.future, &b->stats.timeless, &b->stats.forced,
                     &b->stats.dropped};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    *all[i] += lq_decode64(w);
  if (w->bad)
    return;
  b->latest = latest > b->latest ? latest : b->latest;
  b->clock = clock > b->clock ? clock : b->clock;
  b->arrival = arrival > b->arrival ? arrival : b->arrival;
  b->last = last;
}

static void get_waiting(lq_partition *s, lq_decoder *w)
{
  uint32_t n = lq_decode_count(w, 40);
  for (uint32_t i = 0; i < n && !w->bad; i++) {
    lq_snapshot *k = lq_decode_snapshot(w);
    lq_decoder_refuse(w, !k);
    if (k && lq_buffer_push(&s->buffer, k->order, k, NULL, LQ_HITS_UNKNOWN)) {
      w->bad = true;
      w->status = LQ_E_NOMEM;
    }
  }
}

// The state here that a rule of the file goes on as; UINT32_MAX: there is none.
static uint32_t get_identity(const lq_partition *s, lq_decoder *w, uint32_t hint)
{
  lq_str id = lq_decode_str(w);
  lq_decoder_refuse(w, w->rest.n < 16);
  if (w->bad)
    return UINT32_MAX;
  const char *schema = w->rest.p;
  w->rest = lq_str_slice(w->rest, 16, w->rest.n);
  if (!s->config.rules || !s->config.schemas)
    return UINT32_MAX;
  size_t n = s->config.tables->nstates;
  for (size_t i = 0; i < n; i++) { // most often it is where it was
    uint32_t state = (uint32_t)((hint + i) % n);
    if (lq_str_eq(s->config.rules[state], id))
      return memcmp(s->config.schemas[state], schema, 16) == 0 ? state : UINT32_MAX;
  }
  return UINT32_MAX;
}

static uint32_t lineage_of(const lq_partition *s, uint32_t state, uint32_t nth)
{
  uint32_t rule = state == UINT32_MAX ? UINT32_MAX : s->config.tables->states[state].rule;
  for (uint32_t i = 0; rule != UINT32_MAX && i < s->config.nlineages; i++) {
    if (s->config.lineages[i].rule == rule && ordinal(s, i) == nth)
      return i;
  }
  return UINT32_MAX;
}

static void get_lineage(lq_partition *s, lq_decoder *w)
{
  uint32_t n = lq_decode_count(w, 24);
  uint32_t *map = lq_arena_array(w->room, n ? n : 1, sizeof *map);
  if (!map) {
    w->bad = true;
    w->status = LQ_E_NOMEM;
    return;
  }
  for (uint32_t i = 0; i < n && !w->bad; i++) {
    uint32_t state = get_identity(s, w, i);
    map[i] = lineage_of(s, state, lq_decode32(w));
  }
  lq_str body = lq_decode_str(w);
  if (w->bad || !s->lineage || n == 0)
    return;
  w->status = lq_ancestry_load(s->lineage, body.p, body.n, map, n);
  w->bad = w->status != LQ_OK;
}

static void get_rules(lq_partition *s, lq_decoder *w, lq_restored *out)
{
  uint32_t n = lq_decode_count(w, 24);
  for (uint32_t i = 0; i < n && !w->bad; i++) {
    uint32_t state = get_identity(s, w, i);
    lq_decoder one = *w;
    one.rest = lq_decode_str(w);
    if (w->bad || state == UINT32_MAX) {
      out->cold++;
      continue;
    }
    out->kept++;
    w->status = lq_machine_load(s->machines[state], &one);
    w->bad = w->status != LQ_OK;
    lq_deadlines_set(&s->due, state, lq_machine_due(s->machines[state]));
    lq_arena_reset(&s->loading);
  }
}

static bool is_frame(const char *p, size_t n)
{
  uint8_t digest[32] = {0};
  uint64_t size = 0;
  if (n < HEADER || memcmp(p, MAGIC, AT_VERSION) != 0)
    return false;
  for (size_t i = 0; i < 8; i++)
    size |= (uint64_t)(uint8_t)p[AT_SIZE + i] << (8 * i);
  if (size != n)
    return false;
  digest_of(p, n, digest);
  return memcmp(digest, p + AT_DIGEST, sizeof digest) == 0;
}

lq_status lq_partition_restore(lq_partition *s, const void *bytes, size_t n, lq_restored *out)
{
  const char *p = bytes;
  *out = (lq_restored){0};
  s->meter.out_of_memory = false;
  if (!is_frame(p, n))
    return LQ_E_BUNDLE;
  lq_decoder version = {.rest = {p + AT_VERSION, 8}};
  if (lq_decode64(&version) != VERSION)
    return LQ_E_VERSION;
  lq_arena fields = {.mem = s->mem};
  s->loading.mem = s->mem;
  lq_decoder w = {.rest = {p + HEADER, n - HEADER}, .room = &fields, .mem = &s->meter.hook};
  if (w.rest.n >= 32) {
    out->same_bundle = memcmp(w.rest.p, s->config.bundle, 32) == 0;
    w.rest = lq_str_slice(w.rest, 32, w.rest.n);
  }
  uint32_t part = lq_decode32(&w), parts = lq_decode32(&w);
  lq_decoder_refuse(&w, part >= parts);
  get_time(s, &w);
  get_fields(s, &w);
  w.room = &s->loading;
  get_waiting(s, &w);
  get_lineage(s, &w);
  lq_arena_reset(&s->loading);
  get_rules(s, &w, out);
  lq_decoder_refuse(&w, w.rest.n != 0);
  lq_arena_free(&fields);
  lq_arena_free(&s->loading);
  return lq_decoder_status(&w);
}
