/* main.c - the command `flowc`: arguments to the driver, its exit code to the shell. */
#include "compiler/driver/driver.h"

int main(int argc, char **argv) {
    return driver_main(argc, argv);
}
