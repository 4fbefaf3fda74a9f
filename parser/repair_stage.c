// Stages that are none: words of other pipe languages, typing mistakes, a condition without `where`.
#include "base/suggest.h"
#include "parser/driver.h"

static bool stage_at(const void *ctx, size_t i, lq_str *name)
{
  (void)ctx;
  if (i > LQ_STAGE_NEW_TERMS)
    return false;
  *name = lq_str_of(lq_stage_word((lq_stage_kind)i));
  return true;
}

// Words of other pipe languages.
static const struct {
  lq_str word;
  const char *stage;
} foreign_stages[] = {
    {LQ_STR_INIT("limit"), "head"},      {LQ_STR_INIT("take"), "head"},    {LQ_STR_INIT("top"), "head"},
    {LQ_STR_INIT("first"), "head"},      {LQ_STR_INIT("last"), "tail"},    {LQ_STR_INIT("search"), "where"},
    {LQ_STR_INIT("select"), "keep"},     {LQ_STR_INIT("project"), "keep"}, {LQ_STR_INIT("fields"), "keep"},
    {LQ_STR_INIT("table"), "keep"},      {LQ_STR_INIT("order"), "sort"},   {LQ_STR_INIT("extend"), "eval"},
    {LQ_STR_INIT("summarize"), "stats"}, {LQ_STR_INIT("group"), "stats"},  {LQ_STR_INIT("dedup"), "unique"},
    {LQ_STR_INIT("distinct"), "unique"}, {LQ_STR_INIT("uniq"), "unique"},  {LQ_STR_INIT("having"), "where"},
};

static lq_str near_stage(lq_str word)
{
  for (size_t i = 0; i < sizeof foreign_stages / sizeof *foreign_stages; i++) {
    if (lq_str_eq_ascii(word, foreign_stages[i].word))
      return lq_str_of(foreign_stages[i].stage);
  }
  return lq_suggest(word, 2, stage_at, NULL);
}

void lq_skip_stage(lq_driver *d)
{
  for (lq_token_kind k = lq_peek_token(d).kind; k != LQ_TOK_PIPE && k != LQ_TOK_END && k != LQ_TOK_INVALID;
       k = lq_peek_token(d).kind) {
    lq_take_token(d);
    if (lq_is_opener(k))
      lq_skip_balanced(d);
  }
}

// Reports the word and steps over the rest of the stage: nobody can say what belongs to it.
void lq_repair_stage(lq_driver *d, const lq_token *word)
{
  lq_token_kind next = lq_peek_token(d).kind;
  lq_str near = near_stage(word->text);
  lq_diag *g;
  if (lq_is_test(next) && !near.n) {
    g = lq_diag_add(diags_of(d), LQ_DIAG_UNKNOWN_STAGE, word->span, "a stage begins with its word");
    lq_diag_help(diags_of(d), g, "write `| where %.*s …`", LQ_STR_ARG(word->text));
    lq_diag_fix(diags_of(d), g, (lq_span){word->span.start, word->span.start}, "where ");
  } else {
    g = lq_diag_add(diags_of(d), LQ_DIAG_UNKNOWN_STAGE, word->span, "unknown stage `%.*s`",
                    LQ_STR_ARG(word->text));
    if (near.n) {
      lq_diag_help(diags_of(d), g, "did you mean `%.*s`?", LQ_STR_ARG(near));
      lq_diag_fix(diags_of(d), g, word->span, "%.*s", LQ_STR_ARG(near));
    } else {
      lq_diag_help(diags_of(d), g,
                   "the stages are where, head, tail, sort, unique, count, unique_count, keep, drop, "
                   "eval, stats, suppress and new_terms");
    }
  }
  lq_push(d, LQ_WORD_STAGE_UNKNOWN, word);
  lq_skip_stage(d);
}

// `| sort by x`
static bool repair_by(lq_driver *d, const lq_token *t)
{
  lq_diag *g = lq_diag_add(diags_of(d), LQ_DIAG_SYNTAX, t->span, "`by` is not needed here");
  lq_diag_help(diags_of(d), g, "write `| %.*s field`", LQ_STR_ARG(d->prev.text));
  lq_diag_fix(diags_of(d), g, (lq_span){t->span.start, lq_peek_token(d).span.start}, "%s", "");
  return true;
}

bool lq_repair_stage_by(lq_driver *d, const lq_token *t)
{
  int k = d->prev_kind;
  bool lists = k == LQ_WORD_STAGE_SORT || k == LQ_WORD_STAGE_LIST || k == LQ_WORD_STAGE_COUNT ||
               k == LQ_WORD_STAGE_NEW_TERMS;
  return lists && lq_str_eq_ascii(source_of(d, t->span), LQ_STR("by")) && lq_is_name(lq_peek_token(d).kind) &&
         repair_by(d, t);
}
