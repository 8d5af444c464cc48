// What readpst made of a PST, as a source.
#pragma once

#include <memory>

#include "common/legacy/source.h"

namespace tayori::legacy {

std::unique_ptr<Source> make_pst(const Tree& tree, SourceOptions options);

}  // namespace tayori::legacy
