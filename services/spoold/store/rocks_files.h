// RocksDB on our file layer, so that one test harness can fail, tear or forget what the index writes too.
#pragma once

#include <rocksdb/file_system.h>

#include <memory>

#include "spoold/store/files.h"

namespace tayori::store {

// `files` must outlive every database opened with it.
std::shared_ptr<rocksdb::FileSystem> make_rocks_files(Files& files);

}  // namespace tayori::store
