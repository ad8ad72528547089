/* driver.h - flowc: from the command line to the exit code. */
#ifndef FLOW_DRIVER_DRIVER_H
#define FLOW_DRIVER_DRIVER_H

/* Exit codes of flowc (those of programs are the runtime's). */
enum {
    EXIT_DONE = 0,
    EXIT_FOUND = 1,   /* fmt --check: files are laid out otherwise; test: some fail */
    EXIT_USAGE = 2,
    EXIT_ERRORS = 3,  /* the program has errors */
    EXIT_REFUSED = 4, /* check --against: state would be refused */
    EXIT_FILE = 6     /* a file or the linker failed */
};

/* Does what the arguments say; messages go to standard error, results to standard
 * output.  Returns the exit code (`run` does not return when the program starts). */
int driver_main(int argc, char **argv);

#endif
