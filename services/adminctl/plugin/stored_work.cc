#include "adminctl/plugin/stored_work.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/rpc/mailbox_words.h"

namespace tayori::admin::kit {
namespace {

template <class What>
const What* as(const Did& did) {
    return std::get_if<What>(&did.action.what);
}

template <class What>
bool any_of(const Outcome& outcome) {
    return std::any_of(outcome.done.begin(), outcome.done.end(), [](const Did& did) { return as<What>(did) != nullptr; });
}

// What is meant for somebody else, or for mail on its way.
bool is_left_out(const Did& did) {
    return as<lua::Refusal>(did) != nullptr || as<lua::Forward>(did) != nullptr || as<lua::Copy>(did) != nullptr ||
           as<lua::Compose>(did) != nullptr || as<lua::AddHeader>(did) != nullptr;
}

std::vector<std::string> flags_of(const Outcome& outcome) {
    std::set<std::string> flags;
    for (const auto& did : outcome.done)
        if (const auto* flag = as<lua::Flag>(did); flag != nullptr)
            if (rpc::system_flag(flag->name) != 0 || !flag->name.starts_with("\\")) flags.insert(flag->name);
    return {flags.begin(), flags.end()};
}

Result<void> in_batches(const std::vector<std::uint32_t>& uids,
                        const std::function<Result<void>(google::protobuf::RepeatedPtrField<v1::UidRange>)>& one) {
    for (std::size_t at = 0; at < uids.size(); at += kStoredBatchMax) {
        google::protobuf::RepeatedPtrField<v1::UidRange> ranges;
        for (auto i = at; i < std::min(uids.size(), at + kStoredBatchMax); ++i) rpc::add_uid(ranges, uids[i]);
        if (auto done = one(std::move(ranges)); !done) return done;
    }
    return {};
}

}  // namespace

StoredWork::StoredWork(std::string account, v1::Folder source, v1::AccountFolders folders)
    : account_(std::move(account)), source_(std::move(source)), folders_(std::move(folders)) {}

bool StoredWork::add_target(std::vector<std::string>& targets, std::string name, bool create) {
    const auto& known = folders_.folders();
    const bool there = std::any_of(known.begin(), known.end(), [&name](const auto& one) { return one.selectable() && one.name() == name; });
    if (!there && !create) return false;
    if (!there) missing_.insert(name);
    if (name != source_.name() && std::find(targets.begin(), targets.end(), name) == targets.end()) targets.push_back(std::move(name));
    return true;
}

// As of a mail that comes (smtpd/plugin_plan.h), but that it "stays" in this folder, and that what would be discarded goes to Trash:
// a rule that was wrong has destroyed nothing.
std::vector<std::string> StoredWork::targets_of(const Outcome& outcome, bool& stays) {
    std::vector<std::string> targets;
    if (any_of<lua::Quarantine>(outcome)) {
        add_target(targets, rpc::folder_of_use(folders_.folders(), v1::SPECIAL_USE_JUNK), true);
        stays = targets.empty();
        return targets;
    }
    stays = any_of<lua::Keep>(outcome);
    bool placed = false;
    for (const auto& did : outcome.done) {
        const auto* into = as<lua::FileInto>(did);
        if (into == nullptr) continue;
        stays = stays || into->keep;
        const auto use = rpc::special_use_named(into->special_use);
        auto name = use != v1::SPECIAL_USE_UNSPECIFIED ? rpc::folder_of_use(folders_.folders(), use) : into->folder;
        stays = stays || name == source_.name();
        placed = add_target(targets, std::move(name), into->create) || placed;
    }
    // What was to be passed on and not kept is not passed on, and so stays.
    if (!placed && !stays && any_of<lua::Discard>(outcome) && !any_of<lua::Forward>(outcome))
        add_target(targets, rpc::folder_of_use(folders_.folders(), v1::SPECIAL_USE_TRASH), true);
    stays = stays || targets.empty();
    return targets;
}

std::string StoredWork::add(std::uint32_t uid, const Outcome& outcome) {
    std::string said;
    const auto say = [&said](auto... what) { append(said, said.empty() ? "" : "; ", what...); };
    for (const auto& failure : outcome.failures) say("fails: ", failure.text);
    if (!outcome.failures.empty()) return said;

    if (const auto flags = flags_of(outcome); !flags.empty()) {
        for (const auto& flag : flags) say("flag ", flag);
        flags_[flags].push_back(uid);
        ++flagged_;
    }
    bool stays = true;
    const auto targets = targets_of(outcome, stays);
    for (const auto& target : targets) {
        const bool move = !stays && target == targets.back();
        say(move ? "move to " : "copy to ", target);
        (move ? moves_ : copies_)[target].push_back(uid);
        ++(move ? moved_ : copied_);
    }
    for (const auto& did : outcome.done)
        if (is_left_out(did)) say("not done: ", did.said.text);
    return said;
}

Result<void> StoredWork::put_flags(rpc::AdminClient& client, const Flags& flags, const Uids& uids) const {
    return in_batches(uids, [&](auto ranges) -> Result<void> {
        v1::StoreAccountFlagsRequest request;
        request.set_address(account_);
        request.set_uid_validity(source_.uid_validity());
        auto& store = *request.mutable_store();
        store.set_folder_id(source_.folder_id());
        store.set_change(v1::FLAG_CHANGE_ADD);
        *store.mutable_uids() = std::move(ranges);
        for (const auto& flag : flags) {
            const auto bit = rpc::system_flag(flag);
            if (bit != 0) store.set_flags(store.flags() | bit);
            else store.add_keywords(flag);
        }
        auto done = client.store_account_flags(request);
        if (!done) return fail(std::move(done.error()));
        return {};
    });
}

Result<std::size_t> StoredWork::put_into(rpc::AdminClient& client, const std::string& target, const Uids& uids, bool move) const {
    std::size_t gone = uids.size();
    auto all = in_batches(uids, [&](auto ranges) -> Result<void> {
        v1::CopyAccountMessagesRequest request;
        request.set_address(account_);
        request.set_uid_validity(source_.uid_validity());
        auto& copy = *request.mutable_copy();
        copy.set_folder_id(source_.folder_id());
        copy.set_target_name(target);
        copy.set_move(move);
        copy.set_request_id(hex_encode(crypto::random_bytes(8)));
        *copy.mutable_uids() = std::move(ranges);
        auto done = client.copy_account_messages(request);
        if (!done && done.error().kind != Kind::not_found) return fail(std::move(done.error()));
        if (!done) return {};  // all of them
        for (const auto& range : done->source()) gone -= range.last() - range.first() + 1;
        return {};
    });
    if (!all) return fail(std::move(all.error()));
    return gone;
}

Result<void> StoredWork::make_folder(rpc::AdminClient& client, const std::string& name) const {
    v1::AccountFolderRequest request;
    request.set_address(account_);
    request.set_folder(name);
    auto made = client.create_account_folder(request);
    if (!made && made.error().kind != Kind::exists) return fail(std::move(made.error()));
    return {};
}

Result<std::size_t> StoredWork::apply(rpc::AdminClient& client) const {
    for (const auto& [flags, uids] : flags_)
        if (auto done = put_flags(client, flags, uids); !done) return fail(std::move(done.error()));
    for (const auto& name : missing_)
        if (auto made = make_folder(client, name); !made) return fail(std::move(made.error()));
    std::size_t gone = 0;
    for (const bool move : {false, true}) {
        for (const auto& [target, uids] : move ? moves_ : copies_) {
            const auto some = put_into(client, target, uids, move);
            if (!some) return fail(some.error());
            gone += *some;
        }
    }
    return gone;
}

}  // namespace tayori::admin::kit
