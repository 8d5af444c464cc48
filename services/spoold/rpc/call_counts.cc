#include "spoold/rpc/call_counts.h"

#include <string>

namespace tayori::spool {

CallCounts::CallCounts(Metrics& metrics) {
    const auto* requests = v1::Call::descriptor()->FindOneofByName("request");
    for (int i = 0; i < requests->field_count(); ++i) {
        const auto* field = requests->field(i);
        const Labels labels{{"call", std::string(field->name())}};
        called_[field->number()] = &metrics.counter("calls_total", "Calls of daemons.", labels);
        refused_[field->number()] =
            &metrics.counter("calls_refused_total", "Calls of daemons that ended in an error.", labels);
    }
}

void CallCounts::add(const Counts& counts, v1::Call::RequestCase kind) {
    const auto found = counts.find(static_cast<int>(kind));
    if (found != counts.end()) found->second->add();
}

}  // namespace tayori::spool
