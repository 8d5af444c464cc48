// TLS contexts: certificates and rules. TLS 1.2 and newer, the server's order of ciphers, no compression, no
// renegotiation, session tickets instead of a session cache.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/net/loop.h"

struct ssl_ctx_st;

namespace tayori::net {

using TlsHandle = std::shared_ptr<ssl_ctx_st>;

// What a server shows. Connections keep the context that they began with; reload() changes what new ones get.
class TlsContext {
  public:
    struct Files {
        std::string certificate;  // PEM, the chain included
        std::string key;          // PEM
    };
    static Result<std::unique_ptr<TlsContext>> from_files(Files files);
    static Result<std::unique_ptr<TlsContext>> from_pem(std::string certificate, std::string key);
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    // Reads the files again. If they are broken or do not fit together, the old certificate stays and the error
    // says why: half of a pair may just be on its way to the disk.
    Result<void> reload();
    // Looks at the files' times every `interval` and reloads when they changed; logs both outcomes.
    void watch(Loop& loop, Duration interval);

    std::int64_t expires_at_unix_s() const { return expires_at_; }
    const TlsHandle& handle() const { return handle_; }

  private:
    explicit TlsContext(Files files) : files_(std::move(files)) {}
    void look();
    std::string fingerprint() const;  // of the files' times, sizes and inodes
    Files files_;
    TlsHandle handle_;
    std::int64_t expires_at_ = 0;
    std::string seen_;
    Duration interval_{};
    std::unique_ptr<Timer> timer_;
};

enum class Verify {
    none,            // opportunistic: encrypts, believes anybody
    chain_and_name,  // the certificate must be valid for the host
};

class TlsClientContext {
  public:
    // For services that know each other: the peer's certificate must be valid for the host and lead to `ca`, and ours is shown.
    struct Mutual {
        std::string ca;           // PEM files, all three
        std::string certificate;
        std::string key;
        std::string alpn;         // the one protocol that is spoken (RFC 7301): "h2"
    };
    static Result<std::unique_ptr<TlsClientContext>> make(const Mutual& mutual);
    // `ca_file`: PEM with the trusted roots; empty for the system's.
    static Result<std::unique_ptr<TlsClientContext>> make(Verify verify, const std::string& ca_file = {});
    TlsClientContext(const TlsClientContext&) = delete;
    TlsClientContext& operator=(const TlsClientContext&) = delete;
    const TlsHandle& handle() const { return handle_; }
    Verify verify() const { return verify_; }

  private:
    TlsClientContext(Verify verify, TlsHandle handle) : verify_(verify), handle_(std::move(handle)) {}
    Verify verify_;
    TlsHandle handle_;
};

}  // namespace tayori::net
