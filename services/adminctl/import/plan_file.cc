#include "adminctl/import/plan_file.h"

#include <fstream>
#include <functional>
#include <sstream>
#include <vector>

#include "common/base/text.h"
#include "common/legacy/tab_fields.h"

namespace tayori::admin {
namespace {

constexpr std::string_view kHeader = "#tayori-import-plan\t1\n";
constexpr std::size_t kPlanBytesMax = 64 * 1024;

// One line of the file.
struct Field {
    std::string_view name;
    std::function<std::string(const ImportPlan&)> get;
    std::function<bool(ImportPlan&, const std::string&)> set;
};

Field text(std::string_view name, std::function<std::string&(ImportPlan&)> at) {
    return {name, [at](const ImportPlan& plan) { return at(const_cast<ImportPlan&>(plan)); },
            [at](ImportPlan& plan, const std::string& value) {
                at(plan) = value;
                return true;
            }};
}
Field flag(std::string_view name, std::function<bool&(ImportPlan&)> at) {
    return {name,
            [at](const ImportPlan& plan) { return std::string(at(const_cast<ImportPlan&>(plan)) ? "yes" : "no"); },
            [at](ImportPlan& plan, const std::string& value) {
                at(plan) = value == "yes";
                return value == "yes" || value == "no";
            }};
}
Field number(std::string_view name, std::uint64_t ImportPlan::*at) {
    return {name, [at](const ImportPlan& plan) { return cat(plan.*at); },
            [at](ImportPlan& plan, const std::string& value) {
                const auto end = std::from_chars(value.data(), value.data() + value.size(), plan.*at).ptr;
                return !value.empty() && end == value.data() + value.size();
            }};
}

const std::vector<Field>& fields() {
    static const std::vector<Field> all = {
        text("kind", [](ImportPlan& p) -> std::string& { return p.kind; }),
        text("path", [](ImportPlan& p) -> std::string& { return p.path; }),
        text("origin", [](ImportPlan& p) -> std::string& { return p.origin; }),
        text("domain", [](ImportPlan& p) -> std::string& { return p.options.domain; }),
        text("account", [](ImportPlan& p) -> std::string& { return p.options.account; }),
        text("accounts-file", [](ImportPlan& p) -> std::string& { return p.options.accounts_file; }),
        text("aliases-file", [](ImportPlan& p) -> std::string& { return p.options.aliases_file; }),
        text("captures", [](ImportPlan& p) -> std::string& { return p.captures; }),
        text("mbox", [](ImportPlan& p) -> std::string& { return p.options.mbox; }),
        flag("accept-guessed", [](ImportPlan& p) -> bool& { return p.options.accept_guessed; }),
        flag("new-uidls", [](ImportPlan& p) -> bool& { return p.options.new_uidls; }),
        flag("keep-high-uids", [](ImportPlan& p) -> bool& { return p.options.keep_high_uids; }),
        text("fingerprint", [](ImportPlan& p) -> std::string& { return p.fingerprint; }),
        number("accounts", &ImportPlan::accounts),
        number("mails", &ImportPlan::mails),
        number("bytes", &ImportPlan::bytes),
    };
    return all;
}

Error wrong(std::string_view why) {
    return Error::make(Kind::invalid, cat("This is no plan of an import that can be read here: ", why, "."));
}

}  // namespace

std::string format_plan(const ImportPlan& plan) {
    std::string out(kHeader);
    for (const auto& field : fields()) append(out, field.name, '\t', legacy::escape_field(field.get(plan)), '\n');
    return out;
}

Result<ImportPlan> parse_plan(std::string_view content) {
    if (!content.starts_with(kHeader)) return fail(wrong("its first line is another one"));
    content.remove_prefix(kHeader.size());
    ImportPlan plan;
    while (!content.empty()) {
        const auto line = content.substr(0, content.find('\n'));
        content.remove_prefix(std::min(line.size() + 1, content.size()));
        const auto tab = line.find('\t');
        if (tab == std::string_view::npos) return fail(wrong(cat("\"", line, "\"")));
        const auto name = line.substr(0, tab);
        bool known = false;
        for (const auto& field : fields()) {
            if (field.name != name) continue;
            const auto value = legacy::unescape_field(line.substr(tab + 1));
            known = value && field.set(plan, *value);
        }
        if (!known) return fail(wrong(cat("\"", line, "\"")));
    }
    if (plan.kind.empty() || plan.path.empty() || plan.fingerprint.empty()) return fail(wrong("a line is missing"));
    return plan;
}

Result<void> write_plan(const std::string& file, const ImportPlan& plan) {
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out << format_plan(plan);
    out.close();
    if (!out) return fail(Kind::invalid, cat("Can't write ", file, "."));
    return {};
}

Result<ImportPlan> read_plan(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return fail(Kind::not_found, cat("Can't read ", file, ": `adminctl import plan` makes plans."));
    std::string text(kPlanBytesMax + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > kPlanBytesMax) return fail(wrong("it is too long"));
    return parse_plan(text);
}

}  // namespace tayori::admin
