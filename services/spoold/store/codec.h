// Numbers as bytes: little-endian in headers, varints in changes, big-endian in keys (so that they sort).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tayori::store {

template <class N>
void store_le(char* to, N n) {
    for (std::size_t i = 0; i < sizeof(N); ++i) to[i] = static_cast<char>((n >> (8 * i)) & 0xFF);
}

template <class N>
N load_le(const char* from) {
    N n = 0;
    for (std::size_t i = sizeof(N); i > 0; --i) {
        n = static_cast<N>((n << 8) | static_cast<unsigned char>(from[i - 1]));
    }
    return n;
}

inline void append_varint(std::string& out, std::uint64_t n) {
    while (n >= 0x80) {
        out.push_back(static_cast<char>(n | 0x80));
        n >>= 7;
    }
    out.push_back(static_cast<char>(n));
}

inline void append_bytes(std::string& out, std::string_view bytes) {
    append_varint(out, bytes.size());
    out.append(bytes);
}

inline void append_be64(std::string& out, std::uint64_t n) {
    for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(n >> shift));
}

inline std::uint64_t load_be64(std::string_view from) {
    std::uint64_t n = 0;
    for (std::size_t i = 0; i < 8; ++i) n = (n << 8) | static_cast<unsigned char>(from[i]);
    return n;
}

// Reads what append_* wrote. After anything that did not fit, ok() is false and every value is zero or empty.
class Decoder {
  public:
    explicit Decoder(std::string_view bytes) : rest_(bytes) {}

    std::uint64_t varint() {
        std::uint64_t n = 0;
        for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            n |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if (byte < 0x80) return n;
        }
        return wrong(), 0;
    }
    std::string_view bytes() {
        const auto size = varint();
        if (size > rest_.size()) return wrong(), std::string_view();
        const auto piece = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return piece;
    }
    std::uint8_t byte() {
        if (rest_.empty()) return wrong(), std::uint8_t{0};
        const auto b = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return b;
    }
    bool ok() const { return ok_; }
    bool at_end() const { return rest_.empty(); }

  private:
    void wrong() {
        ok_ = false;
        rest_ = {};
    }
    std::string_view rest_;
    bool ok_ = true;
};

}  // namespace tayori::store
