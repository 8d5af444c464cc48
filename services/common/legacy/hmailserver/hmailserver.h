// hMailServer's Data directory and the dump of its database as a source.
#pragma once

#include <memory>

#include "common/legacy/source.h"

namespace tayori::legacy {

std::unique_ptr<Source> make_hmailserver(const Tree& tree, SourceOptions options);

}  // namespace tayori::legacy
