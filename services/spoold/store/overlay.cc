#include "spoold/store/overlay.h"

#include <algorithm>

#include "common/base/text.h"
#include "spoold/store/checksum.h"

namespace tayori::store {
namespace {

constexpr std::size_t kEraseOneByOneMax = 64;  // more keys than this are erased as a range, which slows reads near it
constexpr std::size_t kChangeOverheadBytes = 16;

}  // namespace

Overlay::Overlay(const Index& index, UploadArea* uploads, std::int64_t now_ms)
    : index_(index), uploads_(uploads), now_ms_(now_ms), next_body_(index.state().next_body) {}

Overlay::~Overlay() {
    for (const auto& [id, body] : bodies_) {
        if (body.source == Body::Source::upload) uploads_->give_back(body.upload);
    }
}

void Overlay::begin_mutation() {
    undo_.clear();
    broken_.reset();
    next_body_before_ = next_body_;
    bytes_before_ = bytes_;
}

Result<void> Overlay::end_mutation(Result<void> outcome) {
    if (broken_) outcome = fail(std::move(*broken_));
    if (outcome) return outcome;
    for (auto step = undo_.rbegin(); step != undo_.rend(); ++step) undo(*step);
    next_body_ = next_body_before_;
    bytes_ = bytes_before_;
    return outcome;
}

void Overlay::undo(const Undo& step) {
    switch (step.what) {
        case Undo::What::entry:
            if (step.entry) entries_.insert_or_assign(step.key, *step.entry);
            else entries_.erase(step.key);
            return;
        case Undo::What::range: ranges_.pop_back(); return;
        case Undo::What::body:
            if (step.body) bodies_.insert_or_assign(step.id, *step.body);
            else bodies_.erase(step.id);
            return;
        case Undo::What::upload: uploads_->give_back(UploadId{step.id}); return;
    }
}

bool Overlay::empty() const {
    return entries_.empty() && ranges_.empty() &&
           std::none_of(bodies_.begin(), bodies_.end(), [](const auto& b) { return b.second.changed; });
}

void Overlay::encode(std::string& changes, std::vector<std::string_view>& bodies) const {
    changes.reserve(bytes_ + kChangeOverheadBytes * (entries_.size() + bodies_.size()));
    Change change;
    for (const auto& [from, to] : ranges_) {
        change.type = Change::Type::erase_range;
        change.key = from;
        change.value = to;
        append_change(changes, change);
    }
    for (const auto& [key, value] : entries_) {
        change.type = value ? Change::Type::put : Change::Type::erase;
        change.key = key;
        change.value = value.value_or(std::string_view());
        append_change(changes, change);
    }
    for (const auto& [id, body] : bodies_) {
        if (!body.changed) continue;
        change.id = id;
        change.body = body.entry;
        change.moved_from = body.moved_from;
        const bool known = body.source == Body::Source::index || body.moved_from != 0;
        if (body.entry.references == 0) {
            if (!known) continue;  // came and went in this group
            change.type = Change::Type::gone;
        } else if (body.source == Body::Source::bytes) {
            change.type = Change::Type::body;
            bodies.push_back(body.bytes);
        } else if (body.source == Body::Source::upload) {
            change.type = Change::Type::adopt;
        } else {
            change.type = Change::Type::references;
        }
        append_change(changes, change);
    }
}

void Overlay::committed() {
    for (auto& [id, body] : bodies_) {
        if (body.source == Body::Source::upload) uploads_->committed(body.upload);
    }
    bodies_.clear();
}

void Overlay::broken(std::string detail) {
    if (!broken_) broken_ = Error::make(Kind::internal, "Internal error.", std::move(detail));
}

bool Overlay::erased_by_range(std::string_view key) const {
    return std::any_of(ranges_.begin(), ranges_.end(),
                       [&](const auto& range) { return key >= range.first && key < range.second; });
}

std::optional<std::string> Overlay::get(std::string_view key) {
    if (const auto mine = entries_.find(key); mine != entries_.end()) {
        return mine->second ? std::optional<std::string>(*mine->second) : std::nullopt;
    }
    if (key < kFirstModelKey || erased_by_range(key)) return std::nullopt;
    auto value = index_.get(key);
    if (value) return std::move(*value);
    if (!broken_) broken_ = value.error();
    return std::nullopt;
}

bool Overlay::may_write(std::string_view key) {
    if (key >= kFirstModelKey) return true;
    broken("a mutation wrote a reserved key");
    return false;
}

std::string_view Overlay::keep(std::string_view bytes) {
    if (bytes.empty()) return {};
    auto* const copy = static_cast<char*>(kept_.allocate(bytes.size(), alignof(char)));
    bytes.copy(copy, bytes.size());
    return {copy, bytes.size()};
}

void Overlay::set(std::string_view key, Entry value) {
    if (!may_write(key)) return;
    bytes_ += key.size() + (value ? value->size() : 0);
    if (value) value = keep(*value);
    Undo step;
    const auto at = entries_.lower_bound(key);
    if (at != entries_.end() && at->first == key) {
        step.key = at->first;
        step.entry = std::exchange(at->second, value);
    } else {
        step.key = keep(key);
        entries_.emplace_hint(at, step.key, value);
    }
    undo_.push_back(step);
}

void Overlay::put(std::string_view key, std::string_view value) { set(key, value); }
void Overlay::erase(std::string_view key) { set(key, std::nullopt); }

void Overlay::erase_range(std::string_view from, std::string_view to) {
    if (from >= to || !may_write(from)) return;
    std::vector<std::string> keys;
    scan(from, to, [&](std::string_view key, std::string_view) {
        keys.emplace_back(key);
        return keys.size() <= kEraseOneByOneMax;
    });
    if (keys.size() <= kEraseOneByOneMax) {
        for (const auto& key : keys) erase(key);
        return;
    }
    for (auto at = entries_.lower_bound(from); at != entries_.end() && at->first < to;) {
        Undo step;
        step.key = at->first;
        step.entry = at->second;
        undo_.push_back(step);
        at = entries_.erase(at);
    }
    ranges_.emplace_back(keep(from), keep(to));
    bytes_ += from.size() + to.size();
    Undo step;
    step.what = Undo::What::range;
    undo_.push_back(step);
}

void Overlay::scan(std::string_view from, std::string_view to, const Visitor& visit) {
    from = std::max(from, kFirstModelKey);
    if (from >= to) return;
    auto rows = index_.iterate(from, to);
    rows->SeekToFirst();
    // The visitor may write: so our entries are looked up anew at every step, behind the last key shown.
    std::string last;
    bool first = true;
    for (;;) {
        while (rows->Valid() && erased_by_range(rows->key().ToStringView())) rows->Next();
        const auto mine = first ? entries_.lower_bound(from) : entries_.upper_bound(last);
        const bool have_mine = mine != entries_.end() && mine->first < to;
        const auto row_key = rows->Valid() ? rows->key().ToStringView() : std::string_view();
        if (!have_mine && !rows->Valid()) break;
        first = false;
        if (have_mine && (!rows->Valid() || mine->first <= row_key)) {
            if (rows->Valid() && mine->first == row_key) rows->Next();
            last = mine->first;
            const auto value = mine->second;
            if (value && !visit(last, *value)) return;
        } else {
            last = row_key;
            if (!visit(last, rows->value().ToStringView())) return;
            rows->Next();
        }
    }
    if (!rows->status().ok() && !broken_) broken_ = index_error(rows->status());
}

void Overlay::scan_backwards(std::string_view from, std::string_view to, const Visitor& visit) {
    from = std::max(from, kFirstModelKey);
    if (from >= to) return;
    auto rows = index_.iterate(from, to);
    rows->SeekToLast();
    std::string last(to);
    for (;;) {
        while (rows->Valid() && erased_by_range(rows->key().ToStringView())) rows->Prev();
        auto mine = entries_.lower_bound(last);
        const bool have_mine = mine != entries_.begin() && std::prev(mine)->first >= from;
        if (have_mine) --mine;
        const auto row_key = rows->Valid() ? rows->key().ToStringView() : std::string_view();
        if (!have_mine && !rows->Valid()) break;
        if (have_mine && (!rows->Valid() || mine->first >= row_key)) {
            if (rows->Valid() && mine->first == row_key) rows->Prev();
            last = mine->first;
            const auto value = mine->second;
            if (value && !visit(last, *value)) return;
        } else {
            last = row_key;
            if (!visit(last, rows->value().ToStringView())) return;
            rows->Prev();
        }
    }
    if (!rows->status().ok() && !broken_) broken_ = index_error(rows->status());
}

void Overlay::remember_body(std::uint64_t id) {
    Undo step;
    step.what = Undo::What::body;
    step.id = id;
    if (const auto found = bodies_.find(id); found != bodies_.end()) step.body = found->second;
    undo_.push_back(step);
}

void Overlay::change_body(std::uint64_t id, const Body& body) {
    remember_body(id);
    bodies_.insert_or_assign(id, body);
    bytes_ += kChangeOverheadBytes;
}

Overlay::Body* Overlay::find_body(std::uint64_t id) {
    if (const auto found = bodies_.find(id); found != bodies_.end()) {
        return found->second.entry.references > 0 ? &found->second : nullptr;
    }
    auto entry = index_.body(id);
    if (!entry) {
        if (!broken_) broken_ = entry.error();
        return nullptr;
    }
    if (!*entry) return nullptr;
    Body body;
    body.entry = **entry;
    return &bodies_.emplace(id, std::move(body)).first->second;
}

BodyId Overlay::add_body(std::string_view bytes) {
    const auto id = next_body_++;
    Body body;
    body.entry.place.bytes = bytes.size();
    body.entry.place.checksum = crc32c(bytes);
    body.entry.references = 1;
    body.source = Body::Source::bytes;
    body.bytes = bytes;
    body.changed = true;
    change_body(id, body);
    bytes_ += bytes.size();
    return BodyId{id};
}

Result<BodyId> Overlay::adopt(UploadId upload) {
    auto place = uploads_->take(upload);
    if (!place) return fail(place.error());
    Undo step;
    step.what = Undo::What::upload;
    step.id = static_cast<std::uint64_t>(upload);
    undo_.push_back(step);
    const auto id = next_body_++;
    Body body;
    body.entry = {*place, 1};
    body.source = Body::Source::upload;
    body.upload = upload;
    body.changed = true;
    change_body(id, body);
    return BodyId{id};
}

Result<BodyInfo> Overlay::body(BodyId id) {
    const auto* found = find_body(static_cast<std::uint64_t>(id));
    if (found == nullptr) return fail(Kind::not_found, "No such message.");
    return BodyInfo{found->entry.place.bytes, found->entry.references};
}

void Overlay::retain(BodyId id) {
    const auto number = static_cast<std::uint64_t>(id);
    const auto* found = find_body(number);
    if (found == nullptr) return broken(cat("body ", number, " is retained but not there"));
    auto body = *found;
    ++body.entry.references;
    body.changed = true;
    change_body(number, body);
}

void Overlay::release(BodyId id) {
    const auto number = static_cast<std::uint64_t>(id);
    const auto* found = find_body(number);
    if (found == nullptr) return broken(cat("body ", number, " is released but not there"));
    auto body = *found;
    --body.entry.references;
    body.changed = true;
    change_body(number, body);
}

bool Overlay::move_body(std::uint64_t id, std::uint64_t from, std::string_view bytes) {
    const auto* found = find_body(id);
    if (found == nullptr || found->source != Body::Source::index || found->entry.place.segment != from) {
        return false;
    }
    auto body = *found;
    body.source = Body::Source::bytes;
    body.bytes = bytes;
    body.moved_from = from;
    body.changed = true;
    change_body(id, body);
    bytes_ += bytes.size();
    return true;
}

}  // namespace tayori::store
