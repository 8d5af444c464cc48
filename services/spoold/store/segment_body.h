// Reading one body where it lies in a segment.
#pragma once

#include "spoold/store/segments.h"

namespace tayori::store {

// Holds a lease on the segment, which `segments` must outlive. Nothing: the segment is not there. An empty body needs none.
std::shared_ptr<const BodyReader> find_body_reader(SegmentTable& segments, const BodyPlace& place);

}  // namespace tayori::store
