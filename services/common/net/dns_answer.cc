#include "common/net/dns_answer.h"

#include <algorithm>
#include <optional>

#include "common/base/text.h"

namespace tayori::net {
namespace {

constexpr std::size_t kDnsHeaderBytes = 12;
constexpr std::size_t kDnsNameBytesMax = 255;  // RFC 1035 §2.3.4
constexpr int kDnsPointersMax = 64;            // of one name: more are a ring
constexpr std::uint16_t kDnsInternet = 1;
constexpr std::uint16_t kDnsSoa = 6;
constexpr unsigned kRcodeOk = 0;
constexpr unsigned kRcodeNoName = 3;

// Reads forward; once it has failed everything it gives is zero, and ok() tells.
class DnsReader {
  public:
    DnsReader(std::string_view packet, std::size_t at) : packet_(packet), at_(at) {}

    bool ok() const { return ok_; }
    std::size_t at() const { return at_; }
    unsigned byte() {
        if (at_ >= packet_.size()) ok_ = false;
        return ok_ ? static_cast<std::uint8_t>(packet_[at_++]) : 0;
    }
    std::uint16_t u16() {
        const auto high = byte();
        return static_cast<std::uint16_t>(high << 8 | byte());
    }
    std::uint32_t u32() {
        const std::uint32_t high = u16();
        return high << 16 | u16();
    }
    std::string_view bytes(std::size_t count) {
        if (!ok_ || count > packet_.size() - at_) {
            ok_ = false;
            return {};
        }
        at_ += count;
        return packet_.substr(at_ - count, count);
    }
    // A label's dots and what is not printable become "?": such a name is no host's.
    std::string name() {
        std::string out;
        std::optional<std::size_t> behind;  // the first pointer
        int pointers = 0;
        for (;;) {
            const auto length = byte();
            if (!ok_ || length == 0) break;
            if (length >= 0xc0) {
                const auto low = byte();
                if (!behind) behind = at_;
                at_ = (length & 0x3fU) << 8 | low;
                if (++pointers > kDnsPointersMax) ok_ = false;
                continue;
            }
            const auto label = bytes(length);
            if (length > 63 || out.size() + length + 1 > kDnsNameBytesMax) ok_ = false;
            if (!ok_) break;
            if (!out.empty()) out += '.';
            for (const char c : label) out += c > 32 && c < 127 && c != '.' ? ascii_lower(c) : '?';
        }
        if (behind) at_ = *behind;
        return ok_ ? out : std::string();
    }

  private:
    std::string_view packet_;
    std::size_t at_;
    bool ok_ = true;
};

DnsRecord read_record(DnsReader& reader, DnsType type, std::size_t length) {
    DnsRecord record;
    switch (type) {
        case DnsType::a: {
            const auto b = reader.bytes(length == 4 ? 4 : std::string_view::npos);
            const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(b[i]); };
            if (reader.ok()) record.address = IpAddress::v4(at(0), at(1), at(2), at(3));
            break;
        }
        case DnsType::aaaa: {
            const auto b = reader.bytes(length == 16 ? 16 : std::string_view::npos);
            IpAddress::Bytes bytes{};
            std::copy(b.begin(), b.end(), bytes.begin());
            if (reader.ok()) record.address = IpAddress(bytes);
            break;
        }
        case DnsType::mx:
            record.preference = reader.u16();
            record.text = reader.name();
            break;
        case DnsType::ptr:
            record.text = reader.name();
            break;
        case DnsType::txt:
            for (const auto end = reader.at() + length; reader.ok() && reader.at() < end;)
                record.text += reader.bytes(reader.byte());
            break;
    }
    return record;
}

struct DnsSection {
    std::vector<DnsRecord> records;
    std::optional<std::uint32_t> ttl_s;       // the least of them
    std::optional<std::uint32_t> negative_s;  // of a SOA
};

bool read_section(DnsReader& reader, unsigned count, DnsType type, DnsSection& out) {
    for (unsigned i = 0; i < count; ++i) {
        reader.name();
        const auto kind = reader.u16();
        const auto family = reader.u16();
        const auto ttl = reader.u32();
        const auto length = reader.u16();
        const auto end = reader.at() + length;
        if (!reader.ok()) return false;
        const bool wanted = kind == static_cast<std::uint16_t>(type) && out.records.size() < kDnsRecordsMax;
        if (family == kDnsInternet && wanted) {
            auto record = read_record(reader, type, length);
            if (!reader.ok() || reader.at() != end) return false;
            out.records.push_back(std::move(record));
            out.ttl_s = std::min(out.ttl_s.value_or(ttl), ttl);
        } else if (family == kDnsInternet && kind == kDnsSoa) {
            // How long "no" holds: the lesser of the SOA's own TTL and its MINIMUM field (RFC 2308 §5).
            reader.name();
            reader.name();
            reader.bytes(16);
            out.negative_s = std::min(ttl, reader.u32());
            if (!reader.ok() || reader.at() != end) return false;
        } else {
            reader.bytes(length);
            if (!reader.ok()) return false;
        }
    }
    return true;
}

}  // namespace

Result<DnsAnswer> read_dns_answer(std::string_view packet, DnsType type) {
    const auto nonsense = [] { return fail(Kind::corrupt, "The answer of the DNS makes no sense."); };
    if (packet.size() < kDnsHeaderBytes) return nonsense();
    DnsReader reader(packet, 2);
    const auto rcode = reader.u16() & 15U;
    if (rcode != kRcodeOk && rcode != kRcodeNoName)
        return fail(Kind::busy, "The DNS could not tell.", cat("rcode ", rcode));
    const auto questions = reader.u16();
    const auto answers = reader.u16();
    const auto authorities = reader.u16();
    reader.u16();
    for (unsigned i = 0; i < questions; ++i) {
        reader.name();
        reader.u32();
    }
    DnsSection answered;
    DnsSection authority;
    if (!reader.ok() || !read_section(reader, answers, type, answered)) return nonsense();
    // Broken authority tells nothing, but what was answered stands.
    if (!read_section(reader, authorities, DnsType::ptr, authority)) authority = {};

    DnsAnswer out;
    if (rcode == kRcodeNoName) out.found = DnsAnswer::Found::no_such_name;
    else if (!answered.records.empty()) out.found = DnsAnswer::Found::records;
    if (out.found == DnsAnswer::Found::records) {
        out.records = std::move(answered.records);
        out.ttl = std::chrono::seconds(*answered.ttl_s);
    } else if (authority.negative_s) {
        out.ttl = std::chrono::seconds(*authority.negative_s);
    }
    return out;
}

}  // namespace tayori::net
