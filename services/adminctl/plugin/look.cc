#include "adminctl/plugin/look.h"

#include <map>

#include <nlohmann/json.hpp>

#include "adminctl/table.h"
#include "adminctl/values.h"
#include "common/base/text.h"
#include "common/mail/header.h"

namespace tayori::admin::kit {
namespace {

constexpr std::size_t kSenderCells = 30;
constexpr std::size_t kSubjectCells = 40;

std::string decided(const Outcome& outcome) {
    std::string out;
    for (const auto& failure : outcome.failures) append(out, out.empty() ? "" : "; ", "fails: ", failure.text);
    for (const auto& did : outcome.done) append(out, out.empty() ? "" : "; ", whole(did.said));
    if (!out.empty()) return out;
    return outcome.reasons.empty() ? "nothing" : cat("nothing: ", outcome.reasons.back());
}

// The mail as it came in: with what its delivery put in front of the first Received it would look like one that comes back.
std::string as_received(std::string_view stored) {
    std::string out;
    mail::Fields fields(stored.substr(0, mail::header_bytes(stored)));
    auto rest = stored;
    while (const auto field = fields.next()) {
        if (equals_ignoring_case(field->name, "Received")) break;
        if (!equals_ignoring_case(field->name, "Return-Path") && !equals_ignoring_case(field->name, "Delivered-To")) out += field->raw;
        rest = stored.substr(static_cast<std::size_t>(field->raw.data() - stored.data()) + field->raw.size());
    }
    return cat(out, rest);
}

}  // namespace

Looked look_at(Stage& stage, const StoredMail& mail) {
    stage.now_s = mail.received_s;
    Envelope envelope;
    envelope.sender = sender_of(mail.content);
    const auto delivered = field_of(mail.content, "Delivered-To");
    envelope.to = {stage.is_own(delivered) ? delivered : stage.address};
    Looked out{mail.uid, mail.received_s, envelope.sender, field_of(mail.content, "Subject"), {}};
    out.outcome = stage.mail(envelope, mail.uid == 0 ? mail.content : as_received(mail.content));
    return out;
}

std::string table_of(const std::vector<Looked>& looked, std::string heading, const std::function<std::string(const Looked&)>& said) {
    Table table;
    table.column("UID", Align::right);
    table.column("RECEIVED");
    table.column("FROM");
    table.column("SUBJECT");
    table.column(std::move(heading));
    for (const auto& one : looked)
        table.row({cat(one.uid), show_time(one.received_s), shortened(one.sender, kSenderCells), shortened(one.subject, kSubjectCells),
                   printable(said(one))});
    return table.text();
}

std::string replay_text(const std::vector<Looked>& looked) {
    if (looked.empty()) return "There is no mail.\n";
    std::map<std::string, std::size_t> times;
    for (const auto& one : looked) ++times[decided(one.outcome)];
    auto out = table_of(looked, "WOULD BE DECIDED", [](const Looked& one) { return decided(one.outcome); });
    append(out, "\n", looked.size(), " mails, nothing was changed:\n");
    for (const auto& [said, count] : times) append(out, "  ", count, " x  ", printable(said), "\n");
    return out;
}

std::string trace_text(const Looked& looked) {
    const auto& outcome = looked.outcome;
    auto out = cat("mail from ", looked.sender.empty() ? "<>" : printable(looked.sender), ": ", printable(looked.subject), "\n");
    for (const auto& line : outcome.trace) append(out, "  ", printable(line), "\n");
    for (const auto& line : outcome.held_back) append(out, "  ", printable(line), "\n");
    for (const auto& failure : outcome.failures) append(out, "  FAILED ", printable(failure.text), "\n", printable(failure.stack), "\n");
    for (const auto& line : outcome.log) append(out, "  log: ", printable(line), "\n");
    for (const auto& did : outcome.done) append(out, "  -> ", printable(whole(did.said)), "   by ", printable(did.action.at), "\n");
    if (outcome.done.empty()) out += "  -> nothing: the mail goes into INBOX\n";
    return out;
}

std::string to_json(const std::vector<Looked>& looked) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& [uid, received_s, sender, subject, outcome] : looked) {
        nlohmann::ordered_json row{{"uid", uid}, {"received_s", received_s}, {"sender", sender}, {"subject", subject}};
        auto& actions = row["decided"] = nlohmann::ordered_json::array();
        for (const auto& did : outcome.done)
            actions.push_back({{"plugin", did.action.plugin}, {"at", did.action.at}, {"what", whole(did.said)}});
        row["why"] = outcome.reasons;
        auto& failures = row["failures"] = nlohmann::ordered_json::array();
        for (const auto& failure : outcome.failures) failures.push_back({{"plugin", failure.plugin}, {"text", failure.text}});
        list.push_back(std::move(row));
    }
    return list.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace tayori::admin::kit
