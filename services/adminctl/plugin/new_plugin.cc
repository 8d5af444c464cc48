#include "adminctl/plugin/new_plugin.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "adminctl/plugin/new_examples.h"
#include "common/base/text.h"
#include "common/plugin/declaration.h"

namespace tayori::admin::kit {
namespace {

constexpr std::string_view kSource = R"lua(-- NAME: say here, in one sentence, what it does and for whom.
local tayori = require "tayori"

local NAME = tayori.plugin {
  name = "NAME",
  version = "0.1",
  about = { en = "What it does.", ja = "何をするか。" },
  settings = {
    word = {
      type = "text", max = 200, default = "WORD",
      about = { en = "What it looks for.", ja = "探すもの。" },
    },
  },
}

function NAME.HOOK(ARGUMENTS)
BODYend

return NAME
)lua";

constexpr std::string_view kReadme = R"(# NAME

What it does, for whom, and why.

| setting | default | |
|---|---|---|
| `word` | `WORD` | what it looks for |

It runs at `HOOK`. Tests: `adminctl plugin test .` in this folder.
)";

constexpr std::string_view kTest = "# NAME does what its README says, and nothing else.\n\nTEST";

std::string filled(std::string_view form, const std::string& name, const Example& example) {
    std::string out(form);
    const std::pair<std::string_view, std::string_view> words[] = {
        {"NAME", name}, {"WORD", example.word}, {"HOOK", example.hook}, {"ARGUMENTS", example.arguments},
        {"BODY", example.body}, {"TEST", example.test}};
    for (const auto& [word, value] : words)
        for (auto at = out.find(word); at != std::string::npos; at = out.find(word, at + value.size()))
            out.replace(at, word.size(), value);
    return out;
}

Result<void> write_file(const std::filesystem::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    if (!file) return fail(Kind::no_space, cat("could not write ", path.string()));
    return {};
}

}  // namespace

Result<std::string> make_plugin(const std::string& name, const std::string& directory, const std::string& hook) {
    if (!plugin::is_name(name))
        return fail(Kind::invalid, cat("\"", name, "\" is no name: lower-case letters, digits and _, a letter first, at most ",
                                       plugin::kNameBytesMax));
    constexpr std::string_view kLuaWords[] = {
        "and", "break", "do",  "else", "elseif", "end",    "false",  "for",  "function", "goto",  "if",   "in",
        "local", "nil", "not", "or",   "repeat", "return", "tayori", "then", "true",     "until", "while"};
    if (std::find(std::begin(kLuaWords), std::end(kLuaWords), name) != std::end(kLuaWords))
        return fail(Kind::invalid, cat("\"", name, "\" is a word of Lua or of Tayori; add something to it"));
    const auto* example =
        std::find_if(std::begin(kExamples), std::end(kExamples), [&hook](const Example& one) { return one.hook == hook; });
    if (example == std::end(kExamples)) {
        std::string known;
        for (const auto& one : kExamples) append(known, known.empty() ? "" : ", ", one.hook);
        return fail(Kind::invalid, cat("there is no hook \"", hook, "\"; the hooks: ", known));
    }
    const auto folder = (std::filesystem::path(directory) / name).lexically_normal();
    std::error_code code;
    if (std::filesystem::exists(folder, code)) return fail(Kind::exists, cat(folder.string(), " is there already; nothing was written"));
    std::filesystem::create_directories(folder / "tests", code);
    if (code) return fail(Kind::denied, cat("could not make ", folder.string(), ": ", code.message()));
    const std::pair<const char*, std::string_view> files[] = {
        {"plugin.lua", kSource}, {"README.md", kReadme}, {"tests/first.txt", kTest}};
    for (const auto& [path, form] : files)
        if (auto written = write_file(folder / path, filled(form, name, *example)); !written) return fail(std::move(written.error()));
    return folder.string();
}

}  // namespace tayori::admin::kit
