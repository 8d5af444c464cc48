// Files of a directory brought into memory a little before they are read. An old spool is tens of thousands of small files:
// waiting for the disk at each of them takes as long as all the rest.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "common/legacy/tree.h"

namespace tayori::legacy {

inline constexpr std::size_t kReadAheadFiles = 256;

class ReadAhead {
  public:
    // Asks for a file by its path, without waiting; on the thread of its own. Never fails: who reads it says what is wrong.
    using Ask = std::function<void(const std::string& path)>;
    ReadAhead(std::vector<std::string> paths, Ask ask);
    ReadAhead(const ReadAhead&) = delete;
    ReadAhead& operator=(const ReadAhead&) = delete;
    ~ReadAhead();

    // This one is being read; so what lies kReadAheadFiles behind it may be asked for.
    void reached(std::string_view path);

  private:
    void run();

    const std::vector<std::string> paths_;
    const Ask ask_;
    std::unordered_map<std::string_view, std::size_t> places_;  // of paths_
    std::mutex mutex_;
    std::condition_variable moved_;
    std::size_t reached_ = 0;
    bool over_ = false;
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace tayori::legacy
