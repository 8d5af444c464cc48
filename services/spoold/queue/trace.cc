#include "spoold/queue/trace.h"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <limits>

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "spoold/keys.h"
#include "spoold/mailbox/codec.h"

namespace tayori::spool {
namespace {

constexpr std::uint8_t kTraceVersion = 1;
constexpr std::size_t kTracedRecipientsMax = 1'000;  // of one mail's, kept

// Numbers of this process: two events of one millisecond differ, also across a restart.
std::uint32_t next_number() {
    static std::atomic<std::uint32_t> next{static_cast<std::uint32_t>(crypto::random_u64())};
    return next.fetch_add(1, std::memory_order_relaxed);
}

// What is looked for.
struct Wanted {
    std::string text;
    std::string message_id;
    std::uint64_t queue_id = 0;
    std::vector<AccountId> accounts;
    bool is_address = false;

    bool matches(const TraceRecord& record) const {
        if (record.trace_id == text || (!message_id.empty() && record.message_id == message_id)) return true;
        if (is_address && equals_ignoring_case(record.sender, text)) return true;
        for (const auto& stored : record.stored) {
            if (std::find(accounts.begin(), accounts.end(), stored.account) != accounts.end()) return true;
        }
        for (const auto& queued : record.queued) {
            if (queue_id != 0 && raw(queued.id) == queue_id) return true;
            if (!is_address) continue;
            for (const auto& recipient : queued.recipients) {
                if (equals_ignoring_case(recipient, text)) return true;
            }
        }
        return false;
    }
};

Wanted wanted_by(const v1::TraceRequest& request, const TraceHooks& hooks) {
    Wanted wanted;
    wanted.text = std::string(trim(request.what()));
    const auto& text = wanted.text;
    if (text.starts_with('<')) {
        const auto id = std::string_view(text).substr(1);
        wanted.message_id = id.substr(0, id.find('>'));
        return wanted;
    }
    std::from_chars(text.data(), text.data() + text.size(), wanted.queue_id);
    if (cat(wanted.queue_id) != text) wanted.queue_id = 0;
    wanted.is_address = text.find('@') != std::string::npos;
    if (!wanted.is_address) return wanted;
    // An id without its brackets looks like an address.
    wanted.message_id = text;
    wanted.accounts = hooks.accounts_of(text);
    return wanted;
}

v1::TraceEvent event_of(std::int64_t at_ms, const TraceRecord& record) {
    v1::TraceEvent event;
    event.set_at_ms(at_ms);
    event.set_kind(record.kind);
    event.set_sender(record.sender);
    if (!record.message_id.empty()) event.set_message_id(cat("<", record.message_id, ">"));
    event.set_bytes(record.bytes);
    event.set_client(record.client);
    event.set_note(record.note);
    if (!record.said.empty()) event.mutable_said()->ParseFromString(record.said);
    return event;
}

// One record of intake is several events.
void add_events(std::int64_t at_ms, const TraceRecord& record, const TraceHooks& hooks, v1::TracedMail& mail) {
    auto& event = *mail.add_events();
    event = event_of(at_ms, record);
    for (const auto& queued : record.queued) {
        for (const auto& recipient : queued.recipients) event.add_recipients(recipient);
    }
    if (record.kind != v1::TraceEvent::KIND_RECEIVED) {
        if (!record.queued.empty()) event.set_queue_id(raw(record.queued.front().id));
        return;
    }
    event.clear_note();
    std::vector<std::string> at_home;
    for (const auto& stored : record.stored) event.add_recipients(at_home.emplace_back(hooks.address_of(stored.account)));
    for (std::string_view left = record.note; !left.empty();) {
        const auto end = std::min(left.find('\n'), left.size());
        auto& decided = *mail.add_events();
        decided.set_at_ms(at_ms);
        decided.set_kind(v1::TraceEvent::KIND_DECIDED);
        decided.set_note(std::string(left.substr(0, end)));
        left.remove_prefix(std::min(end + 1, left.size()));
    }
    for (std::size_t i = 0; i < record.stored.size(); ++i) {
        auto& stored = *mail.add_events();
        stored.set_at_ms(at_ms);
        stored.set_kind(v1::TraceEvent::KIND_STORED);
        stored.add_recipients(at_home[i]);
        stored.set_folder(record.stored[i].folder.empty() ? "INBOX" : record.stored[i].folder);
    }
    for (const auto& queued : record.queued) {
        auto& out = *mail.add_events();
        out.set_at_ms(at_ms);
        out.set_kind(v1::TraceEvent::KIND_QUEUED);
        out.set_queue_id(raw(queued.id));
        for (const auto& recipient : queued.recipients) out.add_recipients(recipient);
    }
}

}  // namespace

std::string TraceRecord::encode() const {
    std::string out(1, static_cast<char>(kTraceVersion));
    out.push_back(static_cast<char>(kind));
    put_bytes(out, trace_id);
    put_bytes(out, sender);
    put_bytes(out, message_id);
    put_bytes(out, client);
    put_varint(out, bytes);
    put_varint(out, stored.size());
    for (const auto& one : stored) {
        put_varint(out, raw(one.account));
        put_bytes(out, one.folder);
    }
    put_varint(out, queued.size());
    for (const auto& one : queued) {
        put_varint(out, raw(one.id));
        const auto kept = std::min(one.recipients.size(), kTracedRecipientsMax);
        put_varint(out, kept);
        for (std::size_t i = 0; i < kept; ++i) put_bytes(out, one.recipients[i]);
    }
    put_bytes(out, said);
    put_bytes(out, note);
    return out;
}

bool TraceRecord::decode(std::string_view value, TraceRecord& out) {
    Reader in(value);
    if (in.byte() != kTraceVersion) return false;
    const auto kind = in.byte();
    if (v1::TraceEvent::Kind_IsValid(kind)) out.kind = static_cast<v1::TraceEvent::Kind>(kind);
    out.trace_id = in.bytes();
    out.sender = in.bytes();
    out.message_id = in.bytes();
    out.client = in.bytes();
    out.bytes = in.varint();
    const auto stored = in.varint();
    for (std::uint64_t i = 0; i < stored && in.ok(); ++i) {
        auto& one = out.stored.emplace_back();
        one.account = AccountId{in.varint()};
        one.folder = in.bytes();
    }
    const auto queued = in.varint();
    for (std::uint64_t i = 0; i < queued && in.ok(); ++i) {
        auto& one = out.queued.emplace_back();
        one.id = QueueId{in.varint()};
        const auto recipients = in.varint();
        for (std::uint64_t k = 0; k < recipients && in.ok(); ++k) one.recipients.emplace_back(in.bytes());
    }
    out.said = in.bytes();
    out.note = in.bytes();
    return in.ok();
}

void add_trace(store::Transaction& transaction, const TraceRecord& record) {
    transaction.put(keys::trace_event(transaction.now_ms(), next_number()), record.encode());
}

bool has_old_traces(const store::Snapshot& snapshot, std::int64_t before_ms) {
    const auto range = keys::trace_events(0, before_ms);
    bool any = false;
    const auto scanned = snapshot.scan(range.from, range.to, [&](std::string_view, std::string_view) { return !(any = true); });
    return scanned && any;
}

void forget_traces(store::Transaction& transaction, std::int64_t before_ms) {
    const auto range = keys::trace_events(0, before_ms);
    transaction.erase_range(range.from, range.to);
}

Result<void> search_traces(const store::Snapshot& snapshot, const v1::TraceRequest& request, const TraceHooks& hooks,
                           const std::function<bool(const v1::TracedMail&)>& visit) {
    if (trim(request.what()).empty()) return fail(Kind::invalid, "Look for a Message-ID, an address, a trace id or a queue id.");
    const auto wanted = wanted_by(request, hooks);
    const auto limit = request.limit() == 0 ? kTracedMailsDefault : std::min(request.limit(), kTracedMailsMax);
    const auto until = request.until_ms() == 0 ? std::numeric_limits<std::int64_t>::max() : request.until_ms();
    const auto range = keys::trace_events(std::max<std::int64_t>(0, request.since_ms()), until);
    std::vector<std::string> found;  // newest first
    absl::flat_hash_map<std::string, v1::TracedMail> mails;
    auto scanned = snapshot.scan_backwards(range.from, range.to, [&](std::string_view, std::string_view value) {
        TraceRecord record;
        if (!TraceRecord::decode(value, record) || !wanted.matches(record)) return true;
        if (mails.try_emplace(record.trace_id).second) found.push_back(record.trace_id);
        return found.size() < limit;
    });
    if (!scanned || found.empty()) return scanned;
    scanned = snapshot.scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
        TraceRecord record;
        if (!TraceRecord::decode(value, record)) return true;
        const auto mail = mails.find(record.trace_id);
        if (mail != mails.end()) add_events(keys::time_of_trace_event(key), record, hooks, mail->second);
        return true;
    });
    if (!scanned) return scanned;
    for (const auto& id : found) {
        auto& mail = mails[id];
        mail.set_trace_id(id);
        if (!visit(mail)) break;
    }
    return {};
}

}  // namespace tayori::spool
