#include "spoold/rpc/pki.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/crypto/certificate.h"

namespace tayori::spool {

namespace {

inline constexpr int kDays = 3650;              // nobody outside the site sees these
inline constexpr std::int64_t kRenewDays = 90;  // made anew at a start so long before the end
inline constexpr const char* kServerName =
    "spoold";  // what every client expects, whatever the host is called
inline constexpr const char* kPrograms[] = {"smtpd", "pop3d", "imapd", "adminctl", "fetch"};

enum class Privacy { open, secret };

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return in ? text.str() : std::string();
}

Result<void> disk_error(const std::string& path) {
    return fail(Kind::busy, "Can't write a certificate.", cat(path, ": ", std::strerror(errno)));
}

Result<void> write_file(const std::string& path, std::string_view bytes, Privacy privacy) {
    const auto beside = path + ".new";
    ::unlink(beside.c_str());
    const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                          privacy == Privacy::secret ? 0600 : 0644);
    if (fd < 0) return disk_error(beside);
    const bool written =
        ::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
    const bool synced = written && ::fsync(fd) == 0;
    ::close(fd);
    if (!synced || ::rename(beside.c_str(), path.c_str()) != 0) return disk_error(path);
    return {};
}

bool is_good(const std::string& certificate, const std::string& key,
             const std::vector<std::string>& names, std::int64_t now_s) {
    if (certificate.empty() || key.empty()) return false;
    auto facts = crypto::read_certificate(certificate);
    if (!facts || facts->not_after_unix_s < now_s + kRenewDays * 86400) return false;
    return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
        return std::find(facts->names.begin(), facts->names.end(), name) != facts->names.end();
    });
}

Result<void> make_folder(const std::string& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error)
        return fail(Kind::busy, "Can't make the folder for certificates.",
                    cat(path, ": ", error.message()));
    ::chmod(path.c_str(),
            0700);  // a mounted folder may belong to somebody else: then its mode is his affair
    return {};
}

Result<void> write_pair(const std::string& stem, const crypto::KeyPair& pair) {
    ::unlink((stem + ".crt").c_str());
    auto key = write_file(stem + ".key", pair.key, Privacy::secret);
    if (!key) return key;
    return write_file(stem + ".crt", pair.certificate, Privacy::open);
}

struct Wanted {
    std::string folder;
    crypto::CertificateRequest request;
};

Result<void> ensure_one(const std::string& pki_dir, const crypto::KeyPair& ca, const Wanted& wanted,
                        std::int64_t now_s) {
    const auto folder = cat(pki_dir, '/', wanted.folder);
    auto made = make_folder(folder);
    if (!made) return made;
    const bool same_ca = read_file(folder + "/ca.crt") == ca.certificate;
    const auto certificate = read_file(folder + "/tls.crt");
    if (same_ca &&
        is_good(certificate, read_file(folder + "/tls.key"), wanted.request.names, now_s))
        return {};
    auto pair = crypto::make_signed(ca, wanted.request);
    if (!pair) return fail(std::move(pair.error()));
    auto written = write_pair(folder + "/tls", *pair);
    if (!written) return written;
    log_info("made a certificate for programs", {{"program", wanted.request.common_name}});
    // Last: a folder that has the authority's certificate is whole.
    return write_file(folder + "/ca.crt", ca.certificate, Privacy::open);
}

Result<crypto::KeyPair> ensure_ca(const std::string& pki_dir, std::int64_t now_s) {
    const auto folder = pki_dir + "/ca";
    auto made = make_folder(folder);
    if (!made) return fail(std::move(made.error()));
    crypto::KeyPair ca{read_file(folder + "/ca.crt"), read_file(folder + "/ca.key")};
    if (is_good(ca.certificate, ca.key, {}, now_s)) return ca;
    auto fresh = crypto::make_authority("Tayori internal CA", kDays);
    if (!fresh) return fresh;
    auto written = write_pair(folder + "/ca", *fresh);
    if (!written) return fail(std::move(written.error()));
    log_info("made the site's authority for programs", {{"folder", folder}});
    return fresh;
}

}  // namespace

Result<ServerPems> ensure_pki(const std::string& pki_dir, const std::vector<std::string>& names,
                              std::int64_t now_s) {
    auto ca = ensure_ca(pki_dir, now_s);
    if (!ca) return fail(std::move(ca.error()));
    std::vector<Wanted> all;
    Wanted server{"server", {.common_name = kServerName, .names = names, .days = kDays}};
    if (std::find(names.begin(), names.end(), kServerName) == names.end())
        server.request.names.push_back(kServerName);
    all.push_back(std::move(server));
    for (const char* program : kPrograms) {
        all.push_back({program,
                       {.common_name = program,
                        .names = {program},
                        .days = kDays,
                        .for_server = false,
                        .for_client = true}});
    }
    for (const auto& wanted : all) {
        auto done = ensure_one(pki_dir, *ca, wanted, now_s);
        if (!done) return fail(std::move(done.error()));
    }
    return ServerPems{ca->certificate, read_file(pki_dir + "/server/tls.crt"),
                      read_file(pki_dir + "/server/tls.key")};
}

}  // namespace tayori::spool
