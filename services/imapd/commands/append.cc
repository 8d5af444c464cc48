// APPEND (RFC 3501 §6.3.11; APPENDUID RFC 4315 §3, APPENDLIMIT RFC 7889)
//
//   C: a1 APPEND saved-messages (\Seen) {310}
//   S: + OK
//   C: ....
//   S: a1 OK [APPENDUID 38505 3955] APPEND completed
#include <algorithm>

#include "common/base/text.h"
#include "common/mail/summary.h"
#include "common/rpc/summary.h"
#include "imapd/commands/table.h"
#include "imapd/hooks.h"
#include "imapd/limits.h"
#include "imapd/request_id.h"

namespace tayori::imap {
namespace {

struct Target {
    std::string mailbox;
    FlagList flags;
    mail::MailDate date;
};

Result<Target> parse_target(Args& args, UnixMillis now_ms) {
    Target target;
    auto mailbox = args.mailbox();
    if (!mailbox) return fail(std::move(mailbox.error()));
    target.mailbox = std::move(*mailbox);
    target.date.unix_s = now_ms / 1000;
    if (args.peek() == '(') {
        auto flags = args.flag_list();
        if (!flags) return fail(std::move(flags.error()));
        target.flags = std::move(*flags);
    }
    if (args.peek() == '"') {
        auto date = args.date_time();
        if (!date) return fail(std::move(date.error()));
        target.date = *date;
    }
    // The space before the message's literal is all that is left.
    if (!args.cursor().accept(' ')) return fail(Kind::invalid, "Space expected.");
    if (args.more()) return fail(Kind::invalid, "Unexpected argument.");
    return target;
}

// A plugin's. What is no flag of ours is left out: a mark is no reason to refuse a message.
void add_flag(FlagList& flags, const std::string& name) {
    Cursor cursor(name);
    auto parsed = parse_store_flags(cursor);
    if (!parsed || !cursor.at_end()) return;
    flags.system |= parsed->system;
    for (auto& keyword : parsed->keywords) {
        const auto same = [&keyword](const std::string& one) { return equals_ignoring_case(one, keyword); };
        if (std::none_of(flags.keywords.begin(), flags.keywords.end(), same)) flags.keywords.push_back(std::move(keyword));
    }
}

// The message's bytes as they arrive: small ones are kept, larger ones go to spoold piece by piece.
class Intake {
  public:
    Intake(Session& session, std::uint64_t bytes, bool seen) : session_(session), bytes_(bytes), left_(bytes), seen_(seen) {}
    ~Intake() {
        if (upload_ == 0) return;
        v1::UploadAbandon abandon;
        abandon.set_upload_id(upload_);
        session_.parts().spool.tell(std::move(abandon), session_.ticket());
    }
    Intake(const Intake&) = delete;
    Intake& operator=(const Intake&) = delete;

    Async<void> read();
    // The end of reading; what plugins see of it, where they do.
    std::shared_ptr<SeenAppend> finish();
    Async<void> hand_over(v1::Append& request);

  private:
    Async<void> send_piece();
    Async<void> take(std::size_t most);

    Session& session_;
    const std::uint64_t bytes_;
    std::uint64_t left_;
    const bool seen_;
    std::string piece_;
    std::string head_;
    mail::SummaryBuilder builder_;
    mail::Summary summary_;
    std::uint64_t upload_ = 0;
    // What went wrong on spoold's side; the message is read to its end all the same, so that the
    // session goes on.
    std::optional<Error> failure_;
};

Async<void> Intake::take(std::size_t most) {
    auto& conn = session_.conn();
    if (conn.buffered().empty()) co_await conn.fill(session_.parts().loop.in(kCommandTime));
    const auto bytes =
        conn.buffered().substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(most, left_)));
    left_ -= bytes.size();
    if (!failure_) {
        builder_.feed(bytes);
        piece_.append(bytes);
        if (seen_ && head_.size() < kSeenBytesMax) head_.append(bytes.substr(0, kSeenBytesMax - head_.size()));
    }
    conn.consume(bytes.size());
}

Async<void> Intake::send_piece() {
    v1::UploadAppend append;
    append.set_upload_id(upload_);
    append.set_data(std::exchange(piece_, {}));
    auto sent = co_await session_.call(std::move(append)).result();
    if (!sent) failure_ = std::move(sent.error());
}

Async<void> Intake::read() {
    if (left_ > kInlineAppendBytes) {
        auto begun = co_await session_.call(v1::UploadBegin()).result();
        if (begun)
            upload_ = begun->upload_id();
        else
            failure_ = std::move(begun.error());
    }
    while (left_ > 0) {
        co_await take(kUploadPieceBytes - std::min(piece_.size(), kUploadPieceBytes - 1));
        if (upload_ != 0 && !failure_ && piece_.size() >= kUploadPieceBytes) co_await send_piece();
    }
    session_.message_taken();
    const bool ended = co_await read_end_of_command(session_.conn(), session_.parts().loop.in(kCommandTime));
    if (!ended) co_await fail(Kind::invalid, "Unexpected argument behind the message.");
    if (upload_ != 0 && !failure_ && !piece_.empty()) co_await send_piece();
    if (failure_) co_await fail(std::move(*failure_));
}

std::shared_ptr<SeenAppend> Intake::finish() {
    summary_ = builder_.finish();
    if (!seen_) return nullptr;
    auto seen = std::make_shared<SeenAppend>();
    seen->bytes = std::move(head_);
    seen->size = bytes_;
    seen->summary = summary_;
    return seen;
}

Async<void> Intake::hand_over(v1::Append& request) {
    rpc::put_summary(std::move(summary_), *request.mutable_summary());
    if (upload_ == 0) {
        request.set_bytes(std::move(piece_));
        co_return;
    }
    v1::UploadFinish finish;
    finish.set_upload_id(upload_);
    co_await session_.call(std::move(finish));
    request.set_upload_id(std::exchange(upload_, 0));
}

// What can be refused is refused before the message travels (RFC 3501 §6.3.11, RFC 7889 §3).
Async<void> check(Session& session, Target& target, std::uint64_t bytes) {
    if (bytes > session.parts().append_bytes_max)
        co_await fail(Kind::too_big, "The message is too large.");
    if (bytes == 0) co_await fail(Kind::unsupported, "An empty message can't be stored.");
    if (bytes <= kInlineAppendBytes) co_return;
    v1::GetFolder request;
    request.set_name(target.mailbox);
    auto found = co_await session.call(std::move(request)).result();
    if (!found && found.error().kind == Kind::not_found)
        co_await fail(Kind::no_target, "No such mailbox.");
    if (!found) co_await fail(std::move(found.error()));
}

}  // namespace

Async<Reply> cmd_append(Session& session, Args args) {
    if (!session.has_message()) co_await fail(Kind::invalid, "A message as a literal expected.");
    auto target = co_await parse_target(args, session.parts().clock.now_ms());
    const auto literal = session.message();
    co_await check(session, target, literal.bytes);
    const bool seen = co_await wants_append(session);
    if (literal.waits) co_await session.conn().write("+ OK\r\n");
    Intake intake(session, literal.bytes, seen);
    co_await intake.read();

    v1::Append request;
    request.set_request_id(make_request_id());
    if (const auto mail = intake.finish()) {
        auto decision = co_await run_append_hook(session, target.mailbox, request.request_id(), mail);
        if (decision.refusal) co_return std::move(*decision.refusal);
        for (const auto& name : decision.flags) add_flag(target.flags, name);
    }
    co_await intake.hand_over(request);
    request.set_target_name(std::move(target.mailbox));
    request.set_trace_id(request.request_id());
    request.set_flags(target.flags.system);
    for (auto& keyword : target.flags.keywords) request.add_keywords(std::move(keyword));
    request.set_internal_date_s(target.date.unix_s);
    request.set_zone_minutes(target.date.zone_minutes);
    const auto stored = co_await session.call(std::move(request));
    const bool here =
        session.has_view() && session.view().state().folder_id() == stored.folder_id();
    if (here) co_await session.view().mirror().wait_for(stored.modseq());
    co_return Reply::ok(cat("APPENDUID ", stored.uid_validity(), ' ', stored.uid()),
                        "APPEND completed");
}

}  // namespace tayori::imap
