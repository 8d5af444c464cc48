#include "smtpd/outbound/verdict.h"

#include <gmock/gmock.h>

namespace tayori::smtp {
namespace {

ServerReply reply_of(int code, std::string enhanced = "") {
    ServerReply reply;
    reply.code = code;
    reply.enhanced = std::move(enhanced);
    reply.text = "words";
    return reply;
}

TEST(Verdict, OfEachStage) {
    struct Row {
        int code;
        Step stage;
        Dsn dsn;
        v1::CarryOutcome outcome;
        std::string status;
    };
    const Row rows[] = {
        {250, Step::mail, Dsn::offered, v1::CARRY_OUTCOME_UNSPECIFIED, ""},
        {250, Step::rcpt, Dsn::offered, v1::CARRY_OUTCOME_UNSPECIFIED, ""},
        {251, Step::rcpt, Dsn::offered, v1::CARRY_OUTCOME_UNSPECIFIED, ""},
        {354, Step::data, Dsn::offered, v1::CARRY_OUTCOME_UNSPECIFIED, ""},
        {250, Step::end_of_data, Dsn::offered, v1::CARRY_OUTCOME_DELIVERED, "2.0.0"},
        {250, Step::end_of_data, Dsn::missing, v1::CARRY_OUTCOME_RELAYED, "2.0.0"},
        {421, Step::rcpt, Dsn::offered, v1::CARRY_OUTCOME_DEFERRED, "4.0.0"},
        {450, Step::rcpt, Dsn::offered, v1::CARRY_OUTCOME_DEFERRED, "4.0.0"},
        {550, Step::mail, Dsn::offered, v1::CARRY_OUTCOME_FAILED, "5.0.0"},
        {550, Step::rcpt, Dsn::offered, v1::CARRY_OUTCOME_FAILED, "5.0.0"},
        {554, Step::data, Dsn::offered, v1::CARRY_OUTCOME_FAILED, "5.0.0"},
        {554, Step::end_of_data, Dsn::offered, v1::CARRY_OUTCOME_FAILED, "5.0.0"},
        {552, Step::rcpt, Dsn::offered, v1::CARRY_OUTCOME_DEFERRED, "4.5.3"},     // RFC 5321 §4.5.3.1.10
        {552, Step::end_of_data, Dsn::offered, v1::CARRY_OUTCOME_FAILED, "5.0.0"},
        {354, Step::rcpt, Dsn::offered, v1::CARRY_OUTCOME_DEFERRED, "4.5.0"},     // it has lost count
        {250, Step::data, Dsn::offered, v1::CARRY_OUTCOME_DEFERRED, "4.5.0"},
        {354, Step::end_of_data, Dsn::offered, v1::CARRY_OUTCOME_DEFERRED, "4.5.0"},
    };
    for (const auto& row : rows) {
        const auto verdict = judge(reply_of(row.code), row.stage, row.dsn);
        EXPECT_EQ(verdict.outcome, row.outcome) << row.code << ' ' << stage_name(row.stage);
        EXPECT_EQ(verdict.said.status(), row.status) << row.code << ' ' << stage_name(row.stage);
    }
    EXPECT_EQ(judge(reply_of(550, "5.1.1"), Step::rcpt, Dsn::offered).said.status(), "5.1.1");
}

TEST(Verdict, AtTheLastTryLaterIsNever) {
    auto verdict = judge(reply_of(450, "4.2.0"), Step::rcpt, Dsn::offered);
    give_up(verdict, 5 * 86'400);
    EXPECT_EQ(verdict.outcome, v1::CARRY_OUTCOME_FAILED);
    EXPECT_EQ(verdict.said.status(), "4.4.7");
    EXPECT_EQ(verdict.said.code(), 450u);
    EXPECT_EQ(verdict.said.text(), "Given up after 5 days. words");
    auto delivered = judge(reply_of(250), Step::end_of_data, Dsn::offered);
    give_up(delivered, 0);
    EXPECT_EQ(delivered.outcome, v1::CARRY_OUTCOME_DELIVERED);
    auto failed_already = judge(reply_of(550), Step::rcpt, Dsn::offered);
    give_up(failed_already, 0);
    EXPECT_EQ(failed_already.said.status(), "5.0.0");
}

}  // namespace
}  // namespace tayori::smtp
