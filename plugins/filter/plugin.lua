-- Rules of an account, top-down: where mail goes, and what becomes of it. The first that fits decides, unless it says `continue`.
local tayori = require "tayori"

local KILO = 1024
local UNITS = { [""] = 1, K = KILO, M = KILO * KILO, G = KILO * KILO * KILO }

local condition = {
  field = {
    type = "choice",
    choices = { "always", "header", "envelope-from", "size", "from", "to", "recipient", "subject", "body", "attachment" },
    about = { en = "What is looked at; header: any field, or with the value `Subject: …` that one; attachment: the files' names.",
              ja = "何を見るか。header は、値が「Subject: …」ならそのヘッダー、そうでなければすべてのヘッダー。attachment は添付ファイルの名前です。" },
  },
  test = {
    type = "choice", choices = { "contains", "is", "matches", "regex" },
    about = { en = "matches: the whole, with * and ? as wild cards; regex: RE2.", ja = "matches は * と ? を使って全体を比べます。regex は正規表現(RE2)です。" },
  },
  value = {
    type = "text", max = 2000,
    about = { en = "The text; of size: >10M, <2K or 500.", ja = "比べる文字列。size では >10M、<2K、500 のように書きます。" },
  },
  negate = { type = "boolean", about = { en = "It fits where this is not so.", ja = "当てはまらないときに真とします。" } },
}
local action = {
  action = {
    type = "choice",
    choices = { "none", "keep", "fileinto", "flag", "tag", "forward", "junk", "discard", "refuse", "stop" },
    about = { en = "keep: a copy in INBOX; flag: \\Seen, \\Flagged or a keyword; tag: a header field X-Tag and a keyword; stop: no other plugin looks at it.",
              ja = "keep は受信トレイに残し、flag は \\Seen や \\Flagged やキーワードを付け、tag は X-Tag ヘッダーとキーワードを付け、stop は後のプラグインに渡しません。" },
  },
  argument = {
    type = "text", max = 1000,
    about = { en = "The folder, flag, tag or address; of refuse: what the sender is told.", ja = "フォルダー、フラグ、タグ、アドレス。refuse では差出人に伝える文。" },
  },
}

local filter = tayori.plugin {
  name = "filter",
  version = "1.0",
  order = 30,
  about = {
    en = "Sorts, marks, forwards, refuses or throws away mail by rules.",
    ja = "規則に従って、メールを振り分け、印を付け、転送し、拒否し、破棄します。",
  },
  user = true,
  settings = {
    rules = {
      type = "list", user = true, max = 500,
      about = { en = "Top-down; the first that fits decides.", ja = "上から順に見て、最初に当てはまった規則に従います。" },
      of = {
        type = "record",
        fields = {
          name = { type = "text", max = 200, about = { en = "For people.", ja = "規則の名前。" } },
          enabled = { type = "boolean", default = true, about = { en = "The rule is looked at.", ja = "この規則を使います。" } },
          ["if"] = { type = "record", fields = condition, about = { en = "Has to fit.", ja = "当てはまるべき条件。" } },
          all = { type = "list", max = 50, of = { type = "record", fields = condition }, about = { en = "All of these have to fit.", ja = "すべて当てはまるべき条件。" } },
          any = { type = "list", max = 50, of = { type = "record", fields = condition }, about = { en = "One of these has to fit.", ja = "どれか一つが当てはまるべき条件。" } },
          ["then"] = { type = "record", fields = action, about = { en = "What is done.", ja = "行うこと。" } },
          actions = { type = "list", max = 20, of = { type = "record", fields = action }, about = { en = "What else is done, in order.", ja = "ほかに、順に行うこと。" } },
          continue = { type = "boolean", about = { en = "The rules below are looked at, too.", ja = "下の規則も続けて見ます。" } },
          source = {
            type = "list", of = { type = "text", max = 10000 }, max = 1000,
            about = { en = "Lines of an old server's file that a person has to put into a rule.", ja = "旧サーバーのファイルの行。人が規則に書き直します。" },
          },
          size_max = { type = "size", about = { en = "What such lines said of sizes.", ja = "そうした行にあった大きさの指定。" } },
        },
      },
    },
  },
}

local function wild_card(pattern)
  local expression = pattern:gsub("[^%w\128-\255]", function(c)
    return c == "*" and ".*" or c == "?" and "." or "\\" .. c
  end)
  return "(?is)^" .. expression .. "$"
end

local function regex_fits(text, expression) return tayori.regex(text, expression) ~= nil end

local tests = {
  contains = tayori.contains,
  is = tayori.same,
  matches = function(text, value) return regex_fits(text, wild_card(value)) end,
  regex = regex_fits,
}

-- The sign, the octets; nil: it is no size.
local function parse_size(value)
  local sign, number, unit = value:upper():match("^%s*([<>]?)%s*(%d+)%s*([KMG]?)I?B?%s*$")
  if number then return sign, tonumber(number) * UNITS[unit] end
end

local function size_fits(size, value)
  local sign, limit = parse_size(value)
  if sign == ">" then return size > limit end
  if sign == "<" then return size < limit end
  return size == limit
end

local function any_text(texts, fits, value)
  for _, text in ipairs(texts) do
    if fits(text, value) then return true end
  end
  return false
end

-- "Subject: [ad]" speaks of one field, other text of every line of the header. What is looked for, and in which field.
local function part_header(value)
  local name, rest = value:match("^([%w%-]+):%s*([^/].*)$")
  return rest or value, name
end

local function any_header(mail, fits, value)
  local rest, name = part_header(value)
  if name then return any_text(mail:headers(name), fits, rest) end
  for _, field in ipairs(mail:header_names()) do
    for _, text in ipairs(mail:headers(field)) do
      if fits(field .. ": " .. text, value) then return true end
    end
  end
  return false
end

local function any_address(addresses, fits, value)
  for _, one in ipairs(addresses) do
    if fits(one.address, value) or (one.name ~= "" and fits(one.name, value)) then return true end
  end
  return false
end

local function any_file(mail, fits, value)
  for _, part in ipairs(mail.attachments) do
    if fits(part.name, value) then return true end
  end
  return false
end

-- Whether what a condition names has a text that fits.
local looks = {
  always = function() return true end,
  size = function(mail, _, value) return size_fits(mail.size, value) end,
  header = any_header,
  ["envelope-from"] = function(mail, fits, value) return fits(mail.sender, value) end,
  from = function(mail, fits, value) return any_address(mail:addresses("from"), fits, value) end,
  to = function(mail, fits, value)
    return any_address(mail:addresses("to"), fits, value) or any_address(mail:addresses("cc"), fits, value)
  end,
  recipient = function(_, fits, value, account) return fits(account.recipient, value) end,
  subject = function(mail, fits, value) return fits(mail.subject, value) end,
  body = function(mail, fits, value) return fits(mail.text, value) end,
  attachment = any_file,
}

local function looks_so(one, mail, account) return looks[one.field](mail, tests[one.test], one.value, account) end

-- A wrong size or expression is its owner's typing error, which must not stop the rules below, nor throw mail away where it is negated:
-- it fits nothing. Why it is wrong; nil: it is right.
local function mistake(one)
  if one.field == "size" then return not parse_size(one.value) and "no size: " .. one.value or nil end
  if one.test ~= "regex" or one.field == "always" then return end
  local expression = one.field == "header" and part_header(one.value) or one.value
  if not pcall(tayori.regex, "", expression) then return "no regular expression: " .. expression end
end

local function holds(one, mail, account)
  local wrong = mistake(one)
  if wrong then return tayori.explain(wrong) or false end
  return looks_so(one, mail, account) ~= one.negate
end

local function fits(rule, mail, account)
  if not rule.enabled or not holds(rule["if"], mail, account) then return false end
  for _, one in ipairs(rule.all) do
    if not holds(one, mail, account) then return false end
  end
  for _, one in ipairs(rule.any) do
    if holds(one, mail, account) then return true end
  end
  return #rule.any == 0
end

-- Programs with IMAP see the keyword, those with POP3 the header field.
local function tag(mail, account, text)
  mail:addheader("X-Tag", text)
  if text:match("^[%w$_%-]+$") then account:flag(text) end
end

local actions = {
  none = function() end,
  keep = function(_, account) account:keep() end,
  fileinto = function(_, account, folder) account:fileinto(folder) end,
  flag = function(_, account, name) account:flag(name) end,
  tag = tag,
  forward = function(_, account, to)
    if not account:forward(to) then account:keep() end -- a loop: without a copy it would be gone
  end,
  junk = function(_, account) account:quarantine() end,
  discard = function(_, account) account:discard() end,
  refuse = function(mail, _, text) return mail:reject(550, "5.7.1", text ~= "" and text or "The recipient does not take this mail.") end,
  stop = function(_, account) account:stop() end,
}
local needs_argument = { fileinto = true, flag = true, tag = true, forward = true }

-- A rule with a mistake in it, as a folder with an impossible name, is its owner's trouble alone: what it says can't be done is left
-- out, and a copy stays in INBOX.
local function act(one, mail, account)
  if one.argument == "" and needs_argument[one.action] then
    return tayori.explain(one.action .. " without an argument does nothing")
  end
  local done, decision = pcall(actions[one.action], mail, account, one.argument)
  if done then return decision end
  tayori.explain("not done: " .. tostring(decision))
  account:keep()
end

local function apply(rule, mail, account)
  local decision = act(rule["then"], mail, account)
  for _, one in ipairs(rule.actions) do
    if decision then return decision end
    decision = act(one, mail, account)
  end
  return decision
end

local throws_away = { discard = true, junk = true }
local wants_it = { keep = true, fileinto = true, forward = true }

-- Thrown away and nothing else: then no plugin behind this one answers the mail, or passes it on.
local function is_only_thrown_away(rule)
  local thrown = throws_away[rule["then"].action]
  if wants_it[rule["then"].action] then return false end
  for _, one in ipairs(rule.actions) do
    if wants_it[one.action] then return false end
    thrown = thrown or throws_away[one.action]
  end
  return thrown
end

function filter.needs(settings) return #settings.rules > 0 and { "deliver" } or {} end

function filter.deliver(mail, account)
  for number, rule in ipairs(account.settings.rules) do
    if fits(rule, mail, account) then
      tayori.explain("rule " .. number .. (rule.name ~= "" and " (" .. rule.name .. ")" or ""))
      local decision = apply(rule, mail, account)
      if is_only_thrown_away(rule) then account:stop() end
      if decision or not rule.continue then return decision end
    end
  end
end

return filter
