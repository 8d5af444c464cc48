// The canonical forms of DKIM against a second implementation, which has the whole text; and addresses of SRS.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "check.h"
#include "common/mail/dkim.h"
#include "common/mail/srs.h"

using namespace tayori::mail;

namespace {

// RFC 6376 §3.4.4, rule by rule, with the line ends that smtpd sends.
std::string plain_relaxed(std::string_view body) {
    std::vector<std::string> lines(1);
    for (std::size_t i = 0; i < body.size(); ++i) {
        if (body[i] == '\r' && i + 1 < body.size() && body[i + 1] == '\n') continue;
        if (body[i] == '\n') lines.emplace_back();
        else lines.back() += body[i] == '\r' || body[i] == '\t' ? ' ' : body[i];
    }
    std::string out;
    std::string blank;
    for (auto& line : lines) {
        std::string reduced;
        for (const char c : line)
            if (c != ' ' || reduced.empty() || reduced.back() != ' ') reduced += c;
        if (!reduced.empty() && reduced.back() == ' ') reduced.pop_back();
        if (!reduced.empty()) {
            out += blank + reduced;
            blank.clear();
        }
        blank += "\r\n";
    }
    return out.empty() ? out : out + "\r\n";
}

std::string streamed(std::string_view body, std::size_t piece) {
    std::string out;
    RelaxedBody canonical([&out](std::string_view bytes) { out.append(bytes); });
    for (std::size_t at = 0; at < body.size(); at += piece) canonical.push(body.substr(at, piece));
    canonical.finish();
    return out;
}

UnsignedField field_of(std::string_view message, std::size_t piece) {
    DkimMail mail;
    for (std::size_t at = 0; at < message.size(); at += piece) mail.push(message.substr(at, piece));
    mail.finish();
    return mail.field_for({"example.test", "s", DkimAlgorithm::rsa_sha256}, {1, 0}).value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t piece = std::size_t{data[0]} + 1;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    FUZZ_CHECK(streamed(text, piece) == plain_relaxed(text));
    FUZZ_CHECK(streamed(text, 1) == streamed(text, size));
    // The body's canonical form is its own.
    FUZZ_CHECK(streamed(plain_relaxed(text), piece) == plain_relaxed(text));

    const auto whole = field_of(text, size);
    const auto cut = field_of(text, piece);
    FUZZ_CHECK(whole.text == cut.text && whole.sha256 == cut.sha256);
    const auto line = signed_field(whole.text, whole.sha256);
    FUZZ_CHECK(line.ends_with("\r\n"));
    FUZZ_CHECK(line.find('\n') != 0 && line.find("\n\r") == std::string::npos);

    const auto field = relaxed_field("X", text);
    FUZZ_CHECK(field.find_first_of("\r\n\t") == field.size() - 2 && field.find("  ") == std::string::npos);

    const Srs srs({"a key"}, 21);
    if (const auto parts = parse_srs(text)) FUZZ_CHECK(!srs.reverse(*parts, 0) || !parts->hash.empty());
    const Address sender{std::string(text.substr(0, 60)), "example.org"};
    const auto there = srs.forward(sender, "our.test", 86'400 * 100);
    if (!there || sender.local.empty()) return 0;
    const auto parts = parse_srs(there->local);
    FUZZ_CHECK(parts.has_value());
    const auto back = srs.reverse(*parts, 86'400 * 100);
    FUZZ_CHECK(back.has_value());
    FUZZ_CHECK(*back == sender || parse_srs(sender.local).has_value());
    return 0;
}
