// An account with a mailbox over the real engine, and requests in short form.
#pragma once

#include <gmock/gmock.h>

#include "harness.h"

namespace tayori::spool {

using testing::IsEmpty;

inline std::vector<Uid> uids_of(const v1::References& references) { return {references.uid().begin(), references.uid().end()}; }

inline v1::StoreFlags flags_request(std::uint64_t folder, v1::FlagChange change, std::uint32_t flags, Uid first = 1,
                             Uid last = UINT32_MAX) {
    v1::StoreFlags request;
    request.set_folder_id(folder);
    request.set_change(change);
    request.set_flags(flags);
    add_uids(request.mutable_uids(), first, last);
    return request;
}

inline v1::Expunge expunge_request(std::uint64_t folder, Uid first, Uid last, bool only_deleted = false) {
    v1::Expunge request;
    request.set_folder_id(folder);
    request.set_only_deleted(only_deleted);
    add_uids(request.mutable_uids(), first, last);
    return request;
}

inline v1::CopyMessages copy_request(std::uint64_t folder, Uid first, Uid last, const std::string& target, bool move) {
    v1::CopyMessages request;
    request.set_folder_id(folder);
    request.set_target_name(target);
    request.set_move(move);
    add_uids(request.mutable_uids(), first, last);
    return request;
}

class MailboxesTest : public testing::Test {
  protected:
    void SetUp() override { anna = spool.add_account(); }
    void TearDown() override { EXPECT_THAT(spool.problems(), IsEmpty()); }

    template <class Request, class Reply>
    Result<Reply> call(void (Mailboxes::*method)(AccountId, Shared<Request>, Answer<Reply>), Request request) {
        return spool.call(*spool.mailboxes, method, anna, std::move(request));
    }
    Result<v1::RenameFolderReply> rename(const std::string& from, const std::string& to) {
        v1::RenameFolder request;
        request.set_from(from);
        request.set_to(to);
        return call(&Mailboxes::rename_folder, request);
    }
    Result<v1::CreateFolderReply> create(const std::string& name) {
        v1::CreateFolder request;
        request.set_name(name);
        return call(&Mailboxes::create_folder, request);
    }
    Result<v1::DeleteFolderReply> remove(const std::string& name) {
        v1::DeleteFolder request;
        request.set_name(name);
        return call(&Mailboxes::delete_folder, request);
    }
    std::vector<std::string> names() {
        std::vector<std::string> names;
        const auto list = spool.mailboxes->list_folders(anna, {});
        for (const auto& folder : list->folders()) names.push_back(folder.name() + (folder.selectable() ? "" : "/"));
        return names;
    }

    Spool spool;
    AccountId anna{};
};

}  // namespace tayori::spool
