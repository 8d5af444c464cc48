#include "imapd/search/searcher.h"

#include <algorithm>

#include "imapd/fetch/body_stream.h"
#include "imapd/limits.h"
#include "imapd/search/text_batch.h"

namespace tayori::imap {
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
        const auto to = open.begin() +
                        static_cast<std::ptrdiff_t>(std::min(at + kSummariesPerCall, open.size()));
        co_await by_headers({from, to}, bodies);
    }
    for (std::size_t at = 0; at < bodies.size(); at += kHeadersPerBatch) {
        const auto from = bodies.begin() + static_cast<std::ptrdiff_t>(at);
        const auto to = bodies.begin() +
                        static_cast<std::ptrdiff_t>(std::min(at + kHeadersPerBatch, bodies.size()));
        co_await by_text({from, to});
    }
    std::sort(found_.begin(), found_.end(),
              [](const Found& a, const Found& b) { return a.number < b.number; });
    co_return std::move(found_);
}

Async<void> Searcher::by_mirror(std::vector<Open>& open) {
    auto& view = session_.view();
    std::size_t hint = 0;
    const auto total = view.numbers().size();
    for (SequenceNumber first = 1; first <= total;
         first += static_cast<SequenceNumber>(kRowsPerTurn)) {
        if (first > 1) co_await session_.parts().loop.sleep(std::chrono::milliseconds(0));
        const auto last =
            std::min<SequenceNumber>(total, first + static_cast<SequenceNumber>(kRowsPerTurn) - 1);
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
                header = co_await long_header(current.message_id,
                                              row->prefix_bytes + item.summary().header_bytes());
                row = view.find(current.uid, hint);  // the mirror may have moved its rows meanwhile
                if (row == nullptr) continue;
            }
            const Candidate candidate{&view, current.number, row, header, nullptr};
            decide(matches(root_, candidate), current, &open);
        }
        co_await session_.parts().loop.sleep(std::chrono::milliseconds(0));
    }
}

// Each batch is read by one call; decoding and searching happen on the thread pool.
Async<void> Searcher::by_text(std::vector<Open> batch) {
    const auto pass = co_await session_.parts().text_searches.enter();
    TextBatch texts(session_, root_);
    v1::FetchSummaries request;
    request.set_header(true);
    request.set_parts(true);
    for (const auto& message : batch) request.add_message_id(message.message_id);
    auto replies = session_.stream(std::move(request));
    auto& view = session_.view();
    std::size_t at = 0;
    for (;;) {
        auto reply = co_await replies.next();
        if (!reply) break;
        for (auto& item : *reply->mutable_items()) {
            while (at < batch.size() && batch[at].message_id != item.message_id()) ++at;
            if (at == batch.size()) break;
            const auto current = batch[at++];
            std::size_t hint = SIZE_MAX;
            const Row* row = view.find(current.uid, hint);
            if (row == nullptr) continue;
            const std::uint64_t prefix = row->prefix_bytes;
            auto header = std::move(*item.mutable_summary()->mutable_header());
            if (header.empty())
                header = co_await long_header(current.message_id,
                                              prefix + item.summary().header_bytes());
            texts.add(current.uid, current.message_id, prefix, std::move(header),
                      item.summary().parts());
        }
    }
    co_await texts.run();
    for (const auto& message : batch) {
        std::size_t hint = SIZE_MAX;
        const Row* row = view.find(message.uid, hint);
        auto* text = texts.find(message.uid);
        if (row == nullptr || text == nullptr) continue;
        const Candidate candidate{&view, message.number, row, text->header(), text};
        decide(matches(root_, candidate), message, nullptr);
    }
}

}  // namespace tayori::imap
