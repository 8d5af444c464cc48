#include "imapd/fetch/fetcher.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/mail/date.h"
#include "common/mail/imap_text.h"
#include "imapd/limits.h"

namespace tayori::imap {
namespace {

bool any_section(const FetchItems& items) {
    return std::any_of(items.bodies.begin(), items.bodies.end(),
                       [](const BodyItem& item) { return !item.whole_message(); });
}

// The cut as one range of prefix and message together: where it takes bytes of the prefix, it
// begins with the header.
v1::BodyRange to_range(std::uint64_t message_id, const mail::Cut& cut, std::uint64_t prefix_bytes) {
    v1::BodyRange range;
    range.set_message_id(message_id);
    range.set_offset(cut.prefix_bytes > 0 ? cut.prefix_offset : prefix_bytes + cut.offset);
    range.set_bytes(cut.prefix_bytes + cut.bytes);
    return range;
}

std::string framed(std::string_view text, const std::optional<Partial>& partial) {
    if (partial)
        text = text.substr(std::min<std::size_t>(partial->first, text.size()), partial->count);
    if (text.empty()) return "\"\"";
    auto literal = cat("{", text.size(), "}\r\n", text);
    mail::mask_nul(literal);
    return literal;
}

}  // namespace

Fetcher::Fetcher(Session& session, FetchItems items, SyncRules rules)
    : session_(session),
      items_(std::move(items)),
      rules_(rules),
      needs_parts_(any_section(items_)) {}

std::vector<Fetcher::Target> Fetcher::targets(const NumberSet& numbers) const {
    std::vector<Target> all;
    std::size_t hint = 0;
    auto& view = session_.view();
    view.numbers().for_each(numbers, [&](SequenceNumber number, Uid uid) {
        const Row* row = view.find(uid, hint);
        if (row == nullptr) return;
        if (items_.changed_since && row->modseq <= *items_.changed_since) return;
        all.push_back({number, uid, row->message_id, false});
    });
    return all;
}

Async<void> Fetcher::run(NumberSet numbers) {
    auto all = targets(numbers);
    const bool sets_seen = items_.sets_seen() && session_.view().access() == Access::read_write;
    std::size_t size = kSummariesPerCall;
    if (!items_.bodies.empty())
        size = needs_parts_ || items_.needs_summary() ? kHeadersPerBatch : kBodiesPerCall;
    for (std::size_t at = 0; at < all.size(); at += size) {
        const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(at + size, all.size()));
        Batch batch(all.begin() + static_cast<std::ptrdiff_t>(at), end);
        if (sets_seen) co_await set_seen(batch);
        if (!items_.bodies.empty())
            co_await with_bodies(std::move(batch));
        else if (items_.needs_summary())
            co_await from_summaries(std::move(batch));
        else
            co_await from_mirror(batch);
    }
    co_await write_out(0);
}

Async<void> Fetcher::write_out(std::size_t above) {
    if (out_.size() <= above) co_return;
    co_await session_.conn().write(std::exchange(out_, {}));
}

// Everything but sections, from "(" on; false when the message is gone.
bool Fetcher::append_items(std::string& out, const Target& target, const v1::Summary* summary) {
    const auto& view = session_.view();
    const Row* row = view.find(target.uid, hint_);
    if (row == nullptr) return false;
    append(out, "* ", target.number, " FETCH (");
    const auto begin = out.size();
    const auto next = [&](std::string_view name) {
        append(out, out.size() > begin ? " " : "", name);
    };
    if (items_.uid || rules_.with_uid) {
        next("UID ");
        append(out, row->uid);
    }
    if (items_.flags || target.seen_now) {
        next("");
        view.append_flags(out, *row);
    }
    if (items_.modseq || (rules_.with_modseq && (items_.flags || target.seen_now))) {
        next("MODSEQ (");
        append(out, row->modseq, ')');
    }
    if (items_.internal_date) {
        next("INTERNALDATE \"");
        append(out, mail::format_internal_date({row->internal_date_s, row->zone_minutes}), '"');
    }
    if (items_.size) {
        next("RFC822.SIZE ");
        append(out, row->bytes);
    }
    if (summary == nullptr) return true;
    if (items_.envelope) {
        next("ENVELOPE ");
        out.append(summary->envelope());
    }
    if (items_.body_structure) {
        next("BODYSTRUCTURE ");
        out.append(summary->bodystructure());
    }
    if (items_.body) {
        next("BODY ");
        out.append(mail::body_from_bodystructure(summary->bodystructure()));
    }
    return true;
}

Async<void> Fetcher::from_mirror(const Batch& batch) {
    for (const auto& target : batch) {
        if (append_items(out_, target, nullptr)) out_.append(")\r\n");
        if (out_.size() > kOutputChunkBytes) co_await write_out(0);
    }
}

Async<void> Fetcher::from_summaries(Batch batch) {
    v1::FetchSummaries request;
    request.set_envelope(items_.envelope);
    request.set_bodystructure(items_.body_structure || items_.body);
    request.mutable_message_id()->Reserve(static_cast<int>(batch.size()));
    for (const auto& target : batch) request.add_message_id(target.message_id);
    auto replies = session_.stream(std::move(request));
    auto target = batch.begin();
    for (;;) {
        const auto reply = co_await replies.next();
        if (!reply) break;
        for (const auto& item : reply->items()) {
            // In the order asked for; what is gone is left out.
            for (; target != batch.end() && target->message_id != item.message_id(); ++target)
                missed_ = true;
            if (target == batch.end()) break;
            if (append_items(out_, *target, &item.summary())) out_.append(")\r\n");
            ++target;
            if (out_.size() > kOutputChunkBytes) co_await write_out(0);
        }
    }
    if (target != batch.end()) missed_ = true;
}

// One change for the batch. Bodies are answered also where it fails: reading goes on when nothing
// can be written.
Async<void> Fetcher::set_seen(Batch& batch) {
    v1::StoreFlags request;
    auto& view = session_.view();
    request.set_folder_id(view.state().folder_id());
    request.set_change(v1::FLAG_CHANGE_ADD);
    request.set_flags(kSeen);
    NumberSet uids;
    std::size_t hint = 0;
    for (const auto& target : batch) {
        const Row* row = view.state().find(target.uid, hint);
        if (row != nullptr && (row->flags & kSeen) == 0) add(uids, target.uid);
    }
    if (uids.empty()) co_return;
    for (const auto& range : uids) {
        auto& out = *request.add_uids();
        out.set_first(range.first);
        out.set_last(range.last);
    }
    // Other sessions' changes until now must not count as told by what follows.
    co_await session_.tell_news({Expunges::withheld, rules_.with_uid, rules_.with_modseq});
    const auto stored = co_await session_.call(std::move(request)).result();
    if (!stored) co_return;
    co_await view.mirror().wait_for(stored->modseq());
    for (auto& target : batch) target.seen_now = contains(uids, target.uid);
    // The FETCH lines tell these flags; what another session changed meanwhile is told here.
    for (const auto& row : view.state().rows()) {
        const bool other = row.modseq > view.told_changes() && !contains(uids, row.uid);
        const auto number = other ? view.numbers().find(row.uid) : 0;
        if (number != 0) view.append_fetch(out_, number, row, rules_);
    }
    view.set_told_changes(view.state().modseq());
}

Async<std::vector<std::optional<v1::Summary>>> Fetcher::summaries(const Batch& batch) {
    std::vector<std::optional<v1::Summary>> all(batch.size());
    v1::FetchSummaries request;
    request.set_envelope(items_.envelope);
    request.set_bodystructure(items_.body_structure || items_.body);
    request.set_parts(needs_parts_);
    request.set_header(
        std::any_of(items_.bodies.begin(), items_.bodies.end(), [](const BodyItem& item) {
            return item.section.path.empty() &&
                   (item.chooses_fields() || item.section.text == mail::SectionText::header);
        }));
    for (const auto& target : batch) request.add_message_id(target.message_id);
    auto replies = session_.stream(std::move(request));
    std::size_t at = 0;
    for (;;) {
        auto reply = co_await replies.next();
        if (!reply) break;
        for (auto& item : *reply->mutable_items()) {
            while (at < batch.size() && batch[at].message_id != item.message_id()) ++at;
            if (at == batch.size()) break;
            all[at++] = std::move(*item.mutable_summary());
        }
    }
    co_return all;
}

Fetcher::Piece Fetcher::plan_header(const BodyItem& item, const std::string& header) const {
    Piece piece;
    if (!item.chooses_fields()) {
        piece.text = framed(header, item.partial);
        return piece;
    }
    const auto choice = item.section.text == mail::SectionText::header_fields
                            ? mail::FieldChoice::only
                            : mail::FieldChoice::all_but;
    piece.text = framed(mail::choose_fields({}, header, item.section.fields, choice), item.partial);
    return piece;
}

Fetcher::Piece Fetcher::plan_piece(const BodyItem& item, const Target& target,
                                   const v1::Summary* summary, v1::FetchBodies& request) {
    Piece piece;
    const Row* row = session_.view().find(target.uid, hint_);
    if (row == nullptr) return piece;
    const std::uint64_t prefix = row->prefix_bytes;
    mail::Slice slice{true, 0, row->bytes - std::min<std::uint64_t>(prefix, row->bytes)};
    if (!item.whole_message()) {
        const bool root_header =
            item.section.path.empty() && summary != nullptr && !summary->header().empty() &&
            (item.chooses_fields() || item.section.text == mail::SectionText::header);
        if (root_header) return plan_header(item, summary->header());
        const auto tree =
            summary == nullptr ? std::nullopt : mail::decode_part_tree(summary->parts());
        const auto found = tree ? mail::resolve(*tree, item.section) : std::nullopt;
        piece.text = "NIL";
        if (!found) return piece;
        slice = *found;
    }
    piece.choose = item.chooses_fields();
    const bool partial = item.partial && !piece.choose;
    std::uint64_t most = partial ? item.partial->count : UINT64_MAX;
    if (piece.choose) most = kHeaderSearchBytesMax;
    const auto cut = mail::cut(slice, prefix, partial ? item.partial->first : 0, most);
    piece.bytes = cut.prefix_bytes + cut.bytes;
    piece.text = "\"\"";
    if (piece.bytes == 0) return piece;
    piece.range = static_cast<std::uint32_t>(request.ranges_size());
    *request.add_ranges() = to_range(row->message_id, cut, prefix);
    return piece;
}

std::vector<Fetcher::Piece> Fetcher::plan(const Batch& batch,
                                          const std::vector<std::optional<v1::Summary>>& summaries,
                                          v1::FetchBodies& request) {
    std::vector<Piece> pieces;
    pieces.reserve(batch.size() * items_.bodies.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const bool has = i < summaries.size() && summaries[i].has_value();
        for (const auto& item : items_.bodies) {
            pieces.push_back(plan_piece(item, batch[i], has ? &*summaries[i] : nullptr, request));
        }
    }
    return pieces;
}

Async<void> Fetcher::with_bodies(Batch batch) {
    std::vector<std::optional<v1::Summary>> known;
    if (needs_parts_ || items_.needs_summary()) known = co_await summaries(batch);
    v1::FetchBodies request;
    auto pieces = plan(batch, known, request);
    BodyStream stream(session_, std::move(request));
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const bool lost = !known.empty() && !known[i];
        const auto* summary = known.empty() || lost ? nullptr : &*known[i];
        bool written = false;
        if (!lost)
            written =
                co_await write_message(batch[i], summary, pieces, i * items_.bodies.size(), stream);
        if (!written) missed_ = true;
    }
}

// Nothing of the message is written before its first range has begun to arrive.
Async<bool> Fetcher::write_message(const Target& target, const v1::Summary* summary,
                                   std::vector<Piece>& pieces, std::size_t first,
                                   BodyStream& stream) {
    std::string line;
    bool written = false;
    for (std::size_t i = 0; i < items_.bodies.size(); ++i) {
        auto& piece = pieces[first + i];
        const auto& item = items_.bodies[i];
        if (piece.range) {
            auto begun = co_await stream.begin(*piece.range).result();
            if (!begun && !written) co_await fail(std::move(begun.error()));
            if ((!begun || !*begun) && written)
                co_await fail(Kind::closed, "Broken off.", "a body went within a FETCH");
            if (!*begun) co_return false;
            if (piece.choose) {
                const auto header = co_await stream.all();
                piece = plan_header(item, header);
            }
        }
        if (i == 0 && !append_items(line, target, summary)) co_return false;
        append(line, line.ends_with('(') ? "" : " ", item.label,
               ' ');  // a space also behind a literal
        if (!piece.range) {
            line.append(piece.text);
            continue;
        }
        append(out_, line, '{', piece.bytes, "}\r\n");
        line.clear();
        written = true;
        co_await stream_range(piece, stream);
    }
    append(out_, line, ")\r\n");
    co_await write_out(kOutputChunkBytes);
    co_return true;
}

// The size has been announced: if the bytes fail to come, only closing the connection tells the
// client so.
Async<void> Fetcher::stream_range(const Piece& piece, BodyStream& stream) {
    std::uint64_t left = piece.bytes;
    while (left > 0) {
        auto bytes = co_await stream.next().result();
        if (!bytes || bytes->empty() || bytes->size() > left) {
            co_await fail(Kind::closed, "Broken off.",
                          bytes ? "a body of another size" : bytes.error().detail);
        }
        left -= bytes->size();
        if (bytes->size() < kOutputChunkBytes) {
            out_.append(*bytes);
            co_await write_out(kOutputChunkBytes);
            continue;
        }
        co_await write_out(0);
        co_await session_.conn().write(std::move(*bytes));
    }
    auto end = co_await stream.next().result();
    if (!end || !end->empty()) co_await fail(Kind::closed, "Broken off.", "a body of another size");
}

}  // namespace tayori::imap
