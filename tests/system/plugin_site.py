"""A site with small plugins of its own, for the tests of what plugins do to mail."""

import email
import email.policy
import re
import smtplib

from harness import imap
from harness.site import PASSWORD, Site

OURS = "ours.test"
HOST = "127.0.0.1"

# Refuses at the hook that its setting `at` names.
GATE = """
local tayori = require "tayori"
local gate = tayori.plugin {
  name = "gate",
  settings = { at = { type = "text" }, later = { type = "boolean" } },
}
local function no(whom, settings, hook)
  if settings.at ~= hook then return end
  if settings.later then return whom:tempfail(451, "4.7.1", "later at " .. hook) end
  return whom:reject(550, "5.7.1", "no at " .. hook)
end
function gate.connect(session) return no(session, session.settings, "connect") end
function gate.helo(session) return no(session, session.settings, "helo") end
function gate.auth(session, account) return no(session, account.settings, "auth") end
function gate.mail(session) return no(session, session.settings, "mail") end
function gate.rcpt(session, account)
  if session.outgoing then return no(session, account.settings, "outgoing") end
  if account.settings.at == "twice" then
    session:limit { key = session.sender, max = 2, period = 3600, text = "Twice an hour is enough." }
  end
  return no(session, account.settings, "rcpt")
end
function gate.headers(session, mail) return no(mail, session.settings, "headers") end
function gate.message(session, mail) return no(mail, session.settings, "message") end
function gate.deliver(mail, account) return no(mail, account.settings, "deliver") end
function gate.login(session, account) return no(session, account.settings, "login") end
function gate.append(mail, account)
  if account.settings.at == "append fails" then error("broken in the mailbox") end
  return no(mail, account.settings, "append")
end
function gate.store(change, account)
  if account.settings.at == "store" then return change:refuse("no at store: " .. table.concat(change.add, " ")) end
end
function gate.expunge(change, account)
  if account.settings.at == "expunge" then return change:refuse("no at expunge: " .. change.messages) end
  if account.settings.at == "keep" then return change:keep("$Kept") end
  if account.settings.at == "trash" then return change:move("trash") end
end
return gate
"""

# Does what the subject says.
DOER = """
local tayori = require "tayori"
local doer = tayori.plugin { name = "doer", state = true, settings = { to = { type = "address" }, mark = { type = "text" } } }
function doer.deliver(mail, account)
  local verb, rest = mail.subject:match("^(%a+) ?(.*)$")
  if verb == "into" then account:fileinto(rest)
  elseif verb == "both" then account:fileinto(rest) account:fileinto(rest .. "2")
  elseif verb == "junk" then account:quarantine()
  elseif verb == "gone" then account:discard()
  elseif verb == "flag" then account:flag("\\\\Flagged", "$Label1")
  elseif verb == "mark" then mail:addheader("X-Doer", account.settings.mark)
  elseif verb == "pass" then account:forward(account.settings.to)
  elseif verb == "answer" then account:reply(mail, { text = "away", once_in_days = 7 })
  elseif verb == "serve" then
    account:forward(account.settings.to)
    account:reply(mail, { text = "served", once_in_days = 7 })
    account:fileinto("Served")
  elseif verb == "notify" then account:notify { subject = "notified", text = "of " .. mail.subject }
  elseif verb == "count" then
    local n = tonumber(account.state.n or "0") + 1
    account:remember("n", tostring(n))
    mail:addheader("X-Count", tostring(n))
  elseif verb == "fail" then error("broken on purpose")
  end
end
return doer
"""

# Lets nothing pass that it has not seen.
STRICT = """
local tayori = require "tayori"
local strict = tayori.plugin { name = "strict", failure = "tempfail" }
function strict.deliver(mail, account)
  if mail.subject:find("fail", 1, true) then error("broken on purpose") end
end
return strict
"""

# Tells its account what it hears without a session, and lets old mail go.
TELLER = """
local tayori = require "tayori"
local teller = tayori.plugin { name = "teller" }
local function tell(account, words) account:notify { subject = words, text = words } end
function teller.daily(account)
  account:expire { folder = "Old*", older_than = 86400 }
  account:expire { folder = "Keep", older_than = 86400, flagged = false, move_to = "archive" }
  tell(account, "a day has passed")
end
function teller.quota(usage, account) tell(account, ("%d of %d mails"):format(usage.used_messages, usage.quota_messages)) end
function teller.sent(report, account) tell(account, "sent to " .. report.recipient .. ": " .. report.reply) end
function teller.bounce(report, account) tell(account, "not to " .. report.recipient .. ": " .. report.reply) end
return teller
"""


class PluginSite(Site):
    """`plugins`: name -> plugin.lua."""

    def __init__(self, plugins=None, settings=None, **options):
        super().__init__(settings={"TAYORI__AUTH__SCRAM_ITERATIONS": "4096", "TAYORI__SITE__HOSTNAME": "mail.ours.test", **(settings or {})},
                         **options)
        for name, text in (plugins or {}).items():
            self.write_plugin(name, text)

    def write_plugin(self, name, text):
        folder = self.instance.data / "plugins" / name
        folder.mkdir(parents=True, exist_ok=True)
        new = folder / "plugin.lua.new"
        new.write_text(text, encoding="utf-8")
        new.rename(folder / "plugin.lua")

    def enable(self, plugin, *scope, **values):
        """For the site, or with ("--account", ADDRESS) or ("--domain", NAME); with settings."""
        if values:
            self.adminctl("plugin", "set", plugin, *scope, *[f"{name}={value}" for name, value in values.items()])
        self.adminctl("plugin", "enable", plugin, *scope)

    def send(self, to, subject="hello", sender="carol@far.example", port="smtp", user=None, headers="", body="text\r\n"):
        """What the server said to it: a code and a text."""
        recipients = [to] if isinstance(to, str) else to
        text = f"From: <{sender}>\r\nTo: <{recipients[0]}>\r\nSubject: {subject}\r\n{headers}\r\n{body}".encode()
        smtp = smtplib.SMTP()
        try:
            code, said = smtp.connect(HOST, self.ports[port])
            if code != 220:
                return code, said.decode()
            code, said = smtp.ehlo("client.example")
            if code != 250:
                return code, said.decode()
            if user:
                smtp.login(user, PASSWORD)
            smtp.sendmail(sender, recipients, text)
            return 250, ""
        except smtplib.SMTPResponseException as refusal:
            return refusal.smtp_code, refusal.smtp_error.decode()
        except smtplib.SMTPRecipientsRefused as refusal:
            code, said = next(iter(refusal.recipients.values()))
            return code, said.decode()
        finally:
            smtp.close()

    def imap(self, address):
        return imap.login(self.ports["imap"], address, PASSWORD)

    def mails(self, address, folder="INBOX"):
        """[(flags, mail)] of a folder that may not be there."""
        connection = self.imap(address)
        try:
            imap.command(connection, f"EXAMINE {imap.quoted(folder)}")
        except AssertionError:
            return []
        connection.line("f UID FETCH 1:* (FLAGS BODY.PEEK[])")
        found = []
        while not (line := connection.read_line()).startswith("f "):
            size = re.search(r"\{(\d+)\}$", line)
            if not size:
                continue
            flags = re.search(r"FLAGS \(([^)]*)\)", line)
            data = take(connection, int(size[1]))
            rest = connection.read_line()
            flags = flags or re.search(r"FLAGS \(([^)]*)\)", rest)
            found.append((set(flags[1].split()), email.message_from_bytes(data, policy=email.policy.default)))
        connection.close()
        return found

    def subjects(self, address, folder="INBOX"):
        return [str(mail["Subject"]) for _, mail in self.mails(address, folder)]


def take(connection, count):
    while len(connection.buffer) < count:
        more = connection.socket.recv(1 << 20)
        if not more:
            raise AssertionError("the connection ended within a literal")
        connection.buffer += more
    data, connection.buffer = connection.buffer[:count], connection.buffer[count:]
    return data
