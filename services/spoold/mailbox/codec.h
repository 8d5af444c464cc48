// How records are written: varints (LEB128), zigzag for signed numbers, strings with their length in front.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace tayori::spool {

constexpr std::uint64_t zigzag(std::int64_t n) {
    return (static_cast<std::uint64_t>(n) << 1) ^ static_cast<std::uint64_t>(n >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t n) {
    return static_cast<std::int64_t>(n >> 1) ^ -static_cast<std::int64_t>(n & 1);
}

inline void put_varint(std::string& out, std::uint64_t n) {
    char digits[10];
    std::size_t size = 0;
    while (n >= 0x80) {
        digits[size++] = static_cast<char>(n | 0x80);
        n >>= 7;
    }
    digits[size++] = static_cast<char>(n);
    out.append(digits, size);
}
inline void put_signed(std::string& out, std::int64_t n) { put_varint(out, zigzag(n)); }
inline void put_bytes(std::string& out, std::string_view bytes) {
    put_varint(out, bytes.size());
    out.append(bytes);
}
inline void put_fixed64(std::string& out, std::uint64_t n) {
    char bytes[8];
    for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(n >> (8 * i));
    out.append(bytes, 8);
}

// Reads what put_* wrote. Once something does not fit, ok() is false and everything further is zero or empty.
class Reader {
  public:
    explicit Reader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

    std::uint64_t varint() {
        std::uint64_t n = 0;
        for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
            const auto byte = static_cast<unsigned char>(*at_++);
            n |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if (byte < 0x80) return n;
        }
        return wrong();
    }
    std::uint32_t varint32() {
        const auto n = varint();
        if (n > UINT32_MAX) wrong();
        return static_cast<std::uint32_t>(n);
    }
    std::int64_t signed_varint() { return unzigzag(varint()); }
    std::uint8_t byte() {
        if (at_ == end_) return static_cast<std::uint8_t>(wrong());
        return static_cast<std::uint8_t>(*at_++);
    }
    std::uint64_t fixed64() {
        if (end_ - at_ < 8) return wrong();
        std::uint64_t n = 0;
        for (int i = 7; i >= 0; --i) n = (n << 8) | static_cast<unsigned char>(at_[i]);
        at_ += 8;
        return n;
    }
    std::string_view bytes() {
        const auto size = varint();
        if (size > static_cast<std::uint64_t>(end_ - at_)) return wrong(), std::string_view();
        const std::string_view piece(at_, static_cast<std::size_t>(size));
        at_ += size;
        return piece;
    }
    std::string_view rest() const { return {at_, static_cast<std::size_t>(end_ - at_)}; }
    bool ok() const { return ok_; }
    bool at_end() const { return at_ == end_; }

  private:
    std::uint64_t wrong() {
        ok_ = false;
        at_ = end_;
        return 0;
    }
    const char* at_;
    const char* end_;
    bool ok_ = true;
};

}  // namespace tayori::spool
