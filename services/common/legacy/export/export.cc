#include "common/legacy/export.h"

#include "common/base/text.h"
#include "common/legacy/export/writers.h"
#include "common/legacy/spool/lines.h"
#include "common/mail/utf7.h"

namespace tayori::legacy {
namespace {

struct WriterKind {
    std::string_view name;
    std::unique_ptr<MailboxWriter> (*make)(OutDirectory directory, Report& report);
};
constexpr WriterKind kWriters[] = {
    {"maildir", make_maildir_writer},
    {"mbox", make_mbox_writer},
    {"pmail", make_pmail_writer},
};

}  // namespace

std::vector<std::string_view> writer_kinds() {
    std::vector<std::string_view> names;
    for (const auto& kind : kWriters) names.push_back(kind.name);
    return names;
}

Result<std::unique_ptr<MailboxWriter>> make_writer(std::string_view kind, const std::string& directory, Report& report) {
    std::string names;
    for (const auto& known : kWriters) {
        append(names, names.empty() ? "" : ", ", known.name);
        if (known.name != kind) continue;
        auto out = OutDirectory::create(directory);
        if (!out) return fail(std::move(out.error()));
        return known.make(std::move(*out), report);
    }
    return fail(Kind::unsupported, cat("Mailboxes can be written as: ", names, "."));
}

Result<void> check_uid(std::uint32_t last, const Mail& mail) {
    if (mail.uid > last) return {};
    return fail(Kind::invalid, "Mails to export are not in the order of their UIDs.", cat("UID ", mail.uid, " behind ", last));
}

std::vector<std::string> utf7_levels(const std::string& name) {
    std::vector<std::string> levels;
    for (std::string_view rest = name; !rest.empty();) {
        const auto level = take_word(rest, '/');
        levels.push_back(mail::utf8_to_utf7(level).value_or(std::string(level)));
    }
    return levels;
}

std::string escape_level(std::string_view level, std::string_view characters) {
    std::string out;
    for (const char c : level) {
        if (characters.find(c) == std::string_view::npos && c != '\\') out += c;
        else append(out, '\\', hex_encode(std::string_view(&c, 1)));
    }
    return out;
}

}  // namespace tayori::legacy
