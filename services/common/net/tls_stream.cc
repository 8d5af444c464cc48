#include "common/net/tls_stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

namespace tayori::net {

namespace {
constexpr std::size_t kOutgoingKept = 1024;  // capacity that an idle connection may keep
}

// The BIO that OpenSSL reads from and writes to: the stream's two strings.
struct TlsBio {
    static TlsStream& of(BIO* bio) { return *static_cast<TlsStream*>(BIO_get_data(bio)); }

    static int read(BIO* bio, char* out, int size) {
        auto& in = of(bio).incoming_;
        BIO_clear_retry_flags(bio);
        if (in.empty()) {
            BIO_set_retry_read(bio);
            return -1;
        }
        const auto n = std::min(in.size(), static_cast<std::size_t>(size));
        std::memcpy(out, in.data(), n);
        in.remove_prefix(n);
        return static_cast<int>(n);
    }
    static int write(BIO* bio, const char* bytes, int size) {
        BIO_clear_retry_flags(bio);
        of(bio).outgoing_.append(bytes, static_cast<std::size_t>(size));
        return size;
    }
    static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

    static const BIO_METHOD* method() {
        static const BIO_METHOD* const kMethod = [] {
            auto* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tayori");
            BIO_meth_set_read(m, TlsBio::read);
            BIO_meth_set_write(m, TlsBio::write);
            BIO_meth_set_ctrl(m, TlsBio::control);
            return m;
        }();
        return kMethod;
    }
};

bool TlsStream::attach(const TlsHandle& handle) {
    ssl_ = SSL_new(handle.get());
    BIO* bio = ssl_ == nullptr ? nullptr : BIO_new(TlsBio::method());
    if (bio == nullptr) return false;
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_, bio, bio);
    return true;
}

std::unique_ptr<TlsStream> TlsStream::server(const TlsContext& context) {
    std::unique_ptr<TlsStream> stream(new TlsStream);
    if (!stream->attach(context.handle())) return nullptr;
    SSL_set_accept_state(stream->ssl_);
    return stream;
}

std::unique_ptr<TlsStream> TlsStream::client(const TlsClientContext& context, const std::string& host) {
    std::unique_ptr<TlsStream> stream(new TlsStream);
    if (!stream->attach(context.handle())) return nullptr;
    auto* ssl = stream->ssl_;
    SSL_set_connect_state(ssl);
    const bool is_address = IpAddress::parse(host).has_value();
    // A literal address is no name for SNI (RFC 6066 §3).
    if (!host.empty() && !is_address) SSL_set_tlsext_host_name(ssl, host.c_str());
    if (context.verify() == Verify::chain_and_name) {
        const int good = is_address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str())
                                    : SSL_set1_host(ssl, host.c_str());
        // An empty name would switch the check off.
        if (good != 1 || host.empty()) return nullptr;
    }
    return stream;
}

TlsStream::~TlsStream() { SSL_free(ssl_); }

TlsStream::Status TlsStream::status_of(int result) {
    switch (SSL_get_error(ssl_, result)) {
        case SSL_ERROR_NONE:
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:
            return Status::open;
        case SSL_ERROR_ZERO_RETURN:
            return Status::ended;
        default:
            break;
    }
    char text[256] = "TLS failure";
    if (const auto code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
    error_ = text;
    return Status::failed;
}

TlsStream::Status TlsStream::begin() {
    ERR_clear_error();
    return status_of(SSL_do_handshake(ssl_));
}

TlsStream::Status TlsStream::feed(std::string_view cipher, std::string& plain) {
    incoming_ = cipher;
    std::array<char, SSL3_RT_MAX_PLAIN_LENGTH> record;
    for (;;) {
        ERR_clear_error();
        const int n = SSL_read(ssl_, record.data(), static_cast<int>(record.size()));
        if (n > 0) {
            plain.append(record.data(), static_cast<std::size_t>(n));
            continue;
        }
        const auto status = status_of(n);
        incoming_ = {};
        return status;
    }
}

TlsStream::Status TlsStream::write(std::string_view plain) {
    while (!plain.empty()) {
        ERR_clear_error();
        const auto piece = std::min<std::size_t>(plain.size(), SSL3_RT_MAX_PLAIN_LENGTH);
        const int n = SSL_write(ssl_, plain.data(), static_cast<int>(piece));
        if (n <= 0) {
            // The BIO takes everything, so nothing but a failure can stop it.
            (void)status_of(n);
            return Status::failed;
        }
        plain.remove_prefix(static_cast<std::size_t>(n));
    }
    return Status::open;
}

void TlsStream::say_goodbye() {
    ERR_clear_error();
    if (established()) SSL_shutdown(ssl_);
    ERR_clear_error();
}

bool TlsStream::established() const { return SSL_is_init_finished(ssl_) == 1; }

bool TlsStream::peer_not_verified() const { return SSL_get_verify_result(ssl_) != X509_V_OK; }

TlsInfo TlsStream::info() const {
    return {SSL_get_version(ssl_), SSL_CIPHER_get_name(SSL_get_current_cipher(ssl_))};
}

void TlsStream::sent(std::size_t bytes) {
    sent_ += bytes;
    if (sent_ < outgoing_.size()) return;
    sent_ = 0;
    if (outgoing_.capacity() > kOutgoingKept) outgoing_ = std::string();
    else outgoing_.clear();
}

}  // namespace tayori::net
