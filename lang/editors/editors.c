/* editors.c - writes what editors and `man` need, from the tables of the language.
 *
 *   editors vim        syntax/flow.vim
 *   editors textmate   the grammar of VS Code and others that read TextMate's
 *   editors man        flowc.1
 *
 * Runs while Flow is built; `cmake --install` puts the results where editors look.  The
 * lists of words, functions, commands and settings are the compiler's own, so they are never
 * behind it.  Only the forms of literals stand here again, as patterns. */
#include <stdio.h>
#include <string.h>

typedef struct word {
    const char *text, *kind;
} word_t;

static const word_t words[] = {
#define KEYWORD(spelling, token, class) {#spelling, #class},
#include "lang/keywords.def"
#undef KEYWORD
};

static const char *const functions[] = {
#define FN(id, spelling, signature, lowering, doc, example, result) spelling,
#include "lang/builtins.def"
#undef FN
};

static const char *const aggregates[] = {
#define AGG(id, spelling, sig, kind, inv, empty, built, doc, example, result) spelling,
#include "lang/aggregates.def"
#undef AGG
};

static const char *const types[] = {
#define TYPE(id, spelling, words, code, doc) spelling,
#include "lang/types.def"
#undef TYPE
    "map",
    "decimal",
};

static const char *const connectors[] = {
#define SOURCE(id, pos, shape, ended, replays, built, doc) #id,
#define SINK(id, pos, modes, keyed, form, guarantee, built, doc) #id,
#include "lang/connectors.def"
};

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Calls out for each different text of a list, in its order. */
typedef void give(const char *text, size_t n);

static void each(const char *const *list, size_t n, give *out) {
    size_t given = 0;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < i && strcmp(list[k], list[i])) k++;
        if (k == i) out(list[i], given++);
    }
}

static void each_word(const char *kind, give *out) {
    const char *list[COUNT(words)];
    size_t n = 0;
    for (size_t i = 0; i < COUNT(words); i++)
        if (!strcmp(words[i].kind, kind)) list[n++] = words[i].text;
    each(list, n, out);
}

static int is_truth(const char *text) {
    return !strcmp(text, "true") || !strcmp(text, "false") || !strcmp(text, "none");
}

/* ---- Vim --------------------------------------------------------------------------- */

static void vim_word(const char *text, size_t n) {
    (void)n;
    if (!is_truth(text)) printf(" %s", text);
}

static void vim_list(const char *group, const char *const *list, size_t n) {
    printf("syn keyword %s", group);
    each(list, n, vim_word);
    putchar('\n');
}

static void vim_kind(const char *group, const char *kind) {
    printf("syn keyword %s", group);
    each_word(kind, vim_word);
    putchar('\n');
}

/* Words of steps and clauses are names elsewhere: steps are marked behind `|>` alone. */
static void vim_step(const char *text, size_t n) {
    printf("%s%s", n ? "\\|" : "", text);
}

static void write_vim(void) {
    puts("\" Vim syntax file\n\" Language: Flow\n\" Made from the compiler's tables.\n"
         "if exists(\"b:current_syntax\") | finish | endif\n"
         "syn iskeyword @,48-57,_,192-255");
    vim_kind("flowReserved", "RESERVED");
    puts("syn keyword flowConstant true false none");
    vim_kind("flowClause", "CLAUSE");
    printf("syn match flowDeclaration /^\\%%(");
    each_word("DECL", vim_step);
    puts("\\)\\>/");
    puts("syn match flowPipe /|>/");
    printf("syn match flowStep /|>\\s*\\%%(");
    each_word("STEP", vim_step);
    puts("\\)\\>/ contains=flowPipe");
    vim_list("flowType", types, COUNT(types));
    puts("syn match flowFunction /\\<\\l\\w*\\>\\ze\\s*(/ contains=flowBuiltin,flowReserved");
    printf("syn keyword flowBuiltin contained");
    each(functions, COUNT(functions), vim_word);
    each(aggregates, COUNT(aggregates), vim_word);
    putchar('\n');
    printf("syn match flowConnector /\\<\\%%(from\\|to\\)\\s\\+\\zs\\%%(");
    each(connectors, COUNT(connectors), vim_step);
    puts("\\)\\>/");
    puts("syn match flowUserType /\\<\\u\\w*\\>/\n"
         "syn match flowNumber /\\<\\d[0-9_]*\\%(\\.\\d[0-9_]*\\)\\?\\%([eE][+-]\\?\\d\\+\\)\\?d\\?\\>/\n"
         "syn match flowNumber /\\<0x\\x[0-9a-fA-F_]*\\>/\n"
         "syn match flowDuration /\\<\\%(\\d\\+\\%(ns\\|us\\|ms\\|s\\|m\\|h\\|d\\|w\\)\\)\\+\\>/\n"
         "syn match flowSize /\\<\\d\\+\\%([KMGT]i\\?\\)\\?B\\>/\n"
         "syn match flowTime /@\\d[-0-9T:.+Z]*/\n"
         "syn match flowName /`[^`]*`/\n"
         "syn match flowEscape /\\\\\\%(u{\\x*}\\|.\\)/ contained\n"
         "syn region flowString start=/\"/ skip=/\\\\./ end=/\"/ oneline contains=flowEscape\n"
         "syn region flowText start=/\\<f\"/ skip=/\\\\./ end=/\"/ oneline contains=flowEscape,flowHole\n"
         "syn region flowHole matchgroup=flowPipe start=/{{\\@!/ end=/}/ oneline contained contains=TOP\n"
         "syn match flowRegex /\\%([=(,]\\s*\\)\\@<=\\/\\%([^\\/\\\\[]\\|\\\\.\\|\\[\\%([^\\]\\\\]\\|\\\\.\\)*\\]\\)\\+\\//\n"
         "syn match flowComment /#.*/ contains=@Spell\n"
         "hi def link flowReserved Keyword\nhi def link flowClause Keyword\n"
         "hi def link flowDeclaration Structure\nhi def link flowStep Statement\n"
         "hi def link flowPipe Operator\nhi def link flowConstant Constant\n"
         "hi def link flowType Type\nhi def link flowUserType Type\n"
         "hi def link flowBuiltin Function\nhi def link flowConnector Special\n"
         "hi def link flowNumber Number\nhi def link flowDuration Number\n"
         "hi def link flowSize Number\nhi def link flowTime Number\n"
         "hi def link flowString String\nhi def link flowText String\n"
         "hi def link flowRegex String\nhi def link flowEscape SpecialChar\n"
         "hi def link flowComment Comment\n"
         "let b:current_syntax = \"flow\"");
}

/* ---- TextMate ------------------------------------------------------------------------ */

static void tm_word(const char *text, size_t n) {
    if (!is_truth(text)) printf("%s%s", n ? "|" : "", text);
}

static void tm_open(const char *scope, const char *before) {
    printf("    { \"name\": \"%s.flow\", \"match\": \"%s(?:", scope, before);
}

static void tm_kind(const char *scope, const char *before, const char *kind) {
    tm_open(scope, before);
    each_word(kind, tm_word);
    puts(")\\\\b\" },");
}

static void tm_list(const char *scope, const char *before, const char *after,
                    const char *const *list, size_t n) {
    tm_open(scope, before);
    each(list, n, tm_word);
    printf(")\\\\b%s\" },\n", after);
}

static void tm_match(const char *scope, const char *pattern) {
    printf("    { \"name\": \"%s.flow\", \"match\": \"%s\" },\n", scope, pattern);
}

static void write_textmate(void) {
    puts("{\n  \"name\": \"Flow\",\n  \"scopeName\": \"source.flow\",\n"
         "  \"fileTypes\": [\"flow\"],\n  \"patterns\": [");
    tm_match("comment.line", "#.*$");
    puts("    { \"name\": \"string.quoted.double.flow\", \"begin\": \"\\\\bf\\\"\", \"end\": \"\\\"|$\",\n"
         "      \"patterns\": [{ \"name\": \"constant.character.escape.flow\", \"match\": \"\\\\\\\\.|\\\\{\\\\{|\\\\}\\\\}\" },\n"
         "        { \"name\": \"meta.embedded.flow\", \"begin\": \"\\\\{\", \"end\": \"\\\\}\",\n"
         "          \"patterns\": [{ \"include\": \"$self\" }] }] },\n"
         "    { \"name\": \"string.quoted.double.flow\", \"begin\": \"\\\"\", \"end\": \"\\\"|$\",\n"
         "      \"patterns\": [{ \"name\": \"constant.character.escape.flow\", \"match\": \"\\\\\\\\.\" }] },");
    tm_match("string.regexp", "(?<=[=(,]\\\\s|[=(,])/(?:[^/\\\\\\\\\\\\[]|\\\\\\\\.|\\\\[(?:[^\\\\]\\\\\\\\]|\\\\\\\\.)*\\\\])+/");
    tm_match("variable.other", "`[^`]*`");
    tm_kind("keyword.control", "(?<=\\\\|>)\\\\s*", "STEP");
    tm_kind("storage.type", "^\\\\s*", "DECL");
    tm_match("keyword.operator", "\\\\|>");
    tm_kind("keyword.control", "\\\\b", "RESERVED");
    tm_match("constant.language", "\\\\b(?:true|false|none)\\\\b");
    tm_list("support.class", "(?<=\\\\bfrom |\\\\bto )", "", connectors, COUNT(connectors));
    tm_list("support.function", "\\\\b", "(?=\\\\s*\\\\()", functions, COUNT(functions));
    tm_list("support.function", "\\\\b", "(?=\\\\s*\\\\()", aggregates, COUNT(aggregates));
    tm_list("storage.type", "\\\\b", "", types, COUNT(types));
    tm_match("entity.name.type", "\\\\b[A-Z]\\\\w*");
    tm_kind("keyword.other", "\\\\b", "CLAUSE");
    tm_match("constant.numeric", "@\\\\d[-0-9T:.+Z]*");
    tm_match("constant.numeric", "\\\\b(?:\\\\d+(?:ns|us|ms|s|m|h|d|w))+\\\\b");
    tm_match("constant.numeric", "\\\\b\\\\d+(?:[KMGT]i?)?B\\\\b");
    puts("    { \"name\": \"constant.numeric.flow\", \"match\": "
         "\"\\\\b(?:0x[0-9a-fA-F_]+|\\\\d[\\\\d_]*(?:\\\\.\\\\d[\\\\d_]*)?(?:[eE][+-]?\\\\d+)?d?)\\\\b\" }\n"
         "  ]\n}");
}

/* ---- the manual page ------------------------------------------------------------------ */

/* Text of the tables: a line that begins with a dot or a quote would be a request. */
static void man_text(const char *text) {
    int start = 1;
    for (const char *p = text; *p; p++) {
        if (start && (*p == '.' || *p == '\'')) fputs("\\&", stdout);
        if (*p == '\\') fputs("\\e", stdout);
        else if (*p == '-') fputs("\\-", stdout);
        else putchar(*p);
        start = *p == '\n';
    }
    if (!start) putchar('\n');
}

static void man_item(const char *head, const char *arg) {
    printf(".TP\n.B ");
    for (const char *p = head; *p; p++) printf(*p == '-' ? "\\-" : "%c", *p);
    if (arg && *arg) printf(" \\fI%s\\fR", arg);
    putchar('\n');
}

static void write_man(void) {
    puts(".TH FLOWC 1 \"\" \"Flow\" \"User Commands\"\n.SH NAME\n"
         "flowc \\- the compiler of Flow, a statically typed dataflow language\n"
         ".SH SYNOPSIS\n.B flowc\n.I command\n.RI [ option ...]\n.I file\n.SH DESCRIPTION\n"
         "A Flow program says where rows come from, what happens to them and where they go.\n"
         ".B flowc\ncompiles it to one native executable that needs neither\n.B flowc\n"
         "nor a cluster.\n.SH COMMANDS");
#define COMMAND(id, args, line, doc) man_item("flowc " #id, args), man_text(doc);
#include "compiler/driver/commands.def"
#undef COMMAND
    puts(".SH OPTIONS");
#define FLAG(id, spelling, kind, argument, commands, doc)                                \
    man_item(spelling, argument), man_text(doc), puts(".br"), man_text("Of: " commands ".");
#include "compiler/driver/flags.def"
#undef FLAG
    puts(".SH SETTINGS OF A PROGRAM\nAs\n.BI \\-\\- \"name value\"\non the executable, as\n"
         ".B FLOW_NAME\nin the environment, as\n.B set name = value\nin the program, in this "
         "order.");
#define SETTING(name, type, default_, min, max, words, built, doc)                       \
    if (built) man_item("--" #name, #type), man_text(doc), puts(".br"),                  \
        man_text(*(default_) ? "Default: " default_ : "Default: none");
#include "lang/options.def"
#undef SETTING
    puts(".SH EXIT STATUS\n.B flowc\ngives 2 where it is called wrongly, 3 where the program has "
         "errors, 6 where a file or the linker failed.\nPrograms give 0 done or drained, 1 a "
         "run\\-time error, 2 usage, 4 output of an earlier run refused, 5 a source or sink given "
         "up, 6 an I/O error, 130 and 143 after a second SIGINT or SIGTERM.\n"
         ".SH ENVIRONMENT");
    man_item("FLOW_HOME", ""), man_text("The folder of the runtime, where it is not beside flowc.");
    man_item("FLOW_LINKER", ""), man_text("The linker to use.");
    man_item("NO_COLOR", ""), man_text("No colours, also on a terminal.");
    puts(".SH SEE ALSO\n.B flowc docs\nprints the reference of the language.");
}

int main(int argc, char **argv) {
    const char *form = argc == 2 ? argv[1] : "";
    if (!strcmp(form, "vim")) write_vim();
    else if (!strcmp(form, "textmate")) write_textmate();
    else if (!strcmp(form, "man")) write_man();
    else return fputs("usage: editors vim|textmate|man\n", stderr), 2;
    return fflush(stdout) != 0;
}
