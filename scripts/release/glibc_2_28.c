// GCC 12's C++ library asks glibc whether there is only one thread, by a variable that glibc has from 2.32 on. With this one in
// its place the addon loads with older ones, too, and counts references as where there are threads.
__attribute__((visibility("hidden"))) char __libc_single_threaded = 0;
