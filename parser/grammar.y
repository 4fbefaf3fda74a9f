/* The grammar of the native dialect. Actions only build nodes: no types, no code, no I/O.
 * Words that are keywords in one place only (stage names, `asc`, `over`) are found by parse.c, which asks
 * the automaton whether it would take the keyword here. So names stay names, and there is no conflict. */
%require "3.8"

%code requires {
  #include "parser/build.h"
}

%code provides {
  /* The driver's side. The parser allocates once, here, and never again. */
  typedef struct lq_grammar lq_grammar;
  lq_grammar *lq_grammar_new(const lq_mem *mem);
  void lq_grammar_free(const lq_mem *mem, lq_grammar *g);
  int lq_grammar_push(lq_grammar *g, int kind, const lq_token *t, lq_parse_ctx *ctx);
  bool lq_grammar_takes(lq_grammar *g, int kind);
  bool lq_grammar_recovering(const lq_grammar *g);
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

  #define CHAIN(k, l, r, mark) lq_node_chain(&ctx->b, LQ_N_##k, l, r, mark)
  #define ARITH(t, l, r, span, mark) lq_build_two(ctx, LQ_N_ARITH, lq_op_of((t).kind), span, mark, l, r)

  static void yyerror(const lq_span *where, lq_parse_ctx *ctx, const char *msg);
}

%define api.pure full
%define api.push-pull push
%define api.prefix {lq_yy}
%define api.token.prefix {LQ_YY_}
%define api.location.type {lq_span}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%param {lq_parse_ctx *ctx}

%union {
  lq_token tok;
  lq_node *node;
  lq_list list;
  lq_options options;
  lq_op op;
  int64_t number;
}

%token <tok> END 0
%token <tok>
  NAME OPTIONAL TILDE_NAME VARIABLE STRING NUMBER DURATION TRUE FALSE NULL
  AND OR NOT WHERE ANY SEQUENCE SAMPLE JOIN BY WITH MAXSPAN RUNS UNTIL AS OF ASSIGN PIPE COMMA LPAREN RPAREN
  LBRACKET RBRACKET NOT_LBRACKET LBRACE RBRACE
/* Symbols of lexer/operators.def: the operators of one symbol differ in what they mean, not in where they stand. */
%token <tok> COMPARE MATCH COLON IN PLUS MINUS STAR PRODUCT
/* What to read, and words that are keywords in one place. */
%token START_QUERY START_EXPRESSION
%token <tok> STAGE_FILTER STAGE_TAKE STAGE_SORT STAGE_LIST STAGE_COUNT STAGE_FIELDS STAGE_EVAL STAGE_STATS
  STAGE_SUPPRESS STAGE_NEW_TERMS STAGE_UNKNOWN ASC DESC OVER FOR
/* Endgame EQL's: `x:f()` and `fork`. */
%token <tok> METHOD FORK

%nterm <node> query query_pipe base event expr relation comparison chained sum primary field key pattern_group
  pattern_or pattern_comma pattern_and pattern_not pattern term until stage eval_item stats_item stats_list
%nterm <list> exprs expr_list expr_comma keys key_list terms fields eval_items stats_items
%nterm <options> options modifiers
%nterm <op> compare in match
%nterm <tok> category open_term function

%left OR
%left AND
%precedence NOT
%left PLUS MINUS
%left STAR PRODUCT
%precedence SIGN

%%

start
  : START_QUERY query END       { ctx->root = $2; }
  | START_EXPRESSION expr END   { ctx->root = $2; }
  ;

query
  : base              { $$ = lq_build_one(ctx, LQ_N_QUERY, @$, @1, $1); }
  | query_pipe stage  { $$ = $1; lq_node_add(&ctx->b, $$, $2); if ($$) $$->span.end = @$.end; }
  ;

query_pipe: query PIPE  { $$ = $1; yyerrok; }
  ;

base
  : event
  | SEQUENCE options terms          { $$ = lq_build_terms(ctx, LQ_N_SEQUENCE, @$, @1, $2, $3, NULL); }
  | SEQUENCE options terms until    { $$ = lq_build_terms(ctx, LQ_N_SEQUENCE, @$, @1, $2, $3, $4); }
  | SAMPLE options terms            { $$ = lq_build_terms(ctx, LQ_N_SAMPLE, @$, @1, $2, $3, NULL); }
  | JOIN options terms              { $$ = lq_build_terms(ctx, LQ_N_JOIN, @$, @1, $2, $3, NULL); }
  | JOIN options terms until        { $$ = lq_build_terms(ctx, LQ_N_JOIN, @$, @1, $2, $3, $4); }
  ;

event
  : expr                  { $$ = lq_build_event(ctx, @$, NULL, $1); }
  | category WHERE expr   { $$ = lq_build_event(ctx, @$, &$1, $3); }
  ;

category: NAME | STRING | ANY ;

options
  : %empty                                      { $$ = (lq_options){.maxspan = -1}; }
  | options BY keys                             { $$ = lq_option_by(ctx, $1, @2, $3); }
  | options WITH MAXSPAN ASSIGN DURATION        { $$ = lq_option_span(ctx, $1, @3, $5.number.i); }
  | options WITH MAXSPAN ASSIGN NUMBER          { $$ = lq_option_span(ctx, $1, @3, lq_unitless(ctx, &$5, NULL)); }
  | options WITH MAXSPAN ASSIGN NUMBER NAME     { $$ = lq_option_span(ctx, $1, @3, lq_unitless(ctx, &$5, &$6)); }
  | options error
  ;

terms
  : term          { $$ = lq_list_of($1); }
  | terms term    { $$ = lq_list_add($1, $2); }
  ;

term: open_term event RBRACKET modifiers  { $$ = lq_build_term(ctx, @$, &$1, $2, $4); }
  ;

open_term: LBRACKET | NOT_LBRACKET ;

modifiers
  : %empty                                      { $$ = (lq_options){.maxspan = -1}; yyerrok; }
  | modifiers BY keys                           { $$ = lq_option_by(ctx, $1, @2, $3); }
  | modifiers WITH RUNS ASSIGN NUMBER           { $$ = lq_option_runs(ctx, $1, (lq_span){@2.start, @5.end}, &$5, false); }
  | modifiers WITH RUNS ASSIGN MINUS NUMBER     { $$ = lq_option_runs(ctx, $1, (lq_span){@5.start, @6.end}, &$6, true); }
  | modifiers AS NAME                           { $$ = lq_option_alias(ctx, $1, @2, &$3); }
  | modifiers FORK                              { $$ = lq_option_fork(ctx, $1, @2, true); }
  | modifiers FORK ASSIGN TRUE                  { $$ = lq_option_fork(ctx, $1, @2, true); }
  | modifiers FORK ASSIGN FALSE                 { $$ = lq_option_fork(ctx, $1, @2, false); }
  | modifiers error
  ;

until: UNTIL term   { $$ = $2; }
  ;

keys
  : key_list
  | key_list COMMA
  ;

key_list
  : key                   { $$ = lq_list_of($1); }
  | key_list COMMA key    { $$ = lq_list_add($1, $3); }
  ;

key: sum  { $$ = lq_mark_name(ctx, $1); }
  ;

stage
  : WHERE expr                              { $$ = lq_build_stage(ctx, @$, &$1, lq_list_of($2)); }
  | STAGE_FILTER expr                       { $$ = lq_build_stage(ctx, @$, &$1, lq_list_of($2)); }
  | STAGE_TAKE NUMBER                       { $$ = lq_build_take(ctx, @$, &$1, &$2); }
  | STAGE_SORT exprs                        { $$ = lq_build_stage(ctx, @$, &$1, $2); }
  | STAGE_SORT exprs ASC                    { $$ = lq_build_stage(ctx, @$, &$1, $2); }
  | STAGE_SORT exprs DESC                   { $$ = lq_build_stage(ctx, @$, &$1, $2); if ($$) $$->descending = true; }
  | STAGE_LIST exprs                        { $$ = lq_build_stage(ctx, @$, &$1, $2); }
  | STAGE_COUNT                             { $$ = lq_build_stage(ctx, @$, &$1, (lq_list){0}); }
  | STAGE_COUNT exprs                       { $$ = lq_build_stage(ctx, @$, &$1, $2); }
  | STAGE_FIELDS fields                     { $$ = lq_build_stage(ctx, @$, &$1, $2); }
  | STAGE_EVAL eval_items                   { $$ = lq_build_stage(ctx, @$, &$1, $2); }
  | stats_list
  | stats_list OVER DURATION                { $$ = $1; if ($$) $$->duration = $3.number.i; }
  | STAGE_SUPPRESS BY exprs FOR DURATION    {
      $$ = lq_build_stage(ctx, @$, &$1, (lq_list){0});
      lq_add_by(ctx, $$, $3);
      if ($$)
        $$->duration = $5.number.i;
    }
  | STAGE_NEW_TERMS exprs OVER DURATION     { $$ = lq_build_stage(ctx, @$, &$1, $2); if ($$) $$->duration = $4.number.i; }
  | STAGE_UNKNOWN                           { $$ = lq_build_error(ctx, @$); /* reported by the driver */ }
  | error                                   { $$ = lq_build_error(ctx, @$); }
  ;

stats_list
  : STAGE_STATS stats_items             { $$ = lq_build_stage(ctx, @$, &$1, $2); }
  | STAGE_STATS stats_items BY exprs    { $$ = lq_build_stage(ctx, @$, &$1, $2); lq_add_by(ctx, $$, $4); }
  ;

stats_items
  : stats_item                    { $$ = lq_list_of($1); }
  | stats_items COMMA stats_item  { $$ = lq_list_add($1, $3); }
  ;

stats_item
  : expr            { $$ = lq_build_named(ctx, @$, (lq_str){"", 0}, $1); }
  | expr AS NAME    { $$ = lq_build_named(ctx, @$, $3.text, $1); }
  ;

eval_items
  : eval_item                     { $$ = lq_list_of($1); }
  | eval_items COMMA eval_item    { $$ = lq_list_add($1, $3); }
  ;

eval_item: NAME ASSIGN expr   { $$ = lq_build_named(ctx, @$, $1.text, $3); }
  ;

fields
  : field               { $$ = lq_list_of($1); }
  | fields COMMA field  { $$ = lq_list_add($1, $3); }
  ;

expr
  : relation
  | expr OR expr    { $$ = CHAIN(OR, $1, $3, @2); }
  | expr AND expr   { $$ = CHAIN(AND, $1, $3, @2); }
  | NOT expr        { $$ = lq_build_one(ctx, LQ_N_NOT, @$, @1, $2); }
  | error           { $$ = lq_build_error(ctx, @$); }
  ;

relation
  : sum
  | comparison
  | chained
  | sum in LPAREN exprs RPAREN        { yyerrok; $$ = lq_build_in(ctx, $2, false, @$, @2, $1, $4); }
  | sum NOT in LPAREN exprs RPAREN    { yyerrok; $$ = lq_build_in(ctx, $3, true, @$, @3, $1, $5); }
  | sum in LPAREN RPAREN              { lq_empty_list(ctx, (lq_span){@3.start, @4.end}); $$ = lq_build_error(ctx, @$); }
  | sum NOT in LPAREN RPAREN          { lq_empty_list(ctx, (lq_span){@4.start, @5.end}); $$ = lq_build_error(ctx, @$); }
  | sum match LPAREN RPAREN           { lq_empty_list(ctx, (lq_span){@3.start, @4.end}); $$ = lq_build_error(ctx, @$); }
  | sum NOT match LPAREN RPAREN       { lq_empty_list(ctx, (lq_span){@4.start, @5.end}); $$ = lq_build_error(ctx, @$); }
  | sum match pattern                 { $$ = lq_build_match(ctx, $2, false, @$, @2, $1, $3); }
  | sum NOT match pattern             { $$ = lq_build_match(ctx, $3, true, @$, @3, $1, $4); }
  | sum match LPAREN pattern_group RPAREN       { yyerrok; $$ = lq_build_match(ctx, $2, false, @$, @2, $1, lq_close($4, @4)); }
  | sum NOT match LPAREN pattern_group RPAREN   { yyerrok; $$ = lq_build_match(ctx, $3, true, @$, @3, $1, lq_close($5, @5)); }
  | sum COLON STAR                    { $$ = lq_build_match(ctx, LQ_OPER_COLON, false, @$, @2, $1, lq_build_anything(ctx, @3)); }
  | sum NOT COLON STAR                { $$ = lq_build_match(ctx, LQ_OPER_COLON, true, @$, @3, $1, lq_build_anything(ctx, @4)); }
  | sum COLON LBRACE expr RBRACE      { yyerrok; $$ = lq_build_scope(ctx, @$, @2, $1, $4); }
  | NAME OF LBRACKET event RBRACKET   { yyerrok; $$ = lq_build_lineage(ctx, @$, &$1, $4); }
  ;

comparison
  : sum compare sum     { $$ = lq_build_compare(ctx, $2, @$, @2, $1, $3); }
  | sum ASSIGN sum      { lq_single_equals(ctx, @2); $$ = lq_build_compare(ctx, LQ_OPER_EQ, @$, @2, $1, $3); }
  | sum compare LPAREN expr COMMA exprs RPAREN  { yyerrok; $$ = lq_list_after(ctx, @$, $2, @2, (lq_span){@3.start, @7.end}); }
  | sum ASSIGN LPAREN expr COMMA exprs RPAREN   { yyerrok; $$ = lq_list_after(ctx, @$, LQ_OPER_EQ, @2, (lq_span){@3.start, @7.end}); }
  ;

chained
  : comparison compare sum    { $$ = lq_chained(ctx, @$, @2, true); }
  | chained compare sum       { $$ = lq_chained(ctx, @$, @2, false); }
  ;

compare: COMPARE  { $$ = lq_op_of($1.kind); } ;

in: IN  { $$ = lq_op_of($1.kind); } ;

match
  : COLON   { $$ = lq_op_of($1.kind); }
  | MATCH   { $$ = lq_op_of($1.kind); }
  ;

pattern_group
  : pattern_or
  | pattern_comma
  ;

pattern_or
  : pattern_and
  | pattern_or OR pattern_and     { $$ = CHAIN(OR, $1, $3, @2); }
  | pattern_comma pattern_and     { $$ = CHAIN(OR, $1, $2, @1); }
  ;

pattern_comma: pattern_or COMMA   { $$ = $1; yyerrok; }
  ;

pattern_and
  : pattern_not
  | pattern_and AND pattern_not   { $$ = CHAIN(AND, $1, $3, @2); }
  ;

pattern_not
  : pattern
  | NOT pattern_not                       { $$ = lq_build_one(ctx, LQ_N_NOT, @$, @1, $2); }
  | LPAREN pattern_group RPAREN           { yyerrok; $$ = lq_close($2, @$); }
  | LPAREN RPAREN                         { lq_empty_list(ctx, @$); $$ = lq_build_error(ctx, @$); }
  | error                                 { $$ = lq_build_error(ctx, @$); }
  ;

pattern
  : STRING        { $$ = lq_build_literal(ctx, @$, &$1); }
  | NUMBER        { $$ = lq_build_literal(ctx, @$, &$1); }
  | MINUS NUMBER  { $$ = lq_build_negate(ctx, @$, @1, lq_build_literal(ctx, @2, &$2)); }
  | TRUE          { $$ = lq_build_literal(ctx, @$, &$1); }
  | FALSE         { $$ = lq_build_literal(ctx, @$, &$1); }
  | NULL          { $$ = lq_build_literal(ctx, @$, &$1); }
  ;

exprs
  : expr_list
  | expr_comma
  ;

expr_list
  : expr              { $$ = lq_list_of($1); }
  | expr_comma expr   { $$ = lq_list_add($1, $2); }
  ;

expr_comma: expr_list COMMA   { $$ = $1; yyerrok; }
  ;

sum
  : primary
  | sum PLUS sum      { $$ = ARITH($2, $1, $3, @$, @2); }
  | sum MINUS sum     { $$ = ARITH($2, $1, $3, @$, @2); }
  | sum STAR sum      { $$ = ARITH($2, $1, $3, @$, @2); }
  | sum PRODUCT sum   { $$ = ARITH($2, $1, $3, @$, @2); }
  | MINUS sum %prec SIGN  { $$ = lq_build_negate(ctx, @$, @1, $2); }
  | PLUS sum %prec SIGN   { $$ = $2; }
  ;

primary
  : STRING        { $$ = lq_build_literal(ctx, @$, &$1); }
  | NUMBER        { $$ = lq_build_literal(ctx, @$, &$1); }
  | DURATION      { $$ = lq_build_literal(ctx, @$, &$1); }
  | TRUE          { $$ = lq_build_literal(ctx, @$, &$1); }
  | FALSE         { $$ = lq_build_literal(ctx, @$, &$1); }
  | NULL          { $$ = lq_build_literal(ctx, @$, &$1); }
  | VARIABLE      { $$ = lq_build_field(ctx, @$, &$1); }
  | field
  | function LPAREN RPAREN          { $$ = lq_build_call(ctx, @$, &$1, (lq_list){0}); }
  | function LPAREN exprs RPAREN    { yyerrok; $$ = lq_build_call(ctx, @$, &$1, $3); }
  | LPAREN expr RPAREN              { yyerrok; $$ = lq_close($2, @$); }
  | primary METHOD function LPAREN RPAREN         { $$ = lq_build_call(ctx, @$, &$3, lq_list_of($1)); }
  | primary METHOD function LPAREN exprs RPAREN   { yyerrok; $$ = lq_build_call(ctx, @$, &$3, lq_list_join($1, $5)); }
  ;

function: NAME | TILDE_NAME ;

field
  : NAME      { $$ = lq_build_field(ctx, @$, &$1); }
  | OPTIONAL  { $$ = lq_build_field(ctx, @$, &$1); }
  ;

%%

struct lq_grammar {
  lq_yypstate state;
  yy_state_t lac[YYMAXDEPTH]; /* room for looking ahead, so that never grows either */
};

lq_grammar *lq_grammar_new(const lq_mem *mem)
{
  /* Not zeroed: most of it are stacks, and only what was pushed on them is read. */
  lq_grammar *g = lq_mem_resize(mem, NULL, 0, 1, sizeof *g);
  if (!g)
    return NULL;
  lq_yypstate *s = &g->state;
  s->yystacksize = YYINITDEPTH;
  s->yyss = s->yyssa;
  s->yyvs = s->yyvsa;
  s->yyls = s->yylsa;
  s->yyes = g->lac;
  s->yyes_capacity = YYMAXDEPTH;
  yypstate_clear(s);
  return g;
}

void lq_grammar_free(const lq_mem *mem, lq_grammar *g) { lq_mem_free(mem, g, 1, sizeof *g); }

int lq_grammar_push(lq_grammar *g, int kind, const lq_token *t, lq_parse_ctx *ctx)
{
  LQ_YYSTYPE v;
  v.tok = *t;
  lq_span at = t->span;
  return lq_yypush_parse(&g->state, kind, &v, &at, ctx);
}

bool lq_grammar_takes(lq_grammar *g, int kind)
{
  lq_yypstate *s = &g->state;
  return yy_lac(s->yyesa, &s->yyes, &s->yyes_capacity, s->yyssp, YYTRANSLATE(kind)) == 0;
}

bool lq_grammar_recovering(const lq_grammar *g) { return g->state.yyerrstatus != 0; }

/* Never reached: the driver asks lq_grammar_takes first and reports by itself, where it knows more. */
static int yyreport_syntax_error(const yypcontext_t *pc, lq_parse_ctx *ctx)
{
  (void)pc;
  (void)ctx;
  return 0;
}

/* Bison calls this for one thing only: its stack is full. */
static void yyerror(const lq_span *where, lq_parse_ctx *ctx, const char *msg)
{
  (void)msg;
  ctx->exhausted = true;
  lq_too_deep(ctx, *where);
}
