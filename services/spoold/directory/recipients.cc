// Who may receive (RCPT) and who may send as whom (MAIL of a submission).
#include <algorithm>

#include "common/base/text.h"
#include "common/mail/address.h"
#include "spoold/directory/core.h"
#include "spoold/directory/directory.h"

namespace tayori::spool {
namespace {

// What parse_address needs no more to know: a recipient as it came over SMTP.
Result<Resolution> expand_recipient(const Rows& rows, const std::string& recipient, const SiteRules& rules) {
    if (equals_ignoring_case(recipient, "postmaster")) return expand_bare_postmaster(rows, rules);
    auto parsed = mail::parse_address(recipient);
    if (!parsed) return fail(Kind::invalid, "Bad recipient address syntax.");
    if (parsed->is_literal()) {
        Resolution elsewhere;
        elsewhere.targets.push_back({0, mail::to_text(*parsed), {}, 0, 0});
        return elsewhere;
    }
    auto name = parse_name(recipient);
    if (!name) return fail(Kind::invalid, "Bad recipient address syntax.");
    auto resolution = expand(rows, *name, rules);
    // Elsewhere, the local part is the other site's: it keeps its case (RFC 5321 §2.4).
    if (resolution && !resolution->own_domain) resolution->targets.front().address = mail::to_text(*parsed);
    return resolution;
}

Result<Resolution> expand_cached(DirectoryCore& core, const std::string& recipient) {
    const auto version = core.version.load();
    if (auto kept = core.resolved.find(recipient, version)) return *std::move(kept);
    auto resolution = expand_recipient(StoreRows(core.store), recipient, core.rules);
    if (resolution && core.add_plugins) {
        if (auto added = core.add_plugins(*resolution); !added) return fail(std::move(added.error()));
    }
    if (resolution) core.resolved.put(recipient, version, *resolution);
    return resolution;
}

constexpr std::uint64_t kPercent = 100;
constexpr std::uint64_t kPlentyPercent = 90;  // of a quota: below it the next second's mail does not fill it

bool is_plenty(std::uint64_t used, std::uint64_t limit) {
    return limit == 0 || used <= limit / kPercent * kPlentyPercent;
}

// `plenty`: a look-up a second later says the same, unless somebody changes the directory.
enum class Room { never, full, enough, plenty };

Result<Room> room_for(const DirectoryCore& core, const ResolvedTarget& target, std::uint64_t bytes) {
    if (target.account_id == 0) return Room::enough;
    if (target.quota_bytes == 0 && target.quota_messages == 0) return Room::plenty;
    if (target.quota_bytes != 0 && bytes > target.quota_bytes) return Room::never;
    auto facts = core.mailboxes.facts(target.account_id);
    if (!facts) return fail(std::move(facts.error()));
    if (target.quota_messages != 0 && facts->used_messages >= target.quota_messages) return Room::full;
    if (target.quota_bytes != 0 &&
        (facts->used_bytes >= target.quota_bytes || bytes > target.quota_bytes - facts->used_bytes))
        return Room::full;
    const bool plenty = is_plenty(facts->used_bytes + bytes, target.quota_bytes) &&
                        is_plenty(facts->used_messages + 1, target.quota_messages);
    return plenty ? Room::plenty : Room::enough;
}

// Refused only where nobody behind the address has room: one full mailbox must not stop a list of twenty. The commit
// refuses for each by itself. The value: may the answer be kept for a while? Each account's usage is read once.
Result<bool> check_room(const DirectoryCore& core, const Resolution& resolution, std::uint64_t bytes) {
    auto best = Room::never;
    bool keep = true;
    for (const auto& target : resolution.targets) {
        auto room = room_for(core, target, bytes);
        if (!room && best < Room::enough) return fail(std::move(room.error()));
        keep = keep && room && *room == Room::plenty;
        if (room) best = std::max(best, *room);
    }
    if (best >= Room::enough) return keep;
    if (best == Room::full) return fail(Kind::over_quota, "The mailbox is full.");
    return fail(Kind::too_big, "The message is larger than the mailbox.");
}

Result<void> resolve_one(DirectoryCore& core, const std::string& recipient, std::uint64_t bytes, bool submitted,
                         v1::Recipient& out) {
    if (core.return_path) {
        // Not kept: it grows old by itself.
        if (auto behind = core.return_path(recipient)) {
            if (!*behind) return fail(std::move(behind->error()));
            out.add_targets()->set_address(std::move(**behind));
            return {};
        }
    }
    auto resolution = expand_cached(core, recipient);
    if (!resolution) return fail(std::move(resolution.error()));
    if (!resolution->own_domain && !submitted)
        return fail(Kind::denied, "Relaying denied: this is not a mail domain of this site.");
    if (resolution->endless)
        return fail(Kind::busy, "The address cannot be resolved at present.", cat("aliases in a circle: ", recipient));
    if (resolution->targets.empty()) {
        if (equals_ignoring_case(recipient.substr(0, recipient.find('@')), "postmaster"))
            return fail(Kind::busy, "There is no postmaster yet.");
        return fail(Kind::not_found, "No such user here.");
    }
    auto keep = check_room(core, *resolution, bytes);
    if (!keep) return fail(std::move(keep.error()));
    out.set_keep(*keep);
    for (auto& target : resolution->targets) {
        auto& shown = *out.add_targets();
        shown.set_account_id(target.account_id);
        shown.set_address(std::move(target.address));
        shown.set_detail(std::move(target.detail));
        if (target.plugin_profile == 0) continue;
        shown.set_plugin_profile(target.plugin_profile);
        for (auto& alias : target.aliases) shown.add_aliases(std::move(alias));
    }
    return {};
}

}  // namespace

Result<v1::ResolveReply> Directory::resolve(const v1::Resolve& request,
                                            std::optional<std::uint64_t> submitter) const {
    if (static_cast<std::size_t>(request.recipients_size()) > kRecipientsMax)
        return fail(Kind::invalid, "Too many recipients in one call.");
    v1::ResolveReply reply;
    reply.set_directory_version(core_->version.load());
    for (const auto& recipient : request.recipients()) {
        auto& out = *reply.add_recipients();
        auto resolved = resolve_one(*core_, recipient, request.declared_bytes(), submitter.has_value(), out);
        if (resolved) continue;
        out.clear_targets();
        out.clear_keep();
        // Kind and ErrorKind have the same order; zero is "unspecified" there.
        out.mutable_refused()->set_kind(static_cast<v1::ErrorKind>(static_cast<int>(resolved.error().kind) + 1));
        out.mutable_refused()->set_text(std::move(resolved.error().text));
        out.mutable_refused()->set_detail(std::move(resolved.error().detail));
    }
    return reply;
}

Result<void> Directory::check_sender(std::uint64_t account_id, std::string_view address) const {
    if (address.empty()) return {};
    static constexpr const char* kDenied = "Not an address of yours.";
    auto name = parse_name(address);
    if (!name) return fail(Kind::denied, kDenied);
    const StoreRows rows(core_->store);
    for (const auto& local : {name->local, part_tag(name->local, core_->rules).base}) {
        if (local.empty()) continue;
        const Name tried{local, name->domain};
        auto row = read_row<stored::v1::StoredName>(rows, row_key::name(tried));
        if (!row) return fail(std::move(row.error()));
        if (!*row) continue;
        if ((*row)->account_id() == account_id) return {};
        if ((*row)->account_id() != 0) break;
        auto behind = expand_cached(*core_, tried.text());
        if (!behind) return fail(std::move(behind.error()));
        for (const auto& target : behind->targets)
            if (target.account_id == account_id) return {};
        break;  // somebody else's alias: the address before its tag is not asked
    }
    return fail(Kind::denied, kDenied);
}

}  // namespace tayori::spool
