// SEARCH and UID SEARCH (RFC 3501 §6.4.4; RETURN RFC 4731; MODSEQ RFC 7162 §3.1.5)
//
//   C: a1 SEARCH FLAGGED SINCE 1-Feb-1994 NOT FROM "Smith"
//   S: * SEARCH 2 84 882
//   S: a1 OK SEARCH completed
#include <algorithm>

#include "common/base/text.h"
#include "imapd/commands/numbers.h"
#include "imapd/commands/table.h"
#include "imapd/limits.h"
#include "imapd/search/matcher.h"
#include "imapd/search/searcher.h"

namespace tayori::imap {
namespace {

std::uint32_t value_of(const Found& found, Numbers by) {
    return by == Numbers::uid ? found.uid : found.number;
}

std::uint64_t highest_modseq(const SearchProgram& program, const std::vector<Found>& found) {
    std::uint64_t highest = 0;
    const bool all = program.want_all || program.want_count || !program.extended;
    if (all) {
        for (const auto& one : found) highest = std::max(highest, one.modseq);
        return highest;
    }
    // RFC 4731 §3.2: with MIN and MAX alone, that of the messages they name.
    if (program.want_min) highest = std::max(highest, found.front().modseq);
    if (program.want_max) highest = std::max(highest, found.back().modseq);
    return highest;
}

std::string search_response(const SearchProgram& program, const std::vector<Found>& found,
                            Numbers by) {
    std::string out = "* SEARCH";
    for (const auto& one : found) append(out, ' ', value_of(one, by));
    if (program.uses_modseq && !found.empty())
        append(out, " (MODSEQ ", highest_modseq(program, found), ')');
    out.append("\r\n");
    return out;
}

std::string esearch_response(std::string_view tag, const SearchProgram& program,
                             const std::vector<Found>& found, Numbers by) {
    auto out = cat("* ESEARCH (TAG \"", tag, "\")", by == Numbers::uid ? " UID" : "");
    if (!found.empty()) {
        if (program.want_min) append(out, " MIN ", value_of(found.front(), by));
        if (program.want_max) append(out, " MAX ", value_of(found.back(), by));
        if (program.want_all) {
            NumberSet set;
            for (const auto& one : found) add(set, value_of(one, by));
            out.append(" ALL ");
            append_set(out, set);
        }
    }
    if (program.want_count) append(out, " COUNT ", found.size());
    if (program.uses_modseq && !found.empty())
        append(out, " MODSEQ ", highest_modseq(program, found));
    out.append("\r\n");
    return out;
}

Async<Reply> search(Session& session, Args args, Numbers by) {
    auto program = co_await args.parse(parse_search);
    co_await args.end();
    if (program.bad_charset) {
        co_return Reply::no("BADCHARSET (US-ASCII UTF-8 ISO-2022-JP Shift_JIS EUC-JP)",
                            "Unknown charset, or text not of it.");
    }
    co_await bind_numbers(program.root, session.view());

    if (program.uses_modseq) session.enable_condstore();
    Searcher searcher(session, program.root);
    const auto found = co_await searcher.run();
    if (program.extended)
        co_await session.conn().write(esearch_response(session.tag(), program, found, by));
    else
        co_await session.conn().write(search_response(program, found, by));
    co_return Reply::ok("SEARCH completed");
}

}  // namespace

Async<Reply> cmd_search(Session& session, Args args) {
    return search(session, std::move(args), Numbers::sequence);
}

Async<Reply> cmd_uid_search(Session& session, Args args) {
    return search(session, std::move(args), Numbers::uid);
}

}  // namespace tayori::imap
