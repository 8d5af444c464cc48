#include "smtpd/recipient_cache.h"

namespace tayori::smtp {

std::optional<std::vector<rpc::v1::Target>> RecipientCache::find(const std::string& path,
                                                                 std::uint64_t declared_bytes) {
    const auto found = kept_.find(path);
    if (found == kept_.end()) return std::nullopt;
    const auto& kept = found->second;
    const auto now = spool_.directory_state();
    if (kept.directory.epoch != now.epoch || kept.directory.version < now.version || kept.until <= loop_.now()) {
        kept_.erase(found);
        return std::nullopt;
    }
    if (declared_bytes > kept.declared_bytes) return std::nullopt;
    return kept.targets;
}

void RecipientCache::keep(const std::string& path, std::uint64_t declared_bytes, const rpc::v1::Recipient& found,
                          std::uint64_t directory_version) {
    if (!found.keep()) return;
    if (kept_.size() >= kRecipientsKeptMax) kept_.clear();
    auto& kept = kept_[path];
    kept.targets.assign(found.targets().begin(), found.targets().end());
    kept.declared_bytes = declared_bytes;
    kept.directory = {spool_.directory_state().epoch, directory_version};
    kept.until = loop_.in(kRecipientKept);
}

}  // namespace tayori::smtp
