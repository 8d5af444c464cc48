-- How large a mail may be: for everybody, for one account, or by sender and recipient. The size that a client declares is looked at
-- early (RFC 1870 §6), that of the mail itself after DATA, as a client need not declare any.
local tayori = require "tayori"

local sizelimit = tayori.plugin {
  name = "sizelimit",
  version = "1.0",
  order = 15,
  about = {
    en = "Limits the size of mails by direction, sender and recipient.",
    ja = "送受信の向き、差出人、宛先ごとに、メール 1 通の大きさを制限します。",
  },
  settings = {
    announce = {
      type = "size", scope = "site",
      about = { en = "No mail may be larger; servers are told so in advance (SIZE). 0: no limit.", ja = "これより大きいメールは受け取りません。相手にも前もって知らせます(SIZE)。0 なら制限なし。" },
    },
    receive_max = {
      type = "size",
      about = { en = "The largest mail that an account gets. 0: no limit.", ja = "アカウントが受け取れるメールの大きさ。0 なら制限なし。" },
    },
    send_max = {
      type = "size",
      about = { en = "The largest mail that an account sends. 0: no limit.", ja = "アカウントが送れるメールの大きさ。0 なら制限なし。" },
    },
    rules = {
      type = "list", max = 200,
      about = { en = "Exceptions, top-down; the first that fits holds instead.", ja = "例外の規則。上から順に見て、最初に当てはまったものが優先します。" },
      of = {
        type = "record",
        fields = {
          direction = { type = "choice", choices = { "both", "incoming", "outgoing" }, about = { en = "Mail that the account gets, or sends.", ja = "受信、送信、または両方。" } },
          sender = { type = "pattern", default = "*", about = { en = "From whom.", ja = "差出人。" } },
          recipient = { type = "pattern", default = "*", about = { en = "To whom.", ja = "宛先。" } },
          max = { type = "size", about = { en = "0: no limit.", ja = "0 なら制限なし。" } },
        },
      },
    },
  },
}

local function is_for(rule, direction) return rule.direction == "both" or rule.direction == direction end

-- 0: no limit.
local function limit_of(settings, direction, sender, recipient)
  for number, rule in ipairs(settings.rules) do
    if is_for(rule, direction)
      and tayori.address_matches(sender, rule.sender) and tayori.address_matches(recipient, rule.recipient) then
      tayori.explain("rule " .. number)
      return rule.max
    end
  end
  return direction == "outgoing" and settings.send_max or settings.receive_max
end

local function is_above(size, limit) return limit > 0 and size > limit end

local function sentence(size, limit, whose)
  return ("The mail has %d KiB; %s takes at most %d KiB."):format((size + 1023) // 1024, whose, limit // 1024)
end

-- The least of several limits; nil: there is none.
local function least(...)
  local found
  for _, limit in ipairs { ... } do
    if limit > 0 and (not found or limit < found) then found = limit end
  end
  return found
end

-- What no mail of that direction can be above without being looked at.
local function least_of(settings, direction, max)
  local found = max
  for _, rule in ipairs(settings.rules) do
    if is_for(rule, direction) then found = least(found, rule.max) or 0 end
  end
  return found
end

local function above(limit) return limit and { larger_than = limit } end

function sizelimit.needs(settings)
  local incoming = least_of(settings, "incoming", settings.receive_max)
  local outgoing = least_of(settings, "outgoing", settings.send_max)
  return {
    settings.announce > 0 and "helo" or nil,
    message = above(least(settings.announce, outgoing)),
    rcpt = above(least(incoming, outgoing)),
    deliver = above(least(incoming)),
  }
end

-- What was announced the server itself holds to at MAIL (RFC 1870 §6.1).
function sizelimit.helo(session)
  if session.settings.announce > 0 then session:announce_size(session.settings.announce) end
end

function sizelimit.rcpt(session, account)
  local limit = limit_of(account.settings, session.outgoing and "outgoing" or "incoming", session.sender, session.recipient)
  if is_above(session.declared_size, limit) then
    local whose = session.outgoing and "mail of yours to " .. session.recipient or session.recipient
    return session:reject(552, "5.2.3", sentence(session.declared_size, limit, whose))
  end
end

-- What nobody has declared. One answer is for all recipients, so that the strictest of them counts.
function sizelimit.message(session, mail)
  local settings = session.settings
  if is_above(mail.size, settings.announce) then return mail:reject(552, "5.3.4", sentence(mail.size, settings.announce, "this server")) end
  if not session.account then return end
  for _, recipient in ipairs(session.accepted) do
    local limit = limit_of(settings, "outgoing", mail.sender, recipient)
    if is_above(mail.size, limit) then return mail:reject(552, "5.2.3", sentence(mail.size, limit, "mail of yours to " .. recipient)) end
  end
end

function sizelimit.deliver(mail, account)
  local limit = limit_of(account.settings, "incoming", mail.sender, account.recipient)
  if is_above(mail.size, limit) then return mail:reject(552, "5.2.3", sentence(mail.size, limit, account.recipient)) end
end

return sizelimit
