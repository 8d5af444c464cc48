#include "common/legacy/live/pop3_session.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "common/base/text.h"
#include "common/legacy/lines.h"
#include "common/legacy/live/limits.h"

namespace tayori::legacy {
namespace {

constexpr std::size_t kNumberDigitsMax = 10;
constexpr std::uint32_t kAllLines = 99'999'999;  // of TOP: more than any mail has

// "3 rest"; the number is 0 where there is none.
std::pair<std::uint32_t, std::string_view> numbered(std::string_view line) {
    line = trim(line);
    const auto space = std::min(line.find(' '), line.size());
    const auto number = parse_number(line.substr(0, space), kNumberDigitsMax).value_or(0);
    if (number > UINT32_MAX) return {0, {}};
    return {static_cast<std::uint32_t>(number), trim(line.substr(space))};
}

}  // namespace

Result<std::string> Pop3Session::answer() {
    auto line = reader_.line(kLiveLineBytesMax);
    if (!line) return line;
    if (line->starts_with("+OK")) return line;
    if (line->starts_with("-ERR")) return fail(Kind::denied, cat("The server says: ", *line));
    return fail_nonsense("neither +OK nor -ERR");
}

// Up to the lone dot, without the dots that were put in front of others (RFC 1939 §3).
Result<std::string> Pop3Session::text(std::uint64_t bytes_max) {
    std::string out;
    for (;;) {
        auto line = reader_.line(bytes_max);
        if (!line) return line;
        if (*line == ".") return out;
        const std::size_t skip = line->starts_with('.') ? 1 : 0;
        if (out.size() + line->size() > bytes_max) return fail(Kind::too_big, "The mail is larger than a mail may be.");
        out.append(*line, skip);
        out += "\r\n";
    }
}

Result<std::vector<std::string>> Pop3Session::list(std::string_view command) {
    if (auto sent = link_->send(cat(command, "\r\n")); !sent) return fail(std::move(sent.error()));
    auto good = answer();
    if (!good) return fail(std::move(good.error()));
    std::vector<std::string> lines;
    for (;;) {
        auto line = reader_.line(kLiveLineBytesMax);
        if (!line) return fail(std::move(line.error()));
        if (*line == ".") return lines;
        if (lines.size() >= kLiveMailsMax) return fail_nonsense("too many mails");
        lines.push_back(std::move(*line));
    }
}

Result<void> Pop3Session::start() {
    auto capabilities = list("CAPA");
    if (!capabilities && capabilities.error().kind != Kind::denied) return fail(std::move(capabilities.error()));
    if (!capabilities) return {};  // a server from before RFC 2449
    const auto has = [&](std::string_view name) {
        return std::any_of(capabilities->begin(), capabilities->end(),
                           [&](const std::string& line) { return equals_ignoring_case(trim(line), name); });
    };
    pipelines_ = has("PIPELINING");
    top_ = has("TOP") ? Top::yes : Top::no;
    return {};
}

Result<std::vector<DropLine>> Pop3Session::drop() {
    auto sizes = list("LIST");
    if (!sizes) return fail(std::move(sizes.error()));
    auto names = list("UIDL");
    if (!names && names.error().kind == Kind::denied && !sizes->empty())
        return fail(Kind::unsupported, "The server has no UIDL: its mails can't be told apart by POP3.",
                    names.error().text);
    std::map<std::uint32_t, DropLine> drop;
    for (const auto& line : *sizes) {
        const auto [number, rest] = numbered(line);
        if (number == 0) return fail_nonsense("a line of LIST");
        drop[number] = {number, {}, {}, parse_number(rest.substr(0, rest.find(' '))).value_or(0)};
    }
    if (names) {
        for (const auto& line : *names) {
            const auto [number, uidl] = numbered(line);
            const auto at = drop.find(number);
            if (number == 0 || uidl.empty()) return fail_nonsense("a line of UIDL");
            if (at != drop.end()) at->second.uidl = std::string(uidl);
        }
    }
    std::vector<DropLine> out;
    std::unordered_map<std::string, unsigned> seen;
    for (auto& [number, line] : drop) {
        if (line.uidl.empty()) return fail_nonsense("LIST has a mail that UIDL has not");
        const auto count = ++seen[line.uidl];
        line.key = count == 1 ? line.uidl : cat(line.uidl, '\n', count);
        out.push_back(std::move(line));
    }
    return out;
}

std::size_t Pop3Session::window() const { return pipelines_ ? kLivePop3Pipeline : 1; }

Result<void> Pop3Session::ask_header(std::uint32_t number) {
    ++asked_;
    header_ = true;
    return link_->send(cat("TOP ", number, " 0\r\n"));
}
Result<void> Pop3Session::ask(std::uint32_t number) {
    ++asked_;
    last_ = number;
    header_ = false;
    if (top_ != Top::no) return link_->send(cat("TOP ", number, ' ', kAllLines, "\r\n"));
    read_some_ = true;
    return link_->send(cat("RETR ", number, "\r\n"));
}

Result<std::string> Pop3Session::take() {
    --asked_;
    auto good = answer();
    // Nothing else is on its way as long as it is not known whether there is a TOP: such a server pipelines nothing.
    if (!good && good.error().kind == Kind::denied && top_ == Top::untried) {
        top_ = Top::no;
        if (header_) return good;
        if (auto again = ask(last_); !again) return fail(std::move(again.error()));
        --asked_;
        good = answer();
    }
    if (!good) return good;
    if (top_ == Top::untried) top_ = Top::yes;
    return text(message_bytes_max_);
}

Result<void> Pop3Session::mark_deleted(std::uint32_t number) {
    if (auto sent = link_->send(cat("DELE ", number, "\r\n")); !sent) return sent;
    auto good = answer();
    if (!good) return fail(std::move(good.error()));
    return {};
}

Result<void> Pop3Session::commit() {
    if (auto sent = link_->send("QUIT\r\n"); !sent) return sent;
    auto good = answer();
    if (!good) return fail(std::move(good.error()));
    return {};
}

void Pop3Session::goodbye() {
    // Many servers mark what RETR has read as seen when QUIT comes (RFC 1939 §6: only then is there an update).
    if (asked_ > 0 || read_some_) return;
    if (link_->send("QUIT\r\n")) (void)answer();
}

}  // namespace tayori::legacy
