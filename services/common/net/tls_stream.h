// TLS as a machine between two byte strings: cipher text in, plain text out, and back. No I/O. For this folder only.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/net/conn.h"

struct ssl_st;

namespace tayori::net {

class TlsStream {
  public:
    static std::unique_ptr<TlsStream> server(const TlsContext& context);
    static std::unique_ptr<TlsStream> client(const TlsClientContext& context, const std::string& host);
    TlsStream(const TlsStream&) = delete;
    TlsStream& operator=(const TlsStream&) = delete;
    ~TlsStream();

    enum class Status {
        open,
        ended,   // the peer said close_notify
        failed,  // see error(); outgoing() may hold an alert
    };
    Status begin();  // the client speaks first
    // Takes all of `cipher`, goes on with the handshake, appends what could be decrypted to `plain`.
    Status feed(std::string_view cipher, std::string& plain);
    // Takes all of `plain`. Only once established().
    Status write(std::string_view plain);
    void say_goodbye();  // close_notify

    bool established() const;
    bool peer_not_verified() const;  // why the handshake failed
    TlsInfo info() const;
    const std::string& error() const { return error_; }

    // Cipher text for the wire.
    std::string_view outgoing() const { return std::string_view(outgoing_).substr(sent_); }
    void sent(std::size_t bytes);

  private:
    TlsStream() = default;
    friend struct TlsBio;
    bool attach(const TlsHandle& handle);
    Status status_of(int result);

    ssl_st* ssl_ = nullptr;
    std::string_view incoming_;  // only during feed()
    std::string outgoing_;
    std::size_t sent_ = 0;
    std::string error_;
};

}  // namespace tayori::net
