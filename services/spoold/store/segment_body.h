// Reading one body where it lies in a segment.
#pragma once

#include "spoold/store/segments.h"

namespace tayori::store {

// Holds the lease. `segments` must outlive it.
std::shared_ptr<const BodyReader> make_body_reader(SegmentTable& segments, Lease segment, const BodyPlace& place);

}  // namespace tayori::store
