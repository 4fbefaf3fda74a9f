// Lineage: which processes had an event that a rule asks for, and whose children they are.
//
// Each process has three sets of bits, one bit for each row: events of its own, of its parent, of any
// ancestor. A process inherits when it starts, so an answer is one look-up however deep the tree is.
#include "state/lineage.h"

#include "state/machine_internal.h"

typedef struct process {
  lq_key_node node;
  uint8_t bits[]; // own, parent's, ancestors'; then the key
} process;

struct lq_ancestry {
  const lq_mem *mem;
  const lq_lineage_def *rows;
  size_t nrows, nbytes; // of one set
  uint64_t max;
  uint8_t hash_key[16];
  lq_key_table table;
  process *at_hand;  // NULL: the event names no process
  uint8_t *stranger; // sets for a process that could not be kept
  lq_ancestry_stats stats;
};

enum { OWN, PARENT, ANCESTOR, SETS };

lq_status lq_ancestry_new(lq_ancestry **out, const lq_lineage_def *rows, size_t nrows, uint64_t max_processes,
                          const uint8_t hash_key[16], const lq_mem *mem)
{
  *out = NULL;
  lq_ancestry *l = lq_mem_alloc(mem, 1, sizeof *l);
  if (!l)
    return LQ_E_NOMEM;
  *l = (lq_ancestry){
      .mem = mem, .rows = rows, .nrows = nrows, .nbytes = (nrows + 7) / 8, .max = max_processes};
  memcpy(l->hash_key, hash_key, sizeof l->hash_key);
  lq_key_table_init(&l->table);
  l->stranger = lq_mem_alloc(mem, SETS, l->nbytes);
  if (l->stranger)
    *out = l;
  else
    lq_mem_free(mem, l, 1, sizeof *l);
  return *out ? LQ_OK : LQ_E_NOMEM;
}

static size_t size_of(const lq_ancestry *l, size_t nkey)
{
  return sizeof(process) + SETS * l->nbytes + nkey;
}

static void forget(lq_ancestry *l, process *p)
{
  size_t size = size_of(l, p->node.nkey);
  lq_key_table_remove(&l->table, &p->node);
  lq_mem_free(l->mem, p, 1, size);
  l->stats.bytes -= size;
  l->stats.processes--;
}

static process *oldest(lq_ancestry *l)
{
  return LQ_OWNER(process, node.age, l->table.age.next);
}

void lq_ancestry_free(lq_ancestry *l)
{
  if (!l)
    return;
  while (!lq_list_empty(&l->table.age))
    forget(l, oldest(l));
  lq_key_table_free(&l->table, l->mem);
  lq_mem_free(l->mem, l->stranger, SETS, l->nbytes);
  lq_mem_free(l->mem, l, 1, sizeof *l);
}

static lq_key key_of(const lq_ancestry *l, lq_str name)
{
  return (lq_key){name.p, name.n, lq_siphash(l->hash_key, name.p, name.n)};
}

bool lq_ancestry_evict(lq_ancestry *l)
{
  if (lq_list_empty(&l->table.age) || oldest(l) == l->at_hand)
    return false;
  forget(l, oldest(l));
  l->stats.evicted++;
  return true;
}

static process *find(const lq_ancestry *l, lq_str name)
{
  lq_key key = key_of(l, name);
  lq_key_node *node = name.n ? lq_key_table_find(&l->table, &key) : NULL;
  return node ? LQ_OWNER(process, node, node) : NULL;
}

static process *add(lq_ancestry *l, lq_str name)
{
  while (l->stats.processes >= l->max && !lq_list_empty(&l->table.age)) {
    forget(l, oldest(l));
    l->stats.evicted++;
  }
  lq_key key = key_of(l, name);
  process *p = lq_mem_alloc(l->mem, 1, size_of(l, name.n));
  if (!p)
    return NULL;
  char *bytes = (char *)p->bits + SETS * l->nbytes;
  memcpy(bytes, name.p, name.n);
  p->node = (lq_key_node){.hash = key.hash, .key = bytes, .nkey = (uint32_t)name.n};
  if (!lq_key_table_add(&l->table, &p->node, l->mem)) {
    lq_mem_free(l->mem, p, 1, size_of(l, name.n));
    return NULL;
  }
  l->stats.processes++;
  l->stats.bytes += size_of(l, name.n);
  return p;
}

static uint8_t *set_of(const lq_ancestry *l, uint8_t *bits, int set)
{
  return bits + (size_t)set * l->nbytes;
}

static void inherit(const lq_ancestry *l, uint8_t *bits, lq_str parent)
{
  process *from = find(l, parent);
  if (!from)
    return;
  uint8_t *own = set_of(l, from->bits, OWN), *above = set_of(l, from->bits, ANCESTOR);
  for (size_t i = 0; i < l->nbytes; i++) {
    set_of(l, bits, PARENT)[i] |= own[i];
    set_of(l, bits, ANCESTOR)[i] |= own[i] | above[i];
  }
}

static uint8_t *bits_at_hand(const lq_ancestry *l)
{
  return l->at_hand ? l->at_hand->bits : l->stranger;
}

void lq_ancestry_event(lq_ancestry *l, const lq_process_facts *facts)
{
  process *p = find(l, facts->own);
  bool is_new = !p && facts->own.n > 0;
  if (is_new)
    p = add(l, facts->own);
  l->stats.evicted += is_new && !p;
  l->at_hand = p;
  memset(l->stranger, 0, SETS * l->nbytes);
  if (p && facts->starts && !facts->unique && !is_new)
    memset(p->bits, 0, SETS * l->nbytes); // the number is in use again
  if (p)
    lq_key_table_touch(&l->table, &p->node);
  // One whose start was not seen inherits from the parent that this event names.
  if (facts->starts || is_new || !p)
    inherit(l, bits_at_hand(l), facts->parent);
}

void lq_ancestry_holds(lq_ancestry *l, uint32_t row)
{
  set_of(l, bits_at_hand(l), OWN)[row / 8] |= (uint8_t)(1 << row % 8);
}

bool lq_ancestry_asks(const lq_ancestry *l, uint32_t row)
{
  static const int sets[LQ_OF_COUNT] = {
      [LQ_OF_CHILD] = PARENT, [LQ_OF_DESCENDANT] = ANCESTOR, [LQ_OF_EVENT] = OWN};
  return set_of(l, bits_at_hand(l), sets[l->rows[row].kind])[row / 8] >> row % 8 & 1;
}

const lq_ancestry_stats *lq_ancestry_stats_get(const lq_ancestry *l)
{
  return &l->stats;
}

// ---- saving

static void put_process(const lq_ancestry *l, process *p, const lq_saving *s, size_t *n)
{
  if (!lq_in_part(s, (lq_str){p->node.key, p->node.nkey}))
    return;
  lq_encode_str(s->out, (lq_str){p->node.key, p->node.nkey});
  lq_encode64(s->out, p->node.nth);
  lq_encode_bytes(s->out, p->bits, SETS * l->nbytes);
  p->node.saved |= s->follow;
  ++*n;
}

void lq_ancestry_save(lq_ancestry *l, const lq_saving *s)
{
  lq_key_table *t = &l->table;
  lq_changes *c = t->changes;
  bool all = !s->changes || !c || c->lost;
  size_t n = 0;
  lq_encode64(s->out, t->ticks);
  lq_encode8(s->out, all);
  lq_encode32(s->out, all ? 0 : c->ngone);
  if (!all)
    lq_encode_bytes(s->out, c->gone.p, c->gone.n);
  size_t gap = lq_encode_gap(s->out);
  for (lq_link *at = t->age.next; all && at != &t->age; at = at->next)
    put_process(l, LQ_OWNER(process, node.age, at), s, &n);
  for (lq_link *at = all ? NULL : c->dirty.next; at && at != &c->dirty; at = at->next)
    put_process(l, LQ_OWNER(process, node.dirty, at), s, &n);
  lq_encode_into_gap(s->out, gap, n);
  if (s->follow && !lq_key_table_follow(t, l->mem))
    lq_key_table_forget(t);
}

static void load_bits(const lq_ancestry *l, process *p, const char *from, size_t nbytes, const uint32_t *map,
                      size_t nmap)
{
  for (size_t i = 0; i < SETS * nmap; i++) {
    size_t set = i / nmap, row = i % nmap;
    bool bit = (uint8_t)from[set * nbytes + row / 8] >> row % 8 & 1;
    if (bit && map[row] < l->nrows)
      set_of(l, p->bits, (int)set)[map[row] / 8] |= (uint8_t)(1 << map[row] % 8);
  }
}

static void drop(lq_ancestry *l, lq_str name)
{
  process *p = find(l, name);
  if (p)
    forget(l, p);
}

static void load_process(lq_ancestry *l, lq_decoder *w, lq_loading how, const uint32_t *map, size_t nmap)
{
  size_t nbytes = (nmap + 7) / 8;
  lq_str name = lq_decode_str(w);
  uint64_t nth = lq_decode64(w);
  lq_str bits = lq_decode_bytes(w, SETS * nbytes);
  lq_decoder_refuse(w, name.n == 0 || nth > l->table.ticks || (how == LQ_LOAD_WHOLE && find(l, name)));
  if (w->bad)
    return;
  if (how == LQ_LOAD_CHANGES)
    drop(l, name);
  process *p = find(l, name);
  p = p ? p : add(l, name);
  if (!p) {
    lq_decoder_no_memory(w);
    return;
  }
  p->node.nth = nth;
  load_bits(l, p, bits.p, nbytes, map, nmap);
}

void lq_ancestry_load(lq_ancestry *l, lq_decoder *w, lq_loading how, const uint32_t *map, size_t nmap)
{
  uint64_t ticks = lq_decode_tally(w);
  bool all = lq_decode_flag(w);
  lq_decoder_refuse(w, !all && how != LQ_LOAD_CHANGES);
  uint64_t most = ticks > l->table.ticks ? ticks : l->table.ticks;
  l->table.ticks = most;
  while (!w->bad && all && how == LQ_LOAD_CHANGES && !lq_list_empty(&l->table.age))
    forget(l, oldest(l));
  uint32_t n = lq_decode_count(w, 4);
  lq_decoder_refuse(w, all && n > 0);
  for (uint32_t i = 0; i < n && !w->bad; i++)
    drop(l, lq_decode_str(w));
  n = lq_decode_count(w, 12);
  for (uint32_t i = 0; i < n && !w->bad; i++) {
    load_process(l, w, how, map, nmap);
    l->table.ticks = most;
  }
}

void lq_ancestry_loaded(lq_ancestry *l)
{
  lq_table_sort(&l->table);
}
