// adminctl completion bash|zsh. The scripts ask adminctl itself what can follow, so they never grow old.
#include "adminctl/context.h"

namespace tayori::admin {
namespace {

constexpr const char* kBash = R"sh(# adminctl's completion for bash:  source <(adminctl completion bash)
_adminctl() {
    local IFS=$'\n'
    COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _adminctl adminctl
)sh";

constexpr const char* kZsh = R"sh(#compdef adminctl
# adminctl's completion for zsh:  source <(adminctl completion zsh)
_adminctl() {
    local -a follow
    follow=(${(f)"$("${words[1]}" complete -- "${(@)words[2,CURRENT-1]}" 2>/dev/null)"})
    compadd -a follow
}
compdef _adminctl adminctl
)sh";

}  // namespace

std::string completions(const CLI::App& root, const std::vector<std::string>& words) {
    const CLI::App* at = &root;
    for (const auto& word : words) {
        if (word.starts_with('-')) continue;
        for (const auto* below : at->get_subcommands([&](const CLI::App* app) { return app->get_name() == word; })) at = below;
    }
    std::string out;
    for (const auto* below : at->get_subcommands([](const CLI::App*) { return true; }))
        append(out, below->get_name(), "\n");
    for (const auto* app = at; app != nullptr; app = app->get_parent())
        for (const auto* option : app->get_options())
            for (const auto& name : option->get_lnames()) append(out, "--", name, "\n");
    return out;
}

void add_completion_command(CLI::App& app, Context& context) {
    auto* completion = group(app, "completion", "completion for a shell: source <(adminctl completion bash)");
    const auto script = [&](const char* shell, const char* text) {
        command(*completion, context, shell, cat("the script for ", shell), [text]() -> Result<ExitStatus> {
            Context::print(text);
            return ExitStatus::ok;
        });
    };
    script("bash", kBash);
    script("zsh", kZsh);
}

}  // namespace tayori::admin
