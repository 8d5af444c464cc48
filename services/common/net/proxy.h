// The PROXY protocol, versions 1 and 2 (haproxy's proxy-protocol.txt): how an edge tells us the true client.
// A pure function over bytes; Conn::read_proxy_header() feeds it. A header must only be read from peers that are
// configured as proxies, and from those it is required: guessing would let anybody choose his address.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "common/net/address.h"

namespace tayori::net {

inline constexpr std::size_t kProxyV1BytesMax = 107;   // with CRLF
inline constexpr std::size_t kProxyV2BytesMax = 4096;  // of which all after the addresses is skipped

struct ProxyHeader {
    // None for v2 LOCAL (health checks) and for UNKNOWN or unix clients: the connection keeps its own addresses.
    std::optional<Endpoint> source;
    std::optional<Endpoint> destination;
    std::size_t bytes = 0;  // length of the header
};

// No value inside: more bytes are needed. Error invalid: this is no PROXY header.
Result<std::optional<ProxyHeader>> parse_proxy(std::string_view bytes);

}  // namespace tayori::net
