#include "adminctl/import/source.h"

#include "adminctl/import/export.h"
#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/legacy/capture/capture.h"
#include "common/legacy/capture/match.h"

namespace tayori::admin {
namespace {

// One place to read, for several threads.
class SharedTree final : public legacy::Tree {
  public:
    SharedTree(std::shared_ptr<const legacy::Tree> tree, std::mutex& mutex) : tree_(std::move(tree)), mutex_(mutex) {}
    Result<std::vector<legacy::Entry>> list(std::string_view directory) const override {
        const std::lock_guard lock(mutex_);
        return tree_->list(directory);
    }
    Result<legacy::Entry> stat(std::string_view path) const override {
        const std::lock_guard lock(mutex_);
        return tree_->stat(path);
    }
    Result<std::string> read(std::string_view path, std::uint64_t offset, std::uint64_t bytes) const override {
        const std::lock_guard lock(mutex_);
        return tree_->read(path, offset, bytes);
    }
    std::string origin() const override { return tree_->origin(); }

  private:
    std::shared_ptr<const legacy::Tree> tree_;
    std::mutex& mutex_;
};

}  // namespace

class FileSource::Reader final : public SourceReader {
  public:
    Reader(FileSource& source, std::shared_ptr<const legacy::Tree> tree) : source_(source), tree_(std::move(tree)) {}
    Result<legacy::Mailbox> load(const legacy::Account& account, legacy::Report& report) override {
        return source_.load(account, *tree_, report);
    }
    const legacy::Tree& tree() const override { return *tree_; }

  private:
    FileSource& source_;
    const std::shared_ptr<const legacy::Tree> tree_;
};

Result<std::unique_ptr<FileSource>> FileSource::open(const std::string& kind, const std::string& path,
                                                     const legacy::SourceOptions& options, legacy::Report& report) {
    auto tree = legacy::open_tree(path);
    if (!tree) return fail(std::move(tree.error()));
    std::unique_ptr<FileSource> out(new FileSource());
    out->path_ = path;
    out->tree_ = std::move(*tree);
    auto source = legacy::open_source(kind, *out->tree_, options);
    if (!source) return fail(std::move(source.error()));
    out->source_ = std::move(*source);
    auto plan = out->source_->plan(report);
    if (!plan) return fail(std::move(plan.error()));
    out->plan_ = std::move(*plan);
    return out;
}

Result<std::unique_ptr<FileSource>> FileSource::open(const ImportPlan& plan, legacy::Report& report) {
    auto source = open(plan.kind, plan.path, plan.options, report);
    if (!source) return source;
    if ((*source)->origin() != plan.origin || (*source)->fingerprint() != plan.fingerprint) {
        return fail(Kind::invalid, cat("The source at ", plan.path, " is not the one of the plan any more: its accounts, or where "
                                       "their mail lies, are others. Look at it, and make a new plan."));
    }
    (*source)->captures_ = plan.captures;
    (*source)->keep_high_uids_ = plan.options.keep_high_uids;
    return source;
}

std::string FileSource::fingerprint() const {
    std::string text(source_->kind());
    for (const auto& account : plan_.accounts) append(text, '\n', account.address, '\0', account.directory);
    return hex_encode(crypto::sha256(text));
}

Result<legacy::Mailbox> FileSource::load(const legacy::Account& account, const legacy::Tree& tree,
                                         legacy::Report& report) {
    auto mailbox = [&] {
        const std::lock_guard lock(mutex_);
        return source_->load(account, report);
    }();
    if (!mailbox || captures_.empty()) return mailbox;
    const auto file = capture_file(captures_, account.address);
    auto capture = legacy::read_capture(file);
    legacy::AccountReport to{report, account.address};
    if (!capture && capture.error().kind == Kind::not_found) {
        to.add(legacy::Severity::person, file, "capture-missing");
        return mailbox;
    }
    if (!capture) return fail(std::move(capture.error()));
    legacy::apply_capture(*capture, tree, {kLookedAtBytesMax, keep_high_uids_}, *mailbox, to);
    return mailbox;
}

Result<std::shared_ptr<const legacy::Tree>> FileSource::reading_tree() {
    if (!tree_->origin().starts_with("dir:")) return std::make_shared<const SharedTree>(tree_, mutex_);
    auto tree = legacy::open_tree(path_);
    if (!tree) return fail(std::move(tree.error()));
    return std::shared_ptr<const legacy::Tree>(std::move(*tree));
}

Result<std::unique_ptr<SourceReader>> FileSource::reader(std::uint64_t /*message_bytes_max*/) {
    auto tree = reading_tree();
    if (!tree) return fail(std::move(tree.error()));
    return std::unique_ptr<SourceReader>(std::make_unique<Reader>(*this, std::move(*tree)));
}

}  // namespace tayori::admin
