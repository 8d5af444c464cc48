#include "spoold/store/holds.h"

#include <algorithm>

#include "common/base/log.h"
#include "spoold/store/checksum.h"
#include "spoold/store/codec.h"

namespace tayori::store {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kChecksumBytes = 4;
constexpr std::size_t kHoldsMax = 64;  // names; more than that is a mistake of whoever chooses them

void append_stamp(std::string& out, const Stamp& stamp) {
    for (const std::uint64_t n : {stamp.sequence, std::uint64_t{stamp.checksum}, stamp.segment, stamp.end, stamp.position}) {
        append_varint(out, n);
    }
}

Stamp read_stamp(Decoder& in) {
    Stamp stamp;
    stamp.sequence = in.varint();
    stamp.checksum = static_cast<std::uint32_t>(in.varint());
    stamp.segment = in.varint();
    stamp.end = in.varint();
    stamp.position = in.varint();
    return stamp;
}

bool decode(std::string_view bytes, std::map<std::string, Hold>& holds) {
    if (bytes.size() < kChecksumBytes) return false;
    const auto body = bytes.substr(kChecksumBytes);
    if (load_le<std::uint32_t>(bytes.data()) != crc32c(body)) return false;
    Decoder in(body);
    if (in.byte() != kVersion) return false;
    while (in.ok() && !in.at_end()) {
        auto& hold = holds[std::string(in.bytes())];
        hold.at = read_stamp(in);
        hold.expected = read_stamp(in);
    }
    return in.ok();
}

}  // namespace

Result<void> Holds::load() {
    auto bytes = read_whole_file(files_, path_);
    if (!bytes && bytes.error().kind == Kind::not_found) return {};
    if (!bytes) return fail(std::move(bytes.error()));
    const std::lock_guard lock(mutex_);
    if (!decode(*bytes, holds_)) {
        log_warn("store: the file of holds is damaged; the next backups are whole ones", {{"file", path_}});
        holds_.clear();
    }
    count();
    return {};
}

bool Holds::covers(const std::string& name, const Stamp& stamp) const {
    const std::lock_guard lock(mutex_);
    const auto found = holds_.find(name);
    return found != holds_.end() && stamp.sequence != 0 &&
           (found->second.at.same_record(stamp) || found->second.expected.same_record(stamp));
}

Result<void> Holds::begin(const std::string& name, const Stamp* since, const Stamp& until) {
    const std::lock_guard lock(mutex_);
    if (!holds_.contains(name) && holds_.size() >= kHoldsMax) return fail(Kind::over_quota, "Too many backup sets.");
    auto& hold = holds_[name];
    if (since != nullptr) hold.at = *since;
    hold.expected = until;
    return save();
}

Result<void> Holds::keep(const std::string& name, const Stamp& until) {
    const std::lock_guard lock(mutex_);
    const auto found = holds_.find(name);
    if (found == holds_.end()) return {};  // given up meanwhile: the next copy is a whole one
    found->second = {until, Stamp()};
    return save();
}

Result<void> Holds::give_up(std::uint64_t log_position, std::uint64_t bytes_max) {
    if (needed_from_ >= log_position || log_position - needed_from_ <= bytes_max) return {};
    const std::lock_guard lock(mutex_);
    for (auto at = holds_.begin(); at != holds_.end();) {
        const auto position = at->second.position();
        if (position >= log_position || log_position - position <= bytes_max) {
            ++at;
            continue;
        }
        log_warn("store: too much of the log is kept for a backup that was not made; its next one will be a whole one",
                 {{"backup", at->first}, {"bytes", log_position - position}});
        at = holds_.erase(at);
    }
    return save();
}

std::uint64_t Holds::newest_sequence() const {
    const std::lock_guard lock(mutex_);
    std::uint64_t newest = 0;
    for (const auto& [name, hold] : holds_) newest = std::max({newest, hold.at.sequence, hold.expected.sequence});
    return newest;
}

// Under mutex_.
void Holds::count() {
    auto least = ~std::uint64_t{0};
    for (const auto& [name, hold] : holds_) least = std::min(least, hold.position());
    needed_from_ = least;
}

// Under mutex_. Less is needed only once that is written down.
Result<void> Holds::save() {
    std::string body(1, static_cast<char>(kVersion));
    for (const auto& [name, hold] : holds_) {
        append_bytes(body, name);
        append_stamp(body, hold.at);
        append_stamp(body, hold.expected);
    }
    std::string bytes(kChecksumBytes, '\0');
    store_le(bytes.data(), crc32c(body));
    if (auto done = replace_file(files_, path_, bytes + body); !done) return done;
    count();
    return {};
}

}  // namespace tayori::store
