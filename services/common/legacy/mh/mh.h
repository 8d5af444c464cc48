// MH folders as a source.
#pragma once

#include <memory>

#include "common/legacy/source.h"
#include "common/legacy/spool/reading.h"

namespace tayori::legacy {

std::unique_ptr<Source> make_mh(const Tree& tree, SourceOptions options);

}  // namespace tayori::legacy
