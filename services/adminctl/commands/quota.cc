// adminctl quota
#include "adminctl/context.h"

namespace tayori::admin {
namespace {

bool differs(const v1::QuotaUsage& usage) {
    return usage.used_bytes() != usage.recounted_bytes() || usage.used_messages() != usage.recounted_messages();
}

std::string quota_text(const v1::QuotaReport& report, bool recounted) {
    Table table;
    table.column("ACCOUNT");
    table.column("USED", Align::right);
    table.column("QUOTA", Align::right);
    table.column("", Align::right);
    table.column("MESSAGES", Align::right);
    table.column("QUOTA", Align::right);
    if (recounted) table.column("RECOUNT");
    for (const auto& usage : report.accounts()) {
        std::vector<std::string> row = {usage.address(), show_size(usage.used_bytes()),
                                        show_limit(usage.limit_bytes(), true),
                                        show_percent(usage.used_bytes(), usage.limit_bytes()),
                                        cat(usage.used_messages()), show_limit(usage.limit_messages(), false)};
        if (recounted)
            row.push_back(differs(usage) ? cat("DIFFERS: ", usage.recounted_bytes(), " bytes, ",
                                               usage.recounted_messages(), " messages")
                                         : "equal");
        table.row(std::move(row));
    }
    return table.empty() ? std::string("none\n") : table.text();
}

}  // namespace

void add_quota_command(CLI::App& app, Context& context) {
    struct Options {
        std::string address;
        bool recount = false;
    };
    auto options = std::make_shared<Options>();
    auto* quota = command(app, context, "quota", "how full the accounts are; `account set --quota` changes limits",
                          [&context, options]() -> Result<ExitStatus> {
                              v1::QuotaReportRequest request;
                              request.set_address(options->address);
                              bool wrong = false;
                              auto done = call<v1::QuotaReport>(
                                  context, options->recount ? &rpc::AdminClient::recount_quota
                                                            : &rpc::AdminClient::get_quota_report,
                                  request, [&](const auto& report) { return quota_text(report, options->recount); },
                                  [&](const v1::QuotaReport& report) {
                                      for (const auto& usage : report.accounts())
                                          wrong = wrong || (options->recount && differs(usage));
                                  });
                              return done && wrong ? Result<ExitStatus>(ExitStatus::problems) : done;
                          });
    quota->add_option("ADDRESS", options->address, "one account; else all");
    quota->add_flag("--recount", options->recount, "counts anew and compares with the books");
}

}  // namespace tayori::admin
