#include "common/base/async.h"

namespace tayori::detail {

void PromiseBase::unhandled_exception() noexcept {
    std::string what = "unknown exception";
    try {
        throw;
    } catch (const std::exception& e) {
        what = e.what();
    } catch (...) {
    }
    error = Error::make(Kind::internal, "Internal error.", std::move(what));
}

}  // namespace tayori::detail
