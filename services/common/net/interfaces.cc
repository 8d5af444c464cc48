#include "common/net/interfaces.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <memory>

namespace tayori::net {

std::vector<IpAddress> local_addresses() {
    std::vector<IpAddress> out;
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) return out;
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(first, ::freeifaddrs);
    for (const auto* at = first; at != nullptr; at = at->ifa_next) {
        if (at->ifa_addr == nullptr) continue;
        if (at->ifa_addr->sa_family == AF_INET) {
            sockaddr_in v4{};
            std::memcpy(&v4, at->ifa_addr, sizeof v4);
            std::uint8_t b[4];
            std::memcpy(b, &v4.sin_addr, sizeof b);
            out.push_back(IpAddress::v4(b[0], b[1], b[2], b[3]));
        } else if (at->ifa_addr->sa_family == AF_INET6) {
            sockaddr_in6 v6{};
            std::memcpy(&v6, at->ifa_addr, sizeof v6);
            IpAddress::Bytes bytes{};
            std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
            out.push_back(IpAddress(bytes));
        }
    }
    return out;
}

}  // namespace tayori::net
