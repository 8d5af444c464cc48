// What a plugin sees of a mail: Japanese in every charset, broken mails, attachments and their names.
#include "engine_fixture.h"


namespace tayori::lua {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class ApiMailTest : public EngineTest {};

TEST_F(ApiMailTest, FieldsOfAPlainMail) {
    EXPECT_THAT(logged(R"(
        tayori.log(mail.id) tayori.log(tostring(mail.size)) tayori.log(mail.sender) tayori.log(mail.subject) tayori.log(mail.message_id)
        tayori.log(tostring(mail.date)) tayori.log(tostring(mail.authenticated)) tayori.log(mail.from.name .. " " .. mail.from.address)
        tayori.log(tostring(mail)) tayori.log(mail.text) tayori.log(#mail.parts .. " " .. #mail.attachments))"),
                ElementsAre("t1", std::to_string(kPlainMail.size()), "hana@a.test", "会議", "m1@a.test", "1795736520", "false",
                            "花子 hana@a.test", "mail", "hello ", "1 0"));
}

TEST_F(ApiMailTest, JapaneseInEveryCharset) {
    const struct {
        const char* charset;
        const char* encoding;
        std::string body;
    } cases[] = {
        {"iso-2022-jp", "7bit", "\x1b$BF|K\\8l\x1b(B\r\n"},
        {"shift_jis", "8bit", "\x93\xfa\x96\x7b\x8c\xea\r\n"},
        {"euc-jp", "8bit", "\xc6\xfc\xcb\xdc\xb8\xec\r\n"},
        {"utf-8", "8bit", "日本語\r\n"},
        {"utf-8", "base64", "5pel5pys6KqeDQo=\r\n"},
        {"utf-8", "quoted-printable", "=E6=97=A5=E6=9C=AC=E8=AA=9E\r\n"},
        {"cp932", "base64", "k/qWe4zqDQo=\r\n"},
        {"us-ascii", "8bit", "日本語\r\n"},                       // a wrong label
        {"x-unknown", "7bit", "\x1b$BF|K\\8l\x1b(B\r\n"},        // an unknown one
    };
    use("function p.deliver(mail) tayori.log(mail.text) tayori.log(mail.parts[1].text) end");
    for (const auto& c : cases) {
        const auto mail = cat("Content-Type: text/plain; charset=", c.charset, "\r\nContent-Transfer-Encoding: ", c.encoding, "\r\n\r\n",
                              c.body);
        EXPECT_THAT(lines(deliver(mail)), ElementsAre("日本語 ", "日本語 ")) << c.charset << ' ' << c.encoding;
    }
}

TEST_F(ApiMailTest, SubjectsInEveryCharset) {
    const char* subjects[] = {"=?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?=",         "=?Shift_JIS?B?k/qWe4zq?=", "=?EUC-JP?B?xvzL3Ljs?=",
                              "=?UTF-8?Q?=E6=97=A5=E6=9C=AC=E8=AA=9E?=",     "日本語",                   "\x1b$BF|K\\8l\x1b(B",
                              "\x93\xfa\x96\x7b\x8c\xea",                     "=?UTF-8?B?5pel5pys?=\r\n =?UTF-8?B?6Kqe?="};
    use("function p.deliver(mail) tayori.log(mail.subject) tayori.log(mail:header('SUBJECT')) end");
    for (const auto* subject : subjects)
        EXPECT_THAT(lines(deliver(cat("Subject: ", subject, "\r\n\r\n"))), ElementsAre("日本語", "日本語")) << subject;
}

TEST_F(ApiMailTest, Headers) {
    const std::string_view mail =
        "Received: one\r\nReceived: two\r\n three\r\nX-Empty:\r\nTo: \"A, B\" <a@a.test>, friends: b@a.test, c@a.test;\r\nTo: d\r\n"
        "received: four\r\n\r\n";
    EXPECT_THAT(logged(R"(
        tayori.log(table.concat(mail:headers("received"), "|"))
        tayori.log(table.concat(mail:raw_headers("Received"), "|"))
        tayori.log(mail:header("x-empty") .. "," .. tostring(mail:header("x-none")) .. "," .. #mail:headers("x-none"))
        tayori.log(table.concat(mail:header_names(), " "))
        for _, one in ipairs(mail:addresses("TO")) do tayori.log(one.name .. "<" .. one.address .. ">") end
        tayori.log(tostring(mail.from)))", mail),
                ElementsAre("one|two three|four", "Received: one  |Received: two   three  |received: four  ", ",nil,0",
                            "Received X-Empty To", "A, B<a@a.test>", "<b@a.test>", "<c@a.test>", "d<>", "nil"));
}

constexpr std::string_view kFiles =
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nthe text\r\n"
    "--b\r\nContent-Type: text/html\r\n\r\n<p>the <b>html</b></p><script>no</script>\r\n"
    "--b\r\nContent-Type: APPLICATION/PDF\r\nContent-Disposition: attachment;\r\n filename*0*=UTF-8''%E8%A6%8B;\r\n"
    " filename*1*=%E7%A9%8D.pdf\r\n\r\nabcd\r\n"
    "--b\r\nContent-Type: application/zip; name=\"=?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?=.zip\"\r\n\r\nabc\r\n"
    "--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=\"..\\\\..\\\\evil.txt\"\r\n\r\nfile\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninner text\r\n"
    "--b--\r\n";

TEST_F(ApiMailTest, PartsAndFiles) {
    EXPECT_THAT(logged(R"(
        for _, part in ipairs(mail.parts) do
            tayori.log(part.type .. " '" .. part.name .. "' " .. part.size .. " " .. tostring(part.attachment) .. " '" .. part.text .. "'")
        end
        tayori.log(#mail.attachments .. " " .. mail.attachments[1].name)
        tayori.log(mail.text))", kFiles),
                ElementsAre("text/plain '' 8 false 'the text'",
                            "text/html '' 41 false '<p>the <b>html</b></p><script>no</script>'",
                            "application/pdf '見積.pdf' 4 true ''", "application/zip '日本語.zip' 3 true ''",
                            "text/plain 'evil.txt' 4 true 'file'", "message/rfc822 '' 28 true ''", "text/plain '' 10 false 'inner text'",
                            "4 見積.pdf", testing::AllOf(StartsWith("the text"), HasSubstr("the html"), HasSubstr("inner text"))));
}

TEST_F(ApiMailTest, OfAMailThatIsNotAllHere) {
    use(R"(function p.deliver(mail)
        for _, part in ipairs(mail.parts) do tayori.log(part.type .. " '" .. part.name .. "' " .. part.size .. " '" .. part.text .. "'") end
    end)");
    const auto summary = mail::make_summary(kFiles);
    auto job = deliver_job(kFiles);
    job.mail->summary = &summary;
    const auto whole = lines(engine().run(job));
    // Types and names are those of the structure then; texts end where the bytes do.
    for (std::size_t kept = 0; kept < kFiles.size(); kept += 7) {
        job.mail->bytes = kFiles.substr(0, kept);
        const auto cut = lines(engine().run(job));
        ASSERT_EQ(cut.size(), whole.size()) << kept;
        for (std::size_t i = 0; i < cut.size(); ++i)
            EXPECT_EQ(cut[i].substr(0, cut[i].rfind(" '")), whole[i].substr(0, whole[i].rfind(" '"))) << kept;
    }
}

TEST_F(ApiMailTest, BrokenMailsAreReadAllTheSame) {
    use(R"(function p.deliver(mail)
        local all = mail.subject .. mail.text .. mail.message_id .. #mail.parts .. #mail.attachments .. mail.date
        for _, part in ipairs(mail.parts) do all = all .. part.type .. part.name .. part.size .. part.text end
        for _, name in ipairs(mail:header_names()) do all = all .. table.concat(mail:headers(name)) .. #mail:addresses(name) end
        mail:is_automatic()
        tayori.log(utf8.len(all) and "fine" or "not UTF-8")
    end)");
    const std::string broken[] = {
        "", "\r\n", "\r\n\r\n", "no colon", std::string(3, '\0'), "Subject: \xff\xfe\r\n\r\n\xff",
        "Content-Type: multipart/mixed\r\n\r\n--x\r\n", "Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n",
        "Content-Type: text/plain; charset=\"\xff\"\r\n\r\nabc",
        "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n=\xff===!",
        "Subject: =?utf-8?B?////?=\r\nFrom: <<>>@@\r\nDate: never\r\n\r\n", "Content-Type: \xff/\xff; name=\"\xff\"\r\n\r\nx",
        "Content-Disposition: attachment; filename*=UTF-8''%FF%FE\r\n\r\nx", "Content-Type: text/html\r\n\r\n<<<&#xffffff;<!--",
        "From: a\r\nFrom: b\xc0\x80\r\n\r\n"};
    for (const auto& mail : broken) EXPECT_THAT(lines(deliver(mail)), ElementsAre("fine")) << mail;
}

TEST_F(ApiMailTest, LargeTextsAreCutAndPaidFor) {
    limits_.instructions = 1'000'000;
    std::string mail = "Content-Type: text/plain; charset=utf-8\r\n\r\n";
    while (mail.size() < 900 * 1024) mail += "日本語の長いメール\r\n";
    EXPECT_THAT(logged("tayori.log(tostring(#mail.text <= 256 * 1024 and #mail.text > 256 * 1024 - 4))\n"
                       "tayori.log(tostring(utf8.len(mail.text) ~= nil))", mail),
                ElementsAre("true", "true"));
    // Kept for the call: asked for a thousand times, decoded once. Of each call it is counted anew.
    EXPECT_THAT(logged("for i = 1, 1000 do local _ = mail.text end tayori.log('done')", mail), ElementsAre("done"));
    EXPECT_THAT(logged("for i = 1, 10000 do mail:is_automatic() end tayori.log('done')", cat("X: ", std::string(60'000, 'x'), "\r\n\r\n")),
                ElementsAre(HasSubstr("instructions")));
}

TEST_F(ApiMailTest, MoreThanFiveHundredParts) {
    std::string mail = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    for (int i = 0; i < 700; ++i) mail += "--b\r\n\r\nx\r\n";
    EXPECT_THAT(logged("tayori.log(tostring(#mail.parts))", mail), ElementsAre("500"));
}

TEST_F(ApiMailTest, WhoIsAutomaticAndForWhom) {
    const auto body = R"(
        local automatic, why = mail:is_automatic()
        tayori.log(tostring(automatic) .. " " .. why .. " " .. tostring(mail:is_to(account))))";
    EXPECT_THAT(logged(body), ElementsAre("false  true"));
    EXPECT_THAT(logged(body, "To: sales@ours.test\r\nPrecedence: bulk\r\n\r\n"), ElementsAre("true Precedence: bulk true"));
    EXPECT_THAT(logged(body, "To: x@a.test\r\n\r\n"), ElementsAre("false  false"));
}

TEST_F(ApiMailTest, Results) {
    use("function p.deliver(mail) tayori.log(mail.results.spf .. ' ' .. tostring(mail.results.dkim)) mail.results.spf = 'fail' end");
    auto job = deliver_job(kPlainMail);
    job.mail->results = {{"spf", "pass"}};
    EXPECT_THAT(lines(engine().run(job)), ElementsAre("pass nil", HasSubstr("read only")));
}

TEST_F(ApiMailTest, AddedFieldsAreValidAndEncoded) {
    const auto added = [&](std::string_view arguments) {
        use(cat("function p.deliver(mail) mail:addheader(", arguments, ") end"));
        return described(deliver());
    };
    EXPECT_THAT(added(R"("X-Tag", "work")"), ElementsAre("addheader X-Tag: work"));
    EXPECT_THAT(added(R"("X-Tag", "日本")"), ElementsAre("addheader X-Tag: =?UTF-8?B?5pel5pys?="));
    EXPECT_THAT(added(R"("X-Tag", "a\r\nBcc: x@a.test")"), ElementsAre("addheader X-Tag: a  Bcc: x@a.test"));
    EXPECT_THAT(added(R"("Subject", "x")"), ElementsAre(HasSubstr("a second Subject field would make the mail ambiguous")));
    EXPECT_THAT(added(R"("content-type", "x")"), ElementsAre(HasSubstr("ambiguous")));
    EXPECT_THAT(added(R"("X Tag", "x")"), ElementsAre(HasSubstr("argument 1 (name) must be a field's name")));
    EXPECT_THAT(added(R"("X-Tag: x\r\nY", "x")"), ElementsAre(HasSubstr("argument 1 (name)")));
    EXPECT_THAT(added(R"("", "x")"), ElementsAre(HasSubstr("argument 1 (name)")));
    EXPECT_THAT(added(R"("X-Tag", ("x"):rep(2000))"), ElementsAre(HasSubstr("has 2000 bytes; at most 1000")));
    EXPECT_THAT(added(R"("X-Tag", 5)"), ElementsAre(HasSubstr("mail:addheader: argument 2 (value) must be text, not a number")));
    use("function p.deliver(mail) for i = 1, 21 do mail:addheader('X-' .. i, 'x') end end");
    EXPECT_THAT(described(deliver()), ElementsAre(HasSubstr("at most 20 fields")));
}

TEST_F(ApiMailTest, Copies) {
    use("function p.deliver(mail) mail:copy { to = { 'a@b.test', 'A@B.TEST', 'c@b.test' }, null_sender = true } end");
    EXPECT_THAT(described(deliver()), ElementsAre("copy to a@b.test, c@b.test, by the null path"));
    use("function p.deliver(mail) mail:copy { to = 'nonsense' } end");
    EXPECT_THAT(described(deliver()), 
                ElementsAre(HasSubstr("mail:copy: \"nonsense\" is not an address; one looks like anna@example.test")));
    use("function p.deliver(mail) mail:copy { too = 'a@b.test' } end");
    EXPECT_THAT(described(deliver()), ElementsAre(HasSubstr("mail:copy: unknown option \"too\"; did you mean `to`?")));
}

}  // namespace
}  // namespace tayori::lua
