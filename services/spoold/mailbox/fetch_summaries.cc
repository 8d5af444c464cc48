// FetchSummaries: what FETCH, SORT and SEARCH need of messages without their bodies.
//
// An account's messages lie together in the order of their ids, and listings ask in that order: then a scan finds
// them for a fraction of what single gets cost. A sparse or unsorted request falls back to gets.
#include <algorithm>

#include "spoold/keys.h"
#include "spoold/mailbox/parts.h"
#include "spoold/mailbox/records.h"

namespace tayori::spool {
namespace {

constexpr std::size_t kGetBatch = 64;
constexpr std::size_t kSkippedMin = 64;     // entries that nobody asked for, before a scan may be given up
constexpr std::size_t kSkippedPerFound = 4;
constexpr std::size_t kItemBytes = 16;      // of an item besides its fields

class SummaryCursor final : public Cursor<v1::FetchSummariesReply> {
  public:
    SummaryCursor(const store::Store& store, AccountId account, Shared<v1::FetchSummaries> request)
        : store_(store), account_(account), request_(std::move(request)) {
        fields_.envelope = request_->envelope();
        fields_.bodystructure = request_->bodystructure();
        fields_.basic = request_->body_structure_basic();
        fields_.parts = request_->parts();
        fields_.sort_keys = request_->sort_keys();
    }

    Result<bool> next(std::size_t max_bytes, v1::FetchSummariesReply& reply) override {
        // A message never changes, so each reply may look at its own moment.
        snapshot_ = store_.snapshot();
        bytes_left_ = max_bytes;
        reply_ = &reply;
        while (at_ < wanted_size() && bytes_left_ > 0 && !error_) {
            auto read = dense_ ? scan() : get();
            if (!read) return fail(std::move(read.error()));
        }
        snapshot_.reset();
        if (error_) return fail(std::move(*error_));
        return at_ < wanted_size();
    }

  private:
    const google::protobuf::RepeatedField<std::uint64_t>& wanted() const { return request_->message_id(); }
    std::uint64_t wanted_at(std::size_t i) const { return wanted().Get(static_cast<int>(i)); }

    // Up to the first that is asked for out of order.
    Result<void> scan() {
        auto end = at_ + 1;
        while (end < wanted_size() && wanted_at(end) > wanted_at(end - 1)) ++end;
        std::size_t found = 0;
        std::size_t skipped = 0;
        const auto range = keys::messages_from(account_, MessageId{wanted_at(at_)});
        auto scanned = snapshot_->scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
            const auto id = raw(keys::message_of_key(key));
            while (at_ < end && wanted_at(at_) < id) ++at_;  // gone
            if (at_ == end) return false;
            if (wanted_at(at_) == id) {
                add(id, value);
                ++at_;
                ++found;
            } else if (++skipped > kSkippedMin + kSkippedPerFound * found) {
                dense_ = false;
            }
            return dense_ && bytes_left_ > 0 && at_ < end && !error_;
        });
        // The account's last message has been passed: what is asked for beyond it is gone.
        if (scanned && dense_ && bytes_left_ > 0 && !error_) at_ = end;
        return scanned;
    }

    Result<void> get() {
        const auto count = std::min(kGetBatch, wanted_size() - at_);
        std::vector<std::string> batch;
        for (std::size_t i = 0; i < count; ++i) batch.push_back(keys::message(account_, MessageId{wanted_at(at_ + i)}));
        const auto values = snapshot_->get_many(batch);
        if (!values) return fail(values.error());
        for (std::size_t i = 0; i < count && bytes_left_ > 0 && !error_; ++i, ++at_) {
            if ((*values)[i]) add(wanted_at(at_), *(*values)[i]);
        }
        return {};
    }

    void add(std::uint64_t id, std::string_view value) {
        const auto record = MessageRecord::decode(value);
        if (!record) {
            error_ = record.error();
            return;
        }
        auto& item = *reply_->add_items();
        item.set_message_id(id);
        auto& summary = *item.mutable_summary();
        if (auto decoded = decode_summary(record->summary, fields_, summary); !decoded) {
            error_ = std::move(decoded.error());
            return;
        }
        if (request_->prefix()) item.set_prefix(record->prefix.data(), record->prefix.size());
        if (request_->header()) add_header(*record, summary);
        const auto bytes = kItemBytes + item.prefix().size() + summary.envelope().size() +
                           summary.bodystructure().size() + summary.body_structure_basic().size() +
                           summary.parts().size() + summary.header().size() +
                           (fields_.sort_keys ? summary.ByteSizeLong() : 0);
        bytes_left_ -= std::min(bytes, bytes_left_);
    }

    // Without the header where it is too long to be kept: it begins the body.
    void add_header(const MessageRecord& record, v1::Summary& summary) {
        if (!record.header_kept) return;
        const auto header = snapshot_->get(keys::header(record.body));
        if (!header) {
            error_ = header.error();
            return;
        }
        if (!*header) return;  // purged between; the message goes with it
        auto& whole = *summary.mutable_header();
        whole.reserve(record.prefix.size() + (*header)->size());
        whole.append(record.prefix).append(**header);
    }

    std::size_t wanted_size() const { return static_cast<std::size_t>(wanted().size()); }

    const store::Store& store_;
    AccountId account_;
    Shared<v1::FetchSummaries> request_;
    SummaryFields fields_;
    std::size_t at_ = 0;
    bool dense_ = true;
    std::size_t bytes_left_ = 0;
    std::optional<Error> error_;
    std::shared_ptr<const store::Snapshot> snapshot_;
    v1::FetchSummariesReply* reply_ = nullptr;
};

}  // namespace

Result<std::unique_ptr<Cursor<v1::FetchSummariesReply>>> Mailboxes::fetch_summaries(
    AccountId account, Shared<v1::FetchSummaries> request) const {
    if (static_cast<std::size_t>(request->message_id_size()) > kFetchMessagesMax) {
        return fail(Kind::invalid, "Too many messages in one fetch.");
    }
    return std::make_unique<SummaryCursor>(parts_->store, account, std::move(request));
}

}  // namespace tayori::spool
