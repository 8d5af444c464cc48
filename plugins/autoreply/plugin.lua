-- One polite answer to each sender while the owner is away (RFC 3834 §2, RFC 5230 §4.5 and §4.6).
local tayori = require "tayori"

local MINUTE = 60
local HOUR = 60 * MINUTE
local DAY = 24 * HOUR
local FOR_EVER_DAYS = 3650

local autoreply = tayori.plugin {
  name = "autoreply",
  version = "1.0",
  order = 60, -- after filters: what they throw away is not answered
  about = {
    en = "Answers mail automatically, once to each sender within a period.",
    ja = "メールに自動で返信します。同じ差出人への返信は、期間ごとに 1 通だけです。",
  },
  user = true,
  settings = {
    text = {
      type = "text", user = true, max = 64 * 1024,
      about = { en = "What the answer says. Empty: nothing is answered. {subject}, {sender} and {date_to} stand for the mail's subject, its sender and the last day.",
                ja = "返信の本文。空なら返信しません。{subject}、{sender}、{date_to} は、元の件名、差出人、最終日に置き換わります。" },
    },
    subject = {
      type = "text", user = true, max = 500,
      about = { en = "The answer's subject, with the same words in braces. Empty: the mail's, with Auto: in front.",
                ja = "返信の件名。同じ置き換えが使えます。空なら、元の件名の前に Auto: を付けます。" },
    },
    from = {
      type = "address",
      about = { en = "Which of the account's addresses the answer comes from. Empty: the one that was written to.",
                ja = "返信の差出人(本人のアドレスのどれか)。空なら、メールの宛先だったアドレスです。" },
    },
    date_from = {
      type = "date", user = true,
      about = { en = "The first day on which mail is answered, or the time from which on. Empty: at once.", ja = "返信を始める日(時刻も書けます)。空ならすぐに始めます。" },
    },
    date_to = {
      type = "date", user = true,
      about = { en = "The last day, or the time until which. Empty: until it is switched off.", ja = "返信を終える日(その日を含みます。時刻も書けます)。空なら止めるまで続けます。" },
    },
    zone_minutes = {
      type = "integer", default = 9 * 60, min = -12 * 60, max = 14 * 60,
      about = { en = "Minutes east of UTC, for the days; 540 is Japan.", ja = "日付の時差(UTC から東へ何分か)。540 は日本です。" },
    },
    period_days = {
      type = "integer", user = true, default = 7, min = 1, max = 365,
      about = { en = "Each sender gets one answer in so many days.", ja = "同じ差出人に返信するのは、この日数に 1 回です。" },
    },
    min_interval_hours = {
      type = "integer", min = 0, max = 8760,
      about = { en = "The same in hours, as imports set it. 0: period_days holds.", ja = "同じことを時間で指定します(移行時に設定されます)。0 なら period_days に従います。" },
    },
    once_per_sender = {
      type = "boolean",
      about = { en = "Each sender gets a single answer, for good.", ja = "同じ差出人には 1 回しか返信しません。" },
    },
    noreply = {
      type = "list", user = true, of = { type = "pattern" }, max = 1000,
      about = { en = "Addresses and patterns (*@example.com, example.com) that get no answer.", ja = "返信しないアドレスやパターン(*@example.com、example.com)。" },
    },
    addresses = {
      type = "list", of = { type = "pattern" }, max = 100,
      about = { en = "Other addresses of the owner: mail to these is for him, too.", ja = "本人のほかのアドレス。ここ宛てのメールも本人宛てとみなします。" },
    },
    only_to_me = {
      type = "boolean", user = true, default = true,
      about = { en = "Only mail that names the owner in To or Cc is answered.", ja = "宛先(To、Cc)に本人の名があるメールだけに返信します。" },
    },
    echo = {
      type = "boolean", user = true,
      about = { en = "The answer quotes the mail.", ja = "返信に元のメールを引用します。" },
    },
    charset = {
      type = "choice", user = true, choices = { "utf-8", "iso-2022-jp" },
      about = { en = "The answer's charset; iso-2022-jp for recipients with very old programs.", ja = "返信の文字コード。とても古いメールソフトの相手には iso-2022-jp を選びます。" },
    },
    per_day = {
      type = "integer", default = 200, min = 0, max = 10000,
      about = { en = "At most so many answers a day. 0: no limit.", ja = "1 日に返信する最大の数。0 なら制限なし。" },
    },
  },
}

-- The first second of the time away, and the first one after it. A day as 2026-12-28 ends with itself, one with a time as
-- 2026-12-28 17:30 with that minute. nil: there is none.
local function time_away(settings)
  local zone, to = settings.zone_minutes, settings.date_to
  local last = tayori.parse_time(to, zone)
  return tayori.parse_time(settings.date_from, zone), last and last + (#to > #"2026-12-28" and MINUTE or DAY)
end

local function is_away(settings)
  local from, before = time_away(settings)
  if from and tayori.now() < from then return false, "not before " .. settings.date_from end
  if before and tayori.now() >= before then return false, "not after " .. settings.date_to end
  return true
end

local function fits_any(address, patterns)
  for _, pattern in ipairs(patterns) do
    if tayori.address_matches(address, pattern) then return pattern end
  end
end

local function noreply_pattern(mail, patterns)
  if #patterns == 0 then return end
  return fits_any(mail.sender, patterns) or (mail.from and fits_any(mail.from.address, patterns))
end

-- RFC 5230 §4.5: who is not named in the header got it by a list or as a hidden copy.
local function is_for_owner(mail, account)
  if mail:is_to(account) then return true end
  for _, field in ipairs { "to", "cc" } do
    for _, to in ipairs(mail:addresses(field)) do
      if fits_any(to.address, account.settings.addresses) then return true end
    end
  end
  return false
end

-- The first reason why this mail gets no answer; nil: it gets one, where it is not the owner's own (account:reply looks).
local function reason_against(mail, account)
  local settings = account.settings
  local away, when = is_away(settings)
  if not away then return when end
  local automatic, why = mail:is_automatic() -- RFC 3834 §2
  if automatic then return why end
  local pattern = noreply_pattern(mail, settings.noreply)
  if pattern then return "noreply: " .. pattern end
  if settings.only_to_me and not is_for_owner(mail, account) then return "not addressed to the owner" end
end

local function fill_in(text, mail, settings)
  local words = { subject = mail.subject, sender = mail.sender, date_to = settings.date_to }
  return (text:gsub("{([%l_]+)}", words))
end

local function seconds_between(settings)
  if settings.once_per_sender then return FOR_EVER_DAYS * DAY end
  if settings.min_interval_hours > 0 then return settings.min_interval_hours * HOUR end
  return settings.period_days * DAY
end

function autoreply.needs(settings)
  if settings.text == "" then return {} end
  local from, before = time_away(settings)
  return { deliver = { from = from, before = before } }
end

function autoreply.deliver(mail, account)
  local against = reason_against(mail, account)
  if against then return tayori.explain("no reply: " .. against) end
  local settings = account.settings
  account:reply(mail, {
    text = fill_in(settings.text, mail, settings),
    subject = settings.subject ~= "" and fill_in(settings.subject, mail, settings) or nil,
    from = settings.from ~= "" and settings.from or nil,
    once_in_seconds = seconds_between(settings),
    per_day = settings.per_day > 0 and settings.per_day or nil,
    echo = settings.echo,
    charset = settings.charset,
  })
end

return autoreply
