#include "imapd/search/searcher.h"

#include <algorithm>

#include "common/mail/body_text.h"
#include "common/mail/part_tree.h"
#include "common/net/offload.h"
#include "imapd/fetch/body_stream.h"
#include "imapd/limits.h"
#include "imapd/search/matcher.h"

namespace tayori::imap {
namespace {

// What has been found out about one message's text, key by key.
class KnownText final : public TextSource {
  public:
    explicit KnownText(const SearchKey& root) {
        collect_text_keys(root, keys_);
        found_.resize(keys_.size(), 0);
    }
    bool contains(const SearchKey& key) override {
        const auto at = std::find(keys_.begin(), keys_.end(), &key);
        return at != keys_.end() && found_[static_cast<std::size_t>(at - keys_.begin())] != 0;
    }
    // The needles that are still missing, with their index.
    std::vector<std::pair<std::size_t, std::string>> wanted() const {
        std::vector<std::pair<std::size_t, std::string>> needles;
        for (std::size_t i = 0; i < keys_.size(); ++i) {
            if (found_[i] == 0) needles.emplace_back(i, keys_[i]->value);
        }
        return needles;
    }
    void set_found(std::size_t index) { found_[index] = 1; }

  private:
    std::vector<const SearchKey*> keys_;
    std::vector<char> found_;
};

// The bytes of one text part with its header, or the header of a message within; runs on the thread pool.
struct Piece {
    mail::Part part;
    bool is_message = false;  // message/rfc822: its own header is part of the text
    std::string bytes;
    std::vector<std::pair<std::size_t, std::string>> needles;
};

std::vector<std::size_t> search_piece(const Piece& piece) {
    std::vector<std::size_t> found;
    mail::PartTree tree;
    tree.parts.push_back(piece.part);
    tree.parts[0].header_offset = 0;
    tree.parts[0].end = 1;
    tree.parts[0].header_bytes = std::min<std::uint64_t>(piece.part.header_bytes, piece.bytes.size());
    tree.parts[0].body_bytes = piece.bytes.size() - tree.parts[0].header_bytes;
    for (const auto& [index, needle] : piece.needles) {
        const bool is = piece.is_message ? mail::header_contains(piece.bytes, needle)
                                         : mail::body_contains(piece.bytes, tree, needle);
        if (is) found.push_back(index);
    }
    return found;
}

// Which parts of a message have text: text parts, and the headers of messages within. The message's own header is not
// among them: BODY does not look at it, and TEXT has.
std::vector<Piece> pieces_of(const mail::PartTree& tree) {
    std::vector<Piece> pieces;
    for (std::size_t i = 0; i < tree.parts.size(); ++i) {
        const auto& part = tree.parts[i];
        if (part.kind == mail::PartKind::text) pieces.push_back({part, false, {}, {}});
        if (part.kind == mail::PartKind::message && i + 1 < tree.parts.size()) {
            pieces.push_back({tree.parts[i + 1], true, {}, {}});
        }
    }
    return pieces;
}

}  // namespace

void Searcher::decide(Truth truth, const Open& message, std::vector<Open>* open) {
    if (truth == Truth::unknown && open != nullptr) open->push_back(message);
    if (truth != Truth::yes) return;
    std::size_t hint = SIZE_MAX;
    const Row* row = session_.view().find(message.uid, hint);
    found_.push_back({message.number, message.uid, row == nullptr ? 0 : row->modseq});
}

Async<std::vector<Found>> Searcher::run() {
    std::vector<Open> open;
    co_await by_mirror(open);
    std::vector<Open> bodies;
    for (std::size_t at = 0; at < open.size(); at += kSummariesPerCall) {
        const auto from = open.begin() + static_cast<std::ptrdiff_t>(at);
        const auto to = open.begin() + static_cast<std::ptrdiff_t>(std::min(at + kSummariesPerCall, open.size()));
        co_await by_headers({from, to}, bodies);
    }
    for (const auto& message : bodies) co_await by_text(message);
    std::sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) { return a.number < b.number; });
    co_return std::move(found_);
}

Async<void> Searcher::by_mirror(std::vector<Open>& open) {
    auto& view = session_.view();
    std::size_t hint = 0;
    const auto total = view.numbers().size();
    for (SequenceNumber first = 1; first <= total; first += static_cast<SequenceNumber>(kRowsPerTurn)) {
        if (first > 1) co_await session_.parts().loop.sleep(std::chrono::milliseconds(0));
        const auto last = std::min<SequenceNumber>(total, first + static_cast<SequenceNumber>(kRowsPerTurn) - 1);
        view.numbers().for_each({{first, last}}, [&](SequenceNumber number, Uid uid) {
            const Row* row = view.find(uid, hint);
            if (row == nullptr) return;
            const Candidate candidate{&view, number, row, {}, nullptr};
            decide(matches(root_, candidate), {number, uid, row->message_id}, &open);
        });
    }
}

// Headers beyond what a summary keeps are read from the mail itself.
Async<std::string> Searcher::long_header(std::uint64_t message_id, std::uint64_t bytes) {
    v1::FetchBodies request;
    auto& range = *request.add_ranges();
    range.set_message_id(message_id);
    range.set_bytes(std::min<std::uint64_t>(bytes, kHeaderSearchBytesMax));
    BodyStream stream(session_, std::move(request));
    const bool there = co_await stream.begin(0);
    if (!there) co_return std::string();
    co_return co_await stream.all();
}

Async<void> Searcher::by_headers(std::vector<Open> batch, std::vector<Open>& open) {
    v1::FetchSummaries request;
    request.set_header(true);
    for (const auto& message : batch) request.add_message_id(message.message_id);
    auto replies = session_.stream(std::move(request));
    auto& view = session_.view();
    std::size_t hint = 0;
    auto message = batch.begin();
    for (;;) {
        const auto reply = co_await replies.next();
        if (!reply) break;
        for (const auto& item : reply->items()) {
            while (message != batch.end() && message->message_id != item.message_id()) ++message;
            if (message == batch.end()) break;
            const auto& current = *message++;
            std::string header = item.summary().header();
            const Row* row = view.find(current.uid, hint);
            if (row == nullptr) continue;
            if (header.empty() && item.summary().header_bytes() > 0) {
                header = co_await long_header(current.message_id, row->prefix_bytes + item.summary().header_bytes());
                row = view.find(current.uid, hint);  // the mirror may have moved its rows meanwhile
                if (row == nullptr) continue;
            }
            const Candidate candidate{&view, current.number, row, header, nullptr};
            decide(matches(root_, candidate), current, &open);
        }
        co_await session_.parts().loop.sleep(std::chrono::milliseconds(0));
    }
}

// One message's text parts, each decoded and searched on the thread pool, at most kTextSearchBytesMax of each.
Async<void> Searcher::by_text(Open message) {
    const auto pass = co_await session_.parts().text_searches.enter();
    v1::FetchSummaries wanted;
    wanted.add_message_id(message.message_id);
    wanted.set_header(true);
    wanted.set_parts(true);
    auto summaries = session_.stream(std::move(wanted));
    auto reply = co_await summaries.next();
    auto& view = session_.view();
    std::size_t hint = 0;
    const Row* row = view.find(message.uid, hint);
    if (!reply || reply->items().empty() || row == nullptr) co_return;
    const auto& summary = reply->items(0).summary();
    const auto tree = mail::decode_part_tree(summary.parts());
    if (!tree) co_return;

    const std::uint64_t prefix = row->prefix_bytes;
    auto header = summary.header();
    if (header.empty()) header = co_await long_header(message.message_id, prefix + summary.header_bytes());
    auto pieces = pieces_of(*tree);
    v1::FetchBodies request;
    for (const auto& piece : pieces) {
        auto& range = *request.add_ranges();
        range.set_message_id(message.message_id);
        range.set_offset(prefix + piece.part.header_offset);
        const auto bytes = piece.part.header_bytes + (piece.is_message ? 0 : piece.part.body_bytes);
        range.set_bytes(std::clamp<std::uint64_t>(bytes, 1, kTextSearchBytesMax));
    }
    KnownText text(root_);
    BodyStream stream(session_, std::move(request));
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        const bool there = co_await stream.begin(static_cast<std::uint32_t>(i));
        if (!there) break;
        auto& piece = pieces[i];
        piece.bytes = co_await stream.all();
        piece.needles = text.wanted();
        if (piece.needles.empty()) break;
        auto work = [owned = std::move(piece)] { return search_piece(owned); };
        const auto found = co_await net::offload(session_.parts().loop, std::move(work));
        for (const auto index : found) text.set_found(index);
    }
    row = view.find(message.uid, hint);
    if (row == nullptr) co_return;
    const Candidate candidate{&view, message.number, row, header, &text};
    decide(matches(root_, candidate), message, nullptr);
}

}  // namespace tayori::imap
