// Programs as text. What a bundle says is printed with care: any byte may be in its texts.
#include "vm/disasm.h"

#include "base/glob.h"
#include "base/utf8.h"
#include "stdlib/functions.h"

enum { ENTRIES_SHOWN = 4, TEXT_SHOWN = 60 };

static const char *const compare_signs[LQ_CMP_COUNT] = {
#define LQ_COMPARE(name, sign) [LQ_CMP_##name] = (sign),
#include "vm/compares.def"
};
static const char *const arith_signs[LQ_AR_COUNT] = {
#define LQ_ARITH(name, sign) [LQ_AR_##name] = (sign),
#include "vm/compares.def"
};

static const char *const lineage_words[LQ_OF_COUNT] = {"child of", "descendant of", "event of"};

static void plain(lq_buf *out, lq_str pattern)
{
  lq_buf text = {.mem = out->mem}, valid = {.mem = out->mem};
  lq_glob_plain(&text, pattern);
  lq_utf8_repair(&valid, lq_buf_get(&text));
  lq_buf_str(out, lq_buf_get(&valid));
  out->failed |= text.failed || valid.failed;
  lq_buf_free(&text);
  lq_buf_free(&valid);
}

// Not too much of a text; `cut` if there is more.
static lq_str shown(lq_str text, bool *cut)
{
  size_t n = lq_utf8_offset(text, TEXT_SHOWN);
  *cut = n < text.n;
  return lq_str_slice(text, 0, n);
}

static void quoted(lq_buf *out, lq_str pattern)
{
  lq_buf text = {.mem = out->mem}, valid = {.mem = out->mem};
  bool cut;
  lq_glob_plain(&text, shown(pattern, &cut));
  lq_utf8_repair(&valid, lq_buf_get(&text));
  lq_buf_json(out, lq_buf_get(&valid));
  if (cut)
    lq_buf_z(out, "…");
  out->failed |= text.failed || valid.failed;
  lq_buf_free(&text);
  lq_buf_free(&valid);
}

static void constant(lq_buf *out, const lq_program *p, uint32_t c)
{
  char text[LQ_VALUE_TEXT_MAX];
  const lq_value *v = &p->consts[c];
  if (v->type == LQ_T_STRING)
    quoted(out, v->s);
  else
    lq_buf_str(out, lq_value_text(v, text));
}

static void field(lq_buf *out, const lq_program *p, uint32_t f)
{
  plain(out, p->strings[p->fields[f].name]);
  if (p->fields[f].scope != LQ_NONE) {
    lq_buf_z(out, " in ");
    plain(out, p->strings[p->fields[p->fields[f].scope].name]);
  }
}

static void network(lq_buf *out, const lq_cidr *c)
{
  char text[48];
  bool v4 = lq_ip_is_v4(&c->base) && c->bits >= 96;
  lq_buf_add(out, text, lq_ip_format(&c->base, text));
  lq_buf_printf(out, "/%d", v4 ? c->bits - 96 : c->bits);
}

static void entry(lq_buf *out, const lq_program *p, const lq_set *s, uint32_t i)
{
  if (s->kind == LQ_SET_TEXTS)
    quoted(out, p->strings[p->set_ids[s->first + i]]);
  else if (s->kind == LQ_SET_REGEXES)
    quoted(out, p->strings[p->regexes[s->first + i].text]);
  else
    network(out, &p->cidrs[s->first + i]);
}

static void set(lq_buf *out, const lq_program *p, uint32_t index)
{
  const lq_set *s = &p->sets[index];
  lq_buf_byte(out, '(');
  uint32_t shown = s->count > ENTRIES_SHOWN + 1 ? ENTRIES_SHOWN : s->count;
  for (uint32_t i = 0; i < shown; i++) {
    if (i)
      lq_buf_z(out, ", ");
    entry(out, p, s, i);
  }
  if (shown < s->count)
    lq_buf_printf(out, ", … %u more", s->count - shown);
  lq_buf_byte(out, ')');
}

static void matcher(lq_buf *out, const lq_program *p, lq_matcher_kind w, uint32_t arg)
{
  lq_buf_z(out, lq_match_kinds[w].sign);
  if (lq_match_kinds[w].set == LQ_SET_NONE)
    return;
  lq_buf_byte(out, ' ');
  if (lq_match_kinds[w].set == LQ_SET_CONST)
    constant(out, p, arg);
  else
    set(out, p, arg);
}

void lq_disasm_predicate(lq_buf *out, const lq_program *p, uint32_t predicate)
{
  const lq_predicate *q = &p->predicates[predicate];
  field(out, p, q->field);
  lq_buf_byte(out, ' ');
  matcher(out, p, (lq_matcher_kind)q->matcher, q->arg);
}

// ---- instructions

static void operand(lq_buf *out, const lq_program *p, const lq_insn *i, uint32_t pc, char letter, uint32_t v)
{
  switch (letter) {
  case 'p': lq_disasm_predicate(out, p, v); break;
  case 'f': field(out, p, v); break;
  case 'k': constant(out, p, v); break;
  case 'c':
    lq_buf_printf(out, "%s%s", lq_functions[p->functions[v] / 2].name, p->functions[v] % 2 ? "~" : "");
    break;
  case 's': set(out, p, v); break;
  case 'j':
    // The end of a walk goes back to its body, everything else goes on.
    if (lq_ops[i->op].check == LQ_CHECK_WALK_END)
      lq_buf_printf(out, "-> %04u", pc - v);
    else
      lq_buf_printf(out, "-> %04u", pc + 1 + v + (lq_ops[i->op].check == LQ_CHECK_WALK));
    break;
  case 'n': lq_buf_printf(out, "/%u", v); break;
  case 't': lq_buf_z(out, v ? "true" : "false"); break;
  case 'q': lq_buf_z(out, v ? "all" : "any"); break;
  case 'o': lq_buf_z(out, compare_signs[v]); break;
  case 'r': lq_buf_z(out, arith_signs[v]); break;
  case 'm': matcher(out, p, (lq_matcher_kind)v, i->c); break;
  case 'e': lq_buf_printf(out, "of term %u", v); break;
  case 'h': lq_buf_printf(out, "capture %u", v); break;
  case 'u': lq_buf_z(out, "strictly"); break;
  case 'i': lq_buf_printf(out, "[%u]", v); break;
  case 'l': lq_buf_printf(out, "%u", v); break;
  case 'g': lq_buf_printf(out, "%s #%u", lineage_words[p->lineages[v].kind], v); break;
  default: break;
  }
}

static void instruction(lq_buf *out, const lq_program *p, const lq_insn *i, uint32_t pc)
{
  // Read as sentences go: the object first, then how many, then where to.
  static const int object_first[3] = {2, 0, 1}, as_they_are[3] = {0, 1, 2};
  const lq_op_info *op = &lq_ops[i->op];
  const int *order = op->operands[2] == 'j' ? as_they_are : object_first;
  const uint32_t values[3] = {i->a, i->b, i->c};
  lq_buf_printf(out, "%04u  ", pc);
  size_t start = out->n;
  lq_buf_z(out, op->name);
  for (int k = 0; k < 3; k++) {
    char letter = op->operands[order[k]];
    if (letter == '-' || (letter == 's' && op->operands[0] == 'm') || (letter == 'u' && i->b == 0))
      continue;
    size_t width = out->n - start;
    lq_buf_fill(out, ' ', width < 11 ? 11 - width : 0);
    lq_buf_byte(out, ' ');
    operand(out, p, i, pc, letter, values[order[k]]);
  }
}

static const lq_debug *debug_row(const lq_program *p, uint32_t pc)
{
  size_t at = lq_debug_from(p, pc);
  return at < p->ndebug && p->debug[at].pc == pc ? &p->debug[at] : NULL;
}

// As it was written, on one line.
static void slice(lq_buf *out, const lq_program *p, const lq_rule_def *r, uint32_t pc)
{
  const lq_debug *d = debug_row(p, pc);
  if (!d)
    return;
  bool cut;
  lq_str text = shown(lq_str_trim(lq_str_slice(p->strings[r->source], d->start, d->end)), &cut);
  lq_buf_printf(out, "   ; %s", d->flags & LQ_DEBUG_NEGATED ? "not " : "");
  for (size_t i = 0; i < text.n; i++)
    lq_buf_byte(out, (uint8_t)text.p[i] < 0x20 || text.p[i] == 0x7F ? ' ' : text.p[i]);
  if (cut)
    lq_buf_z(out, "…");
}

// ---- rules

static void code(lq_buf *out, const lq_program *p, const lq_rule_def *r, uint32_t from, uint32_t n,
                 int indent)
{
  for (uint32_t pc = from - r->code; pc < from - r->code + n; pc++) {
    lq_buf_fill(out, ' ', (size_t)indent);
    instruction(out, p, &p->code[r->code + pc], pc);
    slice(out, p, r, r->code + pc);
    lq_buf_byte(out, '\n');
  }
}

static void snippet(lq_buf *out, const lq_program *p, const lq_rule_def *r, uint32_t index, int indent)
{
  if (index != LQ_NONE)
    code(out, p, r, p->snippets[index].code, p->snippets[index].ncode, indent);
}

static void duration(lq_buf *out, int64_t ns)
{
  static const struct {
    int64_t ns;
    const char *unit;
  } units[] = {{86400000000000, "d"}, {3600000000000, "h"}, {60000000000, "m"}, {1000000000, "s"}};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (ns > 0 && ns % units[i].ns == 0) {
      lq_buf_printf(out, "%lld%s", (long long)(ns / units[i].ns), units[i].unit);
      return;
    }
  }
  lq_buf_printf(out, "%lldms", (long long)(ns / 1000000));
}

static void term(lq_buf *out, const lq_program *p, const lq_rule_def *r, const lq_term_def *t)
{
  if (t->runs > 1)
    lq_buf_printf(out, ", %u times", t->runs);
  if (t->alias != LQ_NONE) {
    lq_buf_z(out, ", as ");
    quoted(out, p->strings[t->alias]);
  }
  for (uint32_t i = 0; i < t->ncaptures; i++) {
    lq_buf_z(out, i ? ", " : ", keeps ");
    field(out, p, p->captures[t->first_capture + i].field);
  }
  lq_buf_byte(out, '\n');
  snippet(out, p, r, t->snippet, 4);
  for (uint32_t i = 0; i < t->nkeys; i++) {
    const lq_key_def *k = &p->keys[t->first_key + i];
    lq_buf_printf(out, "    key %s", k->flags & LQ_KEY_OPTIONAL ? "?" : "");
    quoted(out, p->strings[k->name]);
    lq_buf_byte(out, '\n');
    snippet(out, p, r, k->snippet, 6);
  }
}

static void stage_arg(lq_buf *out, const lq_program *p, const lq_rule_def *r, const lq_stage_arg *a, bool by)
{
  if (a->name != LQ_NONE) {
    lq_buf_z(out, by ? "    by " : "    ");
    quoted(out, p->strings[a->name]);
    if (a->function != LQ_NONE)
      lq_buf_printf(out, " = %s", lq_functions[a->function].name);
    lq_buf_byte(out, '\n');
  }
  snippet(out, p, r, a->snippet, a->name == LQ_NONE ? 4 : 6);
}

static void stage(lq_buf *out, const lq_program *p, const lq_rule_def *r, const lq_stage_def *s)
{
  static const char *const words[LQ_DO_COUNT_OF_OPS] = {"where", "head",         "tail",     "sort", "unique",
                                                        "count", "unique_count", "keep",     "drop", "eval",
                                                        "stats", "suppress",     "new_terms"};
  bool counts = s->op == LQ_DO_HEAD || s->op == LQ_DO_TAIL;
  lq_buf_printf(out, "  | %s%s", words[s->op], s->flags & LQ_STAGE_DESCENDING ? " desc" : "");
  if (counts) {
    lq_buf_printf(out, " %lld", (long long)s->number);
  } else if (s->number >= 0) {
    lq_buf_z(out, s->op == LQ_DO_SUPPRESS ? " for " : " over ");
    duration(out, s->number);
  }
  lq_buf_byte(out, '\n');
  for (uint32_t i = 0; i < s->nargs; i++)
    stage_arg(out, p, r, &p->stage_args[s->first_arg + i], i >= s->nargs - s->nby);
}

static void lineages(lq_buf *out, const lq_program *p, uint32_t rule)
{
  for (uint32_t i = 0; i < p->nlineages; i++) {
    if (p->lineages[i].rule != rule)
      continue;
    lq_buf_printf(out, "  %s #%u\n", lineage_words[p->lineages[i].kind], i);
    snippet(out, p, &p->rules[rule], p->lineages[i].snippet, 4);
  }
}

static void state(lq_buf *out, const lq_program *p, uint32_t rule)
{
  static const char *const kinds[] = {"event", "sequence", "sample", "join"};
  const lq_rule_def *r = &p->rules[rule];
  const lq_state_def *d = &p->states[r->state];
  lq_buf_printf(out, "  %s", kinds[d->kind]);
  if (d->maxspan >= 0) {
    lq_buf_z(out, " within ");
    duration(out, d->maxspan);
  }
  lq_buf_byte(out, '\n');
  for (uint32_t i = 0; i < d->nterms + d->until; i++) {
    const lq_term_def *t = &p->terms[d->first_term + i];
    if (i == d->nterms)
      lq_buf_z(out, "  until");
    else
      lq_buf_printf(out, "  term %u%s", i, t->flags & LQ_TERM_NEGATED ? ", missing" : "");
    term(out, p, r, t);
  }
  for (uint32_t i = 0; i < d->nstages; i++)
    stage(out, p, r, &p->stages[d->first_stage + i]);
  lineages(out, p, rule);
}

void lq_disasm_rule(lq_buf *out, const lq_program *p, uint32_t rule)
{
  const lq_rule_def *r = &p->rules[rule];
  lq_buf_z(out, "rule ");
  quoted(out, p->strings[r->id]);
  lq_buf_byte(out, ' ');
  quoted(out, p->strings[r->name]);
  lq_buf_printf(out, ": %u instructions, stack %u, cost %u\n", r->ncode, r->max_stack, r->cost);
  if (r->state == LQ_NONE)
    code(out, p, r, r->code, r->ncode, 2);
  else
    state(out, p, rule);
}

// ---- docs

static const char *operand_name(char letter)
{
  switch (letter) {
#define LQ_OPERAND(l, limit, what)                                                                           \
  case l:                                                                                                    \
    return what;
#include "vm/operands.def"
#undef LQ_OPERAND
  default: return "0";
  }
}

static void stack(lq_buf *out, const char *types)
{
  for (const char *t = types; *t; t++)
    lq_buf_printf(out, "%s%s", t == types ? "" : " ", *t == '*' ? "V…" : *t == 'B' ? "B" : "V");
}

static void document_op(lq_buf *out, int byte)
{
  const lq_op_info *op = &lq_ops[byte];
  lq_buf_printf(out, "| %d | `%s` | %s | %s | %s | ", byte, op->name, operand_name(op->operands[0]),
                operand_name(op->operands[1]), operand_name(op->operands[2]));
  stack(out, op->pops);
  lq_buf_z(out, " | ");
  stack(out, op->pushes);
  lq_buf_printf(out, " | %s |\n", op->doc);
}

void lq_docs_opcodes(lq_buf *out)
{
  static const char *const kinds[] = {"nothing", "texts", "regular expressions", "networks", "a constant"};
  lq_buf_z(out,
           "| byte | name | a | b | c | pops | pushes | what it does |\n|---|---|---|---|---|---|---|---|\n");
  for (int i = 0; i < LQ_OP_SLOTS; i++) {
    if (lq_ops[i].name)
      document_op(out, i);
  }
  lq_buf_z(out, "\n| number | matcher | takes | true if |\n|---|---|---|---|\n");
  for (int i = 0; i < LQ_MATCHER_COUNT; i++)
    lq_buf_printf(out, "| %d | `%s` | %s | %s |\n", i, lq_match_kinds[i].name, kinds[lq_match_kinds[i].set],
                  lq_match_kinds[i].doc);
}
