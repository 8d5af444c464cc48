// adminctl log level
#include "adminctl/context.h"

namespace tayori::admin {

void add_log_command(CLI::App& app, Context& context) {
    auto* log = group(app, "log", "the logs");
    auto level = std::make_shared<std::string>();
    auto* set = command(*log, context, "level", "how much spoold and the daemons log, until spoold's next start (the setting log.level stays)",
                        [&context, level] {
                            v1::SetLogLevelRequest request;
                            request.set_level(*level);
                            return call<v1::SetLogLevelResponse>(
                                context, &rpc::AdminClient::set_log_level, request,
                                [&](const v1::SetLogLevelResponse&) { return cat("All programs log ", *level, " and above.\n"); });
                        });
    set->add_option("LEVEL", *level, "debug, info, warn or error")
        ->required()
        ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
}

}  // namespace tayori::admin
