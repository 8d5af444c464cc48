#include "spoold/store/record.h"

#include "spoold/store/checksum.h"

namespace tayori::store {
namespace {

constexpr std::string_view kLogMagic = "TAYORILG";
constexpr std::string_view kStagingMagic = "TAYORIST";
constexpr std::uint32_t kRecordMagic = 0x31525954;  // "TYR1"
constexpr std::uint32_t kUploadMagic = 0x31555954;  // "TYU1"

std::uint32_t salted_checksum(std::string_view bytes, std::uint64_t salt) {
    char salt_bytes[8];
    store_le(salt_bytes, salt);
    return crc32c(bytes, crc32c(std::string_view(salt_bytes, sizeof salt_bytes)));
}

}  // namespace

std::string encode(const SegmentHeader& header) {
    std::string out(kSegmentHeaderBytes, '\0');
    const auto magic = header.kind == SegmentKind::log ? kLogMagic : kStagingMagic;
    magic.copy(out.data(), magic.size());
    store_le(&out[8], kLogVersion);
    store_le(&out[16], header.segment);
    store_le(&out[24], header.first_sequence);
    store_le(&out[32], header.position);
    store_le(&out[40], header.previous);
    store_le(&out[48], header.salt);
    store_le(&out[56], header.created_ms);
    store_le(&out[12], crc32c(std::string_view(out).substr(16)));
    return out;
}

std::optional<SegmentHeader> decode_segment_header(std::string_view bytes, bool* newer) {
    if (bytes.size() < kSegmentHeaderBytes) return std::nullopt;
    bytes = bytes.substr(0, kSegmentHeaderBytes);
    const auto magic = bytes.substr(0, kLogMagic.size());
    if (magic != kLogMagic && magic != kStagingMagic) return std::nullopt;
    if (load_le<std::uint32_t>(&bytes[12]) != crc32c(bytes.substr(16))) return std::nullopt;
    if (load_le<std::uint32_t>(&bytes[8]) > kLogVersion) {
        if (newer != nullptr) *newer = true;
        return std::nullopt;
    }
    SegmentHeader header;
    header.kind = magic == kLogMagic ? SegmentKind::log : SegmentKind::staging;
    header.segment = load_le<std::uint64_t>(&bytes[16]);
    header.first_sequence = load_le<std::uint64_t>(&bytes[24]);
    header.position = load_le<std::uint64_t>(&bytes[32]);
    header.previous = load_le<std::uint32_t>(&bytes[40]);
    header.salt = load_le<std::uint64_t>(&bytes[48]);
    header.created_ms = static_cast<std::int64_t>(load_le<std::uint64_t>(&bytes[56]));
    return header;
}

std::string encode(const RecordHeader& header, std::uint64_t salt, std::uint32_t& checksum) {
    std::string out(kRecordHeaderBytes, '\0');
    store_le(&out[0], kRecordMagic);
    store_le(&out[8], header.segment);
    store_le(&out[16], header.sequence);
    store_le(&out[24], header.previous);
    store_le(&out[28], header.changes_bytes);
    store_le(&out[32], header.bodies_bytes);
    store_le(&out[40], header.changes_checksum);
    store_le(&out[48], header.time_ms);
    checksum = salted_checksum(std::string_view(out).substr(8), salt);
    store_le(&out[4], checksum);
    return out;
}

std::optional<RecordHeader> decode_record_header(std::string_view bytes, std::uint64_t salt,
                                                 std::uint32_t& checksum) {
    if (bytes.size() < kRecordHeaderBytes) return std::nullopt;
    bytes = bytes.substr(0, kRecordHeaderBytes);
    if (load_le<std::uint32_t>(bytes.data()) != kRecordMagic) return std::nullopt;
    checksum = load_le<std::uint32_t>(&bytes[4]);
    if (checksum != salted_checksum(bytes.substr(8), salt)) return std::nullopt;
    RecordHeader header;
    header.segment = load_le<std::uint64_t>(&bytes[8]);
    header.sequence = load_le<std::uint64_t>(&bytes[16]);
    header.previous = load_le<std::uint32_t>(&bytes[24]);
    header.changes_bytes = load_le<std::uint32_t>(&bytes[28]);
    header.bodies_bytes = load_le<std::uint64_t>(&bytes[32]);
    header.changes_checksum = load_le<std::uint32_t>(&bytes[40]);
    header.time_ms = static_cast<std::int64_t>(load_le<std::uint64_t>(&bytes[48]));
    return header;
}

std::string encode(const UploadHeader& header, std::uint64_t salt) {
    std::string out(kUploadHeaderBytes, '\0');
    store_le(&out[0], kUploadMagic);
    store_le(&out[8], header.segment);
    store_le(&out[16], header.bytes);
    store_le(&out[24], header.body_checksum);
    store_le(&out[4], salted_checksum(std::string_view(out).substr(8), salt));
    return out;
}

std::optional<UploadHeader> decode_upload_header(std::string_view bytes, std::uint64_t salt) {
    if (bytes.size() < kUploadHeaderBytes) return std::nullopt;
    bytes = bytes.substr(0, kUploadHeaderBytes);
    if (load_le<std::uint32_t>(bytes.data()) != kUploadMagic) return std::nullopt;
    if (load_le<std::uint32_t>(&bytes[4]) != salted_checksum(bytes.substr(8), salt)) return std::nullopt;
    return UploadHeader{load_le<std::uint64_t>(&bytes[8]), load_le<std::uint64_t>(&bytes[16]),
                        load_le<std::uint32_t>(&bytes[24])};
}

void append_change(std::string& out, const Change& change) {
    out.push_back(static_cast<char>(change.type));
    const auto& place = change.body.place;
    switch (change.type) {
        case Change::Type::put:
        case Change::Type::erase_range:
            append_bytes(out, change.key);
            append_bytes(out, change.value);
            return;
        case Change::Type::erase: append_bytes(out, change.key); return;
        case Change::Type::body:
            append_varint(out, change.id);
            append_varint(out, change.body.references);
            append_varint(out, place.bytes);
            append_varint(out, place.checksum);
            append_varint(out, change.moved_from);
            return;
        case Change::Type::adopt:
        case Change::Type::references:
        case Change::Type::gone:
            append_varint(out, change.id);
            append_varint(out, change.body.references);
            append_varint(out, place.segment);
            append_varint(out, place.offset);
            append_varint(out, place.bytes);
            append_varint(out, place.checksum);
            return;
    }
}

bool ChangeReader::next(Change& change) {
    if (!ok() || in_.at_end()) return false;
    change = Change();
    auto& place = change.body.place;
    change.type = static_cast<Change::Type>(in_.byte());
    switch (change.type) {
        case Change::Type::put:
        case Change::Type::erase_range:
            change.key = in_.bytes();
            change.value = in_.bytes();
            return ok();
        case Change::Type::erase: change.key = in_.bytes(); return ok();
        case Change::Type::body:
            change.id = in_.varint();
            change.body.references = in_.varint();
            place.bytes = in_.varint();
            place.checksum = static_cast<std::uint32_t>(in_.varint());
            change.moved_from = in_.varint();
            return ok();
        case Change::Type::adopt:
        case Change::Type::references:
        case Change::Type::gone:
            change.id = in_.varint();
            change.body.references = in_.varint();
            place.segment = in_.varint();
            place.offset = in_.varint();
            place.bytes = in_.varint();
            place.checksum = static_cast<std::uint32_t>(in_.varint());
            return ok();
    }
    ok_ = false;
    return false;
}

}  // namespace tayori::store
