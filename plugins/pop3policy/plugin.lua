-- What DELE of POP3 means: a PC that fetches by POP3 need not take away what the phone reads by IMAP.
local tayori = require "tayori"

local DAY = 24 * 60 * 60
-- Marks what a POP3 client has deleted and we have kept.
local DELETED = "$POP3Deleted"

local pop3policy = tayori.plugin {
  name = "pop3policy",
  version = "1.0",
  about = {
    en = "Says what becomes of mail that a POP3 client deletes.",
    ja = "POP3 のメールソフトが削除したメールをどうするかを決めます。",
  },
  user = true,
  settings = {
    dele = {
      type = "choice", user = true, choices = { "expunge", "keep", "trash", "archive" },
      about = { en = "expunge: it is gone; keep: it stays; trash, archive: it is moved there.", ja = "expunge は削除、keep は残す、trash と archive はごみ箱やアーカイブに移動。" },
    },
    days = {
      type = "integer", user = true, min = 0, max = 3650,
      about = { en = "With keep: it goes when it is so many days old. 0: it stays.", ja = "keep のとき、届いてからこの日数で削除します。0 なら残します。" },
    },
    keep_flagged = {
      type = "boolean", user = true, default = true,
      about = { en = "What is flagged (\\Flagged) is not removed after those days.", ja = "印(\\Flagged)の付いたメールは、その日数が過ぎても取り除きません。" },
    },
  },
}

function pop3policy.expunge(change, account)
  if change.protocol ~= "pop3" then return end
  local dele = account.settings.dele
  if dele == "keep" then return change:keep(DELETED) end
  if dele == "trash" or dele == "archive" then return change:move(dele) end
end

function pop3policy.daily(account)
  local settings = account.settings
  if settings.dele ~= "keep" or settings.days == 0 then return end
  local options = { folder = "INBOX", older_than = settings.days * DAY, keyword = DELETED }
  if settings.keep_flagged then options.flagged = false end -- only what is not flagged
  account:expire(options)
end

return pop3policy
