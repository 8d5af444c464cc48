#include "spoold/directory/resolve.h"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include "common/base/text.h"
#include "spoold/directory/limits.h"

namespace tayori::spool {
namespace {

constexpr std::string_view kPostmaster = "postmaster";

struct Step {
    Name name;
    std::string written;  // as the alias has it: elsewhere, the local part keeps its case (RFC 5321 §2.4)
    std::string detail;
    std::size_t depth = 0;
};

class Expander {
  public:
    Expander(const Rows& rows, const SiteRules& rules) : rows_(rows), rules_(rules) {}

    Result<void> walk(const Step& step) {
        if (step.depth > kAliasDepthMax || out_.targets.size() >= kExpansionMax) {
            out_.endless = true;
            return {};
        }
        // A name met before adds nothing: it is a circle, or two aliases share it.
        if (!seen_.insert(row_key::name(step.name)).second) {
            met_again_ = true;
            return {};
        }
        auto domain = domain_row(step.name.domain);
        if (!domain) return fail(std::move(domain.error()));
        if (!*domain) {
            add({0, step.written, {}, 0, 0});
            return {};
        }
        const auto before = out_.targets.size();
        auto found = walk_name(step);
        if (!found || *found) return drop_value(found);
        return walk_fallbacks(step, **domain, before);
    }

    // Of the domain; where it has none, of the site. Mail to postmaster must not reach a stranger while there is
    // anybody at home, and must reach somebody (RFC 5321 §4.5.1).
    Result<void> oldest_account(const std::string& domain, std::string detail) {
        std::uint64_t oldest = 0;
        std::size_t seen = 0;
        const auto begin = row_key::names_begin(domain);
        auto scanned = rows_.scan(begin, row_key::end_of(begin), [&](std::string_view, std::string_view value) {
            auto name = decode_stored<stored::v1::StoredName>(value);
            if (name && name->account_id() != 0 && (oldest == 0 || name->account_id() < oldest))
                oldest = name->account_id();
            return ++seen < kPostmasterLooksAt;
        });
        if (scanned && oldest == 0) scanned = oldest_of_site(oldest);
        if (!scanned || oldest == 0) return scanned;
        auto account = read_row<stored::v1::StoredAccount>(rows_, row_key::account(oldest));
        if (!account) return fail(std::move(account.error()));
        if (*account) add_account(oldest, **account, std::move(detail));
        return {};
    }

    Result<void> oldest_of_site(std::uint64_t& oldest) {
        const auto begin = row_key::accounts_begin();
        return rows_.scan(begin, row_key::end_of(begin), [&](std::string_view key, std::string_view value) {
            auto account = decode_stored<stored::v1::StoredAccount>(value);
            if (account && account->state() != stored::v1::STORED_STATE_DELETED) oldest = row_key::id_at_end(key);
            return oldest == 0;
        });
    }

    Resolution take() {
        if (out_.targets.empty() && met_again_) out_.endless = true;
        return std::move(out_);
    }

  private:
    template <class T>
    static Result<void> drop_value(Result<T>& result) {
        if (!result) return fail(std::move(result.error()));
        return {};
    }

    Result<std::optional<stored::v1::StoredDomain>> domain_row(const std::string& domain) {
        const auto at = domains_.find(domain);
        if (at != domains_.end()) return at->second;
        auto row = read_row<stored::v1::StoredDomain>(rows_, row_key::domain(domain));
        if (row) domains_.emplace(domain, *row);
        return row;
    }

    // The exact address, then the one before its tag. False: neither exists.
    Result<bool> walk_name(const Step& step) {
        auto row = read_row<stored::v1::StoredName>(rows_, row_key::name(step.name));
        if (!row) return fail(std::move(row.error()));
        auto detail = step.detail;
        auto tagged = part_tag(step.name.local, rules_);
        if (!*row && !tagged.base.empty()) {
            row = read_row<stored::v1::StoredName>(rows_, row_key::name({tagged.base, step.name.domain}));
            if (!row) return fail(std::move(row.error()));
            detail = std::move(tagged.tag);
        }
        if (!*row) return false;
        if ((*row)->account_id() != 0) {
            auto account = read_row<stored::v1::StoredAccount>(rows_, row_key::account((*row)->account_id()));
            if (!account) return fail(std::move(account.error()));
            if (!*account) return fail(Kind::corrupt, "The directory is damaged.", "a name without its account");
            add_account((*row)->account_id(), **account, std::move(detail));
            return true;
        }
        for (const auto& target : (*row)->targets()) {
            auto walked = walk_address(target, detail, step.depth + 1);
            if (!walked) return fail(std::move(walked.error()));
        }
        return true;
    }

    Result<void> walk_address(std::string_view address, const std::string& detail, std::size_t depth) {
        auto name = parse_name(address);
        if (!name) return {};  // the postmaster setting may be anything; stored ones are checked when written
        return walk({std::move(*name), std::string(address), detail, depth});
    }

    Result<void> walk_fallbacks(const Step& step, const stored::v1::StoredDomain& domain, std::size_t before) {
        const bool postmaster = step.name.local == kPostmaster;
        if (postmaster && !rules_.postmaster.empty()) {
            auto walked = walk_address(rules_.postmaster, step.detail, step.depth + 1);
            if (!walked || out_.targets.size() > before) return walked;
        }
        if (!domain.catch_all().empty()) {
            auto walked = walk_address(domain.catch_all(), step.detail, step.depth + 1);
            if (!walked || out_.targets.size() > before) return walked;
        }
        return postmaster ? oldest_account(step.name.domain, step.detail) : Result<void>();
    }

    void add_account(std::uint64_t id, const stored::v1::StoredAccount& account, std::string detail) {
        add({id, account.address(), std::move(detail), account.quota_bytes(), account.quota_messages()});
    }

    // One who is reached in several ways gets one mail.
    void add(ResolvedTarget target) {
        if (reached_.insert(target.address).second) out_.targets.push_back(std::move(target));
    }

    const Rows& rows_;
    const SiteRules& rules_;
    absl::flat_hash_set<std::string> seen_;
    absl::flat_hash_set<std::string> reached_;
    absl::flat_hash_map<std::string, std::optional<stored::v1::StoredDomain>> domains_;
    bool met_again_ = false;
    Resolution out_;
};

}  // namespace

Tagged part_tag(const std::string& local, const SiteRules& rules) {
    if (rules.tag_separator.empty()) return {};
    const auto at = local.find(rules.tag_separator);
    if (at == std::string::npos || at == 0) return {};
    return {local.substr(0, at), local.substr(at + rules.tag_separator.size())};
}

Result<Resolution> expand(const Rows& rows, const Name& name, const SiteRules& rules) {
    auto domain = rows.get(row_key::domain(name.domain));
    if (!domain) return fail(std::move(domain.error()));
    Expander expander(rows, rules);
    auto walked = expander.walk({name, name.text(), {}, 0});
    if (!walked) return fail(std::move(walked.error()));
    auto resolution = expander.take();
    resolution.own_domain = domain->has_value();
    return resolution;
}

Result<Resolution> expand_bare_postmaster(const Rows& rows, const SiteRules& rules) {
    if (auto setting = parse_name(rules.postmaster)) {
        auto resolution = expand(rows, *setting, rules);
        if (!resolution || !resolution->targets.empty()) {
            if (resolution) resolution->own_domain = true;
            return resolution;
        }
    }
    std::string first;
    auto scanned = rows.scan(row_key::domains_begin(), row_key::end_of(row_key::domains_begin()),
                             [&](std::string_view key, std::string_view) {
                                 first = row_key::domain_of(key);
                                 return false;
                             });
    if (!scanned) return fail(std::move(scanned.error()));
    if (first.empty()) return Resolution{.own_domain = true, .endless = false, .targets = {}};
    return expand(rows, {std::string(kPostmaster), first}, rules);
}

}  // namespace tayori::spool
