// adminctl account plan|apply|rollback|changes: a whole table of accounts at once (docs/accounts.md).
#include <algorithm>
#include <filesystem>

#include "adminctl/accounts_file.h"
#include "adminctl/accounts_plan.h"
#include "adminctl/context.h"
#include "common/legacy/lines.h"

namespace tayori::admin {
namespace {

constexpr std::size_t kDifferencesShown = 50;

struct BulkOptions {
    std::string file;
    std::string domain;
    std::string missing = "retire";
    std::optional<std::uint64_t> yes_remove;
    bool keep_passwords = false;
    bool all_new = false;
    std::string name_changes;
    std::vector<std::string> new_people;
    std::vector<std::string> same_people;
    std::string new_from;
    std::string save;
    std::uint64_t change_id = 0;
    bool force = false;
    bool dry_run = false;
};
using BulkOptionsPtr = std::shared_ptr<BulkOptions>;

// One address a line; blank lines and "#" comments are passed over.
Result<void> read_addresses(const std::string& path, v1::AccountsOptions& out) {
    auto text = legacy::read_local_file(path);
    if (!text) return fail(std::move(text.error()));
    std::string_view rest = *text;
    if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
    while (!rest.empty()) {
        const auto end = rest.find('\n');
        auto line = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        line = trim(line);
        if (!line.empty() && line.front() != '#') out.add_new_people(std::string(line));
    }
    return {};
}

Result<v1::AccountsOptions> bulk_options(const BulkOptions& options) {
    v1::AccountsOptions out;
    out.set_domain(options.domain);
    out.set_missing(options.missing == "keep"      ? v1::MISSING_KEEP
                    : options.missing == "suspend" ? v1::MISSING_SUSPEND
                                                   : v1::MISSING_RETIRE);
    if (options.yes_remove) out.set_removals_agreed(*options.yes_remove);
    out.set_keep_passwords(options.keep_passwords);
    out.set_all_new(options.all_new);
    if (!options.name_changes.empty())
        out.set_name_change(options.name_changes == "new" ? v1::NAME_CHANGE_NEW : v1::NAME_CHANGE_SAME);
    for (const auto& address : options.new_people) out.add_new_people(address);
    for (const auto& address : options.same_people) out.add_same_people(address);
    if (!options.new_from.empty())
        if (auto read = read_addresses(options.new_from, out); !read) return fail(std::move(read.error()));
    return out;
}

std::string base_name(const std::string& path) { return std::filesystem::path(path).filename().string(); }

using Method = Result<v1::AccountsPlan> (rpc::AdminClient::*)(const v1::AccountsTable&);

// The file's table, with these options, to spoold; its answer, with the places in the file.
Result<v1::AccountsPlan> send(Context& context, Method method, const std::string& path, const v1::AccountsOptions& options) {
    auto text = legacy::read_local_file(path);
    if (!text) return fail(std::move(text.error()));
    auto file = parse_accounts_file(*text, options.domain());
    if (!file) return fail(std::move(file.error()));
    *file->table.mutable_options() = options;
    file->table.mutable_options()->set_file(base_name(path));
    auto client = context.client();
    if (!client) return fail(std::move(client.error()));
    v1::AccountsPlan wrong;
    for (const auto& problem : file->problems) *wrong.add_problems() = problem;
    // A line that can't be read would look like somebody who is missing: then nothing is applied, and the rest is only looked at.
    const bool refused = has_refusal(wrong);
    auto plan = ((*client)->*(refused ? &rpc::AdminClient::plan_accounts : method))(file->table);
    if (!plan) return plan;
    if (refused) {
        plan->clear_changes();
        plan->clear_counts();
        plan->clear_digest();
        // Nor is what spoold says of the table as a whole true of the file.
        auto& problems = *plan->mutable_problems();
        problems.erase(std::remove_if(problems.begin(), problems.end(), [](const auto& p) { return p.line() == 0; }), problems.end());
    }
    locate_problems(*file, *plan);
    return plan;
}

Result<ExitStatus> plan(Context& context, const BulkOptions& options) {
    auto asked = bulk_options(options);
    if (!asked) return fail(std::move(asked.error()));
    auto plan = send(context, &rpc::AdminClient::plan_accounts, options.file, *asked);
    if (!plan) return fail(std::move(plan.error()));
    const bool refused = has_refusal(*plan);
    if (context.json) {
        Context::print(cat(to_json(*plan), "\n"));
    } else {
        Context::print(cat(changes_text(*plan), problems_text(*plan), refused ? "Nothing can be applied like this; it would be: " : "",
                           counts_text(plan->counts()), "; ", plan->counts().kept(), " stay as they are.\n"));
    }
    if (refused) return ExitStatus::problems;
    if (options.save.empty()) return ExitStatus::ok;
    v1::SavedAccountsPlan saved;
    saved.set_path(std::filesystem::absolute(options.file).string());
    *saved.mutable_options() = *asked;
    *saved.mutable_plan() = *plan;
    auto written = save_plan(options.save, saved);
    if (!written) return fail(std::move(written.error()));
    context.say(cat("`adminctl account apply ", options.save, "` does exactly this, or refuses if it would be something else by then."));
    return ExitStatus::ok;
}

Result<ExitStatus> show_applied(Context& context, const v1::AccountsPlan& plan) {
    if (context.json) {
        Context::print(cat(to_json(plan), "\n"));
    } else if (plan.change_id() != 0) {
        Context::print(cat(problems_text(plan), "Done as change ", plan.change_id(), ": ", counts_text(plan.counts()),
                           ". `adminctl account rollback ", plan.change_id(), "` undoes it.\n"));
    } else if (has_refusal(plan)) {
        Context::print(cat(problems_text(plan), "Nothing has been changed.\n"));
    } else {
        Context::print("There is nothing to change.\n");
    }
    return has_refusal(plan) ? ExitStatus::refused : ExitStatus::ok;
}

Result<ExitStatus> show_stale(Context& context, const v1::AccountsPlan& planned, const v1::AccountsPlan& now) {
    if (context.json) {
        Context::print(cat(to_json(now), "\n"));
        return ExitStatus::refused;
    }
    const auto found = differences(planned, now);
    std::string out = "Refused, and nothing has been changed: since the plan was made, this has come between.\n";
    for (std::size_t i = 0; i < found.size() && i < kDifferencesShown; ++i) append(out, "  ", found[i], "\n");
    if (found.size() > kDifferencesShown) append(out, "  and ", found.size() - kDifferencesShown, " more\n");
    if (found.empty()) out += "  the options, or the rules of the domain\n";
    Context::print(out + "Make a new plan.\n");
    return ExitStatus::refused;
}

Result<ExitStatus> apply_saved(Context& context, const std::string& text, const BulkOptions& options) {
    auto saved = parse_saved_plan(text);
    if (!saved) return fail(std::move(saved.error()));
    auto asked = bulk_options(options);
    if (!asked) return fail(std::move(asked.error()));
    if (asked->SerializeAsString() != bulk_options(BulkOptions())->SerializeAsString())
        return fail(Kind::invalid, "The plan has its options already: apply it without any, or make a new one.");
    saved->mutable_options()->set_expected_digest(saved->plan().digest());
    auto plan = send(context, &rpc::AdminClient::apply_accounts, saved->path(), saved->options());
    if (!plan) return fail(std::move(plan.error()));
    if (plan->stale() && !has_refusal(*plan)) return show_stale(context, saved->plan(), *plan);
    return show_applied(context, *plan);
}

Result<ExitStatus> apply(Context& context, const BulkOptions& options) {
    auto text = legacy::read_local_file(options.file);
    if (!text) return fail(std::move(text.error()));
    if (is_saved_plan(*text)) return apply_saved(context, *text, options);
    auto asked = bulk_options(options);
    if (!asked) return fail(std::move(asked.error()));
    auto plan = send(context, &rpc::AdminClient::apply_accounts, options.file, *asked);
    if (!plan) return fail(std::move(plan.error()));
    return show_applied(context, *plan);
}

Result<ExitStatus> roll_back(Context& context, const BulkOptions& options) {
    v1::RollBackRequest request;
    request.set_change_id(options.change_id);
    request.set_force(options.force);
    request.set_only_plan(options.dry_run);
    auto client = context.client();
    if (!client) return fail(std::move(client.error()));
    auto plan = (*client)->roll_back_accounts(request);
    if (!plan) return fail(std::move(plan.error()));
    const bool refused = has_refusal(*plan) && plan->change_id() == 0;
    if (context.json) {
        Context::print(cat(to_json(*plan), "\n"));
    } else if (options.dry_run) {
        Context::print(cat(changes_text(*plan), problems_text(*plan), counts_text(plan->counts()), ".\n"));
    } else if (refused) {
        Context::print(cat(problems_text(*plan), "Nothing has been changed. --force goes over this: what can't come back stays ",
                           "away, and what was changed since is as before again.\n"));
    } else {
        Context::print(cat(problems_text(*plan), "Undone, as change ", plan->change_id(), ": ", counts_text(plan->counts()), ".\n"));
    }
    if (!refused) return ExitStatus::ok;
    return options.dry_run ? ExitStatus::problems : ExitStatus::refused;
}

Result<ExitStatus> list_changes(Context& context) {
    Table table;
    table.column("CHANGE", Align::right);
    table.column("WHEN");
    table.column("WHAT");
    table.column("ADDED", Align::right);
    table.column("REMOVED", Align::right);
    table.column("CHANGED", Align::right);
    table.column("SUSPENDED", Align::right);
    table.column("BACK", Align::right);
    table.column("CAN BE UNDONE UNTIL");
    return list<v1::BulkChange>(
        context, &rpc::AdminClient::list_bulk_changes, v1::ListBulkChangesRequest(), std::move(table),
        [](Table& rows, const v1::BulkChange& change) {
            const auto& counts = change.counts();
            const auto what = change.undoes() != 0 ? cat("rollback of ", change.undoes()) : cat("apply ", change.file());
            rows.row({cat(change.change_id()), show_time(change.at_s()), what, cat(counts.added()), cat(counts.removed()),
                      cat(counts.changed()), cat(counts.suspended()), cat(counts.returned()),
                      change.undone_by() != 0 ? cat("undone by ", change.undone_by()) : show_time(change.until_s())});
        });
}

void add_table_options(CLI::App& app, const BulkOptionsPtr& options) {
    app.add_option("--domain", options->domain, "only accounts of this domain may go missing; also that of names without one");
    app.add_option("--missing", options->missing, "what becomes of accounts that the file does not name: retire, suspend or keep")
        ->check(CLI::IsMember({"retire", "suspend", "keep"}));
    app.add_option("--yes-remove", options->yes_remove, "so many accounts go, and that is meant");
    app.add_flag("--keep-passwords", options->keep_passwords, "who has a password keeps it");
    app.add_option("--name-changes", options->name_changes, "another name at an address is the same person, or a new one")
        ->check(CLI::IsMember({"same", "new"}));
    app.add_option("--new", options->new_people, "another person gets this address: a new mailbox; may be given more than once")
        ->allow_extra_args(false);
    app.add_option("--new-from", options->new_from, "such addresses from a file, one a line");
    app.add_option("--same", options->same_people, "the same person under another name; may be given more than once")
        ->allow_extra_args(false);
    app.add_flag("--all-new", options->all_new, "every line is another person: all mailboxes of before are retired");
}

}  // namespace

void add_account_bulk_commands(CLI::App& account, Context& context) {
    auto options = std::make_shared<BulkOptions>();
    auto* plan_it = command(account, context, "plan", "what a file of accounts would change; changes nothing",
                            [&context, options] { return plan(context, *options); });
    plan_it->add_option("FILE", options->file, "CSV, or E-Post's text export")->required();
    add_table_options(*plan_it, options);
    plan_it->add_option("--save", options->save, "writes the plan to a file, for `apply`");

    auto* apply_it = command(account, context, "apply", "makes the accounts those of a file, in one step while running",
                             [&context, options] { return apply(context, *options); });
    apply_it->add_option("FILE", options->file, "the file of accounts, or a plan of it that `plan --save` wrote")->required();
    add_table_options(*apply_it, options);

    auto* undo = command(account, context, "rollback", "undoes an apply, in one step",
                         [&context, options] { return roll_back(context, *options); });
    undo->add_option("ID", options->change_id, "which, of `changes`; else the last apply that counts");
    undo->add_flag("--force", options->force, "also over what others have changed since");
    undo->add_flag("--dry-run", options->dry_run, "only shows it");

    command(account, context, "changes", "lists applies and rollbacks", [&context] { return list_changes(context); });
}

}  // namespace tayori::admin
