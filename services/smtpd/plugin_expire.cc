#include "smtpd/plugin_expire.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/mail/mailbox_name.h"
#include "common/rpc/mailbox_words.h"

namespace tayori::smtp {

namespace v1 = rpc::v1;

namespace {

std::string target_name(const v1::ListFoldersReply& list, const std::string& move_to) {
    const auto use = rpc::special_use_named(move_to);
    return use != v1::SPECIAL_USE_UNSPECIFIED ? rpc::folder_of_use(list.folders(), use) : move_to;
}

bool flag_is(std::uint32_t flags, v1::SystemFlag flag, const std::optional<bool>& wanted) {
    return !wanted || ((flags & static_cast<std::uint32_t>(flag)) != 0) == *wanted;
}

}  // namespace

bool folder_fits(std::string_view pattern, std::string_view name) {
    if (mail::is_inbox(pattern)) return mail::is_inbox(name);
    // One star at a time, the last one remembered: time grows with the product at most, names are short.
    std::size_t p = 0, n = 0, star = std::string_view::npos, from = 0;
    while (n < name.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            from = n;
        } else if (p < pattern.size() && pattern[p] == name[n]) {
            ++p;
            ++n;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            n = ++from;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

std::vector<std::uint32_t> expired(const v1::References& references, const std::vector<v1::Keyword>& keywords,
                                   const lua::Expire& rule, std::int64_t now_s) {
    std::uint32_t keyword = 0;
    for (const auto& known : keywords)
        if (!rule.keyword.empty() && equals_ignoring_case(known.name(), rule.keyword)) keyword = known.keyword_id();
    if (!rule.keyword.empty() && keyword == 0) return {};
    std::vector<bool> marked(static_cast<std::size_t>(references.uid_size()), rule.keyword.empty());
    for (const auto& at : references.keywords()) {
        if (at.index() >= marked.size()) continue;
        if (std::find(at.keyword_id().begin(), at.keyword_id().end(), keyword) != at.keyword_id().end()) marked[at.index()] = true;
    }
    std::vector<std::uint32_t> out;
    for (int i = 0; i < references.uid_size(); ++i) {
        const bool old = now_s - references.internal_date_s(i) >= static_cast<std::int64_t>(rule.older_than_s);
        const auto flags = references.flags(i);
        if (!old || !marked[static_cast<std::size_t>(i)]) continue;
        if (flag_is(flags, v1::SYSTEM_FLAG_SEEN, rule.seen) && flag_is(flags, v1::SYSTEM_FLAG_FLAGGED, rule.flagged))
            out.push_back(references.uid(i));
    }
    return out;
}

Async<std::size_t> Expirer::run(lua::Expire rule, std::int64_t now_s) {
    auto list = co_await spool_.call(v1::ListFolders(), ticket_);
    const auto target = rule.move_to.empty() ? std::string() : target_name(list, rule.move_to);
    std::size_t gone = 0, looked_at = 0;
    for (const auto& folder : list.folders()) {
        // What has been moved there is not moved again.
        if (!folder.selectable() || folder.messages() == 0 || folder.name() == target) continue;
        if (!folder_fits(rule.folder, folder.name()) || ++looked_at > kExpireFoldersMax) continue;
        const auto some = co_await expire_folder(folder, rule, target, now_s);
        gone += some;
    }
    co_return gone;
}

Async<std::size_t> Expirer::expire_folder(v1::Folder folder, lua::Expire rule, std::string target, std::int64_t now_s) {
    v1::OpenFolder open;
    open.set_folder_id(folder.folder_id());
    std::vector<v1::Keyword> keywords;
    std::vector<std::uint32_t> uids;
    auto replies = spool_.stream(std::move(open), ticket_);
    for (;;) {
        auto reply = co_await replies.next();
        if (!reply) break;
        for (auto& keyword : *reply->mutable_keywords()) keywords.push_back(std::move(keyword));
        const auto some = expired(reply->references(), keywords, rule, now_s);
        uids.insert(uids.end(), some.begin(), some.end());
    }
    for (std::size_t at = 0; at < uids.size(); at += kExpireBatchMax) {
        if (loop_.now() >= until_) co_await fail(Kind::busy, "The lease has ended.");
        const auto end = std::min(uids.size(), at + kExpireBatchMax);
        std::vector<std::uint32_t> batch(uids.begin() + static_cast<std::ptrdiff_t>(at), uids.begin() + static_cast<std::ptrdiff_t>(end));
        co_await remove(folder.folder_id(), std::move(batch), target);
    }
    co_return uids.size();
}

Async<void> Expirer::remove(std::uint64_t folder_id, std::vector<std::uint32_t> uids, std::string target) {
    if (target.empty()) {
        v1::Expunge request;
        request.set_folder_id(folder_id);
        for (const auto uid : uids) rpc::add_uid(*request.mutable_uids(), uid);
        co_await spool_.call(std::move(request), ticket_);
        co_return;
    }
    v1::CopyMessages request;
    request.set_folder_id(folder_id);
    request.set_target_name(target);
    request.set_move(true);
    request.set_request_id(hex_encode(crypto::random_bytes(8)));
    for (const auto uid : uids) rpc::add_uid(*request.mutable_uids(), uid);
    auto again = request;
    auto moved = co_await spool_.call(std::move(request), ticket_).result();
    if (moved || moved.error().kind == Kind::not_found) co_return;  // gone meanwhile
    if (moved.error().kind != Kind::no_target) co_await fail(std::move(moved.error()));
    v1::CreateFolder create;
    create.set_name(std::move(target));
    auto made = co_await spool_.call(std::move(create), ticket_).result();
    if (!made && made.error().kind != Kind::exists) co_await fail(std::move(made.error()));
    again.set_request_id(hex_encode(crypto::random_bytes(8)));
    co_await spool_.call(std::move(again), ticket_);
}

}  // namespace tayori::smtp
