// Who is not answered by machine, and why (RFC 3834 §2, RFC 5230 §4.5, §4.6).
#include "common/mail/automatic.h"

#include <gmock/gmock.h>

#include "common/base/text.h"

namespace tayori::mail {
namespace {

struct AutomaticCase {
    const char* reverse_path;
    const char* fields;  // besides From, To and Subject of a person's mail
    const char* why;     // "": may be answered
};

constexpr AutomaticCase kAutomaticCases[] = {
    // A person's.
    {"anna@a.test", "", ""},
    {"anna@a.test", "Auto-Submitted: no\r\n", ""},
    {"anna@a.test", "Auto-Submitted: No (a person)\r\n", ""},
    {"anna@a.test", "auto-submitted: (by hand) no; by=anna\r\n", ""},
    {"anna@a.test", "Precedence: first-class\r\n", ""},
    {"anna@a.test", "Precedence: special-delivery\r\n", ""},
    {"anna@a.test", "X-Auto-Response-Suppress: RN, NRN\r\n", ""},
    {"anna@a.test", "X-Spam-Flag: NO\r\n", ""},
    {"anna@a.test", "X-List-Price: 100\r\n", ""},
    {"anna@a.test", "Content-Type: multipart/mixed; boundary=report\r\n", ""},
    {"anna@a.test", "Content-Type: message/rfc822\r\n", ""},
    {"anna@a.test", "Reply-To: noreply@a.test\r\n", ""},
    {"anna+mail@a.test", "", ""},
    {"anna.request@a.test", "", ""},
    {"request@a.test", "", ""},
    {"owner@a.test", "", ""},
    {"bouncer@a.test", "", ""},
    {"reply@a.test", "", ""},
    {"prvs=0123456789=anna@a.test", "", ""},   // BATV
    {"a=b@a.test", "", ""},
    {"anna=team@a.test", "", ""},
    {"srs0@a.test", "", ""},
    {"太郎@例え.test", "", ""},
    // Nobody to answer.
    {"", "", "the null reverse path"},
    {"", "Auto-Submitted: no\r\n", "the null reverse path"},
    // Auto-Submitted.
    {"anna@a.test", "Auto-Submitted: auto-replied\r\n", "Auto-Submitted: auto-replied"},
    {"anna@a.test", "Auto-Submitted: auto-generated\r\n", "Auto-Submitted: auto-generated"},
    {"anna@a.test", "AUTO-SUBMITTED: Auto-Notified; owner-email=\"anna@a.test\"\r\n",
     "AUTO-SUBMITTED: Auto-Notified; owner-email=\"anna@a.test\""},
    {"anna@a.test", "Auto-Submitted: x-unknown\r\n", "Auto-Submitted: x-unknown"},
    {"anna@a.test", "Auto-Submitted: none\r\n", "Auto-Submitted: none"},
    {"anna@a.test", "Auto-Submitted:\r\n", "Auto-Submitted: "},
    {"anna@a.test", "Auto-Submitted: no\r\nAuto-Submitted: auto-replied\r\n", "Auto-Submitted: auto-replied"},
    {"anna@a.test", "Auto-Submitted:\r\n auto-replied\r\n", "Auto-Submitted: auto-replied"},
    // Precedence.
    {"anna@a.test", "Precedence: bulk\r\n", "Precedence: bulk"},
    {"anna@a.test", "Precedence: LIST\r\n", "Precedence: LIST"},
    {"anna@a.test", "precedence: junk (really)\r\n", "precedence: junk (really)"},
    {"anna@a.test", "Precedence: auto_reply\r\n", "Precedence: auto_reply"},
    {"anna@a.test", "X-Precedence: bulk\r\n", "X-Precedence: bulk"},
    // Lists.
    {"anna@a.test", "List-Id: <dev.a.test>\r\n", "List-Id"},
    {"anna@a.test", "list-help: <mailto:dev@a.test>\r\n", "List-Help"},
    {"anna@a.test", "List-Subscribe: <mailto:dev@a.test>\r\n", "List-Subscribe"},
    {"anna@a.test", "List-Unsubscribe: <https://a.test/u>\r\n", "List-Unsubscribe"},
    {"anna@a.test", "List-Post: NO\r\n", "List-Post"},
    {"anna@a.test", "List-Owner: <mailto:o@a.test>\r\n", "List-Owner"},
    {"anna@a.test", "List-Archive: <https://a.test/a>\r\n", "List-Archive"},
    {"anna@a.test", "Mailing-List: list dev@a.test\r\n", "Mailing-List"},
    {"anna@a.test", "X-Mailing-List: dev\r\n", "X-Mailing-List"},
    {"anna@a.test", "X-ML-Name: dev\r\nX-Mail-Count: 00012\r\n", "X-ML-Name"},
    {"anna@a.test", "Feedback-ID: 1:campaign:a\r\n", "Feedback-ID"},
    // Other auto-replies, and those who ask for none.
    {"anna@a.test", "X-Auto-Response-Suppress: All\r\n", "X-Auto-Response-Suppress: All"},
    {"anna@a.test", "X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply\r\n",
     "X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply"},
    {"anna@a.test", "X-Auto-Response-Suppress: OOF\r\n", "X-Auto-Response-Suppress: OOF"},
    {"anna@a.test", "X-Auto-Response-Suppress: autoreply\r\n", "X-Auto-Response-Suppress: autoreply"},
    {"anna@a.test", "X-Auto-Response-Suppress: DR\r\n", "X-Auto-Response-Suppress: DR"},
    {"anna@a.test", "X-Autoreply: yes\r\n", "X-Autoreply"},
    {"anna@a.test", "X-Autorespond: vacation\r\n", "X-Autorespond"},
    {"anna@a.test", "X-Loop: anna@a.test\r\n", "X-Loop"},
    {"anna@a.test", "X-Failed-Recipients: x@b.test\r\n", "X-Failed-Recipients"},
    {"anna@a.test", "X-Spam-Flag: YES\r\n", "X-Spam-Flag: YES"},
    // Reports.
    {"anna@a.test", "Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=b\r\n",
     "a report: Content-Type: multipart/report; report-type=delivery-status; boundary=b"},
    {"anna@a.test", "Content-Type: multipart/report; report-type=disposition-notification\r\n",
     "a report: Content-Type: multipart/report; report-type=disposition-notification"},
    {"anna@a.test", "Content-Type: Multipart/Report; report-type=feedback-report\r\n",
     "a report: Content-Type: Multipart/Report; report-type=feedback-report"},
    {"anna@a.test", "Content-Type: message/disposition-notification\r\n", "a report: Content-Type: message/disposition-notification"},
    {"anna@a.test", "Content-Type: message/delivery-status\r\n", "a report: Content-Type: message/delivery-status"},
    {"anna@a.test", "Content-Type: message/feedback-report\r\n", "a report: Content-Type: message/feedback-report"},
    // Programs as senders.
    {"mailer-daemon@a.test", "", "the sender is a program: mailer-daemon@a.test"},
    {"MAILER-DAEMON@a.test", "", "the sender is a program: MAILER-DAEMON@a.test"},
    {"postmaster@a.test", "", "the sender is a program: postmaster@a.test"},
    {"noreply@a.test", "", "the sender is a program: noreply@a.test"},
    {"no-reply+17@a.test", "", "the sender is a program: no-reply+17@a.test"},
    {"no-reply-shop@a.test", "", "the sender is a program: no-reply-shop@a.test"},
    {"account-noreply@a.test", "", "the sender is a program: account-noreply@a.test"},
    {"do-not-reply@a.test", "", "the sender is a program: do-not-reply@a.test"},
    {"LISTSERV@a.test", "", "the sender is a program: LISTSERV@a.test"},
    {"majordomo@a.test", "", "the sender is a program: majordomo@a.test"},
    {"owner-dev@a.test", "", "the sender is a program: owner-dev@a.test"},
    {"dev-owner@a.test", "", "the sender is a program: dev-owner@a.test"},
    {"dev-request@a.test", "", "the sender is a program: dev-request@a.test"},
    {"dev-bounces@a.test", "", "the sender is a program: dev-bounces@a.test"},
    {"dev-bounces+anna=b.test@a.test", "", "the sender is a program: dev-bounces+anna=b.test@a.test"},
    {"bounce+5f.ab12-anna=b.test@a.test", "", "the sender is a program: bounce+5f.ab12-anna=b.test@a.test"},
    {"dev-return-17-anna=b.test@a.test", "", "the sender is a program: dev-return-17-anna=b.test@a.test"},
    {"news-anna=b.test@a.test", "", "the sender is a program: news-anna=b.test@a.test"},
    {"SRS0=ABCDEF=QQ=b.test=anna@a.test", "", "the sender is a program: SRS0=ABCDEF=QQ=b.test=anna@a.test"},
    {"srs1=ABCDEF=c.test==ABCD=QQ=b.test=anna@a.test", "", "the sender is a program: srs1=ABCDEF=c.test==ABCD=QQ=b.test=anna@a.test"},
    {"anna@a.test", "Sender: owner-dev@a.test\r\n", "Sender is a program's: owner-dev@a.test"},
    {"anna@a.test", "From: Shop <no-reply@a.test>\r\n", "From is a program's: no-reply@a.test"},
};
static_assert(std::size(kAutomaticCases) >= 60);

TEST(Automatic, WhoIsAnsweredAndWhoIsNot) {
    for (const auto& c : kAutomaticCases) {
        const auto header = cat("From: Anna <anna@a.test>\r\nTo: taro@ours.test\r\nSubject: hello\r\n", c.fields, "\r\n");
        EXPECT_EQ(why_automatic(header, c.reverse_path), c.why) << c.reverse_path << '\n' << c.fields;
    }
}

TEST(Automatic, AReasonIsShortAndValidText) {
    const auto why = why_automatic(cat("Auto-Submitted: ", std::string(5000, 'x'), "\xff\r\n\r\n"), "anna@a.test");
    EXPECT_LT(why.size(), 100u);
    EXPECT_THAT(why, testing::StartsWith("Auto-Submitted: xxx"));
}

TEST(Automatic, IsItAddressedToTheOwner) {
    const std::vector<std::string> own = {"taro@ours.test", "sales@ours.test"};
    const struct {
        const char* fields;
        bool is_to;
    } cases[] = {
        {"To: taro@ours.test\r\n", true},
        {"To: TARO@Ours.Test\r\n", true},
        {"To: =?UTF-8?B?5aSq6YOO?= <taro@ours.test>\r\n", true},
        {"To: x@b.test,\r\n taro@ours.test\r\n", true},
        {"Cc: taro+lists@ours.test\r\n", true},
        {"Bcc: sales@ours.test\r\n", true},
        {"Resent-To: taro@ours.test\r\n", true},
        {"Resent-Cc: taro@ours.test\r\n", true},
        {"Resent-Bcc: taro@ours.test\r\n", true},
        {"To: friends: taro@ours.test, x@b.test;\r\n", true},
        {"To: x@b.test\r\nTo: taro@ours.test\r\n", true},
        {"To: x@b.test\r\n", false},
        {"To: undisclosed-recipients:;\r\n", false},
        {"To: taro@ours.test.b.test\r\n", false},
        {"To: \"taro@ours.test\" <x@b.test>\r\n", false},
        {"From: taro@ours.test\r\n", false},
        {"X-To: taro@ours.test\r\n", false},
        {"Delivered-To: taro@ours.test\r\n", false},
        {"", false},
    };
    for (const auto& c : cases) EXPECT_EQ(is_addressed_to(cat(c.fields, "\r\n"), own), c.is_to) << c.fields;
}

TEST(Automatic, OneMailboxHoweverItIsWritten) {
    const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"taro@ours.test", "TARO@OURS.TEST", true},
        {"taro+x@ours.test", "taro@ours.test", true},
        {"\"taro\"@ours.test", "taro@ours.test", true},
        {"太郎@例え.test", "太郎@xn--r8jz45g.test", true},
        {"taro@ours.test", "jiro@ours.test", false},
        {"taro@ours.test", "taro@a.test", false},
        {"nonsense", "nonsense", false},
        {"", "", false},
    };
    for (const auto& c : cases) EXPECT_EQ(is_same_mailbox(c.a, c.b), c.same) << c.a << ' ' << c.b;
}

TEST(Automatic, CorrespondentsAreCountedUnderOneName) {
    EXPECT_EQ(correspondent_key("Anna@A.Test"), "anna@a.test");
    EXPECT_EQ(correspondent_key("anna+x@a.test"), "anna+x@a.test");  // of others a tag may be somebody else
    EXPECT_EQ(correspondent_key("prvs=0123abcdef=anna@a.test"), "anna@a.test");
    EXPECT_EQ(correspondent_key("prvs=short=anna@a.test"), "prvs=short=anna@a.test");
    EXPECT_EQ(correspondent_key("No Address"), "no address");
}

}  // namespace
}  // namespace tayori::mail
