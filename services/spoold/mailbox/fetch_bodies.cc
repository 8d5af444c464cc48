// FetchBodies: ranges of messages in chunks. Offsets count from the start of the prefix, so that what clients see as one
// message is one here too.
#include <algorithm>

#include "spoold/keys.h"
#include "spoold/mailbox/parts.h"
#include "spoold/mailbox/records.h"

namespace tayori::spool {
namespace {

class BodyCursor final : public Cursor<v1::FetchBodiesReply> {
  public:
    BodyCursor(const store::Store& store, AccountId account, Shared<v1::FetchBodies> request)
        : store_(store), account_(account), request_(std::move(request)) {}

    Result<bool> next(std::size_t max_bytes, v1::FetchBodiesReply& reply) override {
        std::size_t sent = 0;
        while (at_ < request_->ranges_size() && sent < std::max<std::size_t>(max_bytes, 1)) {
            auto& chunk = *reply.add_chunks();
            chunk.set_index(static_cast<std::uint32_t>(at_));
            const auto room = std::min(kBodyChunkBytesMax, std::max<std::size_t>(max_bytes - sent, 1));
            if (auto read = fill(chunk, room); !read) return fail(std::move(read.error()));
            sent += chunk.data().size() + 1;
            if (chunk.last()) {
                ++at_;
                open_ = false;
                reader_.reset();
            }
        }
        return at_ < request_->ranges_size();
    }

  private:
    static bool is_gone(const Error& error) { return error.kind == Kind::not_found; }

    // False: the message is gone.
    Result<bool> open(const v1::BodyRange& range) {
        const auto value = store_.get(keys::message(account_, MessageId{range.message_id()}));
        if (!value) return fail(value.error());
        if (!*value) return false;
        const auto record = MessageRecord::decode(**value);
        if (!record) return fail(record.error());
        auto reader = store_.open_body(record->body);
        if (!reader && is_gone(reader.error())) return false;
        if (!reader) return fail(std::move(reader.error()));
        reader_ = std::move(*reader);
        prefix_ = record->prefix;
        const auto size = prefix_.size() + reader_->size();
        offset_ = std::min<std::uint64_t>(range.offset(), size);
        const auto rest = size - offset_;
        end_ = offset_ + (range.bytes() == 0 ? rest : std::min<std::uint64_t>(range.bytes(), rest));
        open_ = true;
        return true;
    }

    Result<void> fill(v1::BodyChunk& chunk, std::size_t room) {
        if (!open_) {
            const auto there = open(request_->ranges(at_));
            if (!there) return fail(there.error());
            if (!*there) {
                chunk.set_gone(true);
                chunk.set_last(true);
                return {};
            }
        }
        auto& data = *chunk.mutable_data();
        auto bytes = std::min<std::uint64_t>(room, end_ - offset_);
        data.reserve(bytes);
        if (offset_ < prefix_.size()) {
            const auto part = std::string_view(prefix_).substr(offset_, bytes);
            data.append(part);
            offset_ += part.size();
            bytes -= part.size();
        }
        if (bytes > 0) {
            const auto before = data.size();
            if (auto read = reader_->read(offset_ - prefix_.size(), bytes, data); !read) return read;
            if (data.size() - before != bytes) return fail(corrupt_record("body: it is shorter than it says"));
            offset_ += bytes;
        }
        chunk.set_last(offset_ == end_);
        return {};
    }

    const store::Store& store_;
    AccountId account_;
    Shared<v1::FetchBodies> request_;
    int at_ = 0;
    bool open_ = false;
    std::shared_ptr<const store::BodyReader> reader_;
    std::string prefix_;
    std::uint64_t offset_ = 0;
    std::uint64_t end_ = 0;
};

}  // namespace

Result<std::unique_ptr<Cursor<v1::FetchBodiesReply>>> Mailboxes::fetch_bodies(AccountId account,
                                                                             Shared<v1::FetchBodies> request) const {
    if (static_cast<std::size_t>(request->ranges_size()) > kFetchMessagesMax) {
        return fail(Kind::invalid, "Too many ranges in one fetch.");
    }
    return std::make_unique<BodyCursor>(parts_->store, account, std::move(request));
}

}  // namespace tayori::spool
