-- Warns the owner of a mailbox that fills up: once for each step, and again only after it has been clearly emptier.
local tayori = require "tayori"

local quotawarn = tayori.plugin {
  name = "quotawarn",
  version = "1.0",
  state = true,
  about = {
    en = "Warns by mail when a mailbox fills up, with the day on which it will be full.",
    ja = "メールボックスの空きが少なくなると、いっぱいになる見込みの日を添えて、メールで知らせます。",
  },
  settings = {
    steps = {
      type = "list", of = { type = "choice", choices = { "80", "90", "95" } }, max = 3, default = { "80", "90", "95" },
      about = { en = "Percent of the quota at which a warning is sent: which of 80, 90 and 95.", ja = "知らせる使用率(%)。80、90、95 から選びます。" },
    },
    hysteresis = {
      type = "integer", default = 5, min = 0, max = 50,
      about = { en = "Percent by which it has to fall below a step before that step warns again.", ja = "同じ段階で再び知らせるまでに、その段階から下がるべき幅(%)。" },
    },
    language = {
      type = "choice", choices = { "en", "ja" },
      about = { en = "The language of the warning.", ja = "知らせる言葉。" },
    },
    copy_to = {
      type = "list", of = { type = "address" }, max = 10,
      about = { en = "Others who are told, too.", ja = "ほかに知らせるアドレス。" },
    },
    zone_minutes = {
      type = "integer", default = 9 * 60, min = -12 * 60, max = 14 * 60,
      about = { en = "Minutes east of UTC, for the day; 540 is Japan.", ja = "日付の時差(UTC から東へ何分か)。540 は日本です。" },
    },
  },
}

local MEGA = 1024 * 1024
local words = {
  en = {
    subject = "The mailbox %s is %d %% full",
    bytes = "The mailbox %s holds %.1f of %.1f MiB.",
    messages = "The mailbox %s holds %d of %d mails.",
    forecast = "At the present rate it will be full on %s.",
    advice = "When it is full, mail to it is put off, and later returned to its senders. Please delete what you no longer need,\n"
      .. "in the folder for deleted mail, too, or ask your administrator for more room.",
  },
  ja = {
    subject = "メールボックス %s の使用率が %d %% になりました",
    bytes = "メールボックス %s は、%.1f MiB を使っています(上限 %.1f MiB)。",
    messages = "メールボックス %s には、%d 通のメールがあります(上限 %d 通)。",
    forecast = "このまま増えると、%s にいっぱいになる見込みです。",
    advice = "いっぱいになると、届くメールは保留され、やがて差出人に戻されます。\n"
      .. "不要なメールを削除する(ごみ箱も空にする)か、管理者に容量の追加を相談してください。",
  },
}

-- The highest step that has been reached; 0: none.
local function step_of(percent, steps)
  local highest = 0
  for _, text in ipairs(steps) do
    local step = tonumber(text)
    if percent >= step and step > highest then highest = step end
  end
  return highest
end

-- The highest step that needs no warning again: it has been warned of, and the mailbox has not been clearly emptier since.
local function still_warned(warned, percent, settings)
  local highest = 0
  for _, text in ipairs(settings.steps) do
    local step = tonumber(text)
    if step <= warned and step > highest and percent >= step - settings.hysteresis then highest = step end
  end
  return highest
end

local function compose(usage, account)
  local settings = account.settings
  local say = words[settings.language]
  local lines = {}
  if usage.quota_bytes > 0 then
    lines[#lines + 1] = say.bytes:format(account.address, usage.used_bytes / MEGA, usage.quota_bytes / MEGA)
  end
  if usage.quota_messages > 0 then
    lines[#lines + 1] = say.messages:format(account.address, usage.used_messages, usage.quota_messages)
  end
  if usage.full_at > 0 then
    lines[#lines + 1] = say.forecast:format(tayori.format_time("date", usage.full_at, settings.zone_minutes))
  end
  return say.subject:format(account.address, usage.percent), table.concat(lines, "\n") .. "\n\n" .. say.advice .. "\n"
end

function quotawarn.quota(usage, account)
  local settings = account.settings
  local before = tonumber(account.state.warned) or 0
  local warned = still_warned(before, usage.percent, settings)
  local step = step_of(usage.percent, settings.steps)
  if step > warned then
    local subject, text = compose(usage, account)
    account:notify { subject = subject, text = text }
    for _, to in ipairs(settings.copy_to) do account:notify { subject = subject, text = text, to = to } end
    warned = step
  else
    tayori.explain("no warning: " .. (step == 0 and "below all steps" or "warned of at " .. warned .. " %"))
  end
  if warned ~= before then account:remember("warned", warned > 0 and tostring(warned) or nil) end
end

return quotawarn
