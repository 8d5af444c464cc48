// Certificates that the appliance makes itself: a self-signed one for the first start, and a private authority
// for mutual TLS between the programs. EC P-256, SHA-256, PEM.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace tayori::crypto {

struct KeyPair {
    std::string certificate;  // PEM
    std::string key;          // PEM, PKCS #8, not encrypted: write it with mode 0600
};

struct CertificateRequest {
    std::string common_name = {};
    std::vector<std::string> names = {};  // subjectAltName: DNS names and IP addresses
    int days = 365;
    bool for_server = true;
    bool for_client = false;
};

Result<KeyPair> make_self_signed(const CertificateRequest& request);
// An authority that signs only end certificates (pathlen 0).
Result<KeyPair> make_authority(std::string_view common_name, int days);
Result<KeyPair> make_signed(const KeyPair& authority, const CertificateRequest& request);

struct CertificateFacts {
    std::string subject_common_name;
    std::vector<std::string> names;
    std::int64_t not_before_unix_s = 0;
    std::int64_t not_after_unix_s = 0;
    bool self_signed = false;
    std::string sha256_fingerprint;  // lower case hex
};
// Of the first certificate in the PEM text.
Result<CertificateFacts> read_certificate(std::string_view pem);

}  // namespace tayori::crypto
