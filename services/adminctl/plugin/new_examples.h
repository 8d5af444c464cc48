// What a new plugin does at each hook: small enough to be understood at once, with a test that passes.
#pragma once

#include <string_view>

namespace tayori::admin::kit {

struct Example {
    std::string_view hook, arguments;
    std::string_view word;        // the default of its setting `word`
    std::string_view body, test;
};

inline constexpr Example kExamples[] = {
    {"connect", "session", "192.0.2.66",
     R"lua(  if session.peer == session.settings.word then
    return session:reject(554, "5.7.1", "No mail from " .. session.peer .. ".")
  end
)lua",
     R"test(connect from 192.0.2.66
then reject 554 5.7.1 "No mail from 192.0.2.66."

connect from 192.0.2.1
then nothing
)test"},
    {"helo", "session", "localhost",
     R"lua(  if session.helo == session.settings.word then
    return session:reject(550, "5.7.1", "Please say your own name.")
  end
)lua",
     R"test(EHLO localhost
then reject 550 5.7.1 "Please say your own name."

EHLO client.example
then nothing
)test"},
    {"auth", "session, account", "192.0.2.66",
     R"lua(  if session.peer == account.settings.word then
    return session:reject(550, "5.7.1", "Not from " .. session.peer .. ".")
  end
)lua",
     R"test(login submission from 192.0.2.66
then reject 550 5.7.1 "Not from 192.0.2.66."

login submission from 192.0.2.1
then nothing
)test"},
    {"mail", "session", "spam.example",
     R"lua(  if tayori.address_matches(session.sender, session.settings.word) then
    return session:reject(550, "5.7.1", "No mail from " .. session.sender .. ".")
  end
)lua",
     R"test(MAIL FROM:<x@spam.example>
then reject 550 5.7.1 "No mail from x@spam.example."

MAIL FROM:<bob@example.com>
then nothing
)test"},
    {"rcpt", "session, account", "spam.example",
     R"lua(  if tayori.address_matches(session.sender, account.settings.word) then
    return session:reject(550, "5.7.1", account.address .. " takes no mail from you.")
  end
)lua",
     R"test(MAIL FROM:<x@spam.example>
RCPT TO:<taro@example.test>
then reject 550 5.7.1 "taro@example.test takes no mail from you."

MAIL FROM:<bob@example.com>
RCPT TO:<taro@example.test>
then nothing
)test"},
    {"headers", "session, mail", "lottery",
     R"lua(  if tayori.contains(mail.subject, session.settings.word) then
    return mail:quarantine()
  end
)lua",
     R"test(mail from bob@example.com
  Subject: The LOTTERY is yours
then quarantine

mail from bob@example.com
  Subject: hello
then nothing
)test"},
    {"message", "session, mail", "X-Checked",
     R"lua(  if #mail.attachments > 0 then
    mail:addheader(session.settings.word, #mail.attachments .. " files")
  end
)lua",
     R"test(mail from bob@example.com
  Content-Type: application/pdf; name="a.pdf"
  Content-Disposition: attachment; filename="a.pdf"

  x
then addheader "X-Checked: 1 files"

mail from bob@example.com
  Subject: hello
then nothing
)test"},
    {"deliver", "mail, account", "invoice",
     R"lua(  if tayori.contains(mail.subject, account.settings.word) then
    account:fileinto("Found")
    account:flag("\\Flagged")
  end
)lua",
     R"test(mail from bob@example.com
  Subject: Your INVOICE of May
then fileinto "Found"
then flag \Flagged

mail from bob@example.com
  Subject: hello
then nothing
)test"},
    {"sent", "report, account", "postmaster@example.test",
     R"lua(  if report.tries > 1 then
    account:notify { to = account.settings.word, subject = "late mail", text = report.recipient .. ": " .. report.reply }
  end
)lua",
     R"test(sent to bob@example.com: 250 ok
then nothing
)test"},
    {"bounce", "report, account", "postmaster@example.test",
     R"lua(  account:notify { to = account.settings.word, subject = "mail came back", text = report.recipient .. ": " .. report.reply }
)lua",
     R"test(bounce of bob@example.com: 550 no such user
then notify postmaster@example.test
  with text "bob@example.com: 550 no such user"
)test"},
    {"login", "session, account", "192.0.2.66",
     R"lua(  if session.peer == account.settings.word then
    return session:reject(550, "5.7.1", "Not from here.")
  end
)lua",
     R"test(login imap from 192.0.2.66
then reject 550 5.7.1 "Not from here."

login pop3 from 192.0.2.1
then nothing
)test"},
    {"append", "mail, account", "Sent",
     R"lua(  if account.folder == account.settings.word then account:flag("\\Seen") end
)lua",
     R"test(append to Sent
  Subject: hello
then flag \Seen

append to Work
  Subject: hello
then nothing
)test"},
    {"store", "change, account", "Archive",
     R"lua(  if change.folder == account.settings.word then return change:refuse("Nothing changes in the archive.") end
)lua",
     R"test(store +\Flagged in Archive
then refuse "Nothing changes in the archive."

store +\Flagged in INBOX
then nothing
)test"},
    {"expunge", "change, account", "Archive",
     R"lua(  if change.folder == account.settings.word then return change:refuse("The archive keeps its mail.") end
)lua",
     R"test(expunge by imap in Archive
then refuse "The archive keeps its mail."

expunge by pop3
then nothing
)test"},
    {"quota", "usage, account", "postmaster@example.test",
     R"lua(  if usage.percent >= 90 then
    account:notify { to = account.settings.word, subject = account.address .. " is nearly full", text = usage.percent .. " %" }
  end
)lua",
     R"test(quota 91%
then notify postmaster@example.test
  with text "91 %"

quota 80%
then nothing
)test"},
    {"daily", "account", "Trash",
     R"lua(  account:expire { folder = account.settings.word, older_than = 30 * 24 * 60 * 60 }
)lua",
     R"test(daily
then expire "Trash" older than 30 days
)test"},
};

}  // namespace tayori::admin::kit
