#include "common/rpc/channel.h"

#include <fstream>
#include <sstream>

#include "common/base/text.h"
#include "common/rpc/limits.h"
#include "common/rpc/runtime.h"

namespace tayori::rpc {

namespace {

inline constexpr int kKeepaliveIntervalMs = 30'000;
inline constexpr int kKeepaliveTimeoutMs = 10'000;
inline constexpr int kReconnectAtLeastEveryMs = 2'000;

Result<std::string> read_pem(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in || text.str().empty()) {
        return fail(Kind::invalid, "Can't read a certificate file.", path);
    }
    return text.str();
}

Result<std::shared_ptr<grpc::ChannelCredentials>> credentials(const std::string& address,
                                                              const TlsFiles& tls) {
    if (address.starts_with("unix:")) return grpc::InsecureChannelCredentials();
    if (tls.ca.empty() || tls.certificate.empty() || tls.key.empty()) {
        return fail(Kind::invalid,
                    cat("spoold at ", address, " needs a certificate, its key and the CA."));
    }
    grpc::SslCredentialsOptions options;
    auto ca = read_pem(tls.ca);
    if (!ca) return fail(std::move(ca.error()));
    auto certificate = read_pem(tls.certificate);
    if (!certificate) return fail(std::move(certificate.error()));
    auto key = read_pem(tls.key);
    if (!key) return fail(std::move(key.error()));
    options.pem_root_certs = std::move(*ca);
    options.pem_cert_chain = std::move(*certificate);
    options.pem_private_key = std::move(*key);
    return grpc::SslCredentials(options);
}

}  // namespace

Result<std::shared_ptr<grpc::Channel>> make_channel(const std::string& address,
                                                    const TlsFiles& tls) {
    keep_grpc();
    auto creds = credentials(address, tls);
    if (!creds) return fail(std::move(creds.error()));
    grpc::ChannelArguments args;
    args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveIntervalMs);
    args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
    args.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    args.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    // Who stays for long finds a spoold that was started anew.
    args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectAtLeastEveryMs);
    // Measuring the window by pings costs more than every call here; a fixed one is known to be enough.
    args.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    args.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kStreamWindowBytes);
    args.SetMaxReceiveMessageSize(static_cast<int>(kMessageBytesMax));
    args.SetMaxSendMessageSize(static_cast<int>(kMessageBytesMax));
    // Whatever host the containers use, spoold's certificate says "spoold".
    if (!address.starts_with("unix:")) args.SetSslTargetNameOverride("spoold");
    return grpc::CreateCustomChannel(address, *creds, args);
}

}  // namespace tayori::rpc
