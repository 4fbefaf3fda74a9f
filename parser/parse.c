// Text to tree: feeds the push parser, and decides what a word is where the grammar alone cannot.
#include "parser/parse.h"

#include "grammar.h"
#include "parser/driver.h"
#include "parser/kql.h"
#include "stdlib/schema.h"

// A token the grammar lacks does not compile.
static const int symbols[LQ_WORD_COUNT] = {
#define LQ_YY_INVALID LQ_YY_LQ_YYUNDEF
#define LQ_TOKEN(name, class, spelling) [LQ_TOK_##name] = LQ_YY_##name,
#define LQ_OPERATOR(name, class, spelling, symbol) [LQ_TOK_##name] = LQ_YY_##symbol,
#include "lexer/tokens.def"
#undef LQ_TOKEN
    [LQ_WORD_ASC] = LQ_YY_ASC,
    [LQ_WORD_DESC] = LQ_YY_DESC,
    [LQ_WORD_OVER] = LQ_YY_OVER,
    [LQ_WORD_FOR] = LQ_YY_FOR,
    [LQ_WORD_STAGE_FILTER] = LQ_YY_STAGE_FILTER,
    [LQ_WORD_STAGE_TAKE] = LQ_YY_STAGE_TAKE,
    [LQ_WORD_STAGE_SORT] = LQ_YY_STAGE_SORT,
    [LQ_WORD_STAGE_LIST] = LQ_YY_STAGE_LIST,
    [LQ_WORD_STAGE_COUNT] = LQ_YY_STAGE_COUNT,
    [LQ_WORD_STAGE_FIELDS] = LQ_YY_STAGE_FIELDS,
    [LQ_WORD_STAGE_EVAL] = LQ_YY_STAGE_EVAL,
    [LQ_WORD_STAGE_STATS] = LQ_YY_STAGE_STATS,
    [LQ_WORD_STAGE_SUPPRESS] = LQ_YY_STAGE_SUPPRESS,
    [LQ_WORD_STAGE_NEW_TERMS] = LQ_YY_STAGE_NEW_TERMS,
    [LQ_WORD_STAGE_UNKNOWN] = LQ_YY_STAGE_UNKNOWN,
    [LQ_WORD_METHOD] = LQ_YY_METHOD,
    [LQ_WORD_FORK] = LQ_YY_FORK,
};

static const int stage_kinds[] = {
    [LQ_STAGE_WHERE] = LQ_TOK_WHERE,
    [LQ_STAGE_FILTER] = LQ_WORD_STAGE_FILTER,
    [LQ_STAGE_HEAD] = LQ_WORD_STAGE_TAKE,
    [LQ_STAGE_TAIL] = LQ_WORD_STAGE_TAKE,
    [LQ_STAGE_SORT] = LQ_WORD_STAGE_SORT,
    [LQ_STAGE_UNIQUE] = LQ_WORD_STAGE_LIST,
    [LQ_STAGE_COUNT] = LQ_WORD_STAGE_COUNT,
    [LQ_STAGE_UNIQUE_COUNT] = LQ_WORD_STAGE_COUNT,
    [LQ_STAGE_KEEP] = LQ_WORD_STAGE_FIELDS,
    [LQ_STAGE_DROP] = LQ_WORD_STAGE_FIELDS,
    [LQ_STAGE_EVAL] = LQ_WORD_STAGE_EVAL,
    [LQ_STAGE_STATS] = LQ_WORD_STAGE_STATS,
    [LQ_STAGE_SUPPRESS] = LQ_WORD_STAGE_SUPPRESS,
    [LQ_STAGE_NEW_TERMS] = LQ_WORD_STAGE_NEW_TERMS,
};

bool lq_takes(lq_driver *d, int kind)
{
  return !d->done && lq_grammar_takes(d->g, symbols[kind]);
}

bool lq_is_opener(lq_token_kind k)
{
  return k == LQ_TOK_LPAREN || k == LQ_TOK_LBRACKET || k == LQ_TOK_NOT_LBRACKET || k == LQ_TOK_LBRACE;
}

bool lq_is_closer(lq_token_kind k)
{
  return k == LQ_TOK_RPAREN || k == LQ_TOK_RBRACKET || k == LQ_TOK_RBRACE;
}

lq_token_kind lq_closer_of(lq_token_kind opener)
{
  return opener == LQ_TOK_LPAREN ? LQ_TOK_RPAREN : opener == LQ_TOK_LBRACE ? LQ_TOK_RBRACE : LQ_TOK_RBRACKET;
}

lq_token lq_peek_token(lq_driver *d)
{
  if (d->has_back)
    return d->back;
  if (!d->has_ahead)
    d->ahead = lq_lexer_next(d->lx);
  d->has_ahead = true;
  return d->ahead;
}

lq_token lq_take_token(lq_driver *d)
{
  lq_token t = lq_peek_token(d);
  if (d->has_back)
    d->has_back = false;
  else
    d->has_ahead = false;
  return t;
}

void lq_skip_balanced(lq_driver *d)
{
  for (size_t depth = 1; depth && lq_peek_token(d).kind != LQ_TOK_END && d->ahead.kind != LQ_TOK_INVALID;) {
    lq_token t = lq_take_token(d);
    depth += lq_is_opener(t.kind);
    depth -= lq_is_closer(t.kind);
  }
}

static void push_symbol(lq_driver *d, int symbol, const lq_token *t)
{
  if (d->done)
    return;
  int status = lq_grammar_push(d->g, symbol, t, &d->ctx);
  d->done = status != YYPUSH_MORE || d->ctx.b.nodes >= LQ_NODES_MAX;
}

void lq_push(lq_driver *d, int kind, const lq_token *t)
{
  if (kind < LQ_TOK_COUNT && lq_is_opener(t->kind)) {
    bool group = lq_is_match(d->prev.kind) || (d->nopen && d->in_group[d->nopen - 1]);
    if (d->nopen < LQ_OPEN_MAX) {
      d->in_group[d->nopen] = t->kind == LQ_TOK_LPAREN && group;
      d->open[d->nopen++] = *t;
    } else {
      d->too_open++;
    }
  } else if (kind < LQ_TOK_COUNT && lq_is_closer(t->kind) && d->too_open) {
    d->too_open--;
  } else if (kind < LQ_TOK_COUNT && lq_is_closer(t->kind) && d->nopen) {
    d->nopen--;
  }
  if (t->kind == LQ_TOK_NAME)
    d->subject = t->text;
  d->prev = *t;
  d->prev_kind = kind;
  d->piped |= kind == LQ_TOK_PIPE;
  push_symbol(d, symbols[kind], t);
}

static bool is_operator(lq_token_kind k)
{
  return lq_token_class_of(k) == LQ_CLASS_OPERATOR || lq_op_of(k) != LQ_OPER_NONE || k == LQ_TOK_NOT;
}

static bool is_soft(lq_token_kind k)
{
  return k == LQ_TOK_ANY || k == LQ_TOK_SEQUENCE || k == LQ_TOK_SAMPLE || k == LQ_TOK_JOIN ||
         k == LQ_TOK_BY || k == LQ_TOK_WITH || k == LQ_TOK_MAXSPAN || k == LQ_TOK_RUNS || k == LQ_TOK_UNTIL ||
         k == LQ_TOK_AS || k == LQ_TOK_OF;
}

// `any(…)`, `sequence == 5`, `user.runs`: a keyword is a name where only a name makes sense.
static bool is_name_here(lq_driver *d, lq_token_kind k)
{
  bool keyword = lq_takes(d, k);
  if (!lq_takes(d, LQ_TOK_NAME))
    return false;
  if (!keyword)
    return true;
  lq_token_kind next = lq_peek_token(d).kind;
  if (next == LQ_TOK_ASSIGN && (k == LQ_TOK_MAXSPAN || k == LQ_TOK_RUNS))
    return false;
  return is_operator(next) || (next == LQ_TOK_LPAREN && k != LQ_TOK_BY);
}

static int word_here(lq_driver *d, const lq_token *t)
{
  static const struct {
    lq_str word;
    int kind;
  } words[] = {
      {LQ_STR_INIT("asc"), LQ_WORD_ASC},   {LQ_STR_INIT("desc"), LQ_WORD_DESC},
      {LQ_STR_INIT("over"), LQ_WORD_OVER}, {LQ_STR_INIT("for"), LQ_WORD_FOR},
      {LQ_STR_INIT("fork"), LQ_WORD_FORK},
  };
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (words[i].kind == LQ_WORD_FORK && !lq_in_endgame(d))
      continue;
    if (lq_str_eq_ascii(t->text, words[i].word) && lq_takes(d, words[i].kind))
      return words[i].kind;
  }
  return LQ_TOK_NAME;
}

// Endgame EQL knows fewer keywords, and they are never names.
static bool is_firm(const lq_driver *d, lq_token_kind k)
{
  return lq_in_endgame(d) && (k == LQ_TOK_SEQUENCE || k == LQ_TOK_JOIN || k == LQ_TOK_BY ||
                              k == LQ_TOK_WITH || k == LQ_TOK_UNTIL || k == LQ_TOK_OF);
}

// What t is here. A keyword that is a name here becomes one.
static int kind_here(lq_driver *d, lq_token *t)
{
  lq_stage_kind stage;
  bool soft = is_soft(t->kind) && !is_firm(d, t->kind);
  if (lq_in_endgame(d) && t->kind == LQ_TOK_COLON && lq_peek_token(d).kind == LQ_TOK_NAME &&
      lq_takes(d, LQ_WORD_METHOD))
    return LQ_WORD_METHOD;
  if (soft)
    t->text = lq_str_slice(d->ctx.text, t->span.start, t->span.end);
  if ((soft || (t->kind == LQ_TOK_NAME && !t->quoted)) && d->prev_kind == LQ_TOK_PIPE) {
    if (!lq_takes(d, LQ_WORD_STAGE_SORT))
      return t->kind;
    t->kind = LQ_TOK_NAME;
    return lq_stage_find(t->text, &stage) ? stage_kinds[stage] : LQ_WORD_STAGE_UNKNOWN;
  }
  if (soft && is_name_here(d, t->kind))
    t->kind = LQ_TOK_NAME;
  if (t->kind == LQ_TOK_NAME && !t->quoted && t->text.n <= 4)
    return word_here(d, t);
  return t->kind;
}

static bool recovering(const lq_driver *d)
{
  return lq_grammar_recovering(d->g);
}

// While the parser recovers from an error, whole brackets go by, and brackets that the broken part left open
// are closed.
static void recover(lq_driver *d, lq_token t, int kind)
{
  if (!lq_takes(d, kind))
    push_symbol(d, LQ_YY_LQ_YYerror, &t);
  if (lq_takes(d, kind) && !(d->nopen && (t.kind == LQ_TOK_PIPE || t.kind == LQ_TOK_END))) {
    lq_push(d, kind, &t);
    return;
  }
  if (lq_is_opener(t.kind)) {
    lq_skip_balanced(d);
    return;
  }
  bool outside = t.kind == LQ_TOK_PIPE || t.kind == LQ_TOK_END;
  if (!outside && !lq_is_closer(t.kind))
    return;
  unsigned keep = outside ? 0 : d->nopen;
  while (!outside && keep && lq_closer_of(d->open[keep - 1].kind) != t.kind)
    keep--;
  if (!outside && keep == 0) // it closes nothing
    return;
  while (d->nopen > keep && !d->done) {
    lq_token closer = {.kind = lq_closer_of(d->open[d->nopen - 1].kind),
                       .span = {t.span.start, t.span.start}};
    if (!lq_takes(d, closer.kind))
      push_symbol(d, LQ_YY_LQ_YYerror, &closer);
    if (!lq_takes(d, closer.kind)) {
      d->nopen--;
      continue;
    }
    lq_push(d, closer.kind, &closer);
  }
  if (lq_takes(d, kind))
    lq_push(d, kind, &t);
  else if (t.kind == LQ_TOK_END)
    d->done = true;
}

void lq_feed(lq_driver *d, lq_token t)
{
  int kind = kind_here(d, &t);
  if (d->done)
    return;
  if (d->ctx.quiet) {
    if (lq_takes(d, kind))
      lq_push(d, kind, &t);
    else
      d->done = true;
    return;
  }
  if (!recovering(d)) {
    if (lq_in_endgame(d))
      lq_refuse_endgame(d, &t, kind);
    if (kind == LQ_WORD_STAGE_UNKNOWN) {
      lq_repair_stage(d, &t);
      return;
    }
    if (lq_repair_stage_by(d, &t))
      return;
    lq_repair_group_end(d, &t);
    if (lq_takes(d, kind)) {
      lq_push(d, kind, &t);
      return;
    }
    if (lq_repair(d, &t, kind))
      return;
    lq_unexpected(d, &t);
    push_symbol(d, LQ_YY_LQ_YYerror, &t);
  }
  recover(d, t, kind);
}

static lq_status open_driver(lq_driver **out, const lq_mem *mem, lq_str text, lq_dialect dialect,
                             lq_diag_list *diags, int start)
{
  *out = NULL;
  lq_driver *d = lq_mem_resize(mem, NULL, 0, 1, sizeof *d);
  if (!d)
    return LQ_E_NOMEM;
  memset(d, 0, offsetof(lq_driver, open)); // the rest is large
  d->ctx = (lq_parse_ctx){.b = {.arena = diags->arena, .diags = diags},
                          .mem = mem,
                          .text = text,
                          .dialect = dialect,
                          .schema = &lq_ecs};
  lq_status s = lq_lexer_new(&d->lx, mem, text, dialect, diags);
  if (s == LQ_OK && !(d->g = lq_grammar_new(mem)))
    s = LQ_E_NOMEM;
  if (s) {
    lq_lexer_free(d->lx);
    lq_mem_free(mem, d, 1, sizeof *d);
    return s;
  }
  d->prev_kind = LQ_TOK_INVALID;
  push_symbol(d, start, &(lq_token){0});
  *out = d;
  return LQ_OK;
}

static void close_driver(lq_driver *d)
{
  const lq_mem *mem = d->ctx.mem;
  lq_lexer_free(d->lx);
  lq_grammar_free(mem, d->g);
  lq_mem_free(mem, d, 1, sizeof *d);
}

lq_node *lq_parse_body(lq_driver *d, bool (*ends)(lq_driver *d, const lq_token *t))
{
  struct lq_grammar *outer = d->g;
  size_t errors = d->ctx.b.diags->nerrors;
  d->g = lq_grammar_new(d->ctx.mem);
  if (!d->g) {
    d->g = outer;
    d->ctx.b.arena->failed = d->done = true;
    return NULL;
  }
  d->prev_kind = LQ_TOK_INVALID;
  push_symbol(d, LQ_YY_START_EXPRESSION, &(lq_token){0});
  while (!d->done) {
    lq_token t = lq_take_token(d);
    bool over = t.kind == LQ_TOK_END || t.kind == LQ_TOK_INVALID || (!recovering(d) && ends(d, &t));
    if (over)
      d->back = t, d->has_back = true;
    lq_feed(d, over ? (lq_token){.kind = LQ_TOK_END, .span = {t.span.start, t.span.start}} : t);
    if (over)
      break;
  }
  lq_node *root = d->ctx.root;
  bool failed = d->ctx.b.diags->nerrors > errors;
  lq_grammar_free(d->ctx.mem, d->g);
  d->g = outer;
  d->ctx.root = NULL;
  d->done = failed;
  d->prev_kind = LQ_TOK_INVALID;
  return failed ? NULL : root;
}

static lq_status parse(lq_node **out, const lq_mem *mem, lq_str text, lq_dialect dialect, lq_diag_list *diags,
                       int start)
{
  lq_driver *d;
  size_t errors = diags->nerrors;
  *out = NULL;
  lq_status s = open_driver(&d, mem, text, dialect, diags, start);
  if (s)
    return s;
  if (dialect == LQ_DIALECT_ENDGAME && start == LQ_YY_START_QUERY)
    lq_read_definitions(d);
  if (lq_peek_token(d).kind == LQ_TOK_END) {
    if (diags->nerrors == errors)
      lq_diag_add(diags, LQ_DIAG_EMPTY_QUERY, lq_peek_token(d).span, "there is no query");
    d->done = true;
  }
  while (!d->done) {
    lq_token t = lq_take_token(d);
    if (t.kind == LQ_TOK_INVALID)
      break;
    lq_feed(d, t);
    if (t.kind == LQ_TOK_END)
      break;
    while (!d->done && !recovering(d) && lq_repair_unquoted(d))
      ;
  }
  *out = d->ctx.root;
  close_driver(d);
  if (diags->arena->failed) {
    *out = NULL;
    return LQ_E_NOMEM;
  }
  return diags->nerrors > errors ? LQ_E_QUERY : LQ_OK;
}

lq_status lq_parse(lq_node **out, const lq_mem *mem, lq_str text, lq_dialect dialect, lq_diag_list *diags)
{
  if (dialect == LQ_DIALECT_KQL)
    return lq_kql_parse(out, mem, text, false, diags);
  return parse(out, mem, text, dialect, diags, LQ_YY_START_QUERY);
}

lq_status lq_parse_expression(lq_node **out, const lq_mem *mem, lq_str text, lq_dialect dialect,
                              lq_diag_list *diags)
{
  if (dialect == LQ_DIALECT_KQL)
    return lq_kql_parse(out, mem, text, true, diags);
  return parse(out, mem, text, dialect, diags, LQ_YY_START_EXPRESSION);
}

// A sequence of one term is whole to the grammar and not to its author.
static bool wants_term(lq_token_kind first, unsigned terms, bool runs)
{
  return (first == LQ_TOK_SEQUENCE || first == LQ_TOK_SAMPLE || first == LQ_TOK_JOIN) && terms < 2 && !runs;
}

lq_status lq_parse_unfinished(bool *out, const lq_mem *mem, lq_str text, lq_dialect dialect)
{
  if (dialect == LQ_DIALECT_KQL)
    return lq_kql_unfinished(out, mem, text);
  lq_arena arena = {.mem = mem};
  lq_diag_list sink = {.arena = &arena};
  lq_driver *d;
  lq_token_kind first = LQ_TOK_END;
  unsigned terms = 0;
  bool runs = false;
  *out = false;
  lq_status s = open_driver(&d, mem, text, dialect, &sink, LQ_YY_START_QUERY);
  if (s == LQ_OK) {
    d->ctx.quiet = true;
    lq_token t = lq_take_token(d);
    for (; !d->done && t.kind != LQ_TOK_END && t.kind != LQ_TOK_INVALID; t = lq_take_token(d)) {
      lq_feed(d, t);
      first = first == LQ_TOK_END ? (lq_token_kind)d->prev_kind : first;
      terms += d->nopen == 1 && (t.kind == LQ_TOK_LBRACKET || t.kind == LQ_TOK_NOT_LBRACKET);
      runs |= d->prev_kind == LQ_TOK_RUNS;
    }
    bool inside = lq_lexer_unfinished(d->lx);
    bool whole = lq_takes(d, LQ_TOK_END) && !wants_term(first, terms, runs);
    *out = !d->done && first != LQ_TOK_END && (inside || (sink.nerrors == 0 && !whole));
    s = arena.failed ? LQ_E_NOMEM : LQ_OK;
    close_driver(d);
  }
  lq_arena_free(&arena);
  return s;
}

lq_status lq_parse_expected(const lq_mem *mem, lq_str text, lq_dialect dialect,
                            void (*each)(void *user, lq_token_kind kind), void *user)
{
  if (dialect == LQ_DIALECT_KQL)
    return lq_kql_expected(mem, text, each, user);
  lq_arena arena = {.mem = mem};
  lq_diag_list sink = {.arena = &arena};
  lq_driver *d;
  lq_status s = open_driver(&d, mem, text, dialect, &sink, LQ_YY_START_QUERY);
  if (s == LQ_OK) {
    d->ctx.quiet = true;
    for (lq_token t = lq_take_token(d); !d->done && t.kind != LQ_TOK_END && t.kind != LQ_TOK_INVALID;
         t = lq_take_token(d))
      lq_feed(d, t);
    for (int k = 0; k < LQ_TOK_COUNT && sink.nerrors == 0; k++) {
      bool stage = k == LQ_TOK_NAME && lq_takes(d, LQ_WORD_STAGE_SORT);
      bool mistake = k == LQ_TOK_ASSIGN && lq_takes(d, LQ_TOK_EQ); // taken only to be reported
      if ((lq_takes(d, k) || stage) && !mistake)
        each(user, (lq_token_kind)k);
    }
    s = arena.failed ? LQ_E_NOMEM : LQ_OK;
    close_driver(d);
  }
  lq_arena_free(&arena);
  return s;
}
