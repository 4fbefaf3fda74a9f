/* The grammar of KQL. Actions only build nodes. The lexer has settled where a value ends, so little is left. */
%require "3.8"

%code requires {
  #include "parser/kql.h"
}

%code provides {
  typedef struct lq_kql_grammar lq_kql_grammar;
  lq_kql_grammar *lq_kql_grammar_new(const lq_mem *mem);
  void lq_kql_grammar_free(const lq_mem *mem, lq_kql_grammar *g);
  int lq_kql_grammar_push(lq_kql_grammar *g, int kind, const lq_token *t, lq_parse_ctx *ctx);
  bool lq_kql_grammar_takes(lq_kql_grammar *g, int kind);
  bool lq_kql_grammar_recovering(const lq_kql_grammar *g);
}

%code {
  /* Never called: the stacks are as large as they may get. */
  #define YYMALLOC(n) ((void)(n), (void *)0)
  #define YYFREE(p) ((void)(p))
  #define YYINITDEPTH 1000
  #define YYMAXDEPTH 1000

  #define YYLLOC_DEFAULT(cur, rhs, n)                                        \
    do {                                                                     \
      (cur).start = (n) ? YYRHSLOC(rhs, 1).start : YYRHSLOC(rhs, 0).end;     \
      (cur).end = (n) ? YYRHSLOC(rhs, n).end : YYRHSLOC(rhs, 0).end;         \
    } while (0)

  #define CHAIN(k, l, mark, r) lq_node_chain(&ctx->b, LQ_N_##k, l, r, mark)

  static void yyerror(const lq_span *where, lq_parse_ctx *ctx, const char *msg);
}

%define api.pure full
%define api.push-pull push
%define api.prefix {lq_kql_yy}
%define api.token.prefix {LQ_KQL_}
%define api.location.type {lq_span}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%param {lq_parse_ctx *ctx}

%union {
  lq_token tok;
  lq_node *node;
}

%token <tok> END 0 NAME STRING NUMBER TRUE FALSE NULL AND OR NOT COLON RANGE LPAREN RPAREN LBRACE RBRACE

%nterm <node> query or and not condition values value_or value_and value_not
%nterm <tok> literal

%%

start
  : query END     { ctx->root = $1; }
  ;

query
  : %empty        { $$ = lq_kql_everything(ctx, @$); }
  | or
  ;

or
  : and
  | or OR and     { $$ = CHAIN(OR, $1, @2, $3); }
  ;

and
  : not
  | and AND not   { $$ = CHAIN(AND, $1, @2, $3); }
  ;

not
  : condition
  | NOT condition     { $$ = lq_build_one(ctx, LQ_N_NOT, @$, @1, $2); }
  | error             { $$ = lq_build_error(ctx, @$); }
  ;

condition
  : LPAREN or RPAREN                      { yyerrok; $$ = lq_close($2, @$); }
  | literal COLON LBRACE or RBRACE        {
      yyerrok;
      $$ = lq_build_two(ctx, LQ_N_SCOPE, LQ_OPER_NONE, @$, @2, lq_kql_field(ctx, &$1), $4);
    }
  | literal RANGE literal                 { $$ = lq_kql_range(ctx, lq_op_of($2.kind), @$, @2, &$1, &$3); }
  | literal COLON values                  { $$ = lq_kql_match(ctx, @$, @2, &$1, $3); }
  | literal                               { $$ = lq_kql_free_text(ctx, &$1); }
  ;

values
  : LPAREN value_or RPAREN      { yyerrok; $$ = lq_close($2, @$); }
  | literal                     { $$ = lq_kql_literal(ctx, &$1); }
  ;

value_or
  : value_and
  | value_or OR value_and       { $$ = CHAIN(OR, $1, @2, $3); }
  ;

value_and
  : value_not
  | value_and AND value_not     { $$ = CHAIN(AND, $1, @2, $3); }
  ;

value_not
  : values
  | NOT values                  { $$ = lq_build_one(ctx, LQ_N_NOT, @$, @1, $2); }
  | error                       { $$ = lq_build_error(ctx, @$); }
  ;

/* A NAME is a literal that an operator follows; that it cannot stand as a value shows at that operator. */
literal: NAME | STRING | NUMBER | TRUE | FALSE | NULL ;

%%

struct lq_kql_grammar {
  lq_kql_yypstate state;
  yy_state_t lac[YYMAXDEPTH]; /* room for looking ahead, so that never grows either */
};

lq_kql_grammar *lq_kql_grammar_new(const lq_mem *mem)
{
  /* Not zeroed: most of it are stacks, and only what was pushed on them is read. */
  lq_kql_grammar *g = lq_mem_resize(mem, NULL, 0, 1, sizeof *g);
  if (!g)
    return NULL;
  lq_kql_yypstate *s = &g->state;
  s->yystacksize = YYINITDEPTH;
  s->yyss = s->yyssa;
  s->yyvs = s->yyvsa;
  s->yyls = s->yylsa;
  s->yyes = g->lac;
  s->yyes_capacity = YYMAXDEPTH;
  yypstate_clear(s);
  return g;
}

void lq_kql_grammar_free(const lq_mem *mem, lq_kql_grammar *g) { lq_mem_free(mem, g, 1, sizeof *g); }

int lq_kql_grammar_push(lq_kql_grammar *g, int kind, const lq_token *t, lq_parse_ctx *ctx)
{
  LQ_KQL_YYSTYPE v;
  v.tok = *t;
  lq_span at = t->span;
  return lq_kql_yypush_parse(&g->state, kind, &v, &at, ctx);
}

bool lq_kql_grammar_takes(lq_kql_grammar *g, int kind)
{
  lq_kql_yypstate *s = &g->state;
  return yy_lac(s->yyesa, &s->yyes, &s->yyes_capacity, s->yyssp, YYTRANSLATE(kind)) == 0;
}

bool lq_kql_grammar_recovering(const lq_kql_grammar *g) { return g->state.yyerrstatus != 0; }

/* The driver asks before it pushes, so that whatever is wrong has been said. */
static int yyreport_syntax_error(const yypcontext_t *pc, lq_parse_ctx *ctx)
{
  (void)pc, (void)ctx;
  return 0;
}

/* Bison calls this for one thing only: its stack is full. */
static void yyerror(const lq_span *where, lq_parse_ctx *ctx, const char *msg)
{
  (void)msg;
  ctx->exhausted = true;
  lq_too_deep(ctx, *where);
}
