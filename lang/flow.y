/* flow.y - the grammar of Flow: plain LALR(1) without a conflict.
 *
 * Actions call the constructors of compiler/syntax/actions.h and nothing else; what a name
 * means is not looked up.  Words that are special only in their place are tokens here and
 * names through the rule `name`; so a declared name (IDENT) is never such a word.
 *
 * Errors: parse.lac gives the exact list of what could stand, compiler/syntax/message.c
 * makes the words.  Recovery shifts `error` and then RESYNC, which compiler/syntax/tokens.c
 * puts where the text goes on: after a pair of brackets, before `|>`, before a declaration. */
%code requires {
#include "compiler/syntax/actions.h"
}
%code {
#include "compiler/syntax/message.h"
#include "compiler/syntax/tokens.h"

static int flow_lex(flow_value *value, span_t *at, parser_t *p);
static void flow_error(const span_t *at, parser_t *p, const char *text);

#define YYLLOC_DEFAULT(Current, Rhs, N)                                                  \
    ((Current) = (N) ? span_join(YYRHSLOC(Rhs, 1), YYRHSLOC(Rhs, N))                     \
                     : (span_t){YYRHSLOC(Rhs, 0).end, YYRHSLOC(Rhs, 0).end,              \
                                YYRHSLOC(Rhs, 0).file})
}
%define api.pure full
%define api.prefix {flow_}
%define api.token.prefix {T_}
%define api.value.type {union flow_value}
%define api.location.type {span_t}
%define parse.error custom
%define parse.lac full
%locations
%param {parser_t *p}
%expect 0

%token <word> IDENT "a name" UIDENT "a type's name"
%token <node> INT "an integer" FLOAT "a number" DECIMAL "a decimal" STRING "a string"
%token <node> DURATION "a duration" SIZE "a size" TIMESTAMP "a timestamp" REGEX "a regex"
%token <node> FTEXT "text"
%token FSTART "an f-string" FOPEN "`{`" FCLOSE "`}`" FEND "the end of the f-string"
%token PIPE "`|>`" ARROW "`=>`" EQ "`==`" NE "`!=`" LE "`<=`" GE "`>=`" COALESCE "`??`"
%token SAFEDOT "`?.`" DOTDOT "`..`" DOTDOTLT "`..<`"
/* never read from a text: see tokens.h */
%token RESYNC
/* reserved words */
%token <word> AND AS BY CASE ELSE FALSE FN FROM IF IN IS LET NONE NOT ON OR PER THEN TRUE WHEN
%token <word> WHERE
/* words that are special in their place, names elsewhere */
%token <word> CONST EXTERN IMPORT MODEL PARAM SET STEP STREAM TABLE TEST TYPE
%token <word> AGGREGATE ANTI BRANCH CHANGES CLOSE DISTINCT DROP EACH ERRORS EVENT_TIME FULL JOIN
%token <word> LATEST LEFT LIMIT MATCH PRINT REMEMBER REPARTITION RIGHT SELECT SEMI SORT TO TOP
%token <word> TRAIN UNION WINDOW
%token <word> ADVANCE ASC AT BATCH CUMULATE DELAY DESC EARLY EMIT EVERY EXPECT FIRST FORGET GIVEN
%token <word> IDLE INTO KEEP LABEL LAST LATE LATENESS NEXT OF OFFSET ORDERED PAST PROCESSING_TIME
%token <word> ROW ROWS SESSION SKIP SLIDING TIES TUMBLING WAKE WITH WITHIN WITHOUT

%type <word> name opt_alias opt_late
%type <node> decl running lost_run pipeline origin shape flow step chain_step
%type <node> type base type_body plain_type scaled variant field param setting
%type <node> opt_type opt_value opt_keep opt_idle opt_label opt_when opt_within
%type <node> item value bind order ref arm clause handler stmt span expr cell arg pat case_arm
%type <node> group pattern sequence element atom cond lambda_param
%type <nodes> params param_list settings fields field_list variants chain items binds names
%type <nodes> opt_per opt_by orders refs arms handlers stmts stmt_list clauses clause_list
%type <nodes> args arg_list exprs
%type <nodes> record case_arms patterns fparts lambda lambda_list alternatives
%type <clause> window_mods window_mod top_mods top_mod join_mods join_mod match_mods match_mod
%type <clause> skip_to
%type <times> times
%type <flag> opt_ordered join_kind rows

%precedence TAIL /* if … else e, let …; e and lambdas reach as far right as they can */
%left OR
%left AND
%right NOT
%nonassoc EQ NE '<' LE '>' GE IN IS
%left COALESCE
%nonassoc DOTDOT DOTDOTLT
%left '+' '-'
%left '*' '/' '%'
%precedence NEG
%precedence '.' SAFEDOT '['

%%
program
  : %empty
  | program decl                  { program_add(p, $2); tokens_declared(p, yychar != T_FLOW_EMPTY); }
  ;

decl
  : IMPORT STRING opt_alias
      { $$ = MAKE(decl_import, @$, .word = @1, TEXTED(path, $2), .path_at = @2, NAMED(alias, $3)); }
  | TYPE UIDENT '=' type_body
      { $$ = MAKE(decl_type, @$, .word = @1, NAMED(name, $2), .body = $4); }
  | CONST IDENT opt_type '=' expr
      { $$ = MAKE(decl_const, @$, .word = @1, NAMED(name, $2), .type = $3, .value = $5); }
  | PARAM IDENT ':' type opt_value
      { $$ = MAKE(decl_param, @$, .word = @1, NAMED(name, $2), .type = $4, .value = $5); }
  | FN IDENT params opt_type '=' expr
      { $$ = MAKE(decl_fn, @$, .word = @1, NAMED(name, $2), .params = $3, .result = $4,
                  .body = $6); }
  | EXTERN FN IDENT params ':' type FROM STRING
      { $$ = MAKE(decl_extern, @$, .word = @1, NAMED(name, $3), .params = $4, .result = $6,
                  TEXTED(library, $8), .library_at = @8); }
  | STEP IDENT params '=' chain
      { $$ = MAKE(decl_step, @$, .word = @1, NAMED(name, $2), .params = $3, .steps = $5); }
  | SET settings
      { $$ = MAKE(decl_set, @$, .word = @1, .settings = $2); }
  | MODEL IDENT '=' IDENT args
      { $$ = MAKE(decl_model, @$, .word = @1, NAMED(name, $2), NAMED(maker, $4),
                  .args = $5); }
  | STREAM IDENT opt_type '=' pipeline
      { $$ = MAKE(decl_flow, @$, .word = @1, NAMED(name, $2), .type = $3, .pipeline = $5); }
  | TABLE IDENT opt_type '=' pipeline
      { $$ = MAKE(decl_flow, @$, .word = @1, .table = 1, NAMED(name, $2), .type = $3,
                  .pipeline = $5); }
  | TEST STRING clauses
      { $$ = MAKE(decl_test, @$, .word = @1, TEXTED(title, $2), .title_at = @2, .clauses = $3); }
  | running                       { $$ = MAKE(decl_run, @$, .pipeline = $1); }
  | lost                          { $$ = NULL; }
  | lost_run                      { $$ = NULL; }
  ;
/* What could not be read; steps that follow it are. */
lost      : error RESYNC          { yyerrok; } ;
lost_run  : lost PIPE step        { $$ = $3; }
          | lost_run PIPE step    { $$ = $3; }
          ;
opt_alias : %empty                { $$ = (word_t){0}; }
          | AS IDENT              { $$ = $2; }
          ;
opt_type  : %empty                { $$ = NULL; }
          | ':' type              { $$ = $2; }
          ;
opt_value : %empty                { $$ = NULL; }
          | '=' expr              { $$ = $2; }
          ;
/* Brackets with what they hold are symbols of their own: a state inside them must not be
 * left on the stack when they are closed, or `error` would be shifted there. */
params    : '(' ')'               { $$ = no_nodes(); }
          | '(' param_list ')'    { $$ = $2; }
          | '(' lost ')'          { $$ = no_nodes(); }
          ;
param_list: param                 { $$ = list_of(p, $1); }
          | param_list ',' param  { $$ = list_add(p, $1, $3); }
          ;
param     : IDENT ':' type opt_value
      { $$ = MAKE(param, @$, NAMED(name, $1), .type = $3, .value = $4); }
  ;
settings  : setting               { $$ = list_of(p, $1); }
          | settings ',' setting  { $$ = list_add(p, $1, $3); }
          ;
setting   : name '=' expr         { $$ = MAKE(setting, @$, NAMED(name, $1), .value = $3); } ;

/* ---- types ---- */
type_body
  : plain_type
  | fields                        { $$ = MAKE(type_record, @$, .fields = $1); }
  | variants                      { $$ = MAKE(type_union, @$, .variants = $1); }
  | '|' variants                  { $$ = MAKE(type_union, @$, .variants = $2); }
  ;
variants  : variant               { $$ = list_of(p, $1); }
          | variants '|' variant  { $$ = list_add(p, $1, $3); }
          ;
variant
  : UIDENT                        { $$ = MAKE(variant, @$, NAMED(name, $1)); }
  | UIDENT fields
      { $$ = MAKE(variant, @$, NAMED(name, $1), .braces = 1, .fields = $2); }
  ;
plain_type
  : IDENT                         { $$ = MAKE(type_name, @$, NAMED(name, $1)); }
  | scaled
  | '[' type ']'                  { $$ = MAKE(type_list, @$, .elem = $2); }
  | '[' lost ']'                  { $$ = make_poison(p, @$); }
  | IDENT '<' type ',' type '>'
      { $$ = MAKE(type_pair, @$, NAMED(name, $1), .key = $3, .value = $5); }
  | plain_type '?'                { $$ = MAKE(type_option, @$, .elem = $1); }
  ;
scaled
  : IDENT '(' INT ',' INT ')'
      { $$ = MAKE(type_scaled, @$, NAMED(name, $1), .precision = AST(int, $3)->value,
                  .scale = AST(int, $5)->value); }
  | IDENT '(' lost ')'            { $$ = make_poison(p, @$); }
  ;
type
  : base
  | type '?'                      { $$ = MAKE(type_option, @$, .elem = $1); }
  ;
base
  : IDENT                         { $$ = MAKE(type_name, @$, NAMED(name, $1)); }
  | UIDENT                        { $$ = MAKE(type_name, @$, NAMED(name, $1)); }
  | scaled
  | '[' type ']'                  { $$ = MAKE(type_list, @$, .elem = $2); }
  | '[' lost ']'                  { $$ = make_poison(p, @$); }
  | fields                        { $$ = MAKE(type_record, @$, .fields = $1); }
  | IDENT '<' type ',' type '>'
      { $$ = MAKE(type_pair, @$, NAMED(name, $1), .key = $3, .value = $5); }
  ;
fields    : '{' field_list opt_comma '}' { $$ = $2; }
          | '{' lost '}'          { $$ = no_nodes(); }
          ;
field_list: field                 { $$ = list_of(p, $1); }
          | field_list ',' field  { $$ = list_add(p, $1, $3); }
          ;
field     : name ':' type opt_value
      { $$ = MAKE(field, @$, NAMED(name, $1), .type = $3, .value = $4); }
  ;

/* ---- pipelines ---- */
pipeline
  : origin                        { $$ = MAKE(pipeline, @$, .origin = $1); }
  | running
  ;
running
  : origin PIPE step
      { $$ = MAKE(pipeline, @$, .origin = $1, .steps = list_of(p, $3)); }
  | running PIPE step             { $$ = pipeline_add(p, $1, $3, @$); }
  ;
origin
  : FROM IDENT args shape
      { $$ = MAKE(from, @$, .word = @1, NAMED(connector, $2), .args = $3, .shape = $4); }
  | flow
  ;
flow
  : IDENT                         { $$ = MAKE(flow_ref, @$, NAMED(name, $1)); }
  | IDENT '.' IDENT               { $$ = MAKE(flow_ref, @$, NAMED(module, $1), NAMED(name, $3)); }
  ;
shape
  : %empty                        { $$ = NULL; }
  | AS UIDENT                     { $$ = MAKE(type_name, @2, NAMED(name, $2)); }
  | AS fields                     { $$ = MAKE(type_record, @2, .fields = $2); }
  | AS name ':' type
      { $$ = MAKE(shape_column, span_join(@2, @4), NAMED(name, $2), .type = $4); }
  ;
chain     : chain_step            { $$ = list_of(p, $1); }
          | chain PIPE step       { $$ = list_add(p, $1, $3); }
          ;

/* ---- steps ---- */
step
  : chain_step
  | lost                          { $$ = NULL; }
  ;
chain_step
  : WHERE expr                    { $$ = MAKE(step_where, @$, .word = @1, .cond = $2); }
  | SELECT items                  { $$ = MAKE(step_select, @$, .word = @1, .items = $2); }
  | LET binds                     { $$ = MAKE(step_let, @$, .word = @1, .binds = $2); }
  | DROP names                    { $$ = MAKE(step_drop, @$, .word = @1, .names = $2); }
  | EACH name IN expr
      { $$ = MAKE(step_each, @$, .word = @1, NAMED(item, $2), .list = $4); }
  | EACH name ',' name IN expr
      { $$ = MAKE(step_each, @$, .word = @1, NAMED(item, $2), NAMED(index, $4), .list = $6); }
  | EVENT_TIME expr DELAY expr opt_idle opt_late
      { $$ = MAKE(step_event_time, @$, .word = @1, .time = $2, .delay = $4, .idle = $5,
                  NAMED(late, $6)); }
  | WINDOW span window_mods       { $$ = window_with(p, $2, $3, @$, @1); }
  | AGGREGATE items opt_per
      { $$ = MAKE(step_aggregate, @$, .word = @1, .items = $2, .per = $3); }
  | LATEST PER items opt_by opt_keep
      { $$ = MAKE(step_latest, @$, .word = @1, .per = $3, .by = $4, .keep = $5); }
  | CHANGES                       { $$ = MAKE(step_changes, @$, .word = @1); }
  | CLOSE AT expr                 { $$ = MAKE(step_close, @$, .word = @1, .at = $3); }
  | DISTINCT opt_per opt_within
      { $$ = MAKE(step_distinct, @$, .word = @1, .per = $2, .within = $3); }
  | SORT BY orders                { $$ = MAKE(step_sort, @$, .word = @1, .by = $3); }
  | TOP expr BY orders top_mods
      { $$ = top_with(p, MAKE(step_top, @$, .word = @1, .count = $2, .by = $4), $5); }
  | LIMIT expr                    { $$ = MAKE(step_limit, @$, .word = @1, .count = $2); }
  | UNION refs                    { $$ = MAKE(step_union, @$, .word = @1, .inputs = $2); }
  | JOIN ref AS IDENT ON expr join_mods
      { $$ = join_with(p, MAKE(step_join, @$, .word = @1, .right = $2, NAMED(name, $4),
                               .on = $6), $7); }
  | join_kind JOIN ref AS IDENT ON expr join_mods
      { $$ = join_with(p, MAKE(step_join, @$, .word = span_join(@1, @2), .kind = $1, .right = $3,
                               NAMED(name, $5), .on = $7), $8); }
  | MATCH group match_mods
      { $$ = match_with(p, MAKE(step_match, @$, .word = @1, .pattern = $2), $3); }
  | REMEMBER PER items opt_by fields handlers
      { $$ = MAKE(step_remember, @$, .word = @1, .per = $3, .by = $4, .fields = $5,
                  .handlers = $6); }
  | TRAIN flow ON expr opt_label
      { $$ = MAKE(step_train, @$, .word = @1, .model = $2, .on = $4, .label = $5); }
  | BRANCH arms                   { $$ = MAKE(step_branch, @$, .word = @1, .arms = $2); }
  | ERRORS INTO IDENT             { $$ = MAKE(step_errors, @$, .word = @1, NAMED(into, $3)); }
  | REPARTITION expr opt_per
      { $$ = MAKE(step_repartition, @$, .word = @1, .count = $2, .per = $3); }
  | TO IDENT args
      { $$ = MAKE(step_to, @$, .word = @1, NAMED(connector, $2), .args = $3); }
  | PRINT                         { $$ = MAKE(step_print, @$, .word = @1); }
  | IDENT args
      { $$ = MAKE(step_user, @$, .word = @1, NAMED(name, $1), .args = $2); }
  | IDENT '.' IDENT args
      { $$ = MAKE(step_user, @$, .word = span_join(@1, @3), NAMED(module, $1), NAMED(name, $3),
                  .args = $4); }
  ;

opt_per   : %empty                { $$ = no_nodes(); }
          | PER items             { $$ = $2; }
          ;
opt_by    : %empty                { $$ = no_nodes(); }
          | BY orders             { $$ = $2; }
          ;
opt_within: %empty                { $$ = NULL; }
          | WITHIN expr           { $$ = $2; }
          ;
opt_keep  : %empty                { $$ = NULL; }
          | KEEP expr             { $$ = $2; }
          ;
opt_idle  : %empty                { $$ = NULL; }
          | IDLE expr             { $$ = $2; }
          ;
opt_late  : %empty                { $$ = (word_t){0}; }
          | LATE INTO IDENT       { $$ = $3; }
          ;
opt_label : %empty                { $$ = NULL; }
          | LABEL expr            { $$ = $2; }
          ;
refs      : ref                   { $$ = list_of(p, $1); }
          | refs ',' ref          { $$ = list_add(p, $1, $3); }
          ;
ref       : flow
          | '(' pipeline ')'      { $$ = bracketed($2); }
          | '(' lost ')'          { $$ = make_poison(p, @$); }
          ;
items     : item                  { $$ = list_of(p, $1); }
          | items ',' item        { $$ = list_add(p, $1, $3); }
          ;
item
  : value
  | value WHEN expr               { $$ = item_when(p, $1, $3, @$); }
  | '*'                           { $$ = MAKE(item_all, @$); }
  | expr '.' '*'                  { $$ = MAKE(item_spread, @$, .value = $1); }
  ;
value
  : expr                          { $$ = MAKE(item, @$, .value = $1); }
  | name '=' expr                 { $$ = MAKE(item, @$, NAMED(name, $1), .value = $3); }
  ;
binds     : bind                  { $$ = list_of(p, $1); }
          | binds ',' bind        { $$ = list_add(p, $1, $3); }
          ;
bind      : name '=' expr         { $$ = MAKE(bind, @$, NAMED(name, $1), .value = $3); } ;
names
  : name                          { $$ = list_of(p, MAKE(name, @1, NAMED(name, $1))); }
  | names ',' name                { $$ = list_add(p, $1, MAKE(name, @3, NAMED(name, $3))); }
  ;
orders    : order                 { $$ = list_of(p, $1); }
          | orders ',' order      { $$ = list_add(p, $1, $3); }
          ;
order
  : expr                          { $$ = MAKE(order, @$, .key = $1); }
  | expr ASC                      { $$ = MAKE(order, @$, .key = $1, .asc = 1); }
  | expr DESC                     { $$ = MAKE(order, @$, .key = $1, .desc = 1); }
  ;

span
  : TUMBLING expr rows
      { $$ = MAKE(step_window, @$, .kind = WINDOW_TUMBLING, .size = $2, .size_rows = $3); }
  | SLIDING expr rows EVERY expr rows
      { $$ = MAKE(step_window, @$, .kind = WINDOW_SLIDING, .size = $2, .size_rows = $3,
                  .every = $5, .every_rows = $6); }
  | CUMULATE expr EVERY expr
      { $$ = MAKE(step_window, @$, .kind = WINDOW_CUMULATE, .size = $2, .every = $4); }
  | SESSION expr
      { $$ = MAKE(step_window, @$, .kind = WINDOW_SESSION, .size = $2); }
  | BATCH                         { $$ = MAKE(step_window, @$, .kind = WINDOW_BATCH); }
  ;
rows      : %empty                { $$ = 0; }
          | ROWS                  { $$ = 1; }
          ;
window_mods
  : %empty                        { $$ = NULL; }
  | window_mods window_mod        { $$ = clause_add(p, $1, $2); }
  ;
window_mod
  : OFFSET expr                   { $$ = CLAUSE(OFFSET, @1, .value = $2); }
  | ON PROCESSING_TIME            { $$ = CLAUSE(ON, @1); }
  | EARLY expr                    { $$ = CLAUSE(EARLY, @1, .value = $2); }
  | LATENESS expr                 { $$ = CLAUSE(LATENESS, @1, .value = $2); }
  | LATE INTO IDENT               { $$ = CLAUSE(LATE, @1, .name = $3); }
  ;
top_mods
  : %empty                        { $$ = NULL; }
  | top_mods top_mod              { $$ = clause_add(p, $1, $2); }
  ;
top_mod
  : PER items                     { $$ = CLAUSE(PER, @1, .list = $2); }
  | WITH TIES                     { $$ = CLAUSE(TIES, @1); }
  | AS IDENT                      { $$ = CLAUSE(AS, @1, .name = $2); }
  ;
join_kind
  : LEFT                          { $$ = JOIN_LEFT; }
  | RIGHT                         { $$ = JOIN_RIGHT; }
  | FULL                          { $$ = JOIN_FULL; }
  | SEMI                          { $$ = JOIN_SEMI; }
  | ANTI                          { $$ = JOIN_ANTI; }
  ;
join_mods
  : %empty                        { $$ = NULL; }
  | join_mods join_mod            { $$ = clause_add(p, $1, $2); }
  ;
join_mod
  : WITHIN expr                   { $$ = CLAUSE(WITHIN, @1, .value = $2); }
  | AS OF expr                    { $$ = CLAUSE(AS_OF, @1, .value = $3); }
  ;
match_mods
  : %empty                        { $$ = NULL; }
  | match_mods match_mod          { $$ = clause_add(p, $1, $2); }
  ;
match_mod
  : PER items                     { $$ = CLAUSE(PER, @1, .list = $2); }
  | BY orders                     { $$ = CLAUSE(BY, @1, .list = $2); }
  | WITHIN expr                   { $$ = CLAUSE(WITHIN, @1, .value = $2); }
  | SKIP skip_to                  { $$ = $2; $$->word = @1; }
  ;
skip_to
  : PAST LAST                     { $$ = CLAUSE(SKIP, @1, .choice = SKIP_PAST_LAST); }
  | TO NEXT                       { $$ = CLAUSE(SKIP, @1, .choice = SKIP_TO_NEXT); }
  | TO FIRST IDENT                { $$ = CLAUSE(SKIP, @1, .choice = SKIP_TO_FIRST, .name = $3); }
  | TO LAST IDENT                 { $$ = CLAUSE(SKIP, @1, .choice = SKIP_TO_LAST, .name = $3); }
  ;

/* ---- patterns of rows ---- */
group     : '(' pattern ')'       { $$ = $2; }
          | '(' lost ')'          { $$ = make_poison(p, @$); }
          ;
pattern
  : sequence
  | alternatives                  { $$ = MAKE(match_alt, @$, .options = $1); }
  ;
alternatives
  : sequence '|' sequence         { $$ = list_add(p, list_of(p, $1), $3); }
  | alternatives '|' sequence     { $$ = list_add(p, $1, $3); }
  ;
sequence
  : element                       { $$ = MAKE(match_seq, @$, .elements = list_of(p, $1)); }
  | sequence THEN element         { $$ = sequence_add(p, $1, LINK_THEN, $3, @$); }
  | sequence NEXT element         { $$ = sequence_add(p, $1, LINK_NEXT, $3, @$); }
  | sequence WITHOUT atom         { $$ = sequence_add(p, $1, LINK_WITHOUT, $3, @$); }
  ;
element
  : atom
  | IDENT times cond
      { $$ = MAKE(match_step, @$, NAMED(name, $1), TIMES($2), .cond = $3); }
  | group                         { $$ = MAKE(match_group, @$, .pattern = $1, ONCE); }
  | group times                   { $$ = MAKE(match_group, @$, .pattern = $1, TIMES($2)); }
  ;
atom      : IDENT cond
      { $$ = MAKE(match_step, @$, NAMED(name, $1), ONCE, .cond = $2); }
  ;
cond      : %empty                { $$ = NULL; }
          | WHERE expr            { $$ = $2; }
          ;
times
  : '*'                           { $$ = (times_t){0, -1}; }
  | '+'                           { $$ = (times_t){1, -1}; }
  | '?'                           { $$ = (times_t){0, 1}; }
  | '{' INT '}'                   { $$ = (times_t){AST(int, $2)->value, AST(int, $2)->value}; }
  | '{' INT ',' '}'               { $$ = (times_t){AST(int, $2)->value, -1}; }
  | '{' INT ',' INT '}'           { $$ = (times_t){AST(int, $2)->value, AST(int, $4)->value}; }
  | '{' lost '}'                  { $$ = (times_t){0, -1}; }
  ;

/* ---- handlers, arms, clauses ---- */
handlers  : handler               { $$ = list_of(p, $1); }
          | handlers handler      { $$ = list_add(p, $1, $2); }
          ;
handler
  : ON ROW stmts
      { $$ = MAKE(handler, @$, .word = @2, .kind = HANDLER_ROW, .stmts = $3); }
  | ON IDLE expr stmts
      { $$ = MAKE(handler, @$, .word = @2, .kind = HANDLER_IDLE, .idle = $3, .stmts = $4); }
  | ON WAKE stmts
      { $$ = MAKE(handler, @$, .word = @2, .kind = HANDLER_WAKE, .stmts = $3); }
  ;
stmts     : '{' stmt_list '}'     { $$ = $2; } ;
stmt_list
  : %empty                        { $$ = no_nodes(); }
  | stmt_list stmt                { $$ = list_add(p, $1, $2); }
  | stmt_list ';'
  | stmt_list lost
  ;
stmt
  : name '=' expr opt_when
      { $$ = MAKE(stmt_set, @$, NAMED(name, $1), .value = $3, .when = $4); }
  | LET name '=' expr
      { $$ = MAKE(stmt_let, @$, .word = @1, NAMED(name, $2), .value = $4); }
  | EMIT expr opt_when            { $$ = MAKE(stmt_emit, @$, .word = @1, .value = $2, .when = $3); }
  | FORGET opt_when               { $$ = MAKE(stmt_forget, @$, .word = @1, .when = $2); }
  | WAKE expr opt_when            { $$ = MAKE(stmt_wake, @$, .word = @1, .at = $2, .when = $3); }
  ;
opt_when  : %empty                { $$ = NULL; }
          | WHEN expr             { $$ = $2; }
          ;
arms      : arm                   { $$ = list_of(p, $1); }
          | arms ',' arm          { $$ = list_add(p, $1, $3); }
          ;
arm
  : IDENT WHERE expr              { $$ = MAKE(arm, @$, NAMED(name, $1), .cond = $3); }
  | ELSE IDENT                    { $$ = MAKE(arm, @$, NAMED(name, $2)); }
  ;
clauses   : '{' clause_list '}'   { $$ = $2; } ;
clause_list
  : %empty                        { $$ = no_nodes(); }
  | clause_list clause            { $$ = list_add(p, $1, $2); }
  | clause_list lost
  ;
clause
  : GIVEN IDENT '=' expr
      { $$ = MAKE(clause_given, @$, .word = @1, NAMED(flow, $2), .rows = $4); }
  | EXPECT IDENT opt_ordered '=' expr
      { $$ = MAKE(clause_expect, @$, .word = @1, NAMED(flow, $2), .ordered = $3, .rows = $5); }
  | WITH IDENT '=' expr
      { $$ = MAKE(clause_with, @$, .word = @1, NAMED(param, $2), .value = $4); }
  | ADVANCE expr                  { $$ = MAKE(clause_advance, @$, .word = @1, .by = $2); }
  ;
opt_ordered: %empty               { $$ = 0; }
          | ORDERED               { $$ = 1; }
          ;

/* ---- expressions ---- */
expr
  : expr OR expr                  { $$ = make_binary(p, @$, BINARY_OR, $1, $3, @2); }
  | expr AND expr                 { $$ = make_binary(p, @$, BINARY_AND, $1, $3, @2); }
  | NOT expr                      { $$ = MAKE(unary, @$, .op = UNARY_NOT, .operand = $2); }
  | expr EQ expr                  { $$ = make_binary(p, @$, BINARY_EQ, $1, $3, @2); }
  | expr NE expr                  { $$ = make_binary(p, @$, BINARY_NE, $1, $3, @2); }
  | expr '<' expr                 { $$ = make_binary(p, @$, BINARY_LT, $1, $3, @2); }
  | expr LE expr                  { $$ = make_binary(p, @$, BINARY_LE, $1, $3, @2); }
  | expr '>' expr                 { $$ = make_binary(p, @$, BINARY_GT, $1, $3, @2); }
  | expr GE expr                  { $$ = make_binary(p, @$, BINARY_GE, $1, $3, @2); }
  | expr IN expr                  { $$ = make_binary(p, @$, BINARY_IN, $1, $3, @2); }
  | expr NOT IN expr %prec IN
      { $$ = MAKE(binary, @$, .op = BINARY_NOT_IN, .left = $1, .right = $4,
                  .op_at = span_join(@2, @3)); }
  | expr IS NONE                  { $$ = MAKE(is, @$, .value = $1); }
  | expr IS NOT NONE %prec IS     { $$ = MAKE(is, @$, .value = $1, .negated = 1); }
  | expr IS UIDENT                { $$ = MAKE(is, @$, .value = $1, NAMED(variant, $3)); }
  | expr IS NOT UIDENT %prec IS
      { $$ = MAKE(is, @$, .value = $1, .negated = 1, NAMED(variant, $4)); }
  | expr COALESCE expr            { $$ = make_binary(p, @$, BINARY_COALESCE, $1, $3, @2); }
  | expr DOTDOT expr              { $$ = MAKE(range, @$, .lo = $1, .hi = $3); }
  | expr DOTDOTLT expr            { $$ = MAKE(range, @$, .lo = $1, .hi = $3, .half_open = 1); }
  | expr '+' expr                 { $$ = make_binary(p, @$, BINARY_ADD, $1, $3, @2); }
  | expr '-' expr                 { $$ = make_binary(p, @$, BINARY_SUB, $1, $3, @2); }
  | expr '*' expr                 { $$ = make_binary(p, @$, BINARY_MUL, $1, $3, @2); }
  | expr '/' expr                 { $$ = make_binary(p, @$, BINARY_DIV, $1, $3, @2); }
  | expr '%' expr                 { $$ = make_binary(p, @$, BINARY_MOD, $1, $3, @2); }
  | '-' expr %prec NEG            { $$ = MAKE(unary, @$, .op = UNARY_NEG, .operand = $2); }
  | expr '.' name                 { $$ = MAKE(member, @$, .value = $1, NAMED(name, $3)); }
  | expr SAFEDOT name
      { $$ = MAKE(member, @$, .value = $1, NAMED(name, $3), .safe = 1); }
  | expr '.' name args            { $$ = make_method(p, @$, $1, $3, $4); }
  | expr '[' expr ']'             { $$ = MAKE(index, @$, .value = $1, .at = $3); }
  | expr '[' lost ']'             { $$ = make_poison(p, @$); }
  | name args                     { $$ = MAKE(call, @$, NAMED(fn, $1), .args = $2); }
  | UIDENT args
      { $$ = MAKE(make, @$, NAMED(name, $1), .called = 1, .args = $2); }
  | UIDENT                        { $$ = MAKE(make, @$, NAMED(name, $1)); }
  | name                          { $$ = MAKE(name, @$, NAMED(name, $1)); }
  | '(' expr ')'                  { $$ = bracketed($2); }
  | '(' lost ')'                  { $$ = make_poison(p, @$); }
  | '[' ']'                       { $$ = MAKE(list, @$); }
  | '[' exprs opt_comma ']'       { $$ = MAKE(list, @$, .elements = $2); }
  | '[' lost ']'                  { $$ = make_poison(p, @$); }
  | '{' record opt_comma '}'      { $$ = MAKE(record, @$, .cells = $2); }
  | '{' lost '}'                  { $$ = make_poison(p, @$); }
  | INT
  | FLOAT
  | DECIMAL
  | STRING
  | DURATION
  | SIZE
  | TIMESTAMP
  | REGEX
  | TRUE                          { $$ = MAKE(bool, @$, .value = 1); }
  | FALSE                         { $$ = MAKE(bool, @$); }
  | NONE                          { $$ = MAKE(none, @$); }
  | FSTART fparts FEND            { $$ = MAKE(fstring, @$, .parts = $2); }
  | FSTART lost FEND              { $$ = make_poison(p, @$); }
  | IF expr THEN expr ELSE expr %prec TAIL
      { $$ = MAKE(if, @$, .cond = $2, .yes = $4, .no = $6); }
  | CASE expr '{' case_arms '}'   { $$ = MAKE(case, @$, .subject = $2, .arms = $4); }
  | CASE expr '{' lost '}'        { $$ = make_poison(p, @$); }
  | LET binds ';' expr %prec TAIL { $$ = MAKE(let, @$, .binds = $2, .body = $4); }
  | FN lambda '=' expr %prec TAIL { $$ = MAKE(lambda, @$, .params = $2, .body = $4); }
  ;
exprs     : expr                  { $$ = list_of(p, $1); }
          | exprs ',' expr        { $$ = list_add(p, $1, $3); }
          ;
record    : cell                  { $$ = list_of(p, $1); }
          | record ',' cell       { $$ = list_add(p, $1, $3); }
          ;
cell
  : name
      { $$ = MAKE(cell, @$, NAMED(name, $1), .value = MAKE(name, @1, NAMED(name, $1)),
                  .brief = 1); }
  | name '=' expr                 { $$ = MAKE(cell, @$, NAMED(name, $1), .value = $3); }
  | expr '.' '*'                  { $$ = MAKE(cell_spread, @$, .value = $1); }
  ;
args      : '(' ')'               { $$ = no_nodes(); }
          | '(' arg_list opt_comma ')' { $$ = $2; }
          | '(' lost ')'          { $$ = no_nodes(); }
          ;
opt_comma : %empty
          | ','
          ;
arg_list  : arg                   { $$ = list_of(p, $1); }
          | arg_list ',' arg      { $$ = list_add(p, $1, $3); }
          ;
arg
  : expr                          { $$ = MAKE(arg, @$, .value = $1); }
  | name '=' expr                 { $$ = MAKE(arg, @$, NAMED(name, $1), .value = $3); }
  ;
lambda    : '(' ')'               { $$ = no_nodes(); }
          | '(' lambda_list ')'   { $$ = $2; }
          | '(' lost ')'          { $$ = no_nodes(); }
          ;
lambda_list
  : lambda_param                  { $$ = list_of(p, $1); }
  | lambda_list ',' lambda_param  { $$ = list_add(p, $1, $3); }
  ;
lambda_param: IDENT               { $$ = MAKE(lambda_param, @$, NAMED(name, $1)); } ;
case_arms : case_arm              { $$ = list_of(p, $1); }
          | case_arms ',' case_arm { $$ = list_add(p, $1, $3); }
          ;
case_arm
  : patterns ARROW expr           { $$ = MAKE(case_arm, @$, .pats = $1, .value = $3); }
  | ELSE ARROW expr               { $$ = MAKE(case_arm, @$, .value = $3); }
  ;
patterns  : pat                   { $$ = list_of(p, $1); }
          | patterns '|' pat      { $$ = list_add(p, $1, $3); }
          ;
pat
  : INT
  | '-' INT                       { $$ = MAKE(unary, @$, .op = UNARY_NEG, .operand = $2); }
  | FLOAT
  | DECIMAL
  | STRING
  | TRUE                          { $$ = MAKE(bool, @$, .value = 1); }
  | FALSE                         { $$ = MAKE(bool, @$); }
  | NONE                          { $$ = MAKE(none, @$); }
  | UIDENT                        { $$ = MAKE(pat_variant, @$, NAMED(name, $1)); }
  | UIDENT IDENT                  { $$ = MAKE(pat_variant, @$, NAMED(name, $1), NAMED(bind, $2)); }
  ;
fparts
  : %empty                        { $$ = no_nodes(); }
  | fparts FTEXT                  { $$ = list_add(p, $1, $2); }
  | fparts FOPEN expr FCLOSE      { $$ = list_add(p, $1, $3); }
  | fparts FOPEN lost FCLOSE      { $$ = list_add(p, $1, make_poison(p, @3)); }
  ;

/* a word that is special in its place is a name where a name is due */
name
  : IDENT
  | CONST | EXTERN | IMPORT | MODEL | PARAM | SET | STEP | STREAM | TABLE | TEST | TYPE
  | AGGREGATE | ANTI | BRANCH | CHANGES | CLOSE | DISTINCT | DROP | EACH | ERRORS | EVENT_TIME
  | FULL | JOIN | LATEST | LEFT | LIMIT | MATCH | PRINT | REMEMBER | REPARTITION | RIGHT
  | SELECT | SEMI | SORT | TO | TOP | TRAIN | UNION | WINDOW
  | ADVANCE | ASC | AT | BATCH | CUMULATE | DELAY | DESC | EARLY | EMIT | EVERY | EXPECT | FIRST
  | FORGET | GIVEN | IDLE | INTO | KEEP | LABEL | LAST | LATE | LATENESS | NEXT | OF | OFFSET
  | ORDERED | PAST | PROCESSING_TIME | ROW | ROWS | SESSION | SKIP | SLIDING | TIES | TUMBLING
  | WAKE | WITH | WITHIN | WITHOUT
  ;
%%

static int flow_lex(flow_value *value, span_t *at, parser_t *p) {
    token_t t = tokens_next(p);
    if (t.node) value->node = t.node;
    else value->word = t.word;
    *at = t.at;
    return t.kind;
}

/* Only what parse.error custom leaves: the stack is full. */
static void flow_error(const span_t *at, parser_t *p, const char *text) {
    (void)text;
    message_nesting(p, *at);
}

static int yyreport_syntax_error(const yypcontext_t *context, parser_t *p) {
    yysymbol_kind_t symbols[YYNTOKENS];
    expected_t wanted = {0};
    if (!tokens_error(p)) return 0;
    int n = yypcontext_expected_tokens(context, symbols, YYNTOKENS);
    for (int t = 0; t <= YYMAXUTOK; t++)
        for (int i = 0; i < n; i++)
            if (YYTRANSLATE(t) == symbols[i] && t != T_RESYNC) wanted.has[t] = 1;
    message_syntax(p, &wanted);
    return 0;
}
