#include "common/crypto/certificate.h"

#include <arpa/inet.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

#include "common/base/text.h"
#include "common/crypto/crypto.h"

namespace tayori::crypto {
namespace {

template <class T, void (*Free)(T*)>
struct Freer {
    void operator()(T* p) const { Free(p); }
};
void free_bio(BIO* b) { BIO_free(b); }
void free_names(GENERAL_NAMES* n) { GENERAL_NAMES_free(n); }
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY, EVP_PKEY_free>>;
using Cert = std::unique_ptr<X509, Freer<X509, X509_free>>;
using Bio = std::unique_ptr<BIO, Freer<BIO, free_bio>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES, free_names>>;

constexpr std::size_t kSerialBytes = 16;
constexpr long kClockSkewSeconds = 3600;  // a peer's clock may be behind ours

tl::unexpected<Error> openssl_error(Kind kind, std::string what) {
    char text[256] = "unknown";
    if (const auto code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
    ERR_clear_error();
    return fail(kind, std::move(what), text);
}

bool is_address(const std::string& name) {
    unsigned char bytes[16];
    return ::inet_pton(AF_INET, name.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, name.c_str(), bytes) == 1;
}

// What is allowed in a name that becomes part of an OpenSSL configuration value.
bool is_plain_name(std::string_view name) {
    if (name.empty() || name.size() > 253) return false;
    for (char c : name) {
        const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                          c == '-' || c == '_' || c == '*' || c == ':';
        if (!good) return false;
    }
    return true;
}

bool add_extension(X509* cert, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, cert, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    if (extension == nullptr) return false;
    const bool good = X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return good;
}

bool set_serial(X509* cert) {
    auto bytes = random_bytes(kSerialBytes);
    bytes[0] = static_cast<char>(bytes[0] & 0x7f);  // positive (RFC 5280 §4.1.2.2)
    BIGNUM* number = BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), kSerialBytes, nullptr);
    const bool good = number != nullptr && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != nullptr;
    BN_free(number);
    return good;
}

// A certificate with name, key and time, still without extensions and signature.
Cert begin(std::string_view common_name, int days, EVP_PKEY* key) {
    Cert cert(X509_new());
    if (!cert) return nullptr;
    X509_set_version(cert.get(), X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(cert.get()), -kClockSkewSeconds);
    X509_time_adj_ex(X509_getm_notAfter(cert.get()), days, 0, nullptr);
    X509_set_pubkey(cert.get(), key);
    const bool named = X509_NAME_add_entry_by_txt(
                           X509_get_subject_name(cert.get()), "CN", MBSTRING_UTF8,
                           reinterpret_cast<const unsigned char*>(common_name.data()),
                           static_cast<int>(common_name.size()), -1, 0) == 1;
    if (!named || !set_serial(cert.get())) return nullptr;
    return cert;
}

bool add_end_extensions(X509* cert, X509* issuer, const CertificateRequest& request) {
    std::string names;
    for (const auto& name : request.names)
        append(names, names.empty() ? "" : ",", is_address(name) ? "IP:" : "DNS:", name);
    std::string usage;
    if (request.for_server) usage = "serverAuth";
    if (request.for_client) append(usage, usage.empty() ? "" : ",", "clientAuth");
    return add_extension(cert, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(cert, issuer, NID_key_usage, "critical,digitalSignature") &&
           (usage.empty() || add_extension(cert, issuer, NID_ext_key_usage, usage)) &&
           (names.empty() || add_extension(cert, issuer, NID_subject_alt_name, names)) &&
           add_extension(cert, issuer, NID_subject_key_identifier, "hash");
}

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

Result<KeyPair> to_pem(X509* cert, EVP_PKEY* key) {
    const Bio cert_out(BIO_new(BIO_s_mem()));
    const Bio key_out(BIO_new(BIO_s_mem()));
    if (PEM_write_bio_X509(cert_out.get(), cert) != 1 ||
        PEM_write_bio_PKCS8PrivateKey(key_out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
        return openssl_error(Kind::internal, "Can't write a certificate.");
    return KeyPair{text_of(cert_out.get()), text_of(key_out.get())};
}

Cert read_pem_certificate(std::string_view pem) {
    const Bio in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    return Cert(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
}

Key read_pem_key(std::string_view pem) {
    const Bio in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    auto no_password = [](char*, int, int, void*) { return 0; };
    return Key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, nullptr));
}

Result<void> check(const CertificateRequest& request) {
    for (const auto& name : request.names) {
        if (!is_plain_name(name)) return fail(Kind::invalid, cat("Not a host name or address: ", name));
    }
    if (request.days <= 0) return fail(Kind::invalid, "A certificate must be valid for at least a day.");
    return {};
}

// Signed by the issuer, or by itself without one.
Result<KeyPair> issue(const CertificateRequest& request, X509* issuer, EVP_PKEY* issuer_key) {
    auto good = check(request);
    if (!good) return fail(std::move(good.error()));
    const Key key(EVP_EC_gen("P-256"));
    if (!key) return openssl_error(Kind::internal, "Can't make a key.");
    const Cert cert = begin(request.common_name, request.days, key.get());
    if (!cert) return openssl_error(Kind::invalid, "Can't make a certificate with this name.");
    X509* signer = issuer == nullptr ? cert.get() : issuer;
    X509_set_issuer_name(cert.get(), X509_get_subject_name(signer));
    if (!add_end_extensions(cert.get(), signer, request) ||
        (issuer != nullptr &&
         !add_extension(cert.get(), issuer, NID_authority_key_identifier, "keyid:always")) ||
        X509_sign(cert.get(), issuer_key == nullptr ? key.get() : issuer_key, EVP_sha256()) == 0)
        return openssl_error(Kind::invalid, "Can't make a certificate.");
    return to_pem(cert.get(), key.get());
}

std::int64_t unix_seconds(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
    return ::timegm(&parts);
}

std::string name_text(const GENERAL_NAME* name) {
    if (name->type == GEN_DNS) {
        const auto* text = name->d.dNSName;
        return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                static_cast<std::size_t>(ASN1_STRING_length(text))};
    }
    if (name->type == GEN_IPADD) {
        char out[INET6_ADDRSTRLEN] = {};
        const int size = ASN1_STRING_length(name->d.iPAddress);
        const int family = size == 4 ? AF_INET : AF_INET6;
        if (size == 4 || size == 16)
            ::inet_ntop(family, ASN1_STRING_get0_data(name->d.iPAddress), out, sizeof out);
        return out;
    }
    return {};
}

}  // namespace

Result<KeyPair> make_self_signed(const CertificateRequest& request) { return issue(request, nullptr, nullptr); }

Result<KeyPair> make_authority(std::string_view common_name, int days) {
    if (days <= 0) return fail(Kind::invalid, "A certificate must be valid for at least a day.");
    const Key key(EVP_EC_gen("P-256"));
    if (!key) return openssl_error(Kind::internal, "Can't make a key.");
    const Cert cert = begin(common_name, days, key.get());
    if (!cert) return openssl_error(Kind::invalid, "Can't make a certificate with this name.");
    X509_set_issuer_name(cert.get(), X509_get_subject_name(cert.get()));
    if (!add_extension(cert.get(), cert.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
        !add_extension(cert.get(), cert.get(), NID_key_usage, "critical,keyCertSign,cRLSign") ||
        !add_extension(cert.get(), cert.get(), NID_subject_key_identifier, "hash") ||
        X509_sign(cert.get(), key.get(), EVP_sha256()) == 0)
        return openssl_error(Kind::internal, "Can't make a certificate.");
    return to_pem(cert.get(), key.get());
}

Result<KeyPair> make_signed(const KeyPair& authority, const CertificateRequest& request) {
    const Cert issuer = read_pem_certificate(authority.certificate);
    const Key key = read_pem_key(authority.key);
    if (!issuer || !key || X509_check_private_key(issuer.get(), key.get()) != 1)
        return openssl_error(Kind::invalid, "The authority's certificate and key do not fit.");
    return issue(request, issuer.get(), key.get());
}

Result<CertificateFacts> read_certificate(std::string_view pem) {
    const Cert cert = read_pem_certificate(pem);
    if (!cert) return openssl_error(Kind::invalid, "There is no certificate.");
    CertificateFacts out;
    const X509_NAME* subject = X509_get_subject_name(cert.get());
    if (const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1); at >= 0) {
        unsigned char* utf8 = nullptr;
        const int size =
            ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
        if (size > 0) out.subject_common_name.assign(reinterpret_cast<char*>(utf8), static_cast<std::size_t>(size));
        OPENSSL_free(utf8);
    }
    const Names names(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(cert.get(), NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        auto text = name_text(sk_GENERAL_NAME_value(names.get(), i));
        if (!text.empty()) out.names.push_back(std::move(text));
    }
    out.not_before_unix_s = unix_seconds(X509_get0_notBefore(cert.get()));
    out.not_after_unix_s = unix_seconds(X509_get0_notAfter(cert.get()));
    out.self_signed = X509_self_signed(cert.get(), 1) == 1;
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (X509_digest(cert.get(), EVP_sha256(), hash, &size) == 1)
        out.sha256_fingerprint = hex_encode({reinterpret_cast<char*>(hash), size});
    return out;
}

}  // namespace tayori::crypto
