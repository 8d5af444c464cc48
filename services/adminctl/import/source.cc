#include "adminctl/import/source.h"

#include "common/base/text.h"
#include "common/crypto/crypto.h"

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

Result<std::unique_ptr<ImportSource>> ImportSource::open(const std::string& kind, const std::string& path,
                                                         const legacy::SourceOptions& options,
                                                         legacy::Report& report) {
    auto tree = legacy::open_tree(path);
    if (!tree) return fail(std::move(tree.error()));
    std::unique_ptr<ImportSource> out(new ImportSource());
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

Result<std::unique_ptr<ImportSource>> ImportSource::open(const ImportPlan& plan, legacy::Report& report) {
    auto source = open(plan.kind, plan.path, plan.options, report);
    if (!source) return source;
    if ((*source)->origin() != plan.origin || (*source)->fingerprint() != plan.fingerprint) {
        return fail(Kind::invalid, cat("The source at ", plan.path, " is not the one of the plan any more: its accounts, or where "
                                       "their mail lies, are others. Look at it, and make a new plan."));
    }
    return source;
}

std::string ImportSource::fingerprint() const {
    std::string text(source_->kind());
    for (const auto& account : plan_.accounts) append(text, '\n', account.address, '\0', account.directory);
    return hex_encode(crypto::sha256(text));
}

Result<legacy::Mailbox> ImportSource::load(const legacy::Account& account, legacy::Report& report) {
    const std::lock_guard lock(mutex_);
    return source_->load(account, report);
}

Result<std::shared_ptr<const legacy::Tree>> ImportSource::reading_tree() {
    if (!tree_->origin().starts_with("dir:")) return std::make_shared<const SharedTree>(tree_, mutex_);
    auto tree = legacy::open_tree(path_);
    if (!tree) return fail(std::move(tree.error()));
    return std::shared_ptr<const legacy::Tree>(std::move(*tree));
}

}  // namespace tayori::admin
