#!/bin/sh
# calls.sh - system calls that can fail are made in runtime/base/os.c, where a test can make
# them fail, and nowhere else in the runtime. calls.allow lists exceptions, "file call reason".
cd "$(dirname "$0")/../.." || exit 1
passed=0 failed=0
names='open openat openat2 creat close read pread readv write pwrite writev fsync fdatasync
    sync_file_range syncfs rename renameat renameat2 link linkat unlink unlinkat rmdir mkdir
    mkdirat truncate ftruncate fallocate posix_fallocate stat fstat lstat fstatat statx access
    faccessat opendir readdir scandir glob flock lockf fcntl mmap mremap malloc calloc realloc
    strdup strndup pthread_create socket connect bind listen accept accept4 send recv sendto
    recvfrom poll ppoll epoll_create1 epoll_ctl epoll_wait eventfd signalfd inotify_init1
    inotify_add_watch getaddrinfo fopen mkstemp mkostemp mkdtemp statfs fstatfs copy_file_range
    sendfile ioctl'
pattern=$(echo $names | tr ' ' '|')
for f in $(find runtime -name '*.[ch]' | grep -v '^runtime/\(kernel\|faults\|pack\|include\)/' | sort); do
    [ "$f" = runtime/base/os.c ] && continue
    bad=0
    # Members and functions of ours may have the same names: only what stands as a call does.
    for call in $(sed 's|/\*.*\*/||; /^ *\*/d; /^ *\/\*/d; s/"[^"]*"//g' "$f" |
            grep -oE "(^|[^A-Za-z0-9_>.*])($pattern)\(" | grep -oE '[a-z_0-9]+\($' | tr -d '(' | sort -u); do
        grep -q "^$f $call " tests/tools/calls.allow && continue
        echo "calls: $f calls $call"
        bad=1
    done
    if [ $bad = 1 ]; then failed=$((failed + 1)); else passed=$((passed + 1)); fi
done
echo "calls: $passed passed, $failed failed"
[ "$failed" = 0 ]
