// Files of a directory opened, and brought into memory, a little before they are read. An old spool is tens of thousands of
// small files: waiting for the disk at each of them takes as long as all the rest.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "common/legacy/tree_kinds.h"

namespace tayori::legacy {

inline constexpr std::size_t kReadAheadFiles = 128;
inline constexpr std::size_t kReadAheadStep = kReadAheadFiles / 2;  // the thread sleeps until so many may be opened

class ReadAhead {
  public:
    // Opens a file and asks for its bytes, without waiting for them; on the thread of its own. Without a descriptor where
    // that fails: who reads it says what is wrong.
    using Open = std::function<OpenFile(const std::string& path)>;
    ReadAhead(std::vector<std::string> paths, Open open);
    ReadAhead(const ReadAhead&) = delete;
    ReadAhead& operator=(const ReadAhead&) = delete;
    ~ReadAhead();

    // This one is being read; so what lies kReadAheadFiles behind it may be opened. Gives the file, once, if it has been.
    OpenFile reached(std::string_view path);

  private:
    void run();

    const std::vector<std::string> paths_;
    const Open open_;
    std::unordered_map<std::string_view, std::size_t> places_;  // of paths_
    std::mutex mutex_;
    std::condition_variable moved_;
    std::size_t reached_ = 0;
    std::size_t next_ = 0;  // to be opened
    struct Opened {
        std::size_t place = 0;
        OpenFile file;
    };
    std::array<Opened, kReadAheadFiles> opened_;  // by the remainder of the place
    bool over_ = false;
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace tayori::legacy
