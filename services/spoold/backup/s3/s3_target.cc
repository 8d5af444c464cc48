#include "spoold/backup/s3/s3_target.h"

#include <algorithm>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/backup/s3/read_ahead.h"

namespace tayori::spool::s3 {
namespace {

constexpr std::size_t kPagesMax = 100'000;  // of a thousand names
constexpr std::size_t kTidyRoundsMax = 1000;

using Levels = S3Client::Levels;
using SeePage = std::function<Result<void>(const ListedKeys&)>;

Result<void> visit_pages(S3Client& client, const std::string& prefix, Levels levels, const SeePage& see) {
    std::string from;
    for (std::size_t page = 0; page < kPagesMax; ++page) {
        auto listed = client.list(prefix, levels, from);
        if (!listed) return fail(std::move(listed.error()));
        if (auto seen = see(*listed); !seen) return seen;
        if (listed->next.empty()) return {};
        if (listed->next == from) break;
        from = listed->next;
    }
    return fail(Kind::corrupt, "The answer of S3 makes no sense.", cat(prefix, ": a list does not end"));
}

class S3Writer final : public Target::Writer {
  public:
    S3Writer(std::shared_ptr<S3Client> client, std::string key) : client_(std::move(client)), upload_{std::move(key), {}} {}
    S3Writer(const S3Writer&) = delete;
    S3Writer& operator=(const S3Writer&) = delete;
    ~S3Writer() override {
        if (upload_.id.empty() || finished_) return;
        if (auto gone = client_->abort(upload_); !gone) {
            log_info("backup: an upload to S3 stays until the next backup", {{"key", upload_.key}, {"detail", gone.error().detail}});
        }
    }

    Result<void> append(std::string_view bytes) override {
        while (!bytes.empty()) {
            if (part_.size() == kPartBytes) {
                if (auto sent = send(); !sent) return sent;
            }
            const auto piece = bytes.substr(0, kPartBytes - part_.size());
            part_ += piece;
            bytes.remove_prefix(piece.size());
        }
        return {};
    }
    Result<void> finish() override {
        if (upload_.id.empty()) return client_->put(upload_.key, part_);
        if (auto sent = send(); !sent) return sent;
        auto done = client_->complete(upload_, etags_, sent_);
        finished_ = done.has_value();
        return done;
    }

  private:
    Result<void> send() {
        if (upload_.id.empty()) {
            auto id = client_->begin_upload(upload_.key);
            if (!id) return fail(std::move(id.error()));
            upload_.id = std::move(*id);
        }
        if (etags_.size() >= kPartsMax) return fail(Kind::too_big, "A file is too large for S3.", upload_.key);
        auto etag = client_->put_part(upload_, etags_.size() + 1, part_);
        if (!etag) return fail(std::move(etag.error()));
        etags_.push_back(std::move(*etag));
        sent_ += part_.size();
        part_.clear();
        return {};
    }

    const std::shared_ptr<S3Client> client_;
    Upload upload_;  // without an id until more than one part is there
    std::string part_;
    std::vector<std::string> etags_;
    std::uint64_t sent_ = 0;
    bool finished_ = false;
};

class S3Target final : public Target {
  public:
    S3Target(std::shared_ptr<S3Client> client, const std::string& set)
        : client_(std::move(client)),
          top_(cat(client_->options().prefix, set)),
          ahead_([this](const std::string& name, std::uint64_t offset, std::uint64_t bytes) { return fetch(name, offset, bytes); }) {}

    Result<std::vector<std::string>> list(const std::string& name) override { return names_below(*client_, cat(key(name), "/")); }
    Result<std::unique_ptr<Writer>> create(const std::string& name) override {
        ahead_.forget(name);
        return std::make_unique<S3Writer>(client_, key(name));
    }
    Result<void> put(const std::string& name, std::string_view bytes) override {
        ahead_.forget(name);
        S3Writer writer(client_, key(name));
        if (auto written = writer.append(bytes); !written) return written;
        return writer.finish();
    }
    Result<std::size_t> read(const std::string& name, std::uint64_t offset, char* to, std::size_t bytes) override {
        return ahead_.read(name, offset, to, bytes);
    }
    Result<std::uint64_t> size(const std::string& name) override { return client_->size(key(name)); }
    Result<void> remove(const std::string& name) override {
        ahead_.forget(name);
        if (auto gone = client_->remove(key(name)); !gone) return gone;
        const auto below = cat(key(name), "/");
        return visit_pages(*client_, below, Levels::all, [&](const ListedKeys& listed) -> Result<void> {
            for (const auto& found : listed.keys) {
                if (!found.starts_with(below)) continue;  // what we did not ask for we don't remove
                if (auto gone = client_->remove(found); !gone) return gone;
            }
            return {};
        });
    }
    bool far() const override { return true; }

    // Where listing or removing them is not allowed, or not known, they cost room and nothing else: the bucket can have a rule.
    Result<void> tidy() override {
        for (std::size_t round = 0; round < kTidyRoundsMax; ++round) {
            auto left = client_->uploads(cat(top_, "/"));
            auto gone = left ? abort_all(*left) : fail(left.error());
            if (!gone) return untidy(gone.error());
            if (!left->more || left->uploads.empty()) break;
        }
        return {};
    }

  private:
    std::string key(const std::string& name) const { return name.empty() ? top_ : cat(top_, "/", name); }

    Result<ReadAhead::Fetched> fetch(const std::string& name, std::uint64_t offset, std::uint64_t bytes) {
        auto piece = client_->get(key(name), offset, bytes);
        if (!piece) return fail(std::move(piece.error()));
        return ReadAhead::Fetched{std::move(piece->bytes), piece->size};
    }

    Result<void> abort_all(const ListedUploads& left) {
        for (const auto& upload : left.uploads) {
            if (!upload.key.starts_with(cat(top_, "/"))) continue;
            log_info("backup: an upload to S3 that did not end is removed", {{"key", upload.key}});
            if (auto gone = client_->abort(upload); !gone) return gone;
        }
        return {};
    }

    static Result<void> untidy(const Error& error) {
        if (error.kind != Kind::denied && error.kind != Kind::unsupported) return fail(error);
        log_warn("backup: uploads to S3 that did not end can't be removed", {{"error", error.text}, {"detail", error.detail}});
        return {};
    }

    const std::shared_ptr<S3Client> client_;
    const std::string top_;  // the set's key
    ReadAhead ahead_;
};

}  // namespace

Result<std::vector<std::string>> names_below(S3Client& client, const std::string& prefix) {
    std::vector<std::string> names;
    const auto take = [&](std::string_view key) {
        if (!key.starts_with(prefix)) return;
        key.remove_prefix(prefix.size());
        if (key.ends_with('/')) key.remove_suffix(1);
        if (!key.empty() && key.find('/') == std::string_view::npos) names.emplace_back(key);
    };
    auto visited = visit_pages(client, prefix, Levels::one, [&](const ListedKeys& listed) -> Result<void> {
        for (const auto& key : listed.keys) take(key);
        for (const auto& below : listed.prefixes) take(below);
        return {};
    });
    if (!visited) return fail(std::move(visited.error()));
    std::ranges::sort(names);
    names.erase(std::ranges::unique(names).begin(), names.end());
    return names;
}

std::unique_ptr<Target> make_s3_target(std::shared_ptr<S3Client> client, const std::string& set) {
    return std::make_unique<S3Target>(std::move(client), set);
}

}  // namespace tayori::spool::s3
