-- A copy of every mail to an archive. It goes with the mail's own commit: no mail without its copy, no copy twice.
local tayori = require "tayori"

local journal = tayori.plugin {
  name = "journal",
  version = "1.0",
  order = 90, -- what others refuse is not archived
  about = {
    en = "Sends a copy of every mail, in and out, to an archive address.",
    ja = "送受信するすべてのメールの写しを、保管用のアドレスに送ります。",
  },
  settings = {
    to = {
      type = "list", scope = "domain", of = { type = "address" }, max = 10,
      about = { en = "The archive's addresses.", ja = "保管先のアドレス。" },
    },
    direction = {
      type = "choice", scope = "domain", choices = { "both", "incoming", "outgoing" },
      about = { en = "outgoing: what our own accounts send; incoming: all else.", ja = "outgoing は自分たちのアカウントが送るメール、incoming はそれ以外。" },
    },
    only = {
      type = "list", scope = "domain", of = { type = "pattern" }, max = 1000,
      about = { en = "Only mail whose sender or a recipient fits one of these. Empty: all.", ja = "差出人か宛先がこのどれかに当てはまるメールだけ。空ならすべて。" },
    },
    except = {
      type = "list", scope = "domain", of = { type = "pattern" }, max = 1000,
      about = { en = "Not what such a sender sends.", ja = "写しを送らない差出人。" },
    },
  },
}

local function fits_any(address, patterns)
  for _, pattern in ipairs(patterns) do
    if tayori.address_matches(address, pattern) then return true end
  end
  return false
end

local function is_wanted(session, mail, settings)
  local outgoing = mail.authenticated and "outgoing" or "incoming"
  if settings.direction ~= "both" and settings.direction ~= outgoing then return false, "it is " .. outgoing end
  if fits_any(mail.sender, settings.except) then return false, "the sender is excepted" end
  if #settings.only == 0 or fits_any(mail.sender, settings.only) then return true end
  for _, recipient in ipairs(session.accepted) do
    if fits_any(recipient, settings.only) then return true end
  end
  return false, "nobody in it is archived"
end

-- Mail for nobody but the archive is there already.
local function is_for_archive_only(session, archives)
  for _, recipient in ipairs(session.accepted) do
    if not fits_any(recipient, archives) then return false end
  end
  return #session.accepted > 0
end

function journal.needs(settings) return #settings.to > 0 and { "message" } or {} end

function journal.message(session, mail)
  local settings = session.settings
  local wanted, why = is_wanted(session, mail, settings)
  if wanted and is_for_archive_only(session, settings.to) then wanted, why = false, "it is for the archive" end
  if not wanted then return tayori.explain("no copy: " .. why) end
  mail:copy { to = settings.to, null_sender = true } -- the archive's troubles are not the sender's
end

return journal
