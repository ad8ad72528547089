/* sanitizer.h - is this build instrumented?  RT_ASAN, RT_TSAN: 1 or 0.  gcc says so by a
 * macro, clang 19 by a feature. */
#ifndef FLOW_RUNTIME_BASE_SANITIZER_H
#define FLOW_RUNTIME_BASE_SANITIZER_H

#ifdef __has_feature
#define RT_HAS_FEATURE(name) __has_feature(name)
#else
#define RT_HAS_FEATURE(name) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || RT_HAS_FEATURE(address_sanitizer)
#define RT_ASAN 1
#else
#define RT_ASAN 0
#endif

#if defined(__SANITIZE_THREAD__) || RT_HAS_FEATURE(thread_sanitizer)
#define RT_TSAN 1
#else
#define RT_TSAN 0
#endif

#endif
