#include "adminctl/outside/dkim.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>

#include "adminctl/outside/tags.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::size_t kEd25519Bytes = 32;
constexpr char kDerInteger = 0x02;
constexpr char kDerBits = 0x03;
constexpr char kDerSequence = 0x30;

// The contents of the DER value at the begin of `bytes`, which moves behind it.
std::optional<std::string_view> take_der(std::string_view& bytes, char kind) {
    if (bytes.size() < 2 || bytes[0] != kind) return std::nullopt;
    std::size_t length = static_cast<std::uint8_t>(bytes[1]);
    std::size_t head = 2;
    constexpr std::size_t kLong = 0x80;
    constexpr std::size_t kLengthBytesMax = 2;  // no key of the DNS is longer than 64 KiB
    if (length >= kLong) {
        const auto count = length - kLong;
        if (count == 0 || count > kLengthBytesMax || bytes.size() < head + count) return std::nullopt;
        length = 0;
        for (std::size_t i = 0; i < count; ++i) length = length << 8U | static_cast<std::uint8_t>(bytes[head + i]);
        head += count;
    }
    if (length > bytes.size() - head) return std::nullopt;
    const auto inside = bytes.substr(head, length);
    bytes.remove_prefix(head + length);
    return inside;
}

// Of a SubjectPublicKeyInfo, or of a bare RSAPublicKey, which RFC 6376 §3.6.1 allows as well.
std::optional<std::size_t> rsa_bits(std::string_view bytes) {
    auto outer = take_der(bytes, kDerSequence);
    if (!outer || !bytes.empty()) return std::nullopt;
    auto numbers = *outer;
    if (!numbers.empty() && numbers[0] == kDerSequence) {
        const auto algorithm = take_der(numbers, kDerSequence);
        auto key = algorithm ? take_der(numbers, kDerBits) : std::nullopt;
        if (!key || key->empty() || (*key)[0] != '\0') return std::nullopt;  // no bits are left over
        key->remove_prefix(1);
        const auto inner = take_der(*key, kDerSequence);
        if (!inner) return std::nullopt;
        numbers = *inner;
    }
    auto modulus = take_der(numbers, kDerInteger);
    const auto exponent = modulus ? take_der(numbers, kDerInteger) : std::nullopt;
    if (!exponent) return std::nullopt;
    while (!modulus->empty() && (*modulus)[0] == '\0') modulus->remove_prefix(1);
    if (modulus->empty()) return std::nullopt;
    const auto first = static_cast<std::uint8_t>((*modulus)[0]);
    return modulus->size() * 8 - static_cast<std::size_t>(std::countl_zero(first));
}

DkimKey faulty(DkimKey key, DkimFault fault, std::string part) {
    key.fault = fault;
    key.part = std::move(part);
    return key;
}

bool lists(const std::string* value, std::string_view wanted) {
    const auto parts = split_trimmed(*value, ':');
    return std::any_of(parts.begin(), parts.end(),
                       [&](const std::string& part) { return equals_ignoring_case(part, wanted); });
}

}  // namespace

DkimKey parse_dkim_key(std::string_view text) {
    DkimKey out;
    std::string wrong;
    const auto tags = parse_tags(text, wrong);
    if (!tags) return faulty(std::move(out), DkimFault::syntax, std::move(wrong));
    if (const auto* version = find_tag(*tags, "v"); version && (*version != "DKIM1" || tags->front().name != "v"))
        return faulty(std::move(out), DkimFault::version, cat("v=", *version));
    const auto* key = find_tag(*tags, "p");
    if (key == nullptr) return faulty(std::move(out), DkimFault::syntax, "p=");
    std::remove_copy_if(key->begin(), key->end(), std::back_inserter(out.key),
                        [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
    if (out.key.empty()) return faulty(std::move(out), DkimFault::revoked, "p=");
    const auto* type = find_tag(*tags, "k");
    out.key_type = type != nullptr ? *type : "rsa";
    if (out.key_type != "rsa" && out.key_type != "ed25519")
        return faulty(std::move(out), DkimFault::key_type, cat("k=", *type));
    std::string bytes;
    const bool decoded = base64_decode(out.key, bytes);
    const auto bits = decoded && out.key_type == "rsa" ? rsa_bits(bytes) : std::nullopt;
    if (!decoded || (out.key_type == "rsa" ? !bits : bytes.size() != kEd25519Bytes))
        return faulty(std::move(out), DkimFault::key, cat("p=", *key));
    out.key_bits = bits.value_or(0);
    if (const auto* hashes = find_tag(*tags, "h"); hashes && !lists(hashes, "sha256"))
        return faulty(std::move(out), DkimFault::no_sha256, cat("h=", *hashes));
    if (const auto* services = find_tag(*tags, "s"); services && !lists(services, "email") && !lists(services, "*"))
        return faulty(std::move(out), DkimFault::not_for_mail, cat("s=", *services));
    const auto* flags = find_tag(*tags, "t");
    out.testing = flags != nullptr && lists(flags, "y");
    return out;
}

}  // namespace tayori::admin
