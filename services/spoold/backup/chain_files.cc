#include "spoold/backup/chain_files.h"

#include <algorithm>

#include "common/base/text.h"

namespace tayori::spool {
namespace {

using store::File;
using store::FileInfo;
using store::OpenMode;
using Parts = std::vector<Chain::Part>;

constexpr std::string_view kLog = "log/";

tl::unexpected<Error> read_only() { return fail(Kind::internal, "Internal error.", "a backup is only read"); }
tl::unexpected<Error> missing(const std::string& path) { return fail(Kind::not_found, "No such file.", path); }

class PiecedFile final : public File {
  public:
    PiecedFile(Target& target, const Parts& parts) : target_(target), parts_(parts) {}

    Result<std::size_t> read_at(std::uint64_t offset, char* to, std::size_t bytes) const override {
        std::size_t got = 0;
        for (const auto& [step, piece] : parts_) {
            const auto at = offset + got;
            if (got == bytes || at < piece.from) break;
            if (at >= piece.to) continue;
            const auto wanted = std::min<std::uint64_t>(bytes - got, piece.to - at);
            auto n = target_.read(place_of(step, piece.name), at - piece.from, to + got, wanted);
            if (!n) return fail(std::move(n.error()));
            got += *n;
            if (*n < wanted) break;
        }
        return got;
    }
    Result<std::uint64_t> size() const override { return parts_.back().piece.to; }
    Result<void> write_at(std::uint64_t, std::span<const std::string_view>) override { return read_only(); }
    Result<void> sync() override { return read_only(); }
    Result<void> resize(std::uint64_t) override { return read_only(); }
    Result<void> preallocate(std::uint64_t) override { return read_only(); }

  private:
    Target& target_;
    const Parts& parts_;
};

class ChainFiles final : public store::Files {
  public:
    ChainFiles(Target& target, const Chain& chain) : target_(target) {
        for (auto& [name, parts] : chain.parts(kLog)) parts_[name.substr(kLog.size())] = parts;
    }

    Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
        if (mode != OpenMode::read) return read_only();
        const auto* parts = find(path);
        if (parts == nullptr) return missing(path);
        return std::make_unique<PiecedFile>(target_, *parts);
    }
    Result<FileInfo> info(const std::string& path) override {
        const auto* parts = find(path);
        if (parts == nullptr) return missing(path);
        FileInfo info;
        info.bytes = parts->back().piece.to;
        info.links = 1;
        return info;
    }
    Result<std::vector<std::string>> list(const std::string&) override {
        std::vector<std::string> names;
        for (const auto& [name, parts] : parts_) names.push_back(name);
        return names;
    }
    Result<void> rename(const std::string&, const std::string&) override { return read_only(); }
    Result<void> link(const std::string&, const std::string&) override { return read_only(); }
    Result<void> remove(const std::string&) override { return read_only(); }
    Result<void> make_directory(const std::string&) override { return read_only(); }
    Result<void> remove_directory(const std::string&) override { return read_only(); }
    Result<void> sync_directory(const std::string&) override { return read_only(); }
    Result<std::uint64_t> free_bytes(const std::string&) override { return read_only(); }
    Result<std::unique_ptr<store::FileLock>> lock(const std::string&) override { return read_only(); }

  private:
    const Parts* find(const std::string& path) const {
        const auto found = parts_.find(std::string(store::base_name(path)));
        return found == parts_.end() ? nullptr : &found->second;
    }

    Target& target_;
    std::map<std::string, Parts> parts_;
};

}  // namespace

std::unique_ptr<store::Files> make_chain_files(Target& target, const Chain& chain) {
    return std::make_unique<ChainFiles>(target, chain);
}

}  // namespace tayori::spool
