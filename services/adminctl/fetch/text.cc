#include "adminctl/fetch/text.h"

#include <algorithm>

#include "adminctl/values.h"
#include "common/base/text.h"
#include "common/legacy/lines.h"

namespace tayori::admin {
namespace {

struct Unit {
    char name;
    std::uint32_t seconds;
};
constexpr Unit kUnits[] = {{'d', 86'400}, {'h', 3'600}, {'m', 60}, {'s', 1}};
constexpr std::size_t kNumberDigitsMax = 7;

std::string state_of(const v1::FetchSource& source) {
    if (source.settings().address().empty()) return "account deleted";
    if (source.running()) return "running";
    if (!source.settings().enabled()) return "off";
    if (source.failures() > 0) return cat("failing (", source.failures(), ")");
    if (source.lapses() > 1) return cat("worker died (", source.lapses(), ")");
    if (source.last().at_s() == 0) return "new";
    if (source.last().problem() != v1::FETCH_PROBLEM_UNSPECIFIED) return std::string(show_problem(source.last().problem()));
    return "ok";
}

}  // namespace

std::string_view show_problem(v1::FetchProblem problem) {
    switch (problem) {
        case v1::FETCH_PROBLEM_UNSPECIFIED: return "none";
        case v1::FETCH_PROBLEM_UNREACHABLE: return "unreachable";
        case v1::FETCH_PROBLEM_LOGIN_REFUSED: return "login refused";
        case v1::FETCH_PROBLEM_SETTINGS: return "settings";
        case v1::FETCH_PROBLEM_INCOMPLETE: return "incomplete";
        case v1::FETCH_PROBLEM_OVER_QUOTA: return "over quota";
        case v1::FETCH_PROBLEM_MAIL_REFUSED: return "mail refused";
        case v1::FETCH_PROBLEM_RENUMBERED: return "renumbered";
        case v1::FETCH_PROBLEM_SPOOL: return "spoold";
        case v1::FETCH_PROBLEM_SECRET: return "password lost";
        default: return "?";
    }
}

std::string show_source(const v1::FetchSettings& settings) {
    return cat(settings.user(), " at ", settings.host(), " by ",
               settings.protocol() == v1::FETCH_PROTOCOL_IMAP ? "imap" : "pop3");
}

Result<std::uint32_t> parse_interval(std::string_view text) {
    const auto wrong = [&] {
        return fail(Kind::invalid, cat("\"", text, "\" is no interval: 90s, 10m, 6h or 1d."));
    };
    if (text.size() < 2) return wrong();
    const auto unit = std::find_if(std::begin(kUnits), std::end(kUnits),
                                   [&](const Unit& one) { return one.name == ascii_lower(text.back()); });
    const auto number = legacy::parse_number(text.substr(0, text.size() - 1), kNumberDigitsMax);
    if (unit == std::end(kUnits) || !number) return wrong();
    const auto seconds = *number * unit->seconds;
    if (seconds > UINT32_MAX) return wrong();
    return static_cast<std::uint32_t>(seconds);
}

std::string show_interval(std::uint32_t seconds) {
    for (const auto& unit : kUnits)
        if (seconds != 0 && seconds % unit.seconds == 0) return cat(seconds / unit.seconds, std::string_view(&unit.name, 1));
    return "0s";
}

Table fetch_table() {
    Table table;
    table.column("ID", Align::right);
    table.column("ACCOUNT");
    table.column("FROM");
    table.column("INTO");
    table.column("EVERY", Align::right);
    table.column("STATE");
    table.column("LAST RUN");
    table.column("NEXT");
    table.column("FETCHED", Align::right);
    return table;
}

void add_fetch_row(Table& table, const v1::FetchSource& source) {
    const auto& settings = source.settings();
    const bool rests = !settings.enabled() || settings.address().empty();
    table.row({cat(source.source_id()), settings.address().empty() ? cat("account ", source.account_id()) : settings.address(),
               show_source(settings), cat(settings.folder(), settings.all_folders() ? ", all folders" : ""),
               show_interval(settings.interval_s()), state_of(source), show_time(source.last().at_s()),
               rests ? "-" : show_time(source.due_s()), with_commas(source.fetched())});
}

std::string fetch_trouble(const v1::FetchSource& source) {
    const auto& last = source.last();
    std::string out;
    if (last.problem() != v1::FETCH_PROBLEM_UNSPECIFIED || !last.text().empty())
        append(out, "Source ", source.source_id(), ": ", printable(last.text()), "\n");
    if (last.over_quota() > 0)
        append(out, "Source ", source.source_id(), ": ", with_commas(last.over_quota()),
               " mails wait there until there is room.\n");
    if (last.refused() > 0)
        append(out, "Source ", source.source_id(), ": ", with_commas(last.refused()), " mails could not be taken.\n");
    if (last.problem() == v1::FETCH_PROBLEM_RENUMBERED)
        append(out, "  `adminctl fetch set ", source.source_id(), " --accept-renumbered` fetches all of it once more.\n");
    return out;
}

std::string outcome_text(const v1::FetchOutcome& outcome) {
    auto out = cat("Fetched ", with_commas(outcome.fetched()), " mails, ", with_commas(outcome.known()), " were here already");
    if (outcome.over_quota() > 0) append(out, ", ", with_commas(outcome.over_quota()), " wait there until there is room");
    if (outcome.refused() > 0) append(out, ", ", with_commas(outcome.refused()), " could not be taken");
    if (outcome.deleted() > 0) append(out, ", ", with_commas(outcome.deleted()), " deleted there");
    append(out, ".\n");
    if (!outcome.text().empty()) append(out, printable(outcome.text()), "\n");
    return out;
}

}  // namespace tayori::admin
