// PMail Server (A.K.I Software).
#pragma once

#include <memory>

#include "common/legacy/source.h"

namespace tayori::legacy {

std::unique_ptr<Source> make_pmail(const Tree& tree, SourceOptions options);

}  // namespace tayori::legacy
