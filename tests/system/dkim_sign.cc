// Signs mails as smtpd does before it sends them: dkim_sign SPOOLD EXPIRE_DAYS KEY[,KEY …] FILE … writes FILE.signed.
// KEY is domain:selector:rsa or domain:selector:ed25519. The pieces that it reads have odd sizes.
#include <cstdio>
#include <ctime>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/net/run.h"
#include "smtpd/outbound/dkim_signer.h"

namespace tayori {
namespace {

constexpr std::size_t kPieceBytes = 7;

std::vector<std::string> parted(const std::string& text, char at) {
    std::vector<std::string> out;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, at);) out.push_back(part);
    return out;
}

rpc::v1::DkimKeys read_keys(const std::string& text) {
    rpc::v1::DkimKeys keys;
    for (const auto& one : parted(text, ',')) {
        const auto words = parted(one, ':');
        auto& key = *keys.add_keys();
        key.set_domain(words.at(0));
        key.set_selector(words.at(1));
        key.set_algorithm(words.at(2) == "rsa" ? rpc::v1::DKIM_ALGORITHM_RSA_SHA256 : rpc::v1::DKIM_ALGORITHM_ED25519_SHA256);
    }
    return keys;
}

Async<void> sign_files(rpc::Spool& spool, const rpc::v1::DkimKeys& keys, std::uint32_t expire_days, std::vector<std::string> files) {
    co_await spool.connect();
    for (const auto& file : files) {
        std::ifstream in(file, std::ios::binary);
        std::ostringstream text;
        text << in.rdbuf();
        const auto mail = text.str();
        smtp::DkimSigner signer(spool, keys, smtp::dkim_times(std::time(nullptr), expire_days));
        for (std::size_t at = 0; at < mail.size(); at += kPieceBytes) signer.push(std::string_view(mail).substr(at, kPieceBytes));
        const auto lines = co_await signer.finish();
        std::ofstream(file + ".signed", std::ios::binary) << lines << mail;
    }
}

int sign_all(const std::vector<std::string>& words) {
    if (words.size() < 4) {
        std::fputs("dkim_sign SPOOLD EXPIRE_DAYS KEY[,KEY …] FILE …\n", stderr);
        return 2;
    }
    const auto keys = read_keys(words[2]);
    net::Loop loop;
    rpc::SpoolOptions options;
    options.address = words[0];
    options.program = "smtpd";
    rpc::Spool spool(loop, options);
    const auto days = static_cast<std::uint32_t>(std::stoul(words[1]));
    const auto done = net::run_to_end(loop, sign_files(spool, keys, days, {words.begin() + 3, words.end()}));
    if (done) return 0;
    std::fprintf(stderr, "dkim_sign: %s (%s)\n", done.error().text.c_str(), done.error().detail.c_str());
    return 1;
}

}  // namespace
}  // namespace tayori

int main(int argc, char** argv) {
    tayori::log_set_level(tayori::LogLevel::warn);
    return tayori::sign_all({argv + 1, argv + argc});
}
