-- Who may send to whom: an account's own destinations, and who may write to it.
local tayori = require "tayori"

local function rules(en, ja)
  return {
    type = "list", max = 10000, about = { en = en, ja = ja },
    of = {
      type = "record",
      fields = {
        pattern = { type = "pattern", about = { en = "An address, *@example.com, or a domain with all below it.", ja = "アドレス、*@example.com、またはドメイン(下位も含む)。" } },
        allow = { type = "boolean", default = true, about = { en = "Allowed, or refused.", ja = "許可するか、拒否するか。" } },
      },
    },
  }
end

local destinations = tayori.plugin {
  name = "destinations",
  version = "1.0",
  order = 10,
  about = {
    en = "Says to whom an account may send, and who may send to it.",
    ja = "アカウントの送信先と、アカウントに送れる差出人を制限します。",
  },
  settings = {
    rules = rules("Where the account may send, top-down; the first that fits decides.", "送信先の規則。上から順に見て、最初に当てはまったものに従います。"),
    otherwise = {
      type = "choice", choices = { "allow", "refuse" },
      about = { en = "Where no rule fits.", ja = "どの規則にも当てはまらないとき。" },
    },
    senders = rules("Who may send to the account, likewise. Bounces always may.", "このアカウントに送れる差出人の規則。エラーメールはいつでも届きます。"),
    senders_otherwise = {
      type = "choice", choices = { "allow", "refuse" },
      about = { en = "Where no rule for senders fits.", ja = "差出人の規則のどれにも当てはまらないとき。" },
    },
  },
}

local function is_allowed(address, list, otherwise)
  for number, rule in ipairs(list) do
    if tayori.address_matches(address, rule.pattern) then return rule.allow, "rule " .. number .. ": " .. rule.pattern end
  end
  return otherwise == "allow", "no rule fits"
end

function destinations.needs(settings)
  local limited = #settings.rules > 0 or #settings.senders > 0 or settings.otherwise == "refuse" or settings.senders_otherwise == "refuse"
  return limited and { "rcpt" } or {}
end

function destinations.rcpt(session, account)
  local settings = account.settings
  if session.outgoing then
    local allowed, why = is_allowed(session.recipient, settings.rules, settings.otherwise)
    tayori.explain(why)
    if not allowed then return session:reject(550, "5.7.1", "You may not send to " .. session.recipient .. ".") end
  elseif session.sender ~= "" then -- nobody may refuse notifications (RFC 5321 §4.5.5)
    local allowed, why = is_allowed(session.sender, settings.senders, settings.senders_otherwise)
    tayori.explain(why)
    if not allowed then return session:reject(550, "5.7.1", account.address .. " takes no mail from you.") end
  end
end

return destinations
