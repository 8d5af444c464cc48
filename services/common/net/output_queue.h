// Bytes that wait to be sent: small pieces are gathered, large strings are kept as they came. For this folder only.
#pragma once

#include <sys/uio.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tayori::net {

class OutputQueue {
  public:
    static constexpr std::size_t kGatherBytes = 16 * 1024;  // a chunk of gathered pieces: one TLS record
    static constexpr std::size_t kCopyMax = 4 * 1024;       // larger strings are moved, not copied

    void put(std::string_view bytes);
    void put(std::string&& bytes);
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    std::string_view front() const;                   // the first chunk's rest
    int gather(std::span<iovec> into) const;          // how many were filled
    void consume(std::size_t bytes);
    void clear();

  private:
    std::vector<std::string> chunks_;
    std::size_t first_ = 0;  // chunks before it are sent
    std::size_t at_ = 0;     // bytes of the first chunk that are sent
    std::size_t size_ = 0;
};

}  // namespace tayori::net
