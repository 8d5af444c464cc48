#include "spoold/fetch/secret_key.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/crypto/seal.h"

namespace tayori::spool {
namespace {

Error key_file_error(const std::string& path, std::string_view what) {
    return Error::make(Kind::busy, "The key file for secrets can't be used.", cat(path, ": ", what));
}

class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }

  private:
    int fd_;
};

// Nothing: there is none.
Result<std::string> read_key(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0 && errno == ENOENT) return std::string();
    std::string key(crypto::kSealKeyBytes, '\0');
    if (file.get() < 0) return fail(key_file_error(path, std::strerror(errno)));
    if (::read(file.get(), key.data(), key.size()) != static_cast<ssize_t>(key.size()))
        return fail(key_file_error(path, "it is too short"));
    return key;
}

// Whole and on disk before anything is sealed with it, or not there.
Result<void> write_key(const std::string& path, std::string_view key) {
    const auto beside = path + ".new";
    ::unlink(beside.c_str());
    {
        const Descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (file.get() < 0 || ::write(file.get(), key.data(), key.size()) != static_cast<ssize_t>(key.size()) ||
            ::fsync(file.get()) != 0)
            return fail(key_file_error(beside, std::strerror(errno)));
    }
    if (::rename(beside.c_str(), path.c_str()) != 0) return fail(key_file_error(path, std::strerror(errno)));
    const auto folder = std::filesystem::path(path).parent_path();
    const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.get() < 0 || ::fsync(directory.get()) != 0)
        return fail(key_file_error(path, std::strerror(errno)));
    return {};
}

}  // namespace

Result<std::string> SecretKey::key(Missing missing) {
    const std::lock_guard lock(mutex_);
    if (!key_.empty()) return key_;
    auto known = read_key(path_);
    if (!known) return known;
    if (known->empty() && missing == Missing::is_made) {
        known = crypto::random_bytes(crypto::kSealKeyBytes);
        if (auto written = write_key(path_, *known); !written) return fail(std::move(written.error()));
    }
    key_ = *known;
    return key_;
}

Result<std::string> SecretKey::seal(std::string_view secret, std::string_view bound_to) {
    auto used = key(Missing::is_made);
    if (!used) return used;
    return crypto::seal(*used, secret, bound_to);
}

Result<std::string> SecretKey::open(std::string_view sealed, std::string_view bound_to) {
    auto used = key(Missing::fails);
    if (!used) return used;
    std::optional<std::string> secret;
    if (!used->empty()) secret = crypto::unseal(*used, sealed, bound_to);
    if (!secret) return fail(Kind::denied, "The stored password can't be read any more: set it again.");
    return std::move(*secret);
}

}  // namespace tayori::spool
