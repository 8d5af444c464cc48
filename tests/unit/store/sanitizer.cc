// What the sanitizers need to know about this program.
#if defined(__SANITIZE_THREAD__)
// RocksDB comes from a package, so its own synchronisation can't be seen.
extern "C" const char* __tsan_default_suppressions() { return "race:librocksdb\nrace:rocksdb::\n"; }
#endif
