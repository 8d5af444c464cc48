#include "common/rpc/errors.h"

namespace tayori::rpc {

namespace v1 = ::tayori::spool::v1;

// ErrorKind is Kind plus one: zero is kept for "unspecified".
static_assert(static_cast<int>(v1::ERROR_KIND_INVALID) == static_cast<int>(Kind::invalid) + 1);
static_assert(static_cast<int>(v1::ERROR_KIND_BUSY) == static_cast<int>(Kind::busy) + 1);
static_assert(static_cast<int>(v1::ERROR_KIND_INTERNAL) == static_cast<int>(Kind::internal) + 1);

void to_wire(const Error& error, v1::Error& out) {
    out.set_kind(static_cast<v1::ErrorKind>(static_cast<int>(error.kind) + 1));
    out.set_text(error.text);
    out.set_detail(error.detail);
}

v1::Error to_wire(const Error& error) {
    v1::Error out;
    to_wire(error, out);
    return out;
}

Error from_wire(const v1::Error& error) {
    // A kind from a newer spoold is unknown here: temporary trouble is the safe reading of it.
    Kind kind = Kind::busy;
    if (error.kind() > v1::ERROR_KIND_UNSPECIFIED && error.kind() <= v1::ERROR_KIND_INTERNAL) {
        kind = static_cast<Kind>(static_cast<int>(error.kind()) - 1);
    }
    return Error::make(kind, error.text(), error.detail());
}

}  // namespace tayori::rpc
