// Where spoold is, and what a program shows there.
#pragma once

#include <string>
#include <string_view>

namespace tayori::rpc {

struct TlsFiles {  // PEM; needed for host:port only
    std::string ca;
    std::string certificate;
    std::string key;
};

// A program's own files in spoold.pki_dir.
TlsFiles tls_files(std::string_view pki_dir, std::string_view program);

// The administrators' socket lies beside the daemons': "unix:/run/spoold.sock" ->
// "unix:/run/admin.sock". Over TCP there is one door for all, where the certificate says who comes.
std::string admin_address(std::string_view spoold);

}  // namespace tayori::rpc
