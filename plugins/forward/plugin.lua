-- Passes mail on to other addresses, with or without a copy here. The queue sends it, with SRS; a mail that has been here before is
-- not passed on again.
local tayori = require "tayori"

local words = {
  type = "list", of = { type = "text", max = 320 }, max = 100,
}
local function any_of(en, ja)
  return { type = words.type, of = words.of, max = words.max, about = { en = en, ja = ja } }
end

local forward = tayori.plugin {
  name = "forward",
  version = "1.0",
  order = 50,
  about = {
    en = "Forwards mail to other addresses, all of it or by rules.",
    ja = "メールをほかのアドレスに転送します。すべて、または条件に合うものだけを転送できます。",
  },
  user = true,
  settings = {
    to = {
      type = "list", user = true, of = { type = "address" }, max = 50,
      about = { en = "Where mail goes that no rule fits. Empty: nowhere.", ja = "どの規則にも当てはまらないメールの転送先。空なら転送しません。" },
    },
    keep = {
      type = "boolean", user = true, default = true,
      about = { en = "A copy stays in this mailbox.", ja = "このメールボックスにも残します。" },
    },
    permit_from = {
      type = "list", user = true, of = { type = "pattern" }, max = 1000,
      about = { en = "Only mail from these is forwarded (*@example.com, example.com). Empty: from everybody.",
                ja = "ここにある差出人のメールだけを転送します(*@example.com、example.com)。空ならすべての差出人です。" },
    },
    rules = {
      type = "list", user = true, max = 200,
      about = { en = "Top-down; the first that fits decides, instead of `to`.", ja = "上から順に見て、最初に当てはまった規則に従います(to より優先します)。" },
      of = {
        type = "record",
        fields = {
          enabled = { type = "boolean", default = true, about = { en = "The rule is looked at.", ja = "この規則を使います。" } },
          to = {
            type = "list", of = { type = "address" }, max = 50,
            about = { en = "Where it goes. Empty: it is not forwarded, as an exception.", ja = "転送先。空なら、例外として転送しません。" },
          },
          keep = { type = "boolean", default = true, about = { en = "A copy stays here.", ja = "ここにも残します。" } },
          subject_only = {
            type = "boolean",
            about = { en = "Only a notice with the subject is sent.", ja = "件名だけの短いお知らせを送ります。" },
          },
          if_sender_contains = any_of("The sender's address or name contains one of these.", "差出人のアドレスか名前に、どれかが含まれるとき。"),
          if_subject_contains = any_of("The subject contains one of these.", "件名に、どれかが含まれるとき。"),
          if_recipient = any_of("It was sent to one of these addresses or patterns.", "宛先のアドレスが、どれかに当てはまるとき。"),
        },
      },
    },
    subject_only = {
      type = "boolean",
      about = { en = "Only a notice with the subject is sent.", ja = "件名だけの短いお知らせを送ります。" },
    },
    drop_attachments = {
      type = "boolean",
      about = { en = "What is forwarded goes without its files.", ja = "添付ファイルを外して転送します。" },
    },
    size_max = {
      type = "size",
      about = { en = "Larger mail is forwarded without its body. 0: no limit.", ja = "これより大きいメールは、本文なしで転送します。0 なら制限なし。" },
    },
    per_day = {
      type = "integer", min = 0, max = 100000,
      about = { en = "At most so many forwarded mails a day; then a copy always stays here. 0: no limit.",
                ja = "1 日に転送する最大の数。指定すると、必ずここにも残します。0 なら制限なし。" },
    },
  },
}

local function contains_any(text, parts)
  for _, part in ipairs(parts) do
    if tayori.contains(text, part) then return true end
  end
  return false
end

local function fits_any(address, patterns)
  for _, pattern in ipairs(patterns) do
    if tayori.address_matches(address, pattern) then return true end
  end
  return false
end

-- Of the envelope and of the header: the old servers looked at one of them, people mean either.
local function sender_texts(mail)
  local from = mail.from
  return mail.sender .. "\n" .. (from and from.address .. "\n" .. from.name or "")
end

local function is_permitted(mail, patterns)
  return #patterns == 0 or fits_any(mail.sender, patterns) or (mail.from ~= nil and fits_any(mail.from.address, patterns))
end

local function fits(rule, mail, account)
  return rule.enabled
    and (#rule.if_sender_contains == 0 or contains_any(sender_texts(mail), rule.if_sender_contains))
    and (#rule.if_subject_contains == 0 or contains_any(mail.subject, rule.if_subject_contains))
    and (#rule.if_recipient == 0 or fits_any(account.recipient, rule.if_recipient))
end

local function choose(mail, account)
  for number, rule in ipairs(account.settings.rules) do
    if fits(rule, mail, account) then return rule, "rule " .. number end
  end
  return account.settings, "no rule" -- its `to`, `keep` and `subject_only` are those of a rule
end

function forward.needs(settings)
  return (#settings.to > 0 or #settings.rules > 0) and { "deliver" } or {}
end

function forward.deliver(mail, account)
  local settings = account.settings
  if not is_permitted(mail, settings.permit_from) then return tayori.explain("not forwarded: the sender is not permitted") end
  local rule, which = choose(mail, account)
  tayori.explain(which)
  if #rule.to == 0 then return end
  local sent = account:forward(rule.to, {
    subject_only = rule.subject_only or nil,
    drop_attachments = settings.drop_attachments or nil,
    size_max = settings.size_max > 0 and settings.size_max or nil,
    per_day = settings.per_day > 0 and settings.per_day or nil,
  })
  -- What a loop or the limit of the day stops would be gone without a copy.
  if not rule.keep and sent and settings.per_day == 0 then account:discard() end
end

return forward
