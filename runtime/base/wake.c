/* wake.c - see wake.h. */
#include "runtime/base/wake.h"

#include <poll.h>
#include <unistd.h>

#include "runtime/base/os.h"
#include "runtime/base/seed.h"

int rt_wake_open(void) { return rt_os_eventfd(); }

void rt_wake_close(int fd) {
    if (fd >= 0) rt_os_close(fd);
}

void rt_wake(int fd) {
    uint64_t one = 1;
    /* It can only fail when the count is full, and then the sleeper wakes anyway. */
    if (write(fd, &one, sizeof one) < 0) return;
}

void rt_wake_clear(int fd) {
    uint64_t count;
    if (read(fd, &count, sizeof count) < 0) return;
}

void rt_wake_wait(int fd, int64_t timeout) {
#ifdef FLOW_FAULTS
    if (rt_seed_on() && timeout >= 0) {
        rt_seed_sleep(timeout);
        rt_wake_clear(fd);
        return;
    }
#endif
    /* Rounded up: waking early would only mean sleeping again. */
    rt_os_wait(fd, POLLIN, timeout < 0 ? -1 : (timeout + 999) / 1000);
    rt_wake_clear(fd);
}
