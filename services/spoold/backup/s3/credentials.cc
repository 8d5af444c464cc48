#include "spoold/backup/s3/credentials.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "common/base/text.h"

namespace tayori::spool::s3 {
namespace {

constexpr std::size_t kCredentialsBytesMax = 64 * 1024;

std::string_view strip(std::string_view text) {
    while (text.ends_with('\r') || text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
    return trim(text);
}

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

// They become lines of a request.
bool printable_word(std::string_view text) {
    for (const char c : text) {
        if (c <= ' ' || c > '~') return false;
    }
    return true;
}

Result<Credentials> checked(Credentials credentials) {
    if (credentials.key_id.empty()) return fail(Kind::invalid, "aws_access_key_id is missing");
    if (credentials.secret.empty()) return fail(Kind::invalid, "aws_secret_access_key is missing");
    if (!printable_word(credentials.key_id)) return fail(Kind::invalid, "aws_access_key_id is no key");
    if (!printable_word(credentials.session_token)) return fail(Kind::invalid, "aws_session_token is no token");
    return credentials;
}

}  // namespace

Result<Credentials> parse_credentials(std::string_view text) {
    Credentials credentials;
    bool ours = true;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = strip(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty() || line.front() == '#' || line.front() == ';') continue;
        if (line.front() == '[') {
            ours = line == "[default]";
            continue;
        }
        const auto equals = line.find('=');
        if (!ours || equals == std::string_view::npos) continue;
        const auto name = to_lower(strip(line.substr(0, equals)));
        const auto value = std::string(strip(line.substr(equals + 1)));
        if (name == "aws_access_key_id") credentials.key_id = value;
        else if (name == "aws_secret_access_key") credentials.secret = value;
        else if (name == "aws_session_token") credentials.session_token = value;
    }
    return checked(std::move(credentials));
}

Result<Credentials> read_credentials(const std::string& file) {
    Credentials given{environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"), environment("AWS_SESSION_TOKEN")};
    if (!given.key_id.empty() || !given.secret.empty()) {
        auto good = checked(std::move(given));
        if (!good) return fail(Kind::invalid, cat("In the environment ", good.error().text, "."));
        return good;
    }
    if (file.empty()) {
        return fail(Kind::invalid, "There are no credentials: set backup_s3.credentials_file, or AWS_ACCESS_KEY_ID and "
                                   "AWS_SECRET_ACCESS_KEY in the environment of spoold.");
    }
    std::ifstream stream(file, std::ios::binary);
    std::string text(kCredentialsBytesMax, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!stream.is_open() || stream.bad()) {
        return fail(Kind::invalid, cat("backup_s3.credentials_file: ", file, " can't be read."));
    }
    text.resize(static_cast<std::size_t>(stream.gcount()));
    auto credentials = parse_credentials(text);
    if (!credentials) return fail(Kind::invalid, cat("backup_s3.credentials_file: ", file, ": ", credentials.error().text, "."));
    return credentials;
}

}  // namespace tayori::spool::s3
