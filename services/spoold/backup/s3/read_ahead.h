// Files read far away: more is fetched than is asked for, and twice as much each time where the reading goes on. So neither a file
// read from front to end nor one read record by record costs a request each time, and one body out of a large file not all of it.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace tayori::spool::s3 {

class ReadAhead {
  public:
    static constexpr std::uint64_t kFetchBytesMin = 256 << 10;
    static constexpr std::uint64_t kFetchBytesMax = 8 << 20;
    static constexpr std::size_t kWindowsMax = 8;  // files that are read at the same time; with 8 MiB of each kept

    struct Fetched {
        std::string bytes;
        std::uint64_t size = 0;  // of the whole file
    };
    using Fetch = std::function<Result<Fetched>(const std::string& name, std::uint64_t offset, std::uint64_t bytes)>;

    explicit ReadAhead(Fetch fetch) : fetch_(std::move(fetch)) {}

    // Fewer only at the end of the file. Thread-safe.
    Result<std::size_t> read(const std::string& name, std::uint64_t offset, char* to, std::size_t bytes);
    // What is known of the file, or of all below it, is so no longer.
    void forget(const std::string& name);

  private:
    struct Window {
        std::string name;
        std::uint64_t from = 0;
        std::string bytes;
        std::uint64_t size = 0;   // of the whole file
        std::uint64_t fetch = 0;  // how much was fetched the last time
        std::uint64_t used = 0;

        std::uint64_t end() const { return from + bytes.size(); }
        bool has(std::uint64_t at) const { return at >= from && at < end(); }
    };

    Window* find(const std::string& name, std::uint64_t at);
    Result<Window*> fetch(const std::string& name, std::uint64_t at, std::uint64_t wanted);

    const Fetch fetch_;
    std::mutex mutex_;
    std::vector<Window> windows_;
    std::uint64_t uses_ = 0;
};

}  // namespace tayori::spool::s3
