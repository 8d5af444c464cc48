// adminctl store verify|compact|checkpoint|rebuild
#include "adminctl/context.h"
#include "adminctl/spoold_program.h"

namespace tayori::admin {
namespace {

std::string verified(const v1::StoreReport& report) {
    auto out = cat("Read ", report.records(), " records, ", report.bodies(), " bodies and ", report.keys(), " keys: ");
    if (report.problems().empty()) return out + "all is well.\n";
    append(out, report.problems_size(), " problems.\n");
    for (const auto& problem : report.problems()) append(out, "  ", printable(problem), "\n");
    return out;
}

}  // namespace

void add_store_command(CLI::App& app, Context& context) {
    auto* store = group(app, "store", "the store itself");
    command(*store, context, "verify", "reads everything and compares it with its checksums", [&context]() -> Result<ExitStatus> {
        bool wrong = false;
        auto done = call<v1::StoreReport>(context, &rpc::AdminClient::verify_store, v1::StoreRequest(), verified,
                                          [&](const v1::StoreReport& report) { wrong = !report.problems().empty(); });
        return done && wrong ? Result<ExitStatus>(ExitStatus::problems) : done;
    });
    command(*store, context, "compact", "gives back what removed mail still takes, now", [&context] {
        return call<v1::StoreReport>(context, &rpc::AdminClient::compact_store, v1::StoreRequest(),
                                     [](const v1::StoreReport& report) {
                                         return cat("Freed ", show_size(report.bytes_freed()), ".\n");
                                     });
    });
    command(*store, context, "checkpoint", "makes a checkpoint of the index, from which `rebuild` starts", [&context] {
        return call<v1::StoreReport>(context, &rpc::AdminClient::checkpoint_store, v1::StoreRequest(),
                                     [](const v1::StoreReport& report) {
                                         return cat("Checkpoint at log position ", report.log_position(), ".\n");
                                     });
    });
    command(*store, context, "rebuild",
            "makes the index anew from a checkpoint and the log; spoold must be stopped (`./tayori down`), and this must "
            "run where the store is",
            [&context] { return become_spoold(context, {"--rebuild"}); });
}

}  // namespace tayori::admin
