-- Removes old mail, or moves it, folder by folder: once a day.
local tayori = require "tayori"

local DAY = 24 * 60 * 60

local expire = tayori.plugin {
  name = "expire",
  version = "1.0",
  about = {
    en = "Removes or moves mail that has reached an age, folder by folder.",
    ja = "フォルダーごとに、古くなったメールを削除または移動します。",
  },
  settings = {
    rules = {
      type = "list", max = 50,
      about = { en = "One for each folder.", ja = "フォルダーごとの規則。" },
      of = {
        type = "record",
        fields = {
          folder = { type = "text", max = 1000, about = { en = "Its name; * stands for any run of characters.", ja = "フォルダー名。* は任意の文字列を表します。" } },
          days = { type = "integer", min = 1, max = 36500, default = 30, about = { en = "Mail of this age goes.", ja = "この日数を過ぎたメールが対象です。" } },
          only = { type = "choice", choices = { "all", "seen", "unseen" }, about = { en = "All mail, or only what has (not) been read.", ja = "すべて、既読だけ、未読だけ。" } },
          keep_flagged = { type = "boolean", default = true, about = { en = "What is flagged (\\Flagged) stays.", ja = "印(\\Flagged)の付いたメールは残します。" } },
          move_to = { type = "text", max = 1000, about = { en = "It is moved into this folder. Empty: it is removed.", ja = "移動先のフォルダー。空なら削除します。" } },
        },
      },
    },
  },
}

local is_seen = { seen = true, unseen = false }

function expire.needs(settings) return #settings.rules > 0 and { "daily" } or {} end

function expire.daily(account)
  local done = {}
  for number, rule in ipairs(account.settings.rules) do
    if rule.folder == "" or done[rule.folder] then
      tayori.explain("rule " .. number .. (rule.folder == "" and " names no folder" or ": the folder has a rule already"))
    else
      done[rule.folder] = true
      local options = { folder = rule.folder, older_than = rule.days * DAY, seen = is_seen[rule.only] }
      if rule.keep_flagged then options.flagged = false end -- only what is not flagged
      if rule.move_to ~= "" then options.move_to = rule.move_to end
      -- A folder that can't be is the owner's mistake: his other rules go on.
      local right, wrong = pcall(account.expire, account, options)
      if not right then tayori.explain("rule " .. number .. " is not done: " .. tostring(wrong)) end
    end
  end
end

return expire
