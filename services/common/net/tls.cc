#include "common/net/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <sstream>

#include "common/base/log.h"
#include "common/base/text.h"

namespace tayori::net {
namespace {

// Forward secrecy only. TLS 1.3's own list stays OpenSSL's.
constexpr const char* kCiphersTls12 = "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES";

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;
using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

std::string openssl_reason() {
    char text[256] = "unknown";
    if (const auto code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
    ERR_clear_error();
    return text;
}

tl::unexpected<Error> tls_error(std::string what) {
    return fail(Kind::invalid, std::move(what), openssl_reason());
}

TlsHandle make_context(const SSL_METHOD* method) {
    TlsHandle handle(SSL_CTX_new(method), SSL_CTX_free);
    auto* ctx = handle.get();
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_cipher_list(ctx, kCiphersTls12);
    // Tickets carry the sessions, so no cache grows here.
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    return handle;
}

// The whole chain: our certificate first, then what leads to the root.
Result<void> use_chain(SSL_CTX* ctx, const std::string& pem, std::int64_t& expires_at) {
    Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
    X509Ptr first(PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr), X509_free);
    if (!first) return tls_error("There is no certificate in the certificate file.");
    if (SSL_CTX_use_certificate(ctx, first.get()) != 1) return tls_error("The certificate can't be used.");
    std::tm until{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(first.get()), &until) == 1) expires_at = ::timegm(&until);
    for (;;) {
        X509Ptr next(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
        if (!next) break;
        if (SSL_CTX_add0_chain_cert(ctx, next.get()) != 1) return tls_error("The certificate's chain can't be used.");
        (void)next.release();  // the context owns it now
    }
    ERR_clear_error();  // "no start line" is the end of the file
    return {};
}

Result<void> use_key(SSL_CTX* ctx, const std::string& pem) {
    Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
    // A callback that gives no password: otherwise OpenSSL would ask on the terminal.
    auto no_password = [](char*, int, int, void*) { return 0; };
    KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr), EVP_PKEY_free);
    if (!key) return tls_error("There is no usable private key in the key file.");
    if (SSL_CTX_use_PrivateKey(ctx, key.get()) != 1 || SSL_CTX_check_private_key(ctx) != 1)
        return tls_error("The private key does not belong to the certificate.");
    return {};
}

struct Loaded {
    TlsHandle handle;
    std::int64_t expires_at = 0;
};

Result<Loaded> load(const std::string& certificate, const std::string& key) {
    Loaded out;
    out.handle = make_context(TLS_server_method());
    auto* ctx = out.handle.get();
    SSL_CTX_set_num_tickets(ctx, 1);
    constexpr std::string_view kSessionContext = "tayori";
    SSL_CTX_set_session_id_context(ctx, reinterpret_cast<const unsigned char*>(kSessionContext.data()),
                                   kSessionContext.size());
    auto chain = use_chain(ctx, certificate, out.expires_at);
    if (!chain) return fail(std::move(chain.error()));
    auto fits = use_key(ctx, key);
    if (!fits) return fail(std::move(fits.error()));
    return out;
}

Result<std::string> read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    if (in) out << in.rdbuf();
    if (!in) return fail(Kind::not_found, cat("Can't read ", path, ": ", std::strerror(errno)));
    return std::move(out).str();
}

}  // namespace

Result<std::unique_ptr<TlsContext>> TlsContext::from_files(Files files) {
    std::unique_ptr<TlsContext> context(new TlsContext(std::move(files)));
    auto loaded = context->reload();
    if (!loaded) return fail(std::move(loaded.error()));
    return context;
}

Result<std::unique_ptr<TlsContext>> TlsContext::from_pem(std::string certificate, std::string key) {
    auto loaded = load(certificate, key);
    if (!loaded) return fail(std::move(loaded.error()));
    std::unique_ptr<TlsContext> context(new TlsContext(Files{}));
    context->handle_ = std::move(loaded->handle);
    context->expires_at_ = loaded->expires_at;
    return context;
}

Result<void> TlsContext::reload() {
    // Before reading: a change while we read is seen at the next look.
    const auto seen = fingerprint();
    auto certificate = read_file(files_.certificate);
    if (!certificate) return fail(std::move(certificate.error()));
    auto key = read_file(files_.key);
    if (!key) return fail(std::move(key.error()));
    auto loaded = load(*certificate, *key);
    if (!loaded) return fail(std::move(loaded.error()));
    handle_ = std::move(loaded->handle);
    expires_at_ = loaded->expires_at;
    seen_ = seen;
    return {};
}

std::string TlsContext::fingerprint() const {
    std::string out;
    for (const auto* path : {&files_.certificate, &files_.key}) {
        struct stat s {};
        if (::stat(path->c_str(), &s) != 0) continue;
        append(out, s.st_ino, ' ', s.st_size, ' ', s.st_mtim.tv_sec, ' ', s.st_mtim.tv_nsec, ' ');
    }
    return out;
}

void TlsContext::watch(Loop& loop, Duration interval) {
    interval_ = interval;
    timer_ = std::make_unique<Timer>(loop);
    timer_->start_in(interval_, [this] { look(); });
}

void TlsContext::look() {
    timer_->start_in(interval_, [this] { look(); });
    const auto now = fingerprint();
    if (now == seen_) return;
    auto loaded = reload();
    if (loaded) {
        log_info("certificate reloaded", {{"file", files_.certificate}, {"expires_at", expires_at_}});
        return;
    }
    // Said once for each state of the files, not at every look.
    seen_ = now;
    log_error("certificate not reloaded, the old one stays",
              {{"file", files_.certificate}, {"why", loaded.error().text}, {"detail", loaded.error().detail}});
}

Result<std::unique_ptr<TlsClientContext>> TlsClientContext::make(Verify verify, const std::string& ca_file) {
    auto handle = make_context(TLS_client_method());
    if (verify == Verify::chain_and_name) {
        SSL_CTX_set_verify(handle.get(), SSL_VERIFY_PEER, nullptr);
        const int good = ca_file.empty()
                             ? SSL_CTX_set_default_verify_paths(handle.get())
                             : SSL_CTX_load_verify_locations(handle.get(), ca_file.c_str(), nullptr);
        if (good != 1) return tls_error(cat("Can't read trusted roots from ", ca_file));
    }
    return std::unique_ptr<TlsClientContext>(new TlsClientContext(verify, std::move(handle)));
}

Result<std::unique_ptr<TlsClientContext>> TlsClientContext::make(const Mutual& mutual) {
    auto context = make(Verify::chain_and_name, mutual.ca);
    if (!context) return context;
    auto* ctx = (*context)->handle().get();
    auto certificate = read_file(mutual.certificate);
    if (!certificate) return fail(std::move(certificate.error()));
    auto key = read_file(mutual.key);
    if (!key) return fail(std::move(key.error()));
    std::int64_t expires_at = 0;
    if (auto chain = use_chain(ctx, *certificate, expires_at); !chain) return fail(std::move(chain.error()));
    if (auto fits = use_key(ctx, *key); !fits) return fail(std::move(fits.error()));
    const auto alpn = static_cast<char>(mutual.alpn.size()) + mutual.alpn;
    SSL_CTX_set_alpn_protos(ctx, reinterpret_cast<const unsigned char*>(alpn.data()), static_cast<unsigned>(alpn.size()));
    return context;
}

}  // namespace tayori::net
