#include <map>

#include "site.h"

namespace tayori::spool {
namespace {

std::map<std::string, v1::ImportedMail> read_mails(Imports& imports, const v1::Import& import, const v1::ImportAccount& account) {
    v1::ReadImportedMailsRequest request;
    request.set_import_id(import.import_id());
    request.set_account_id(account.account_id());
    std::map<std::string, v1::ImportedMail> all;
    auto read = imports.read_mails(request, [&](const v1::ImportedMails& mails) {
        for (const auto& mail : mails.mails()) all[mail.identity()] = mail;
        return true;
    });
    EXPECT_TRUE(read) << read.error().detail;
    return all;
}

TEST_F(ImportTest, VerifySeesWhatIsOnDisk) {
    begin({folder("INBOX", 5, 1000), folder("Old")}, 2);
    const SourceMail a{"a", 7, "uidl", 2, v1::SYSTEM_FLAG_SEEN, {"$Work"}, "the bytes\r\n"};
    ASSERT_TRUE(send({a}));
    ASSERT_TRUE(send({{"gone", 8, "", 0, 0, {}, {}}}));
    ASSERT_TRUE(send({{"o", 0, "", 0, 0, {}, {}}}, 1));
    v1::Expunge request;
    request.set_folder_id(account.folders(0).folder_id());
    auto* range = request.add_uids();
    range->set_first(8);
    range->set_last(8);
    ASSERT_TRUE(wait_for_answer<v1::ExpungeReply>([&](auto done) {
        mailboxes->expunge(AccountId{account.account_id()}, std::make_shared<const v1::Expunge>(request), done);
    }));
    auto all = read_mails(*imports, import, account);
    ASSERT_EQ(all.size(), 3U);
    const auto& seen = all[identity("a")];
    EXPECT_EQ(seen.folder(), "INBOX");
    EXPECT_EQ(seen.uid(), 7U);
    EXPECT_EQ(seen.uid_validity(), 5U);
    EXPECT_EQ(seen.uidl(), "uidl");
    EXPECT_EQ(seen.pop3_order(), 2U);
    EXPECT_EQ(seen.flags(), v1::SYSTEM_FLAG_SEEN);
    EXPECT_THAT(seen.keywords(), ElementsAre("$Work"));
    EXPECT_EQ(seen.sha256(), crypto::sha256(a.text));
    EXPECT_TRUE(all[identity("gone")].gone());
    EXPECT_EQ(all[identity("o")].folder(), "Old");
}

TEST_F(ImportTest, ExportGivesEverythingOnce) {
    begin({folder("INBOX", 5, 1000), folder("仕事/一", 6, 50)}, 2);
    const std::string large(700'000, 'y');
    ASSERT_TRUE(send({{"a", 7, "uidl", 2, v1::SYSTEM_FLAG_SEEN, {"$Work"}, "the bytes\r\n"}, {"b", 9, "", 0, 0, {}, large},
                      {"c", 10, "", 0, 0, {}, "last\r\n"}}));
    ASSERT_TRUE(send({{"o", 3, "", 0, 0, {}, {}}}, 1));
    std::vector<std::string> folders;
    std::map<std::string, std::vector<v1::ExportMail>> mails;
    ASSERT_TRUE(export_account(*mailboxes, *directory, kAnna, [&](const v1::ExportFrame& frame) {
        if (frame.has_folder()) folders.push_back(frame.folder().folder().name());
        for (const auto& mail : frame.mails().mails()) mails[folders.back()].push_back(mail);
        if (!frame.more().empty()) mails[folders.back()].back().mutable_content()->append(frame.more());
        return true;
    }));
    EXPECT_EQ(folders.front(), "INBOX");
    EXPECT_THAT(folders, testing::Contains("仕事/一"));
    ASSERT_EQ(mails["INBOX"].size(), 3U);
    EXPECT_EQ(mails["INBOX"][0].content(), "the bytes\r\n");
    EXPECT_EQ(mails["INBOX"][0].uidl(), "uidl");
    EXPECT_THAT(mails["INBOX"][0].keywords(), ElementsAre("$Work"));
    EXPECT_EQ(mails["INBOX"][1].content(), large);
    EXPECT_EQ(mails["INBOX"][1].bytes(), large.size());
    EXPECT_EQ(mails["INBOX"][2].content(), "last\r\n");
    EXPECT_EQ(mails["仕事/一"][0].uid(), 3U);
    EXPECT_FALSE(export_account(*mailboxes, *directory, "nobody@x.test", [](const v1::ExportFrame&) { return true; }));
}

}  // namespace
}  // namespace tayori::spool
