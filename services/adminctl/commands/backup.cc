// adminctl backup create|list|verify|restore
#include "adminctl/commands/backup.h"

#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <filesystem>

#include "adminctl/spoold_program.h"

namespace tayori::admin {
namespace {

struct BackupOptions {
    std::string set;
    bool base = false;
    std::uint32_t keep_bases = 0;
    std::string account;
    std::string at;
    bool beside = false;
    bool exact = false;
    bool settings = false;
    bool apply = false;
    std::string to_store;
    std::string from;
    std::string living;
};

// A line that is written over again, where a person looks on.
void show_progress(const Context& context, const v1::BackupProgress& progress) {
    if (context.json || isatty(STDERR_FILENO) == 0 || progress.bytes_total() == 0) return;
    std::fprintf(stderr, "\r%s of %s  ", show_size(progress.bytes_done()).c_str(), show_size(progress.bytes_total()).c_str());
    if (progress.has_step() || progress.has_report()) std::fprintf(stderr, "\n");
}

std::string kind_of(const v1::BackupStep& step) {
    if (step.base() == 0) return "?";
    return step.base() == step.number() ? "base" : "increment";
}

std::string made_text(const v1::BackupProgress& last) {
    const auto& step = last.step();
    auto out = cat("Step ", step.number(), ", ", kind_of(step) == "base" ? "a base" : "an increment", ": ",
                   show_size(step.bytes()), ", everything up to ", show_moment(step.until_ms()), ".\n");
    if (last.dropped_steps() > 0) append(out, "Older steps removed: ", last.dropped_steps(), ".\n");
    if (!last.note().empty()) append(out, printable(last.note()), "\n");
    return out;
}

Result<ExitStatus> create(Context& context, const BackupOptions& options) {
    v1::CreateBackupRequest request;
    request.set_set(options.set);
    request.set_base(options.base);
    request.set_keep_bases(options.keep_bases);
    request.set_address(options.account);
    auto client = context.client();
    if (!client) return fail(std::move(client.error()));
    v1::BackupProgress last;
    auto made = (*client)->create_backup(request, [&](const v1::BackupProgress& progress) {
        show_progress(context, progress);
        last = progress;
        return true;
    });
    if (!made) return fail(std::move(made.error()));
    Context::print(context.json ? cat(to_json(last), "\n") : made_text(last));
    return ExitStatus::ok;
}

std::string listed_text(const v1::BackupList& list) {
    Table table;
    table.column("STEP", Align::right);
    table.column("KIND");
    table.column("FROM");
    table.column("UNTIL");
    table.column("SIZE", Align::right);
    table.column("OF");
    table.column("PROBLEM");
    for (const auto& step : list.steps()) {
        table.row({cat(step.number()), kind_of(step), show_moment(step.from_ms()), show_moment(step.until_ms()),
                   show_size(step.bytes()), step.account().empty() ? "all" : step.account(), step.problem()});
    }
    auto out = table.empty() ? cat("No backup in ", printable(list.directory()), ".\n") : table.text();
    if (list.sets_size() < 2) return out;
    out += "Sets:";
    for (const auto& set : list.sets()) append(out, " ", printable(set));
    return out + "\n";
}

std::string verified_text(const v1::BackupReport& report) {
    auto out = cat("Read ", report.steps(), " steps, ", show_size(report.bytes()), ": ", report.chains(), " chains, ",
                   report.records(), " records, ", report.bodies(), " bodies, ", report.references(), " mails: ");
    if (report.problems().empty()) return out + "all is well.\n";
    append(out, report.problems_size(), " problems.\n");
    for (const auto& problem : report.problems()) append(out, "  ", printable(problem), "\n");
    return out;
}

Result<ExitStatus> verify(Context& context, const BackupOptions& options) {
    v1::VerifyBackupRequest request;
    request.set_set(options.set);
    auto client = context.client();
    if (!client) return fail(std::move(client.error()));
    v1::BackupProgress last;
    auto read = (*client)->verify_backup(request, [&](const v1::BackupProgress& progress) {
        show_progress(context, progress);
        last = progress;
        return true;
    });
    if (!read) return fail(std::move(read.error()));
    Context::print(context.json ? cat(to_json(last.report()), "\n") : verified_text(last.report()));
    return last.report().problems().empty() ? ExitStatus::ok : ExitStatus::problems;
}

std::string fate_of(const v1::RestoredFolder& folder) {
    if (folder.deleted()) return "deleted";
    return folder.created() ? "new" : "";
}

Table restored_table() {
    Table table;
    table.column("FOLDER");
    table.column("TO");
    table.column("");
    for (const auto* title : {"ADDED", "UNDELETED", "COPIED", "THERE", "REMOVED", "FLAGS"}) table.column(title, Align::right);
    return table;
}

std::string settings_text(const v1::RestoredFolder& first) {
    Table table;
    table.column("SETTING");
    table.column("NOW");
    table.column("THEN");
    for (const auto& setting : first.settings()) table.row({setting.name(), setting.now(), setting.then()});
    return table.empty() ? "All settings are as they were.\n" : table.text();
}

Result<ExitStatus> restore_account(Context& context, const BackupOptions& options) {
    v1::RestoreAccountRequest request;
    request.set_set(options.set);
    request.set_address(options.account);
    request.set_mode(options.beside  ? v1::RestoreAccountRequest::MODE_BESIDE
                     : options.exact ? v1::RestoreAccountRequest::MODE_EXACT
                                     : v1::RestoreAccountRequest::MODE_MERGE);
    request.set_apply(options.apply);
    request.set_settings(options.settings);
    if (!options.at.empty()) {
        auto moment = parse_moment(options.at, std::time(nullptr));
        if (!moment) return fail(std::move(moment.error()));
        request.set_at_ms(*moment);
    }
    auto client = context.client();
    if (!client) return fail(std::move(client.error()));
    auto table = restored_table();
    bool first = true;
    auto done = (*client)->restore_account(request, [&](const v1::RestoredFolder& folder) {
        if (context.json) {
            Context::print(cat(first ? "[" : ",\n ", to_json(folder)));
        } else if (first) {
            context.say(cat(printable(options.account), " as of ", show_moment(folder.as_of_ms()), ":"));
            for (const auto& note : folder.notes()) context.say(printable(note));
            if (options.settings) context.say(settings_text(folder));
        } else {
            table.row({folder.folder().empty() ? "-" : folder.folder(), folder.target(), fate_of(folder), cat(folder.added()),
                       cat(folder.undeleted()), cat(folder.copied()), cat(folder.present()), cat(folder.removed()),
                       cat(folder.changed())});
        }
        first = false;
        return true;
    });
    if (context.json) Context::print(first ? "[]\n" : "]\n");
    else if (!table.empty()) Context::print(table.text());
    if (!done) return fail(std::move(done.error()));
    context.say(options.apply ? "Done." : "Nothing is changed yet: --apply does it.");
    return ExitStatus::ok;
}

Result<ExitStatus> restore_site(Context& context, const BackupOptions& options) {
    std::vector<std::string> arguments = {"--restore", "--to-store", std::filesystem::absolute(options.to_store).string()};
    if (!options.at.empty()) {
        auto moment = parse_moment(options.at, std::time(nullptr));
        if (!moment) return fail(std::move(moment.error()));
        arguments.insert(arguments.end(), {"--at-ms", cat(*moment)});
    }
    if (!options.set.empty()) arguments.insert(arguments.end(), {"--set", options.set});
    if (!options.from.empty()) arguments.insert(arguments.end(), {"--from", std::filesystem::absolute(options.from).string()});
    if (!options.living.empty()) {
        arguments.insert(arguments.end(), {"--living", std::filesystem::absolute(options.living).string()});
    }
    return become_spoold(context, std::move(arguments));
}

void add_restore(CLI::App& backup, Context& context, const std::shared_ptr<BackupOptions>& options) {
    auto* restore = command(backup, context, "restore",
                            "brings mail back: one account while spoold runs, or the whole site into a new store",
                            [&context, options]() -> Result<ExitStatus> {
                                if (options->account.empty() == options->to_store.empty())
                                    throw CLI::ValidationError("backup restore", "name --account ADDRESS or --to-store DIR");
                                return options->account.empty() ? restore_site(context, *options)
                                                                : restore_account(context, *options);
                            });
    restore->add_option("--set", options->set, "the set of backups; else \"main\"");
    restore->add_option("--at", options->at,
                        "as it was then: 2d, 12h, 30m ago, \"2026-11-22 08:30:15\", @UNIX-SECONDS; else the newest there is");
    auto* account = restore->add_option("--account", options->account,
                                        "what is missing in this mailbox comes back; says first what would be done");
    auto* beside = restore->add_flag("--beside", options->beside, "all of it as copies, below a new folder")->needs(account);
    restore->add_flag("--exact", options->exact, "the mailbox becomes what it was; younger mail can be undeleted")
        ->needs(account)
        ->excludes(beside);
    restore->add_flag("--settings", options->settings,
                      "also its name, quota, protocols, passwords, aliases and settings of plugins as they were")
        ->needs(account);
    restore->add_flag("--apply", options->apply, "does it")->needs(account);
    auto* store = restore->add_option("--to-store", options->to_store,
                                      "the whole site into this new directory; spoold must be stopped, and this must run "
                                      "where the backup is")
                      ->excludes(account);
    restore->add_option("--from", options->from, "the folder of the set itself, where it is not below backup.directory")
        ->needs(store);
    restore->add_option("--living", options->living,
                        "the store that is replaced, whose counters count too; else the one in data_dir, if it opens")
        ->needs(store);
}

}  // namespace

Result<ExitStatus> create_backup(Context& context) { return create(context, BackupOptions()); }

void add_backup_command(CLI::App& app, Context& context) {
    auto options = std::make_shared<BackupOptions>();
    auto* backup = group(app, "backup", "backups of everything, made while mail comes in");
    auto* make = command(*backup, context, "create", "adds what changed since the last one, or everything the first time",
                         [&context, options] { return create(context, *options); });
    make->add_option("--set", options->set, "the set of backups; else \"main\", or one of the account's own");
    make->add_option("--account", options->account, "this account alone, in a set of its own");
    make->add_flag("--base", options->base, "everything, also where the changes would do");
    make->add_option("--keep-bases", options->keep_bases, "afterwards removes all but so many chains of a base and its increments");
    auto* all = command(*backup, context, "list", "lists the steps of a set", [&context, options] {
        v1::ListBackupsRequest request;
        request.set_set(options->set);
        return call<v1::BackupList>(context, &rpc::AdminClient::list_backups, request, listed_text);
    });
    all->add_option("--set", options->set, "the set of backups; else \"main\"");
    auto* read = command(*backup, context, "verify", "reads a set completely, and proves that it can be restored",
                         [&context, options] { return verify(context, *options); });
    read->add_option("--set", options->set, "the set of backups; else \"main\"");
    add_restore(*backup, context, options);
}

}  // namespace tayori::admin
