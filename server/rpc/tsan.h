/*
 * What ThreadSanitizer cannot see: libgrpc is not instrumented, so the order that a completion queue gives (what was
 * written before a start is seen after its event) has to be told. Nothing in other builds.
 */
#ifndef BMT_RPC_TSAN_H
#define BMT_RPC_TSAN_H

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define BMT_TSAN_ 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define BMT_TSAN_ 1
#endif

#ifdef BMT_TSAN_
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#define TSAN_ACQUIRE(address) __tsan_acquire(address)
#define TSAN_RELEASE(address) __tsan_release(address)
#else
#define TSAN_ACQUIRE(address) ((void)(address))
#define TSAN_RELEASE(address) ((void)(address))
#endif

#endif
