// The addresses of this machine.
#pragma once

#include <vector>

#include "common/net/address.h"

namespace tayori::net {

// Of all its interfaces, those of loopback included. Empty where the kernel does not tell.
std::vector<IpAddress> local_addresses();

}  // namespace tayori::net
