#include "adminctl/spoold_program.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace tayori::admin {
namespace {

// spoold lies where adminctl lies, or on the PATH.
std::string spoold_program() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    const auto beside = self.parent_path() / "spoold";
    return !error && std::filesystem::exists(beside, error) ? beside.string() : "spoold";
}

}  // namespace

Result<ExitStatus> become_spoold(const Context& context, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), spoold_program());
    if (const auto config = context.config_file(); !config.empty()) {
        arguments.emplace_back("--config");
        arguments.push_back(config);
    }
    std::vector<char*> pointers;
    for (auto& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    execvp(pointers.front(), pointers.data());
    return fail(Kind::not_found, cat("spoold could not be started: ", std::strerror(errno), ". Run `spoold ", arguments[1],
                                     "` on the machine that has the store."));
}

}  // namespace tayori::admin
