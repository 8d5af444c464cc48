#include "common/crypto/sealed.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "common/base/text.h"
#include "common/crypto/crypto.h"

namespace tayori::crypto {
namespace {

constexpr std::size_t kSealKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;  // NIST SP 800-38D §8.2.2: random ones are good for 2^32 uses of a key
constexpr std::size_t kTagBytes = 16;
constexpr char kSealVersion = 1;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

unsigned char* writable(std::string& text, std::size_t at = 0) { return reinterpret_cast<unsigned char*>(text.data()) + at; }
const unsigned char* readable(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

Error no_key(const std::string& path, std::string_view why) {
    return Error::make(Kind::busy, "The key for stored passwords can't be used.", cat(path, ": ", why));
}

// What is missing is made in full beside its place first: a half-written key would lose what it seals.
Result<std::string> make_key_file(const std::string& path) {
    const auto key = random_bytes(kSealKeyBytes);
    const auto text = cat(hex_encode(key), "\n");
    const auto fresh = cat(path, ".new");
    ::unlink(fresh.c_str());
    const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) return fail(no_key(path, std::strerror(errno)));
    const bool written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
    ::close(file);
    if (!written || ::rename(fresh.c_str(), path.c_str()) != 0) return fail(no_key(path, std::strerror(errno)));
    const auto slash = path.rfind('/');
    const int folder = ::open(slash == std::string::npos ? "." : path.substr(0, slash + 1).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        ::fsync(folder);
        ::close(folder);
    }
    return key;
}

std::optional<std::string> key_of_text(std::string_view text) {
    std::string key;
    if (text.size() < 2 * kSealKeyBytes) return std::nullopt;
    for (std::size_t i = 0; i < 2 * kSealKeyBytes; i += 2) {
        const int high = hex_digit(text[i]);
        const int low = hex_digit(text[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        key.push_back(static_cast<char>(high * 16 + low));
    }
    return key;
}

}  // namespace

std::string seal(std::string_view key, std::string_view secret, std::string_view purpose) {
    const auto nonce = random_bytes(kNonceBytes);
    std::string out(1, kSealVersion);
    out += nonce;
    const auto at = out.size();
    out.resize(at + secret.size() + kTagBytes);
    Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    int size = 0;
    EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, readable(key), readable(nonce));
    EVP_EncryptUpdate(cipher.get(), nullptr, &size, readable(purpose), static_cast<int>(purpose.size()));
    EVP_EncryptUpdate(cipher.get(), writable(out, at), &size, readable(secret), static_cast<int>(secret.size()));
    EVP_EncryptFinal_ex(cipher.get(), writable(out, at + secret.size()), &size);
    EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, writable(out, at + secret.size()));
    return out;
}

Result<std::string> open_sealed(std::string_view key, std::string_view sealed, std::string_view purpose) {
    constexpr auto kAround = 1 + kNonceBytes + kTagBytes;
    const auto damaged = [] { return fail(Kind::corrupt, "A stored secret can't be read.", "it was sealed with another key"); };
    if (sealed.size() < kAround || sealed.front() != kSealVersion) return damaged();
    const auto nonce = sealed.substr(1, kNonceBytes);
    const auto text = sealed.substr(1 + kNonceBytes, sealed.size() - kAround);
    std::string tag(sealed.substr(sealed.size() - kTagBytes));
    std::string out(text.size(), '\0');
    Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    int size = 0;
    EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, readable(key), readable(nonce));
    EVP_DecryptUpdate(cipher.get(), nullptr, &size, readable(purpose), static_cast<int>(purpose.size()));
    EVP_DecryptUpdate(cipher.get(), writable(out), &size, readable(text), static_cast<int>(text.size()));
    EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data());
    if (EVP_DecryptFinal_ex(cipher.get(), writable(out, text.size()), &size) != 1) return damaged();
    return out;
}

Result<std::string> Sealer::seal(std::string_view secret, std::string_view purpose) {
    auto with = key(Missing::make);
    if (!with) return with;
    return crypto::seal(*with, secret, purpose);
}

Result<std::string> Sealer::open(std::string_view sealed, std::string_view purpose) {
    auto with = key(Missing::fail);
    if (!with) return with;
    return open_sealed(*with, sealed, purpose);
}

Result<std::string> Sealer::key(Missing missing) {
    std::lock_guard lock(mutex_);
    if (key_) return *key_;
    const int file = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0 && (errno != ENOENT || missing == Missing::fail)) return fail(no_key(path_, std::strerror(errno)));
    if (file < 0) {
        auto made = make_key_file(path_);
        if (made) key_ = *made;
        return made;
    }
    char text[2 * kSealKeyBytes];
    const auto size = ::read(file, text, sizeof text);
    ::close(file);
    key_ = key_of_text({text, size > 0 ? static_cast<std::size_t>(size) : 0});
    if (!key_) return fail(no_key(path_, "it holds no key"));
    return *key_;
}

}  // namespace tayori::crypto
