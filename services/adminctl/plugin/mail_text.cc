#include "adminctl/plugin/mail_text.h"

#include <fstream>
#include <iterator>

#include "common/base/text.h"
#include "common/mail/header.h"
#include "common/mail/utf8.h"

namespace tayori::admin::kit {
namespace {

std::string_view head_of(std::string_view mail) { return mail.substr(0, mail::header_bytes(mail)); }

}  // namespace

std::string with_crlf(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 32);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out += '\r';
        out += text[i];
    }
    if (!out.empty() && !out.ends_with("\r\n")) out += "\r\n";
    return out;
}

std::string as_mail(const std::vector<std::string>& lines) {
    std::string head, body;
    bool in_body = false;
    for (const auto& line : lines) {
        if (!in_body && line.empty()) in_body = true;
        else append(in_body ? body : head, line, "\r\n");
    }
    if (!mail::find_field(head, "Content-Type"))
        head += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n";
    return cat(head, "\r\n", body);
}

Result<std::string> read_mail(const std::string& path, std::uint64_t bytes_max) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(Kind::not_found, cat("there is no mail ", path));
    std::string bytes{std::istreambuf_iterator<char>(file), {}};
    if (bytes.size() > bytes_max) return fail(Kind::too_big, cat(path, " has more than ", bytes_max, " octets"));
    return with_crlf(bytes);
}

std::vector<std::string> split_changes(std::string_view changes) {
    constexpr std::string_view kBetween = " ; ";
    std::vector<std::string> out;
    for (auto at = changes.find(kBetween); at != std::string_view::npos; at = changes.find(kBetween)) {
        out.emplace_back(trim(changes.substr(0, at)));
        changes.remove_prefix(at + kBetween.size());
    }
    out.emplace_back(trim(changes));
    return out;
}

std::string without_field(std::string_view mail, std::string_view name) {
    std::string out;
    mail::Fields fields(head_of(mail));
    while (const auto field = fields.next())
        if (!equals_ignoring_case(field->name, name)) out += field->raw;
    return cat(out, "\r\n", mail.substr(head_of(mail).size()));
}

std::string with_field(std::string_view mail, std::string_view field) {
    return cat(field, "\r\n", without_field(mail, trim(field.substr(0, field.find(':')))));
}

std::string with_body(std::string_view mail, std::string_view body) { return cat(head_of(mail), body, "\r\n"); }

}  // namespace tayori::admin::kit
