// adminctl export ADDRESS|--domain|--all --to maildir|mbox|pmail DIR: mail in the form of another server.
#include <filesystem>

#include "adminctl/context.h"
#include "adminctl/import/export.h"
#include "adminctl/import/text.h"

namespace tayori::admin {
namespace {

struct ExportOptions {
    std::vector<std::string> words;  // [ADDRESS] DIR
    std::string domain;
    bool all = false;
    std::string form;
    std::string language;
};

Result<std::vector<std::string>> addresses(Context& context, const ExportOptions& options) {
    if (options.domain.empty() && !options.all) return std::vector<std::string>{options.words.front()};
    auto client = context.client();
    if (!client) return fail(std::move(client.error()));
    v1::ListAccountsRequest request;
    request.set_domain(options.domain);
    std::vector<std::string> all;
    auto listed = (*client)->list_accounts(request, [&](const v1::Account& account) {
        all.push_back(account.address());
        return true;
    });
    if (!listed) return fail(std::move(listed.error()));
    return all;
}

std::string export_text(const std::string& address, const ExportOutcome& outcome, legacy::Language language) {
    if (language == legacy::Language::japanese)
        return cat(printable(address), ": フォルダー ", outcome.folders, " 個、メール ", outcome.mails, " 通、",
                   show_size(outcome.bytes), "\n");
    return cat(printable(address), ": ", outcome.folders, " folders, ", outcome.mails, " mails, ",
               show_size(outcome.bytes), "\n");
}

Result<ExitStatus> run(Context& context, const ExportOptions& options) {
    const bool one = options.domain.empty() && !options.all;
    if (options.words.size() != (one ? 2 : 1) || (options.all && !options.domain.empty()))
        throw CLI::ValidationError("export", "name ADDRESS and DIR, or --domain or --all and DIR");
    auto language = parse_language(options.language);
    if (!language) return fail(std::move(language.error()));
    auto wanted = addresses(context, options);
    if (!wanted) return fail(std::move(wanted.error()));
    auto client = context.import_client();
    if (!client) return fail(std::move(client.error()));
    const auto& top = options.words.back();
    std::error_code code;
    if (!one) std::filesystem::create_directories(top, code);
    bool refused = false;
    for (const auto& address : *wanted) {
        legacy::Report report;
        const auto directory = one ? top : cat(top, '/', directory_of(address));
        auto outcome = export_account(**client, address, options.form, directory, report);
        if (!outcome) return fail(std::move(outcome.error()));
        for (const auto& line : report.lines())
            Context::print(cat(printable(legacy::as_text(line, *language)), "\n"));
        refused = refused || report.count(legacy::Severity::refused) > 0;
        Context::print(export_text(address, *outcome, *language));
    }
    return refused ? ExitStatus::refused : ExitStatus::ok;
}

}  // namespace

void add_export_command(CLI::App& app, Context& context) {
    auto options = std::make_shared<ExportOptions>();
    auto* command_line = command(app, context, "export", "writes accounts' mail in the form of another server, at one moment each",
                                 [&context, options] { return run(context, *options); });
    command_line->add_option("WHAT", options->words, "ADDRESS DIR, or with --domain or --all: DIR")->required()->expected(1, 2);
    command_line->add_option("--domain", options->domain, "all accounts of it, each into a directory of its own below DIR");
    command_line->add_flag("--all", options->all, "every account");
    command_line->add_option("--to", options->form, "maildir, mbox or pmail")->required();
    command_line->add_option("--lang", options->language, "en or ja");
}

}  // namespace tayori::admin
