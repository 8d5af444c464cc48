// E-Post Mail Server, SPA-PRO and EMWAC IMS: one family of spools.
#pragma once

#include <memory>

#include "common/legacy/source.h"

namespace tayori::legacy {

std::unique_ptr<Source> make_epost(const Tree& tree, SourceOptions options);

}  // namespace tayori::legacy
