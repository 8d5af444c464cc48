#include "imapd/search/text_batch.h"

#include <algorithm>

#include "common/mail/body_text.h"
#include "common/net/offload.h"
#include "imapd/fetch/body_stream.h"
#include "imapd/limits.h"

namespace tayori::imap {

bool KnownText::contains(const SearchKey& key) {
    const auto at = std::find(keys_.begin(), keys_.end(), &key);
    return at != keys_.end() && found_[static_cast<std::size_t>(at - keys_.begin())] != 0;
}

TextBatch::TextBatch(Session& session, const SearchKey& root)
    : session_(session), needles_(std::make_shared<Needles>()) {
    collect_text_keys(root, keys_);
    for (const auto* key : keys_) needles_->push_back(key->value);
}

KnownText* TextBatch::find(Uid uid) {
    auto found = texts_.find(uid);
    return found == texts_.end() ? nullptr : &found->second;
}

// Text parts, and the headers of messages within. The message's own header is not among them: BODY
// does not look at it, and TEXT has it already.
void TextBatch::add(Uid uid, std::uint64_t message_id, std::uint64_t prefix_bytes,
                    std::string header, const std::string& parts) {
    texts_.try_emplace(uid, keys_, std::move(header));
    const auto tree = mail::decode_part_tree(parts);
    if (!tree) return;
    for (std::size_t i = 0; i < tree->parts.size(); ++i) {
        const auto kind = tree->parts[i].kind;
        if (kind == mail::PartKind::text)
            add_piece(uid, message_id, prefix_bytes, tree->parts[i], false);
        const bool has_inner = kind == mail::PartKind::message && i + 1 < tree->parts.size();
        if (has_inner) add_piece(uid, message_id, prefix_bytes, tree->parts[i + 1], true);
    }
}

void TextBatch::add_piece(Uid uid, std::uint64_t message_id, std::uint64_t prefix_bytes,
                          const mail::Part& part, bool is_message) {
    const auto bytes = part.header_bytes + (is_message ? 0 : part.body_bytes);
    if (bytes == 0) return;
    auto& range = *request_.add_ranges();
    range.set_message_id(message_id);
    range.set_offset(prefix_bytes + part.header_offset);
    range.set_bytes(std::min<std::uint64_t>(bytes, kTextSearchBytesMax));
    pieces_.push_back({uid, part, is_message, {}});
}

TextBatch::Hits TextBatch::search(const Pieces& pieces, const Needles& needles) {
    Hits hits;
    for (const auto& piece : pieces) {
        // The part alone, as a message of one part.
        mail::PartTree tree;
        tree.parts.push_back(piece.part);
        auto& part = tree.parts[0];
        part.header_offset = 0;
        part.end = 1;
        part.header_bytes = std::min<std::uint64_t>(part.header_bytes, piece.bytes.size());
        part.body_bytes = piece.bytes.size() - part.header_bytes;
        for (std::size_t key = 0; key < needles.size(); ++key) {
            const bool hit = piece.is_message
                                 ? mail::header_contains(piece.bytes, needles[key])
                                 : mail::body_contains(piece.bytes, tree, needles[key]);
            if (hit) hits.emplace_back(piece.uid, key);
        }
    }
    return hits;
}

Async<void> TextBatch::search_group(Pieces group) {
    auto work = [pieces = std::move(group), needles = needles_] {
        return search(pieces, *needles);
    };
    const auto hits = co_await net::offload(session_.parts().loop, std::move(work));
    for (const auto& [uid, key] : hits) texts_.at(uid).set_found(key);
}

Async<void> TextBatch::run() {
    if (pieces_.empty()) co_return;
    BodyStream stream(session_, std::move(request_));
    Pieces group;
    std::size_t group_bytes = 0;
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
        const bool there = co_await stream.begin(static_cast<std::uint32_t>(i));
        if (!there) continue;
        pieces_[i].bytes = co_await stream.all();
        group_bytes += pieces_[i].bytes.size();
        group.push_back(std::move(pieces_[i]));
        if (group_bytes < kTextGroupBytes) continue;
        group_bytes = 0;
        co_await search_group(std::exchange(group, {}));
    }
    if (!group.empty()) co_await search_group(std::move(group));
}

}  // namespace tayori::imap
