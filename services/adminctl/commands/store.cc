// adminctl store verify|compact|checkpoint|rebuild
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "adminctl/context.h"

namespace tayori::admin {
namespace {

// spoold lies where adminctl lies, or on the PATH.
std::string spoold_program() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    const auto beside = self.parent_path() / "spoold";
    return !error && std::filesystem::exists(beside, error) ? beside.string() : "spoold";
}

// The index is made anew by spoold itself, which holds the store's lock meanwhile; one that runs has the lock already,
// and then nothing happens.
Result<ExitStatus> rebuild(const Context& context) {
    const auto program = spoold_program();
    const auto config = context.config_file();
    std::vector<const char*> arguments = {program.c_str(), "--rebuild"};
    if (!config.empty()) {
        arguments.push_back("--config");
        arguments.push_back(config.c_str());
    }
    arguments.push_back(nullptr);
    execvp(program.c_str(), const_cast<char* const*>(arguments.data()));
    return fail(Kind::not_found, cat("spoold could not be started: ", std::strerror(errno),
                                     ". Run `spoold --rebuild` on the machine that has the store."));
}

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
            [&context] { return rebuild(context); });
}

}  // namespace tayori::admin
