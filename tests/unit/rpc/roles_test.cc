#include "spoold/rpc/roles.h"

#include <gtest/gtest.h>

namespace tayori::spool {
namespace {

TEST(Roles, AreThoseOfTheProgram) {
    EXPECT_TRUE(role_at(Entry::daemons, "smtpd", "").delivery);
    EXPECT_FALSE(role_at(Entry::daemons, "imapd", "").delivery);
    EXPECT_FALSE(role_at(Entry::daemons, "pop3d", "").uploads);
    EXPECT_FALSE(role_at(Entry::daemons, "adminctl", "").admin);
    EXPECT_FALSE(role_at(Entry::daemons, "strangerd", "").daemon);
    EXPECT_TRUE(role_at(Entry::administration, "", "").admin);
    EXPECT_FALSE(role_at(Entry::administration, "smtpd", "").daemon);
}

TEST(Roles, OverTcpTheCertificateDecides) {
    EXPECT_TRUE(role_at(Entry::certificates, "smtpd", "smtpd").delivery);
    EXPECT_FALSE(role_at(Entry::certificates, "smtpd", "imapd").daemon);
    EXPECT_TRUE(role_at(Entry::certificates, "", "adminctl").admin);
    EXPECT_FALSE(role_at(Entry::certificates, "", "").admin);
    EXPECT_FALSE(role_at(Entry::certificates, "imapd", "").daemon);
}

TEST(Roles, WhoFetchesIsNoAdministrator) {
    EXPECT_TRUE(role_at(Entry::certificates, "", "fetch").fetch);
    EXPECT_FALSE(role_at(Entry::certificates, "", "fetch").admin);
    EXPECT_FALSE(role_at(Entry::certificates, "", "fetch").daemon);
    EXPECT_FALSE(role_at(Entry::certificates, "", "imapd").fetch);
    EXPECT_FALSE(role_at(Entry::daemons, "fetch", "").fetch);
}

TEST(Roles, OnlySmtpdDelivers) {
    const auto pop3d = role_of("pop3d");
    EXPECT_FALSE(may_call(pop3d, v1::Call::kCommitPlan));
    EXPECT_FALSE(may_call(pop3d, v1::Call::kResolve));
    EXPECT_FALSE(may_call(pop3d, v1::Call::kUploadBegin));
    EXPECT_TRUE(may_call(pop3d, v1::Call::kOpenMaildrop));
    EXPECT_TRUE(may_call(role_of("smtpd"), v1::Call::kCommitPlan));
    EXPECT_FALSE(may_call(role_of("adminctl"), v1::Call::kListFolders));
    EXPECT_FALSE(may_call(pop3d, v1::Call::kLeasePluginWork));
    EXPECT_TRUE(may_call(role_of("smtpd"), v1::Call::kLeasePluginWork));
    EXPECT_TRUE(may_call(pop3d, v1::Call::kGetPluginProfile));
    EXPECT_TRUE(may_call(pop3d, v1::Call::kReportPlugins));
}

}  // namespace
}  // namespace tayori::spool
