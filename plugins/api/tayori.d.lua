---@meta tayori
-- Everything a plugin can use, for people and for LuaLS. A test compares this file with the bindings.
--
-- A plugin is a folder with a `plugin.lua` that returns what `tayori.plugin` gave, with functions named after hooks. There are no
-- globals; the standard library has `math`, `string`, `table`, `utf8` and the basic functions, without what opens files, loads code,
-- switches coroutines or counts garbage. Every call is bounded in instructions, memory and time. docs/plugins.md is the guide.

---@class tayori
local tayori = {}

---Declares the plugin; once, at the head of plugin.lua. Hooks are then added as functions of what it returns.
---@param declaration tayori.Declaration
---@return tayori.Plugin
function tayori.plugin(declaration) end

---A line in the daemon's log, with the plugin's name and the mail's id. At most 20 lines and 4 KiB a call.
---@param text string
function tayori.log(text) end

---Says why, for those who ask: in traces, replays and tests, and nowhere else. Costs nothing otherwise. At most 20 of 200 octets a call.
---@param text string
function tayori.explain(text) end

---The time as unix seconds (the appliance's clock, which tests move).
---@return integer
function tayori.now() end

---A time as text. `zone` in minutes east of UTC, default 0.
---@param format "date"|"time"|"datetime"|"rfc5322"  -- 2026-11-27, 08:42, 2026-11-27 08:42, Fri, 27 Nov 2026 08:42:00 +0000
---@param seconds integer
---@param zone? integer
---@return string
function tayori.format_time(format, seconds, zone) end

---Unix seconds of "2026-11-27" (its first second) or "2026-11-27 08:42"; nil where it is neither.
---@param text string
---@param zone? integer
---@return integer?
function tayori.parse_time(text, zone) end

---Does the address fit the pattern? `*` stands for any run of characters, case is ignored; a pattern without "@" means the domain
---and everything below it.
---@param address string
---@param pattern string
---@return boolean
function tayori.address_matches(address, pattern) end

---Does the text contain the other, as people compare: without regard to case, width and the like (NFKC, case folding)?
---@param text string
---@param part string
---@return boolean
function tayori.contains(text, part) end

---Are the texts the same, compared in the same way?
---@param a string
---@param b string
---@return boolean
function tayori.same(a, b) end

---A regular expression (RE2 syntax: time grows with the text only). Compiled once and kept. Of a long text only the beginning is looked at:
---its octets times the expression's instructions (about its characters) are at most 8 million.
---@param text string
---@param expression string
---@return string[]?  -- the whole match, then the groups; nil: no match
function tayori.regex(text, expression) end

---@class tayori.Declaration
---@field name string            -- the folder's name: lower-case letters, digits, "_", at most 32
---@field version? string
---@field about? string|tayori.Words  -- one sentence
---@field order? integer         -- 1 to 100, default 50; lower runs first
---@field failure? "continue"|"tempfail"  -- when it fails: mail goes on without it (default), or is asked to come again
---@field user? boolean          -- an account's owner may switch it on and off himself (IMAP METADATA)
---@field state? boolean         -- it reads what it keeps (account.state); costs a call each time
---@field settings? table<string, tayori.Setting>

---@class tayori.Words
---@field en string
---@field ja string

---@class tayori.Setting
---@field type "boolean"|"integer"|"size"|"duration"|"text"|"choice"|"address"|"pattern"|"date"|"record"|"list"
---@field scope? "site"|"domain"|"account"  -- the narrowest scope that may set it; default "account"
---@field user? boolean          -- the account's owner may set it himself (IMAP METADATA); scope "account" only
---@field default? any           -- of its type; without one: false, 0, "", {}, and the first choice
---@field min? integer           -- integer, size (octets), duration (seconds); of text: characters
---@field max? integer           -- likewise; of a list: entries
---@field choices? string[]
---@field of? tayori.Setting     -- what a list has
---@field fields? table<string, tayori.Setting>  -- what a record has
---@field about? string|tayori.Words

---What a hook may return: nothing, to go on, or one of the decisions made by `reject`, `tempfail` and the like.
---@class tayori.Decision

---For which mails, and when, a hook has anything to do: `{ deliver = { larger_than = 10 * 1024 * 1024 } }`. All that is given has to hold.
---Tests, replays and traces call a hook that is named with a scope all the same, so that it can explain itself; it fails where it
---decides something then.
---@class tayori.Scope
---@field larger_than? integer   -- octets: of larger mails only; at mail and rcpt, what the client has declared
---@field from? integer          -- unix seconds: from then on
---@field before? integer        -- unix seconds: before then

---The hooks. Only these names are allowed. A hook runs only where the plugin is enabled: for sessions without login at the site, else
---for the account.
---@class tayori.Plugin
---@field needs? fun(settings: table): table<integer|string, string|tayori.Scope>       -- which of its hooks have anything to do with these settings; asked once for them
---@field connect? fun(session: tayori.Session): tayori.Decision?                        -- a client has connected to smtpd
---@field helo? fun(session: tayori.Session): tayori.Decision?                           -- it has said who it is
---@field auth? fun(session: tayori.Session, account: tayori.Account): tayori.Decision?  -- it has logged in to smtpd; may still be refused
---@field mail? fun(session: tayori.Session): tayori.Decision?                           -- MAIL; session.account is who has logged in
---@field rcpt? fun(session: tayori.Session, account: tayori.Account): tayori.Decision?  -- RCPT; for each account behind it, and for the sender's own with session.outgoing
---@field headers? fun(session: tayori.Session, mail: tayori.Mail): tayori.Decision?     -- the whole mail is here; before `message`
---@field message? fun(session: tayori.Session, mail: tayori.Mail): tayori.Decision?     -- once for a mail
---@field deliver? fun(mail: tayori.Mail, account: tayori.Account): tayori.Decision?     -- once for each account that gets it
---@field sent? fun(report: tayori.Report, account: tayori.Account)                      -- mail of the account has reached another server
---@field bounce? fun(report: tayori.Report, account: tayori.Account)                    -- it could not be delivered for good
---@field login? fun(session: tayori.Session, account: tayori.Account): tayori.Decision? -- to imapd or pop3d
---@field append? fun(mail: tayori.Mail, account: tayori.Account): tayori.Decision?      -- IMAP APPEND; account.folder is where
---@field store? fun(change: tayori.Change, account: tayori.Account): tayori.Decision?   -- IMAP STORE of flags
---@field expunge? fun(change: tayori.Change, account: tayori.Account): tayori.Decision? -- IMAP EXPUNGE, UID EXPUNGE and CLOSE (which keeps what is refused; MOVE is none), POP3 QUIT after DELE
---@field quota? fun(usage: tayori.Usage, account: tayori.Account)                       -- the mailbox has passed a step of its quota
---@field daily? fun(account: tayori.Account)                                            -- once a day for each account

---@class tayori.Session
---@field id string
---@field protocol "smtp"|"submission"|"lmtp"|"imap"|"pop3"
---@field peer string            -- IP address
---@field tls boolean
---@field helo string
---@field account tayori.Account?  -- who has logged in; nil: nobody
---@field settings table         -- of this plugin: those of who has logged in, else the site's
---@field sender string          -- MAIL FROM; "" for the null path
---@field recipient string       -- rcpt: as it was asked for
---@field outgoing boolean       -- rcpt: the recipient is elsewhere, or this is the look at it from the sender's side
---@field declared_size integer  -- SIZE of MAIL; 0: not said
---@field recipients integer     -- accepted so far
---@field accepted string[]      -- headers, message: who they are, as they were asked for; at most 1,000
local Session = {}
---Refuses for good.
---@param code integer    -- 500 to 599
---@param enhanced string -- "5.7.1"
---@param text string
---@return tayori.Decision
function Session:reject(code, enhanced, text) end
---Refuses for now.
---@param code integer    -- 400 to 499
---@param enhanced string -- "4.7.1"
---@param text string
---@return tayori.Decision
function Session:tempfail(code, enhanced, text) end
---Counts this mail (or login); above `max` within `period` seconds it is refused for now. Counted with the mail's commit, over all replicas.
---@param options {key: string, max: integer, period: integer, text?: string}
function Session:limit(options) end
---helo: EHLO's SIZE says no more than this (RFC 1870 §4), and MAIL with a larger one is refused. The least of all plugins' holds.
---@param octets integer
function Session:announce_size(octets) end

---@class tayori.Mail
---@field id string              -- the trace id
---@field size integer           -- octets, as received
---@field sender string          -- the reverse path; "" for the null path
---@field from tayori.Address?   -- the first of From
---@field subject string         -- decoded
---@field message_id string
---@field date integer           -- unix seconds; 0: none
---@field authenticated boolean  -- submitted by one of ours
---@field parts tayori.Part[]    -- leaves, in order; at most 500
---@field text string            -- of the text parts (HTML without its tags), at most 256 KiB; lines end with "\n", here and in parts
---@field attachments tayori.Part[]  -- the parts that are files
---@field results table<string, string>  -- authentication results ("spf", "dkim", "dmarc"), once there are any
local Mail = {}
---The decoded value of the first field of this name (any case); nil where there is none.
---@param name string
---@return string?
function Mail:header(name) end
---All of them, decoded.
---@param name string
---@return string[]
function Mail:headers(name) end
---As they stand in the mail, folded.
---@param name string
---@return string[]
function Mail:raw_headers(name) end
---Names of all fields, as they are written, each once, in order; at most 500.
---@return string[]
function Mail:header_names() end
---The addresses of a field ("to", "cc", "reply-to", …).
---@param name string
---@return tayori.Address[]
function Mail:addresses(name) end
---Must nobody be answered automatically? RFC 3834 §2, RFC 5230 §4.6: Auto-Submitted, Precedence, List-*, X-Auto-Response-Suppress,
---the null path, senders that are programs. The second value says why, for the trace.
---@return boolean, string
function Mail:is_automatic() end
---Is it addressed to one of the account's own addresses (To, Cc, Bcc, Resent-*; RFC 5230 §4.5)?
---@param account tayori.Account
---@return boolean
function Mail:is_to(account) end
---headers, message, deliver, append: refuses for good. After the text of a mail for several, who alone refuses gets it into Junk.
---@param code integer
---@param enhanced string
---@param text string
---@return tayori.Decision
function Mail:reject(code, enhanced, text) end
---Refuses for now, for all recipients.
---@param code integer
---@param enhanced string
---@param text string
---@return tayori.Decision
function Mail:tempfail(code, enhanced, text) end
---headers, message: nobody gets it, and the sender is told that it was accepted.
---@return tayori.Decision
function Mail:discard() end
---headers, message: all recipients get it into Junk.
---@return tayori.Decision
function Mail:quarantine() end
---headers, message: a header field for all recipients, in front of the mail; deliver: for this one. At most 20.
---@param name string
---@param value string  -- UTF-8, encoded as needed
function Mail:addheader(name, value) end
---A copy, by the queue, to an address; message: of the mail as a whole.
---@param options {to: string|string[], null_sender?: boolean}
function Mail:copy(options) end

---@class tayori.Address
---@field name string            -- decoded
---@field address string         -- "" where the header has none

---@class tayori.Part
---@field type string            -- "text/plain", lower case
---@field name string            -- the file's, decoded; ""
---@field size integer           -- octets, as encoded
---@field attachment boolean
---@field text string            -- of a text part: UTF-8 whatever its charset, at most 256 KiB; "" for others

---@class tayori.Account
---@field address string         -- its own
---@field domain string
---@field aliases string[]       -- other addresses that lead to it
---@field recipient string       -- deliver: what the mail was sent to
---@field detail string          -- deliver: the +tag
---@field folder string          -- append
---@field settings table         -- of this plugin, defaults included
---@field state table<string, string>  -- deliver, daily, quota: what the plugin keeps of this account, where it declares `state = true`; read only
local Account = {}
---deliver: the mail goes into this folder instead of INBOX. `create` makes it where it is missing (default true). Once more: into both.
---@param folder string          -- UTF-8, levels by "/"
---@param options? {create?: boolean, keep?: boolean}  -- keep: INBOX, too
function Account:fileinto(folder, options) end
---deliver: into the folder with this use (made where none has it).
---@param use "junk"|"trash"|"archive"|"sent"|"drafts"
function Account:fileinto_special(use) end
---deliver, append: flags and keywords: "\\Seen", "\\Flagged", "\\Answered", "$Label1".
---@param ... string
function Account:flag(...) end
---deliver: no copy in this mailbox, unless something keeps one.
function Account:discard() end
---deliver: a copy in INBOX, whatever else is done.
function Account:keep() end
---deliver: into Junk.
function Account:quarantine() end
---deliver: passes the mail on through the queue, with SRS; the reverse path stays the sender's. Where the mail has gone through this
---account before, nothing is sent (loop stop). `subject_only`: a short notice instead. `drop_attachments`: without files;
---`size_max`: larger ones without their body. `per_day`: at most so many.
---@param to string|string[]
---@param options? {subject_only?: boolean, drop_attachments?: boolean, size_max?: integer, per_day?: integer}
---@return boolean  -- false: nothing is sent, as the mail has been here before; then a copy has to stay
function Account:forward(to, options) end
---deliver: answers the sender (RFC 3834): null reverse path, Auto-Submitted, In-Reply-To. Nothing where mail:is_automatic().
---@param mail tayori.Mail
---@param options {text: string, subject?: string, from?: string, html?: string, once_in_days?: number, once_in_seconds?: integer, per_day?: integer, echo?: boolean, charset?: "utf-8"|"iso-2022-jp"}
function Account:reply(mail, options) end
---A mail to the account itself, or to `to`: warnings, reports. `once`: at most once within `period` seconds by that key.
---@param options {subject: string, text: string, to?: string, once?: string, period?: integer}
function Account:notify(options) end
---deliver: no plugin behind this one looks at the mail for this account.
function Account:stop() end
---Keeps a value (at most 4 KiB) under a key, with what this mail does; nil removes it. `ttl` in seconds.
---@param key string
---@param value string|nil
---@param ttl? integer
function Account:remember(key, value, ttl) end
---daily: removes mail, or moves it. At most one call for each folder pattern; `*` stands for any run of characters.
---@param options {folder: string, older_than: integer, keyword?: string, seen?: boolean, flagged?: boolean, move_to?: string}
function Account:expire(options) end

---@class tayori.Change
---@field protocol "imap"|"pop3"
---@field folder string
---@field messages integer       -- how many
---@field add string[]           -- store: flags
---@field remove string[]
local Change = {}
---Nothing is changed; the client is told so.
---@param text string
---@return tayori.Decision
function Change:refuse(text) end
---expunge in POP3: the mails stay, marked with the keyword where one is given.
---@param keyword? string
---@return tayori.Decision
function Change:keep(keyword) end
---expunge in POP3: they are moved to the folder with this use.
---@param use "trash"|"archive"
---@return tayori.Decision
function Change:move(use) end

---@class tayori.Usage
---@field used_bytes integer
---@field quota_bytes integer    -- 0: none
---@field used_messages integer
---@field quota_messages integer
---@field percent integer        -- of the fuller one
---@field full_at integer        -- unix seconds, at the present rate; 0: not foreseeable

---@class tayori.Report
---@field recipient string
---@field host string            -- who said it
---@field reply string           -- what
---@field subject string
---@field tries integer

return tayori
