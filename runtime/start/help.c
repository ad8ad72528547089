/* help.c - --help and --version of every executable: the program's parameters and
 * settings with types, defaults and what they mean. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/rt_check.h"
#include "runtime/start/rt_options.h"

/* name <type>  text (default x) */
static void row(const char *name, const char *type, const char *doc, const char *deflt) {
    char left[160];
    int n = snprintf(left, sizeof left, "%s%s%s", name, *type ? " " : "", type);
    bool more = *doc || (deflt && *deflt);
    if (n > 28) printf("  %s%s", left, more ? "\n                                " : "");
    else printf(more ? "  %-28s  " : "  %s", left);
    printf("%s", doc);
    if (deflt && *deflt) printf("%s(default %s)", *doc ? " " : "", deflt);
    printf("\n");
}

static void params(const rt_program *p) {
    printf("\nparameters:\n");
    for (int64_t i = 0; i < p->nparams; i++) {
        const rt_param *one = &p->params[i];
        char name[64], type[96];
        snprintf(name, sizeof name, "%s=", one->name);
        snprintf(type, sizeof type, "<%s>", one->type);
        char left[160];
        snprintf(left, sizeof left, "%s%s", name, type);
        row(left, "", one->doc, one->deflt ? one->deflt : "");
    }
}

static void settings(const rt_options *o) {
    printf("\nsettings:\n");
    for (int i = 0; i < RT_SETTINGS; i++) {
        const rt_setting_row *s = &rt_setting_rows[i];
        if (!s->built) continue;
        char name[64], type[80];
        snprintf(name, sizeof name, "--%s", s->name);
        snprintf(type, sizeof type, "<%s>", s->type);
        if (*s->words && *s->words != '<' && strcmp(s->type, "until"))
            snprintf(type, sizeof type, "%s", s->words);
        const char *deflt = o->text[i] ? o->text[i] : s->deflt;
        char plain[64];
        snprintf(plain, sizeof plain, "%s", deflt);
        if (*plain == '<') {
            memmove(plain, plain + 1, strlen(plain));
            plain[strcspn(plain, ">")] = 0;
        }
        row(name, type, s->doc, plain);
    }
}

void rt_help_print(const rt_options *o, const char *argv0) {
    const rt_program *p = o->program;
    printf("%s: a program compiled by flowc %s\n", p->name, p->compiler);
    if (*p->doc) printf("\n%s\n", p->doc);
    printf("\nusage: %s [--setting value]...%s\n", argv0,
           p->nparams ? " [parameter=value]..." : "");
    if (p->nparams) params(p);
    settings(o);
    printf("  %-28s  %s\n", "--fresh", "forget what the folder of the checkpoint holds");
    printf("  %-28s  %s\n", "--checkpoint-dump DIR", "print all that a checkpoint holds");
    printf("  %-28s  %s\n", "--checkpoint-check DIR", "read all of it, and say what is damaged");
    printf("  %-28s  %s\n", "--trace FILE", "write what each batch reads and gives");
    printf("  %-28s  %s\n", "--replay FILE", "do what a trace says and compare; nothing is written");
    printf("  %-28s  %s\n", "--profile FILE", "write where the time goes, by stage and by line");
    printf("  %-28s  %s\n", "--explain", "print the plan the program was built from");
    printf("  %-28s  %s\n", "--version", "print what it was built from, and with");
    printf("\nSettings are also read from the environment: FLOW_BATCH for --batch.\n");
}

void rt_version_print(const rt_program *p) {
    printf("%s\nflowc %s\nsource %s\nabi %s\ncpu %s\n", p->name, p->compiler, p->hash, p->abi,
           *p->cpu ? p->cpu : "x86-64");
}
