#include <gtest/gtest.h>

#include "adminctl/accounts_file.h"
#include "adminctl/accounts_plan.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::string_view kHeader = "address,password,name,quota,pop3,imap4,smtp_auth,apop,aliases,forward\r\n";

// "line:column text" of the problem with this number.
std::string problem(const AccountsFile& file, std::size_t n) {
    const auto& found = file.problems.at(n);
    return cat(found.is_note() ? "note " : "", found.line(), ":", found.column(), " ", found.text());
}

TEST(AccountsFile, ReadsTheCsv) {
    const auto file = parse_accounts_file(
        cat("\xEF\xBB\xBF", kHeader, "Anna@Example.jp,pa ss,\"安藤, \"\"杏奈\"\"\",2G,0,1,yes,0,\"a; info@example.jp\",\r\n\r\n",
            "ben@example.jp,,,,,,,,,\r\ncarl@example.jp,{SHA512-CRYPT}$6$x$y,,none,0,0,0,,-,\r\n"), "").value();
    ASSERT_EQ(file.problems.size(), 0U);
    ASSERT_EQ(file.table.rows_size(), 3);
    const auto& anna = file.table.rows(0);
    EXPECT_EQ(anna.line(), 2U);
    EXPECT_EQ(anna.address(), "anna@example.jp");
    EXPECT_EQ(anna.password(), "pa ss");
    EXPECT_EQ(anna.name(), "安藤, \"杏奈\"");
    EXPECT_EQ(anna.quota_bytes(), 2147483648U);
    EXPECT_FALSE(anna.pop3());
    EXPECT_TRUE(anna.imap());
    EXPECT_EQ(anna.aliases().addresses(0), "a@example.jp");
    EXPECT_EQ(anna.aliases().addresses(1), "info@example.jp");
    // An empty field says nothing.
    const auto& ben = file.table.rows(1);
    EXPECT_EQ(ben.line(), 4U);
    EXPECT_FALSE(ben.has_name() || ben.has_quota_bytes() || ben.has_pop3() || ben.has_aliases());
    const auto& carl = file.table.rows(2);
    EXPECT_TRUE(carl.password().empty());
    EXPECT_EQ(carl.password_hash(), "{SHA512-CRYPT}$6$x$y");
    EXPECT_TRUE(carl.has_quota_bytes());
    EXPECT_EQ(carl.quota_bytes(), 0U);
    EXPECT_TRUE(carl.has_aliases());
    EXPECT_EQ(carl.aliases().addresses_size(), 0);
}

TEST(AccountsFile, ReadsCp932) {
    const auto file = parse_accounts_file("address,name\r\nanna@example.jp,\x88\xc0\x93\xa1\r\n", "").value();
    EXPECT_EQ(file.table.rows(0).name(), "安藤");
}

TEST(AccountsFile, ReadsTheExportOfTheOldServer) {
    const auto file = parse_accounts_file(
        "Account\tPass\tFullname\tDomain\tHomefolder\tSMTPauth\tAPOP\tMailBoxLimit\tPOP3\tIMAP4\n"
        "taro\tpass1234\t\x8e\x52\x93\x63\texample.jp\tHome\t1\t1\t0\t1\t1\n"
        "hana\t*****\thana\texample.jp\tD:\\mail\t0\t0\t5000\t0\t0\n", "").value();
    ASSERT_EQ(file.table.rows_size(), 2);
    EXPECT_EQ(file.table.rows(0).address(), "taro@example.jp");
    EXPECT_EQ(file.table.rows(0).name(), "山田");
    EXPECT_FALSE(file.table.rows(0).has_quota_bytes());
    EXPECT_TRUE(file.table.rows(1).password().empty());
    EXPECT_EQ(file.table.rows(1).quota_bytes(), 5000U);
    EXPECT_FALSE(file.table.rows(1).submission());
    ASSERT_EQ(file.problems.size(), 2U);
    EXPECT_TRUE(problem(file, 0).starts_with("note 2:7 APOP is asked for in 1 lines"));
    EXPECT_TRUE(problem(file, 1).starts_with("note 3:5 A home folder"));
}

TEST(AccountsFile, NamesLineAndColumnOfWhatIsWrong) {
    const auto file = parse_accounts_file(
        cat(kHeader, "anna,,,,,,,,,\r\nben@example.jp,,,lots,1,2,1,,no@,\r\ncarl@example.jp,\r\n",
            "dora@example.jp,,,,,,,,,dora@gmail.example\r\n"), "").value();
    ASSERT_EQ(file.problems.size(), 6U);
    EXPECT_TRUE(problem(file, 0).starts_with("2:1 \"anna\" is no address"));
    EXPECT_TRUE(problem(file, 1).starts_with("3:4 \"lots\" is no size: write 2G"));
    EXPECT_TRUE(problem(file, 2).starts_with("3:6 \"2\" in imap4: write 1"));
    EXPECT_TRUE(problem(file, 3).starts_with("3:9 \"no@\" is no address"));
    EXPECT_TRUE(problem(file, 4).starts_with("4:0 This line has 2 fields, and the first line names 10."));
    EXPECT_EQ(problem(file, 5), "note 5:10 Kept aside, not set: mail is to be forwarded to dora@gmail.example.");
    ASSERT_EQ(file.table.rows_size(), 1);
    EXPECT_EQ(parse_accounts_file("address\r\nanna\r\n", "example.jp").value().table.rows(0).address(), "anna@example.jp");
}

TEST(AccountsFile, AMistypedColumnIsNoColumnThatDoesNothing) {
    const auto file = parse_accounts_file("address,qouta\r\nanna@example.jp,2G\r\n", "").value();
    EXPECT_TRUE(problem(file, 0).starts_with("1:2 \"qouta\" is no column"));
    EXPECT_FALSE(parse_accounts_file("name,address\r\n", ""));
    EXPECT_FALSE(parse_accounts_file("", ""));
    EXPECT_FALSE(parse_accounts_file("address,name\r\nanna@example.jp,\"never closed\r\n", ""));
}

v1::AccountsPlan sample_plan() {
    v1::AccountsPlan plan;
    auto& gone = *plan.add_changes();
    gone.set_action(v1::BULK_ACTION_REMOVED);
    gone.set_address("anna@example.jp");
    gone.set_account_id(7);
    auto& changed = *plan.add_changes();
    changed.set_action(v1::BULK_ACTION_CHANGED);
    changed.set_address("ben@example.jp");
    changed.set_name("便");
    auto& field = *changed.add_fields();
    field.set_field(v1::ACCOUNTS_FIELD_QUOTA);
    field.set_from("0");
    field.set_to("2147483648");
    changed.add_fields()->set_field(v1::ACCOUNTS_FIELD_PASSWORD);
    plan.mutable_counts()->set_removed(1);
    plan.mutable_counts()->set_changed(1);
    plan.set_fingerprint("f");
    return plan;
}

TEST(AccountsPlan, IsReadByPeople) {
    const auto plan = sample_plan();
    EXPECT_EQ(changes_text(plan),
              "REMOVED (the mailbox is kept for accounts.retire_days, nobody logs in to it)\n  anna@example.jp\n"
              "CHANGED\n  ben@example.jp  便  quota none -> 2.0 GiB; password new\n");
    EXPECT_EQ(counts_text(plan.counts()), "removed 1, changed 1");
}

TEST(AccountsPlan, IsSavedAndTellsWhatHasComeBetween) {
    v1::SavedAccountsPlan saved;
    saved.set_format("tayori accounts plan 1");
    saved.set_path("/tmp/accounts.csv");
    *saved.mutable_plan() = sample_plan();
    const std::string path = testing::TempDir() + "accounts-plan.json";
    ASSERT_TRUE(save_plan(path, saved));
    std::string text(10'000, '\0');
    auto* file = std::fopen(path.c_str(), "rb");
    text.resize(std::fread(text.data(), 1, text.size(), file));
    std::fclose(file);
    ASSERT_TRUE(is_saved_plan(text));
    const auto back = parse_saved_plan(text).value();
    EXPECT_EQ(back.SerializeAsString(), saved.SerializeAsString());
    EXPECT_FALSE(parse_saved_plan("{\"format\": \"tayori accounts plan 2\"}"));
    EXPECT_FALSE(parse_saved_plan("{"));

    EXPECT_TRUE(differences(back.plan(), sample_plan()).empty());
    auto now = sample_plan();
    now.mutable_changes(0)->set_account_id(9);
    now.mutable_changes()->RemoveLast();
    now.add_changes()->set_address("carl@example.jp");
    now.mutable_changes(1)->set_action(v1::BULK_ACTION_ADDED);
    now.set_fingerprint("g");
    const auto found = differences(back.plan(), now);
    ASSERT_EQ(found.size(), 4U);
    EXPECT_EQ(found[1], "other than planned: removed: anna@example.jp (another account than then)");
    EXPECT_EQ(found[2], "new since the plan: added: carl@example.jp");
    EXPECT_EQ(found[3], "planned, and not to be done any more: changed: ben@example.jp  便  quota none -> 2.0 GiB; password new");
}

}  // namespace
}  // namespace tayori::admin
