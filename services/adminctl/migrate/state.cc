#include "adminctl/migrate/state.h"

#include <algorithm>
#include <map>
#include <set>

#include "adminctl/import/run.h"
#include "adminctl/import/wire.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::size_t kFilterPerCall = 100'000;

Result<std::uint64_t> count_unknown(rpc::ImportClient& client, std::uint64_t import_id, std::uint64_t account_id,
                                    const legacy::Mailbox& mailbox) {
    std::vector<std::string> all;
    for (const auto& folder : mailbox.folders)
        for (const auto& mail : folder.mails) all.push_back(identity_of(mail));
    if (account_id == 0) return all.size();
    std::uint64_t unknown = 0;
    for (std::size_t from = 0; from < all.size(); from += kFilterPerCall) {
        v1::FilterImportedRequest request;
        request.set_import_id(import_id);
        request.set_account_id(account_id);
        for (std::size_t i = from; i < std::min(all.size(), from + kFilterPerCall); ++i)
            request.mutable_identities()->append(all[i]);
        auto reply = client.filter_imported(request);
        if (!reply) return fail(std::move(reply.error()));
        for (const auto& range : reply->unknown()) unknown += range.last() - range.first() + 1;
    }
    return unknown;
}

// What spoold knows of an import: its accounts, and how many lines of the report refuse something.
Result<void> read_import_state(rpc::ImportClient& client, std::uint64_t import_id,
                               std::map<std::string, MigrationState>& states) {
    v1::ImportRequest request;
    request.set_import_id(import_id);
    auto listed = client.list_accounts(request, [&](const v1::ImportAccount& account) {
        const auto at = states.find(account.address());
        if (at == states.end() || account.state() == v1::IMPORT_STATE_UNDONE) return true;
        at->second.begun = true;
        at->second.account = account;
        return true;
    });
    if (!listed) return listed;
    return client.read_report(request, [&](const v1::ImportReportLine& line) {
        const auto at = states.find(line.account());
        if (line.code() == "live-account-unread" || line.code() == "live-source-lost")
            return true;  // a later run goes on
        if (at != states.end() && line.severity() == static_cast<std::uint32_t>(legacy::Severity::refused))
            ++at->second.report_refused;
        return true;
    });
}

}  // namespace

Result<std::vector<MigrationState>> migration_state(rpc::ImportClient& client, LiveSource& source, bool ask_source) {
    std::map<std::string, MigrationState> states;
    for (const auto& account : source.plan().accounts) {
        auto& state = states[account.address];
        state.address = account.address;
        state.user = account.directory;
    }
    std::uint64_t import_id = 0;
    auto import = find_import(client, source);
    if (!import && import.error().kind != Kind::not_found) return fail(std::move(import.error()));
    if (import) {
        import_id = import->import_id();
        if (auto read = read_import_state(client, import_id, states); !read) return fail(std::move(read.error()));
    }
    std::vector<MigrationState> out;
    auto reader = source.reader(kLookedAtBytesMax);
    if (!reader) return fail(std::move(reader.error()));
    for (const auto& account : source.plan().accounts) {
        auto state = std::move(states[account.address]);
        if (ask_source) {
            legacy::Report report;
            auto mailbox = (*reader)->load(account, report);
            if (!mailbox) {
                state.source_error = mailbox.error().text;
            } else {
                auto left = count_unknown(client, import_id, state.begun ? state.account.account_id() : 0, *mailbox);
                if (!left) return fail(std::move(left.error()));
                state.left = *left;
            }
        }
        out.push_back(std::move(state));
    }
    return out;
}

Result<void> check_source_name(rpc::ImportClient& client, const LiveSource& source) {
    std::set<std::string> addresses;
    for (const auto& account : source.plan().accounts) addresses.insert(account.address);
    std::vector<v1::Import> others;
    auto listed = client.list_imports({}, [&](const v1::Import& import) {
        if (import.kind() == kLiveKind && import.origin() != source.origin() &&
            import.state() != v1::IMPORT_STATE_UNDONE)
            others.push_back(import);
        return true;
    });
    if (!listed) return listed;
    for (const auto& other : others) {
        v1::ImportRequest request;
        request.set_import_id(other.import_id());
        std::string found;
        auto read = client.list_accounts(request, [&](const v1::ImportAccount& account) {
            if (account.state() != v1::IMPORT_STATE_UNDONE && account.mails() > 0 &&
                addresses.contains(account.address()))
                found = account.address();
            return found.empty();
        });
        if (!read) return read;
        if (found.empty()) continue;
        return fail(Kind::denied,
                    cat(found, " has mail of the source \"", other.origin(), "\" (import ", other.import_id(),
                        "), and this one is \"", source.origin(),
                        "\". If it is the same server, use the same protocols and --source-name as then, or all of it "
                        "comes twice; if it is another one, say --another-source."));
    }
    return {};
}

}  // namespace tayori::admin
