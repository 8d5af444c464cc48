// RocksDB on our file layer, so that one test harness can fail, tear or forget what the index writes too.
#pragma once

#include <rocksdb/env.h>

#include <memory>

#include "spoold/store/files.h"

namespace tayori::store {

// `files` must outlive every database opened with it.
std::unique_ptr<rocksdb::Env> make_rocks_env(Files& files);

}  // namespace tayori::store
