#include "adminctl/accounts_plan.h"

#include <google/protobuf/util/json_util.h>

#include <cstdio>
#include <map>
#include <memory>

#include "adminctl/table.h"
#include "adminctl/values.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::string_view kFormat = "tayori accounts plan 1";

std::string_view field_name(v1::AccountsField field) {
    switch (field) {
        case v1::ACCOUNTS_FIELD_ADDRESS: return "address";
        case v1::ACCOUNTS_FIELD_PASSWORD: return "password";
        case v1::ACCOUNTS_FIELD_NAME: return "name";
        case v1::ACCOUNTS_FIELD_QUOTA: return "quota";
        case v1::ACCOUNTS_FIELD_PROTOCOLS: return "may log in by";
        case v1::ACCOUNTS_FIELD_ALIASES: return "aliases";
        case v1::ACCOUNTS_FIELD_STATE: return "state";
        case v1::ACCOUNTS_FIELD_FORWARD: return "forward";
        default: return "";
    }
}

std::string value_text(v1::AccountsField field, const std::string& value) {
    if (field == v1::ACCOUNTS_FIELD_QUOTA) return show_limit(std::strtoull(value.c_str(), nullptr, 10), true);
    return value.empty() ? "none" : printable(value);
}

std::string fields_text(const v1::AccountsChange& change) {
    std::string out;
    for (const auto& field : change.fields()) {
        append(out, out.empty() ? "" : "; ", field_name(field.field()));
        if (field.field() == v1::ACCOUNTS_FIELD_PASSWORD) out += " new";
        else append(out, " ", value_text(field.field(), field.from()), " -> ", value_text(field.field(), field.to()));
    }
    return out;
}

std::string_view title(v1::BulkAction action) {
    switch (action) {
        case v1::BULK_ACTION_ADDED: return "ADDED";
        case v1::BULK_ACTION_REMOVED: return "REMOVED (the mailbox is kept for accounts.retire_days, nobody logs in to it)";
        case v1::BULK_ACTION_CHANGED: return "CHANGED";
        case v1::BULK_ACTION_SUSPENDED: return "SUSPENDED (mail arrives, nobody logs in)";
        case v1::BULK_ACTION_RETURNED: return "BACK";
        default: return "";
    }
}

std::string change_text(const v1::AccountsChange& change) {
    const auto fields = fields_text(change);
    return cat(printable(change.address()), change.name().empty() ? "" : "  ", printable(change.name()),
               fields.empty() ? "" : "  ", fields);
}

std::string problem_text(const v1::AccountsProblem& problem) {
    std::string where;
    if (problem.line() != 0) append(where, "line ", problem.line());
    if (problem.column() != 0) append(where, ", column ", problem.column());
    if (const auto field = field_name(problem.field()); !field.empty() && problem.line() != 0) append(where, " (", field, ")");
    // A sentence that begins with the address itself need not have it twice.
    if (!problem.address().empty() && problem.text().find(problem.address()) == std::string::npos)
        append(where, where.empty() ? "" : ", ", printable(problem.address()));
    return cat(problem.is_note() ? "note: " : "wrong: ", where, where.empty() ? "" : ": ", printable(problem.text()), "\n");
}

}  // namespace

std::string problems_text(const v1::AccountsPlan& plan) {
    std::string wrong;
    std::string notes;
    for (const auto& problem : plan.problems()) (problem.is_note() ? notes : wrong) += problem_text(problem);
    return wrong + notes;
}

bool has_refusal(const v1::AccountsPlan& plan) {
    for (const auto& problem : plan.problems())
        if (!problem.is_note()) return true;
    return false;
}

std::string changes_text(const v1::AccountsPlan& plan) {
    std::string out;
    for (const auto action : {v1::BULK_ACTION_REMOVED, v1::BULK_ACTION_ADDED, v1::BULK_ACTION_RETURNED,
                              v1::BULK_ACTION_SUSPENDED, v1::BULK_ACTION_CHANGED}) {
        std::string lines;
        for (const auto& change : plan.changes())
            if (change.action() == action) append(lines, "  ", change_text(change), "\n");
        if (!lines.empty()) append(out, title(action), "\n", lines);
    }
    return out;
}

std::string counts_text(const v1::BulkCounts& counts) {
    std::string out;
    const auto add = [&](std::string_view what, std::uint64_t count) {
        if (count != 0) append(out, out.empty() ? "" : ", ", what, " ", count);
    };
    add("added", counts.added());
    add("removed", counts.removed());
    add("changed", counts.changed());
    add("suspended", counts.suspended());
    add("back", counts.returned());
    return out.empty() ? "nothing" : out;
}

Result<void> save_plan(const std::string& path, const v1::SavedAccountsPlan& plan) {
    auto saved = plan;
    saved.set_format(std::string(kFormat));
    google::protobuf::util::JsonPrintOptions options;
    options.add_whitespace = true;
    options.preserve_proto_field_names = true;
    std::string text;
    if (!google::protobuf::util::MessageToJsonString(saved, &text, options).ok())
        return fail(Kind::internal, "The plan can't be written as JSON.");
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "wb"), std::fclose);
    if (!file || std::fwrite(text.data(), 1, text.size(), file.get()) != text.size() || std::fflush(file.get()) != 0)
        return fail(Kind::invalid, cat("The plan can't be written to ", path, "."));
    return {};
}

bool is_saved_plan(std::string_view text) {
    const auto start = text.find_first_not_of(" \t\r\n");
    return start != std::string_view::npos && text[start] == '{';
}

Result<v1::SavedAccountsPlan> parse_saved_plan(std::string_view text) {
    v1::SavedAccountsPlan plan;
    if (!google::protobuf::util::JsonStringToMessage(std::string(text), &plan).ok() || plan.format() != kFormat)
        return fail(Kind::invalid, "This is no plan that `adminctl account plan --save` has written, or one of another version.");
    return plan;
}

std::vector<std::string> differences(const v1::AccountsPlan& planned, const v1::AccountsPlan& now) {
    std::vector<std::string> out;
    if (planned.fingerprint() != now.fingerprint())
        out.emplace_back("The file of accounts is not the one that was planned: it has been changed.");
    // One who goes and one who comes may have the same address.
    const auto key = [](const v1::AccountsChange& change) {
        return cat(change.address(), '\0', change.action() == v1::BULK_ACTION_REMOVED ? '0' : '1');
    };
    std::map<std::string, const v1::AccountsChange*> before;
    for (const auto& change : planned.changes()) before[key(change)] = &change;
    for (const auto& change : now.changes()) {
        const auto at = before.find(key(change));
        const auto text = cat(to_lower(v1::BulkAction_Name(change.action()).substr(12)), ": ", change_text(change));
        if (at == before.end()) out.push_back(cat("new since the plan: ", text));
        else if (at->second->SerializeAsString() != change.SerializeAsString())
            out.push_back(cat("other than planned: ", text,
                              change_text(*at->second) == change_text(change) ? " (another account than then)"
                                                                             : cat(" (planned: ", change_text(*at->second), ")")));
        if (at != before.end()) before.erase(at);
    }
    for (const auto& [where, change] : before)
        out.push_back(cat("planned, and not to be done any more: ",
                          to_lower(v1::BulkAction_Name(change->action()).substr(12)), ": ", change_text(*change)));
    return out;
}

}  // namespace tayori::admin
