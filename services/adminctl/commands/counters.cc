// adminctl counters show|verify|repair|export|import
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "adminctl/context.h"
#include "adminctl/counters_file.h"
#include "common/legacy/lines.h"
#include "common/legacy/pmail/forms.h"

namespace tayori::admin {
namespace {

constexpr double kYearsTold = 10'000;       // what lasts longer lasts for ever
constexpr int kFoldersPerCall = 1'000;      // of an import
constexpr std::uint64_t kCountersFileBytesMax = 1ULL << 30;

struct CountersOptions {
    std::string address;
    std::string file;
    std::vector<std::string> files;
    std::string cnt_directory;
    bool dry_run = false;
};

std::string a_day(bool known, double n) { return known ? fmt::format("{:.1f}", n) : "unknown"; }

std::string years(const v1::FolderCounters& folder) {
    if (!folder.has_uids_a_day()) return "unknown";
    if (!folder.has_years_left() || folder.years_left() > kYearsTold) return cat("> ", with_commas(std::uint64_t(kYearsTold)));
    return fmt::format("{:.1f}", folder.years_left());
}

std::string counters_text(const v1::Counters& counters) {
    Table site;
    site.column("COUNTER");
    site.column("NEXT", Align::right);
    site.column("A DAY", Align::right);
    site.row({"message id", cat(counters.next_message_id()),
              a_day(counters.has_message_ids_a_day(), counters.message_ids_a_day())});
    site.row({"folder id", cat(counters.next_folder_id()),
              a_day(counters.has_folder_ids_a_day(), counters.folder_ids_a_day())});
    site.row({"account id", cat(counters.next_account_id()), ""});
    site.row({"queue id", cat(counters.next_queue_id()), ""});
    auto out = cat(site.text(), "These have 64 bits: they do not come to an end.\n");
    if (counters.folders().empty()) return out;
    Table table;
    table.column("FOLDER");
    for (const auto* title : {"ID", "UIDVALIDITY", "UIDNEXT", "MODSEQ", "UIDS LEFT", "A DAY", "YEARS LEFT"})
        table.column(title, Align::right);
    for (const auto& folder : counters.folders())
        table.row({folder.folder(), cat(folder.folder_id()), cat(folder.uid_validity()), cat(folder.uid_next()),
                   cat(folder.highest_modseq()), fmt::format("{:.4g}%", folder.headroom_percent()),
                   a_day(folder.has_uids_a_day(), folder.uids_a_day()), years(folder)});
    return cat(out, "\n", table.text());
}

std::string shown_report(const v1::CountersReport& report) {
    auto out = cat("Checked ", report.folders_checked(), " folders and ", report.references_checked(), " messages: ");
    if (report.problems().empty()) return out + "all counters are right.\n";
    append(out, report.problems_size(), " problems.\n");
    for (const auto& problem : report.problems()) append(out, "  ", printable(problem), "\n");
    return out;
}

std::string shown_raised(const v1::CountersRaised& raised, std::string_view verb) {
    std::string out;
    for (const auto& one : raised.raised()) {
        append(out, verb, ": ", one.address().empty() ? "the next " : "", one.counter());
        if (!one.folder().empty()) append(out, " of ", printable(one.folder()));
        if (!one.address().empty()) append(out, " of ", printable(one.address()));
        append(out, " from ", one.from(), " to ", one.to(), "\n");
    }
    for (const auto& note : raised.notes()) append(out, printable(note), "\n");
    if (raised.raised().empty()) append(out, "Nothing had to be raised.\n");
    return out;
}

// The whole file or, where something goes wrong, the former one.
Result<void> write_whole(const std::string& path, std::string_view text) {
    const auto beside = cat(path, ".new");
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    std::error_code error;
    if (out) std::filesystem::rename(beside, path, error);
    if (!out || error) return fail(Kind::invalid, cat("Can't write ", path, "."));
    return {};
}

Result<void> write_cnt_file(const std::string& directory, const std::string& name, std::uint64_t next) {
    auto text = legacy::pmail::format_counter_file(next);
    if (!text) return fail(Kind::invalid, cat(name, ": ", text.error().text));
    return write_whole(cat(directory, "/", name), *text);
}

Result<ExitStatus> export_to(Context& context, const CountersOptions& options) {
    auto client = context.client();
    if (!client) return fail(std::move(client.error()));
    auto text = counters_file_head();
    std::uint64_t folders = 0;
    auto listed = (*client)->list_folder_counters({}, [&](const v1::FolderCounters& folder) {
        text += counters_line(folder);
        ++folders;
        return true;
    });
    if (!listed) return fail(std::move(listed.error()));
    auto site = (*client)->show_counters({});
    if (!site) return fail(std::move(site.error()));
    text += counters_file_end(*site, folders);
    if (auto written = write_whole(options.file, text); !written) return fail(std::move(written.error()));
    context.say(cat("Written to ", options.file, ": the site's counters, and those of ", folders, " folders."));
    if (options.cnt_directory.empty()) return ExitStatus::ok;
    auto written = write_cnt_file(options.cnt_directory, "imap4.cnt", site->next_message_id());
    if (written) written = write_cnt_file(options.cnt_directory, "imap4folder.cnt", site->next_folder_id());
    if (!written) return fail(std::move(written.error()));
    context.say(cat("Written to ", options.cnt_directory, ": imap4.cnt and imap4folder.cnt."));
    return ExitStatus::ok;
}

// Some files name one counter each; of the same, the highest counts.
void merge_counters(v1::RaiseCountersRequest& all, v1::RaiseCountersRequest&& one) {
    all.set_next_message_id(std::max(all.next_message_id(), one.next_message_id()));
    all.set_next_folder_id(std::max(all.next_folder_id(), one.next_folder_id()));
    all.set_next_account_id(std::max(all.next_account_id(), one.next_account_id()));
    all.set_next_queue_id(std::max(all.next_queue_id(), one.next_queue_id()));
    for (auto& folder : *one.mutable_folders()) *all.add_folders() = std::move(folder);
}

Result<v1::RaiseCountersRequest> read_counters_files(const std::vector<std::string>& files) {
    v1::RaiseCountersRequest all;
    for (const auto& file : files) {
        const auto content = legacy::read_local_file(file, kCountersFileBytesMax);
        if (!content) return fail(content.error());
        auto one = parse_counters_file(file, *content);
        if (!one) return fail(one.error().kind, cat(file, ": ", one.error().text));
        merge_counters(all, std::move(*one));
    }
    return all;
}

// In calls of bounded size. The first one has the site's counters.
Result<v1::CountersRaised> raise_in_parts(rpc::AdminClient& client, const v1::RaiseCountersRequest& all, bool dry_run) {
    v1::CountersRaised raised;
    auto part = all;
    for (int first = 0; first == 0 || first < all.folders_size(); first += kFoldersPerCall) {
        part.clear_folders();
        for (int i = first; i < std::min(first + kFoldersPerCall, all.folders_size()); ++i) *part.add_folders() = all.folders(i);
        part.set_dry_run(dry_run);
        auto done = client.raise_counters(part);
        if (!done) return fail(std::move(done.error()));
        raised.MergeFrom(*done);
        part.Clear();
    }
    return raised;
}

Result<ExitStatus> import_from(Context& context, const CountersOptions& options) {
    auto request = read_counters_files(options.files);
    if (!request) return fail(std::move(request.error()));
    auto client = context.client();
    if (!client) return fail(std::move(client.error()));
    // Asked first, so that a file that is refused in the middle has raised nothing.
    auto raised = raise_in_parts(**client, *request, true);
    if (raised && !options.dry_run) raised = raise_in_parts(**client, *request, false);
    if (!raised) return fail(std::move(raised.error()));
    if (context.json) Context::print(cat(to_json(*raised), "\n"));
    else Context::print(shown_raised(*raised, options.dry_run ? "Would be raised" : "Raised"));
    return ExitStatus::ok;
}

Result<ExitStatus> verify(Context& context, const CountersOptions& options) {
    v1::CountersRequest request;
    request.set_address(options.address);
    bool wrong = false;
    auto done = call<v1::CountersReport>(context, &rpc::AdminClient::verify_counters, request,
                                         [](const auto& report) { return shown_report(report); },
                                         [&](const auto& report) { wrong = !report.problems().empty(); });
    return done && wrong ? Result<ExitStatus>(ExitStatus::problems) : done;
}

}  // namespace

void add_counters_command(CLI::App& app, Context& context) {
    auto* counters = group(app, "counters", "the numbers that only rise: ids, UIDs, UIDVALIDITY, modseq");
    auto options = std::make_shared<CountersOptions>();

    auto* show = command(*counters, context, "show", "shows the site's, or an account's with what is left of them",
                         [&context, options] {
                             v1::CountersRequest request;
                             request.set_address(options->address);
                             return call<v1::Counters>(context, &rpc::AdminClient::show_counters, request, counters_text);
                         });
    show->add_option("ADDRESS", options->address, "one account; else the site's");

    auto* prove = command(*counters, context, "verify", "proves them against everything stored, while everything runs",
                          [&context, options] { return verify(context, *options); });
    prove->add_option("ADDRESS", options->address, "one account; else all");

    command(*counters, context, "repair", "raises what is not above the highest number in use; lowers nothing", [&context] {
        return call<v1::CountersRaised>(context, &rpc::AdminClient::repair_counters, v1::RepairCountersRequest(),
                                        [](const auto& raised) { return shown_raised(raised, "Raised"); });
    });

    auto* out = command(*counters, context, "export", "writes them to a file, of every folder too",
                        [&context, options] { return export_to(context, *options); });
    out->add_option("FILE", options->file)->required();
    out->add_option("--cnt", options->cnt_directory, "also imap4.cnt and imap4folder.cnt into this folder")
        ->check(CLI::ExistingDirectory);

    auto* in = command(*counters, context, "import", "raises them to at least what files say; lowers nothing",
                       [&context, options] { return import_from(context, *options); });
    in->add_option("FILE", options->files, "of `export`, or an old server's imap4.cnt and imap4folder.cnt")->required();
    in->add_flag("--dry-run", options->dry_run, "says what would be raised, and changes nothing");
}

}  // namespace tayori::admin
