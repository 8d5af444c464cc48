#include "common/daemon/certificate.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/crypto/certificate.h"

namespace tayori::daemon {
namespace {

namespace fs = std::filesystem;

class File {
  public:
    File(const std::string& path, int flags, mode_t mode) : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    int fd() const { return fd_; }

  private:
    int fd_;
};

Result<void> system_failure(std::string_view what, const std::string& path) {
    return fail(Kind::no_space, "The certificate cannot be written.", cat(what, " ", path, ": ", std::strerror(errno)));
}

// A reader sees the old file, or none, or the whole new one.
Result<void> write_whole(const std::string& path, std::string_view bytes, mode_t mode) {
    const auto next = path + ".new";
    {
        const File file(next, O_WRONLY | O_CREAT | O_TRUNC, mode);
        if (file.fd() < 0) return system_failure("open", next);
        if (::write(file.fd(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
            return system_failure("write", next);
        if (::fsync(file.fd()) != 0) return system_failure("fsync", next);
    }
    if (::rename(next.c_str(), path.c_str()) != 0) return system_failure("rename", path);
    return {};
}

}  // namespace

Result<void> ensure_certificate(const std::string& certificate, const std::string& key,
                                const std::string& hostname) {
    if (fs::exists(certificate)) return {};  // the last of the two that is written
    std::error_code error;
    const auto folder = fs::path(certificate).parent_path();
    fs::create_directories(folder, error);
    const File lock((folder / ".lock").string(), O_RDWR | O_CREAT, 0600);
    if (lock.fd() < 0) return system_failure("open", (folder / ".lock").string());
    if (::flock(lock.fd(), LOCK_EX) != 0) return system_failure("flock", (folder / ".lock").string());
    if (fs::exists(certificate)) return {};  // another daemon was first
    // A key alone: the machine stopped between the two, or somebody's certificate is elsewhere. Nothing is thrown away.
    if (fs::exists(key)) fs::rename(key, key + ".old", error);

    crypto::CertificateRequest request;
    request.common_name = hostname;
    request.names = {hostname, "localhost", "127.0.0.1"};
    request.days = kSelfSignedDays;
    auto pair = crypto::make_self_signed(request);
    if (!pair) return fail(std::move(pair.error()));
    // The key first: a certificate without its key would stop the others from making both.
    if (auto written = write_whole(key, pair->key, 0600); !written) return written;
    if (auto written = write_whole(certificate, pair->certificate, 0644); !written) return written;
    log_warn("a self-signed certificate was made; clients will warn of it until you replace it",
             {{"certificate", certificate}, {"key", key}, {"hostname", hostname}});
    return {};
}

}  // namespace tayori::daemon
