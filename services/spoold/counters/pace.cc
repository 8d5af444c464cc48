#include "spoold/counters/pace.h"

namespace tayori::spool {
namespace {

constexpr std::int64_t kMillisPerHour = 3'600'000;
constexpr std::uint32_t kHoursPerDay = 24;
constexpr std::uint32_t kHoursApart = 30 * kHoursPerDay;

std::uint32_t hour_of(std::int64_t now_ms) { return static_cast<std::uint32_t>(now_ms / kMillisPerHour); }

void encode_sample(std::string& out, const Pace::Sample& sample) {
    put_varint(out, sample.hour);
    put_varint(out, sample.next);
}

Pace::Sample decode_sample(Reader& in) {
    const auto hour = in.varint32();
    return {hour, in.varint()};
}

}  // namespace

bool Pace::note(std::int64_t now_ms, std::uint64_t next) {
    const auto hour = hour_of(now_ms);
    if (newer.hour != 0 && hour < newer.hour + kHoursApart) return false;
    const Sample now{hour, next};
    older = newer.hour == 0 ? now : newer;
    newer = now;
    return true;
}

void Pace::skip(std::uint64_t numbers) {
    if (older.hour == 0) return;
    older.next += numbers;
    newer.next += numbers;
}

std::optional<double> Pace::a_day(std::int64_t now_ms, std::uint64_t next) const {
    const auto hour = hour_of(now_ms);
    if (older.hour == 0 || hour < older.hour + kHoursPerDay || next < older.next) return std::nullopt;
    return static_cast<double>(next - older.next) * kHoursPerDay / (hour - older.hour);
}

void Pace::encode(std::string& out) const {
    encode_sample(out, older);
    encode_sample(out, newer);
}

Pace Pace::decode(Reader& in) {
    const auto older = decode_sample(in);
    return {older, decode_sample(in)};
}

}  // namespace tayori::spool
