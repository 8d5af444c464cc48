#include "common/rpc/address.h"

#include "common/base/text.h"

namespace tayori::rpc {

TlsFiles tls_files(std::string_view pki_dir, std::string_view program) {
    const auto folder = cat(pki_dir, '/', program, '/');
    return {folder + "ca.crt", folder + "tls.crt", folder + "tls.key"};
}

std::string admin_address(std::string_view spoold) {
    if (!spoold.starts_with("unix:")) return std::string(spoold);
    const auto slash = spoold.rfind('/');
    if (slash == std::string_view::npos) return "unix:admin.sock";
    return cat(spoold.substr(0, slash), "/admin.sock");
}

}  // namespace tayori::rpc
