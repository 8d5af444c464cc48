// Raising counters while everything runs: what they must at least be is found first, then one commit for each account.
#include <algorithm>
#include <future>
#include <map>

#include "common/base/text.h"
#include "spoold/counters/floors.h"
#include "spoold/keys.h"
#include "spoold/mailbox/limits.h"

namespace tayori::spool {
namespace {

// Far from the end of 63 bits (RFC 7162 §3.1), where a counter would have nothing left.
constexpr std::uint64_t kRaiseMax = 1ULL << 62;

struct Running {
    std::future<Result<void>> outcome;
    std::shared_ptr<v1::CountersRaised> raised;
};

using Raise = std::function<Result<void>(store::Transaction&, v1::CountersRaised&)>;

Running submit(store::Store& store, AccountId account, Raise raise) {
    auto raised = std::make_shared<v1::CountersRaised>();
    auto committed = std::make_shared<std::promise<Result<void>>>();
    auto outcome = committed->get_future();
    store::Request request;
    request.account = raw(account);
    request.effect = store::Effect::shrinks;
    request.apply = [raised, raise = std::move(raise)](store::Transaction& transaction) {
        raised->Clear();  // a mutation may run again
        return raise(transaction, *raised);
    };
    request.done = [committed](Result<void> result) { committed->set_value(std::move(result)); };
    store.submit(std::move(request));
    return {std::move(outcome), std::move(raised)};
}

Result<void> check_number(std::uint64_t number, std::string_view what) {
    if (number <= kRaiseMax) return {};
    return fail(Kind::invalid, cat("The ", what, " ", number, " is above ", kRaiseMax, ": no counter may stand so high."));
}

Result<void> check_folder(const v1::FolderCounters& folder) {
    const auto of = cat(" of ", folder.folder(), " of ", folder.address());
    if (folder.uid_next() > kUidNextMax)
        return fail(Kind::invalid, cat("UIDNEXT ", folder.uid_next(), of, " is above ", kUidNextMax, ", the most there may be."));
    if (folder.uid_validity() > kImportedUidValidityMax) {
        return fail(Kind::invalid, cat("UIDVALIDITY ", folder.uid_validity(), of, " is above ", kImportedUidValidityMax,
                                       ": too few would be left."));
    }
    return check_number(folder.highest_modseq(), cat("modseq", of));
}

Result<void> check(const v1::RaiseCountersRequest& request) {
    auto good = check_number(request.next_message_id(), "message id");
    if (good) good = check_number(request.next_folder_id(), "folder id");
    if (good) good = check_number(request.next_account_id(), "account id");
    if (good) good = check_number(request.next_queue_id(), "queue id");
    for (const auto& folder : request.folders())
        if (good) good = check_folder(folder);
    return good;
}

using FoundFolder = std::optional<NumberedFolder>;

Result<FoundFolder> folder_of(const store::Snapshot& snapshot, AccountId account, FolderId id) {
    auto record = read_folder(snapshot, account, id);
    if (record) return FoundFolder({id, std::move(*record)});
    if (record.error().kind == Kind::not_found) return FoundFolder();
    return fail(std::move(record.error()));
}

// By id where the account has that folder, else by name.
Result<FoundFolder> find_here(const store::Snapshot& snapshot, AccountId account, const v1::FolderCounters& wanted) {
    auto found = folder_of(snapshot, account, FolderId{wanted.folder_id()});
    if (!found || *found) return found;
    const auto named = find_folder(snapshot, account, wanted.folder());
    if (named) return folder_of(snapshot, account, *named);
    if (named.error().kind == Kind::not_found || named.error().kind == Kind::unsupported) return FoundFolder();
    return fail(named.error());
}

}  // namespace

Result<v1::CountersRaised> Counters::raise_all(const Floors& floors, bool dry_run) {
    const auto raising = dry_run ? Raising::dry : Raising::real;
    std::vector<Running> running;
    if (floors.site != SiteFloor()) {
        running.push_back(submit(parts_.store, AccountId{0}, [site = floors.site, raising](auto& transaction, auto& raised) {
            raise_site(transaction, site, raising, raised);
            return Result<void>();
        }));
    }
    for (const auto& account : floors.accounts) {
        const auto address = parts_.address_of(account.account);
        running.push_back(submit(parts_.store, account.account, [account, address, raising](auto& transaction, auto& raised) {
            return raise_account(transaction, account, address, raising, raised);
        }));
    }
    v1::CountersRaised all;
    std::optional<Error> error;
    for (auto& one : running) {
        auto done = one.outcome.get();
        if (!done) error = std::move(done.error());
        else for (auto& raised : *one.raised->mutable_raised()) *all.add_raised() = std::move(raised);
    }
    if (!dry_run) parts_.raised.add(all);
    if (error) return fail(std::move(*error));
    return all;
}

Result<v1::CountersRaised> Counters::repair() {
    const auto floors = find_floors(*parts_.store.snapshot());
    if (!floors) return fail(floors.error());
    return raise_all(*floors, false);
}

Result<v1::CountersRaised> Counters::raise(const v1::RaiseCountersRequest& request) {
    if (auto good = check(request); !good) return fail(std::move(good.error()));
    Floors floors;
    floors.site = {request.next_message_id(), request.next_folder_id(), request.next_account_id(), request.next_queue_id()};
    std::vector<std::string> notes;
    std::map<AccountId, AccountFloor> accounts;
    const auto snapshot = parts_.store.snapshot();
    for (const auto& wanted : request.folders()) {
        const auto account = parts_.account_of(wanted.address());
        if (!account && account.error().kind != Kind::not_found) return fail(account.error());
        if (!account) {
            notes.push_back(cat("There is no account ", wanted.address(), " here."));
            continue;
        }
        auto& floor = accounts[*account];
        floor.account = *account;
        floor.modseq = std::max(floor.modseq, wanted.highest_modseq());
        if (wanted.uid_validity() != 0)
            floor.next_uid_validity = std::max(floor.next_uid_validity, wanted.uid_validity() + 1);
        auto here = find_here(*snapshot, *account, wanted);
        if (!here) return fail(std::move(here.error()));
        if (!*here) {
            notes.push_back(cat(wanted.address(), " has no folder ", wanted.folder(), " here."));
        } else if ((*here)->record.uid_validity != wanted.uid_validity()) {
            notes.push_back(cat(wanted.folder(), " of ", wanted.address(), " has another UIDVALIDITY here (",
                                (*here)->record.uid_validity, ", not ", wanted.uid_validity(), "): its UIDs are others."));
        } else {
            floor.folders.push_back({(*here)->id, wanted.uid_validity(), wanted.uid_next()});
        }
    }
    for (auto& [account, floor] : accounts) floors.accounts.push_back(std::move(floor));
    auto raised = raise_all(floors, request.dry_run());
    if (!raised) return raised;
    notes.erase(std::unique(notes.begin(), notes.end()), notes.end());
    for (auto& note : notes) raised->add_notes(std::move(note));
    return raised;
}

}  // namespace tayori::spool
