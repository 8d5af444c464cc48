// STORE and UID STORE (RFC 3501 §6.4.6; UNCHANGEDSINCE RFC 7162 §3.1.3)
//
//   C: a1 STORE 2:4 +FLAGS (\Deleted)
//   S: * 2 FETCH (FLAGS (\Deleted \Seen))
//   ...
//   S: a1 OK STORE completed
#include <algorithm>

#include "common/base/text.h"
#include "imapd/commands/numbers.h"
#include "imapd/commands/table.h"
#include "imapd/hooks.h"

namespace tayori::imap {
namespace {

// What the client believes the flags of a message to be once its own change is done.
struct Belief {
    Uid uid;
    std::uint8_t flags;
    std::vector<std::uint32_t> keywords;
};

v1::FlagChange to_change(StoreAction action) {
    switch (action) {
        case StoreAction::replace:
            return v1::FLAG_CHANGE_REPLACE;
        case StoreAction::add:
            return v1::FLAG_CHANGE_ADD;
        case StoreAction::remove:
            return v1::FLAG_CHANGE_REMOVE;
    }
    return v1::FLAG_CHANGE_UNSPECIFIED;
}

std::vector<std::string> names_of(const FlagList& flags) {
    auto names = flags.keywords;
    for (const std::uint32_t bit : {kAnswered, kFlagged, kDeleted, kSeen, kDraft}) {
        if ((flags.system & bit) == 0) continue;
        append_system_flags(names.emplace_back(), bit, false);
    }
    return names;
}

class Store {
  public:
    Store(Session& session, StoreArgs args, bool by_uid)
        : session_(session),
          view_(session.view()),
          args_(std::move(args)),
          rules_(session.rules(Expunges::withheld, by_uid)) {}
    Async<Reply> run(NumberSet numbers);

  private:
    void remember(const NumberSet& numbers);
    bool as_believed(const Row& row, const Belief& before) const;
    Async<void> tell(NumberSet numbers, NumberSet modified);

    Session& session_;
    FolderView& view_;
    StoreArgs args_;
    SyncRules rules_;
    std::vector<Belief> before_;
};

void Store::remember(const NumberSet& numbers) {
    std::size_t hint = 0;
    view_.numbers().for_each(numbers, [&](SequenceNumber, Uid uid) {
        const Row* row = view_.state().find(uid, hint);
        if (row != nullptr)
            before_.push_back({uid, row->flags, view_.state().keywords(row->keywords)});
    });
}

// .SILENT spares the answer only where the client can know it: another session may have changed the
// message too.
bool Store::as_believed(const Row& row, const Belief& before) const {
    std::uint32_t flags = before.flags;
    auto keywords = before.keywords;
    std::vector<std::uint32_t> named;
    for (const auto& name : args_.flags.keywords) {
        std::uint32_t id = 0;
        if (view_.state().find_keyword(name, id)) named.push_back(id);
    }
    switch (args_.action) {
        case StoreAction::replace:
            flags = args_.flags.system;
            keywords = named;
            break;
        case StoreAction::add:
            flags |= args_.flags.system;
            keywords.insert(keywords.end(), named.begin(), named.end());
            break;
        case StoreAction::remove:
            flags &= ~args_.flags.system;
            std::erase_if(keywords, [&](auto id) {
                return std::find(named.begin(), named.end(), id) != named.end();
            });
            break;
    }
    std::sort(keywords.begin(), keywords.end());
    keywords.erase(std::unique(keywords.begin(), keywords.end()), keywords.end());
    return row.flags == flags && view_.state().keywords(row.keywords) == keywords;
}

// The messages that were named, and after them whatever else is new.
Async<void> Store::tell(NumberSet numbers, NumberSet modified) {
    const auto since = view_.told_changes();
    const auto until = view_.state().modseq();
    std::string out;
    auto before = before_.begin();
    // New keywords are defined before they are seen.
    if (view_.has_new_keywords()) view_.tell_keywords(out);
    const auto uids = view_.numbers().uids_of(numbers);
    for (const auto& row : view_.state().rows()) {
        const bool named = contains(uids, row.uid);
        if (!named && row.modseq <= since) continue;
        const auto number = view_.numbers().find(row.uid);
        if (number == 0) continue;  // not told of yet
        if (!named) {
            view_.append_fetch(out, number, row, rules_);
            continue;
        }
        while (before != before_.end() && before->uid < row.uid) ++before;
        const bool refused = contains(modified, row.uid);
        const bool known =
            before != before_.end() && before->uid == row.uid && as_believed(row, *before);
        const bool quiet = args_.answer == StoreAnswer::silent && known && !refused;
        if (!quiet) view_.append_fetch(out, number, row, rules_);
        // RFC 7162 §3.1.3: the new MODSEQ is told also where the flags are not.
        else if (rules_.with_modseq && row.modseq > since) {
            append(out, "* ", number, " FETCH (", rules_.with_uid ? cat("UID ", row.uid, ' ') : "",
                   "MODSEQ (", row.modseq, "))\r\n");
        }
    }
    view_.set_told_changes(until);
    co_await session_.conn().write(std::move(out));
}

Async<Reply> Store::run(NumberSet numbers) {
    // So that what this command answers is what it did.
    co_await session_.tell_news(rules_);
    remember(numbers);
    v1::StoreFlags request;
    request.set_folder_id(view_.state().folder_id());
    request.set_change(to_change(args_.action));
    request.set_flags(args_.flags.system);
    for (auto& keyword : args_.flags.keywords) request.add_keywords(keyword);
    request.set_has_unchanged_since(args_.has_unchanged_since);
    request.set_unchanged_since(args_.unchanged_since);
    put_uids(request, view_.numbers().uids_of(numbers));
    auto stored = co_await session_.call(std::move(request)).result();
    // The syntax was right: too many keywords are a limit, not a mistake (RFC 5530 §3 LIMIT).
    if (!stored && stored.error().kind == Kind::invalid)
        co_return Reply::no("LIMIT", stored.error().text);
    if (!stored) co_await fail(std::move(stored.error()));
    co_await view_.mirror().wait_for(stored->modseq());

    NumberSet modified;
    for (const auto& range : stored->modified()) modified.push_back({range.first(), range.last()});
    normalize(modified);
    co_await tell(numbers, modified);
    if (modified.empty()) co_return Reply::ok("STORE completed");
    std::string code = "MODIFIED ";
    append_set(code, rules_.with_uid ? modified : view_.numbers().numbers_of(modified));
    co_return Reply::ok(std::move(code), "Some messages had changed.");
}

Async<Reply> store(Session& session, Args args, Numbers by) {
    const auto set = co_await args.sequence_set();
    auto parsed = co_await args.parse(parse_store);
    co_await args.end();
    const auto numbers = co_await resolve(session.view(), set, by);
    if (session.view().access() == Access::read_only)
        co_await fail(Kind::denied, "The mailbox is open read-only.");

    if (parsed.has_unchanged_since) session.enable_condstore();
    if (numbers.empty()) co_return Reply::ok("STORE completed");
    lua::ChangeView change;
    change.folder = session.selected();
    change.messages = count(numbers);
    (parsed.action == StoreAction::remove ? change.remove : change.add) = names_of(parsed.flags);
    auto refusal = co_await run_change_hook(session, lua::Hook::store, std::move(change));
    if (refusal) co_return std::move(*refusal);
    Store work(session, std::move(parsed), by == Numbers::uid);
    co_return co_await work.run(numbers);
}

}  // namespace

Async<Reply> cmd_store(Session& session, Args args) {
    return store(session, std::move(args), Numbers::sequence);
}

Async<Reply> cmd_uid_store(Session& session, Args args) {
    return store(session, std::move(args), Numbers::uid);
}

}  // namespace tayori::imap
