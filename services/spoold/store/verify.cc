// verify(): reads everything that is stored, and compares each thing with what vouches for it.
#include "common/base/text.h"
#include "spoold/store/embedded.h"

namespace tayori::store {
namespace {

constexpr std::size_t kProblemsMax = 1000;  // reported; the rest is counted by running it again after a repair

}  // namespace

struct EmbeddedStore::Verification {
    VerifyReport report;
    Stamp until;                                    // what is newer is not looked at
    std::map<std::uint64_t, std::uint64_t> live;    // bytes of bodies per segment, as found in the table
    std::uint64_t next_sequence = 0;
    std::uint32_t previous = 0;

    void problem(std::string text) {
        if (report.problems.size() < kProblemsMax) report.problems.push_back(std::move(text));
    }
};

void EmbeddedStore::verify_log_segment(Verification& v, const Lease& segment) {
    SegmentReader reader(*segments_, segment);
    LogRecord record;
    const bool follows = segment->header.first_sequence == v.next_sequence;
    if (follows && segment->header.previous != v.previous) {
        v.problem(cat(segment->path, " does not follow the segment before it"));
    }
    auto sequence = segment->header.first_sequence;
    auto previous = segment->header.previous;
    while (reader.offset() < segment->end && sequence <= v.until.sequence) {
        const auto at = reader.offset();
        auto valid = reader.next(record);
        if (!valid) return v.problem(cat(segment->path, ": ", valid.error().detail));
        if (!*valid || record.header.sequence != sequence || record.header.previous != previous) {
            return v.problem(cat("no valid record ", sequence, " at ", segment->path, ":", at));
        }
        auto whole = reader.bodies_are_whole(record);
        if (!whole) return v.problem(cat(segment->path, ": ", whole.error().detail));
        if (!*whole) {
            v.problem(cat("a body of record ", sequence, " at ", segment->path, ":", at, " is damaged"));
        }
        ++v.report.records;
        ++sequence;
        previous = record.checksum;
    }
    v.next_sequence = sequence;
    v.previous = previous;
}

void EmbeddedStore::verify_bodies(Verification& v) {
    auto rows = index_->iterate(body_key(0), body_key(~std::uint64_t{0}));
    for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
        const auto id = load_be64(rows->key().ToStringView().substr(2));
        const auto entry = decode_body_entry(rows->value().ToStringView());
        ++v.report.bodies;
        if (!entry || entry->references == 0) {
            v.problem(cat("body ", id, " has a wrong entry in the table"));
            continue;
        }
        auto reader = open_body(BodyId{id});
        if (!reader && reader.error().kind == Kind::not_found) continue;  // released since
        auto good = reader ? (*reader)->verify() : fail(reader.error());
        if (!good) v.problem(cat("body ", id, ": ", good.error().detail));
    }
    if (!rows->status().ok()) v.problem(rows->status().ToString());
}

void EmbeddedStore::verify_keys(Verification& v) {
    const auto at = index_->db().GetSnapshot();
    std::map<std::uint64_t, std::uint64_t> kept;
    auto rows = index_->iterate(std::string_view("\0", 1), std::string(256, '\xff'), at);
    for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
        ++v.report.keys;
        const auto key = rows->key().ToStringView();
        if (key.starts_with(std::string_view("\0b", 2))) {
            const auto entry = decode_body_entry(rows->value().ToStringView());
            if (entry) v.live[entry->place.segment] += entry->place.bytes;
        } else if (key.starts_with(std::string_view("\0s", 2))) {
            kept[load_be64(key.substr(2))] = Decoder(rows->value().ToStringView()).varint();
        }
    }
    if (!rows->status().ok()) v.problem(rows->status().ToString());
    rows.reset();
    index_->db().ReleaseSnapshot(at);
    std::erase_if(v.live, [](const auto& row) { return row.second == 0; });
    if (v.live != kept) v.problem("the bytes alive per segment are not the sum of their bodies");
    for (const auto& [id, bytes] : v.live) {
        if (!segments_->find(id)) v.problem(cat("segment ", id, " is missing, ", bytes, " bytes were in it"));
    }
}

void EmbeddedStore::verify_checkpoints(Verification& v) {
    std::vector<Checkpoint> checkpoints;
    {
        const std::lock_guard lock(checkpoints_mutex_);
        checkpoints = checkpoints_;
    }
    for (const auto& one : checkpoints) {
        auto state = state_of_checkpoint(files_, one.directory);
        if (!state) {
            v.problem(cat(one.directory, ": ", state.error().detail));
        } else if (state->stamp.position != one.state.stamp.position) {
            v.problem(cat(one.directory, " has another position than its file says"));
        }
    }
}

Result<VerifyReport> EmbeddedStore::verify() {
    const std::lock_guard lock(work_mutex_);
    Verification v;
    auto bytes = index_->get(state_key());
    if (!bytes) return fail(bytes.error());
    IndexState state;
    if (*bytes && !decode_state(**bytes, state)) v.problem("the index's state can't be read");
    v.until = state.stamp;
    for (const auto& segment : segments_->all(SegmentKind::log)) verify_log_segment(v, segment);
    verify_bodies(v);
    verify_keys(v);
    verify_checkpoints(v);
    if (const auto status = index_->db().VerifyChecksum(); !status.ok()) v.problem(status.ToString());
    return std::move(v.report);
}

}  // namespace tayori::store
