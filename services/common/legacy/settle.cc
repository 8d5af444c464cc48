#include "common/legacy/settle.h"

#include <algorithm>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/legacy/names.h"

namespace tayori::legacy {
namespace {

constexpr std::size_t kUidlHashBytes = 16;

void renumber(Folder& folder) {
    for (auto& mail : folder.mails) mail.uid = 0;
    folder.keeps_uids = false;
    folder.uid_next = 0;
    folder.uid_validity = 0;
}

bool is_valid_uidl(std::string_view uidl) {
    return uidl.size() <= kUidlBytesMax &&
           std::all_of(uidl.begin(), uidl.end(), [](char c) { return c >= 0x21 && c <= 0x7e; });
}

// Mails in POP3's order, then all others.
std::vector<Mail*> in_pop3_order(Mailbox& mailbox) {
    std::vector<Mail*> mails;
    for (auto& folder : mailbox.folders)
        for (auto& mail : folder.mails) mails.push_back(&mail);
    std::stable_sort(mails.begin(), mails.end(), [](const Mail* a, const Mail* b) {
        return a->pop3_order - 1 < b->pop3_order - 1;  // 0 comes last
    });
    return mails;
}

}  // namespace

void settle_uids(Folder& folder, bool keep_high_uids, AccountReport& report) {
    const auto limit = keep_high_uids ? kHighUidMax : kUidMax;
    auto& mails = folder.mails;
    std::stable_sort(mails.begin(), mails.end(), [](const Mail& a, const Mail& b) {
        return a.uid - 1 < b.uid - 1;
    });  // 0 comes last
    const auto first_new =
        std::find_if(mails.begin(), mails.end(), [](const Mail& m) { return m.uid == 0; });
    const bool none = first_new == mails.begin();
    if (none && (!mails.empty() || folder.uid_next == 0)) return renumber(folder);
    const auto twice = std::adjacent_find(
        mails.begin(), first_new, [](const Mail& a, const Mail& b) { return a.uid == b.uid; });
    if (twice != first_new) {
        report.add(Severity::changed, twice->file, "uid-twice", {folder.name, cat(twice->uid)});
        return renumber(folder);
    }
    const std::uint64_t highest = none ? 0 : std::prev(first_new)->uid;
    auto next = std::max<std::uint64_t>(folder.uid_next, highest + 1);
    const auto added = static_cast<std::uint64_t>(mails.end() - first_new);
    if (next + added > std::uint64_t{limit} + 1) {
        report.add(Severity::changed, folder.raw_name, "uid-too-high",
                   {folder.name, cat(next + added - 1)});
        return renumber(folder);
    }
    for (auto it = first_new; it != mails.end(); ++it) it->uid = static_cast<std::uint32_t>(next++);
    folder.uid_next = static_cast<std::uint32_t>(next);
    folder.keeps_uids = true;
}

void settle_uidls(Mailbox& mailbox, AccountReport& report) {
    std::unordered_set<std::string> taken;
    for (auto* mail : in_pop3_order(mailbox)) {
        if (mail->uidl.empty()) continue;
        if (!is_valid_uidl(mail->uidl)) {
            auto hashed = hex_encode(crypto::sha256(mail->uidl).substr(0, kUidlHashBytes));
            report.add(Severity::changed, mail->file, "uidl-hashed", {mail->uidl, hashed});
            mail->uidl = std::move(hashed);
        }
        if (taken.insert(mail->uidl).second) continue;
        for (std::size_t n = 2;; ++n) {
            const auto suffix = cat('.', n);
            auto other =
                cat(std::string_view(mail->uidl).substr(0, kUidlBytesMax - suffix.size()), suffix);
            if (!taken.insert(other).second) continue;
            report.add(Severity::changed, mail->file, "uidl-twice", {mail->uidl, other});
            mail->uidl = std::move(other);
            break;
        }
    }
}

void settle_pop3_order(Mailbox& mailbox) {
    std::uint64_t order = 0;
    for (auto* mail : in_pop3_order(mailbox))
        if (mail->pop3_order != 0) mail->pop3_order = ++order;
}

void settle_special_uses(Mailbox& mailbox) {
    std::vector<Folder*> folders;
    for (auto& folder : mailbox.folders) folders.push_back(&folder);
    const auto levels = [](const Folder* f) {
        return std::count(f->name.begin(), f->name.end(), '/');
    };
    std::stable_sort(folders.begin(), folders.end(),
                     [&](const Folder* a, const Folder* b) { return levels(a) < levels(b); });
    std::set<std::string, std::less<>> taken;
    for (auto* folder : folders) {
        if (folder->special_use.empty()) folder->special_use = special_use_of(folder->name);
        if (!folder->special_use.empty() && !taken.insert(folder->special_use).second)
            folder->special_use.clear();
    }
}

void settle_identities(Mailbox& mailbox) {
    std::unordered_map<std::string, std::size_t> seen;
    for (auto& folder : mailbox.folders)
        for (auto& mail : folder.mails)
            if (const auto n = ++seen[mail.identity]; n > 1) append(mail.identity, '#', n);
}

}  // namespace tayori::legacy
