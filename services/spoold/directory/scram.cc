#include "spoold/directory/scram.h"

#include <optional>

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "spoold/directory/limits.h"

namespace tayori::spool {
namespace {

tl::unexpected<Error> malformed() { return fail(Kind::invalid, "Malformed SCRAM message."); }

// Up to the next comma, or to the end.
std::string_view take_field(std::string_view& rest) {
    const auto comma = rest.find(',');
    const auto field = rest.substr(0, comma);
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    return field;
}

// saslname (RFC 5802 §5.1): "=2C" is a comma, "=3D" an equals sign, and no other "=" may stand.
std::optional<std::string> unescape(std::string_view name) {
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (name[i] != '=') {
            out.push_back(name[i]);
            continue;
        }
        const auto code = name.substr(i, 3);
        if (code == "=2C") out.push_back(',');
        else if (code == "=3D") out.push_back('=');
        else return std::nullopt;
        i += 2;
    }
    return out;
}

bool is_nonce(std::string_view text) {
    for (char c : text)
        if (c < 0x21 || c > 0x7e || c == ',') return false;
    return !text.empty();
}

std::string exclusive_or(std::string_view a, std::string_view b) {
    std::string out(a);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char>(out[i] ^ b[i]);
    return out;
}

}  // namespace

ScramKeys scram_keys(std::string_view prepared_password, std::string_view salt, std::uint32_t iterations) {
    ScramKeys keys;
    keys.salted_password = crypto::pbkdf2_hmac_sha256(prepared_password, salt, iterations);
    keys.stored_key = crypto::sha256(crypto::hmac_sha256(keys.salted_password, "Client Key"));
    keys.server_key = crypto::hmac_sha256(keys.salted_password, "Server Key");
    return keys;
}

Result<ScramClientFirst> parse_client_first(std::string_view message) {
    if (message.size() > kScramMessageBytesMax) return malformed();
    ScramClientFirst out;
    auto rest = message;
    const auto flag = take_field(rest);
    if (flag.starts_with("p=")) return fail(Kind::unsupported, "Channel binding is not supported.");
    // "y": the client could bind and believes that we cannot. It is right, so nobody took -PLUS out of our offer.
    if (flag != "n" && flag != "y") return malformed();
    const auto authzid = take_field(rest);
    if (!authzid.empty()) {
        auto name = authzid.starts_with("a=") ? unescape(authzid.substr(2)) : std::nullopt;
        if (!name || name->empty()) return malformed();
        out.authzid = std::move(*name);
    }
    out.gs2_header = message.substr(0, message.size() - rest.size());
    if (!out.gs2_header.ends_with(',')) return malformed();
    out.bare = rest;
    const auto user = take_field(rest);
    if (user.starts_with("m=")) return fail(Kind::unsupported, "Mandatory SCRAM extensions are not supported.");
    const auto nonce = take_field(rest);
    auto name = user.starts_with("n=") ? unescape(user.substr(2)) : std::nullopt;
    if (!name || name->empty() || !nonce.starts_with("r=") || !is_nonce(nonce.substr(2)) ||
        nonce.size() > kScramNonceBytesMax)
        return malformed();
    out.user = std::move(*name);
    out.nonce = nonce.substr(2);
    return out;  // optional extensions behind it are ignored (RFC 5802 §5.1)
}

std::string server_first(std::string_view nonce, std::string_view salt, std::uint32_t iterations) {
    return cat("r=", nonce, ",s=", base64_encode(salt), ",i=", iterations);
}

Result<std::string> finish_scram(const ScramExchange& exchange, std::string_view client_final) {
    const auto proof_at = client_final.rfind(",p=");
    if (client_final.size() > kScramMessageBytesMax || proof_at == std::string_view::npos) return malformed();
    const auto without_proof = client_final.substr(0, proof_at);
    auto rest = without_proof;
    const auto binding = take_field(rest);
    const auto nonce = take_field(rest);
    std::string header;
    std::string proof;
    if (!binding.starts_with("c=") || !base64_decode(binding.substr(2), header) || !nonce.starts_with("r=") ||
        !base64_decode(client_final.substr(proof_at + 3), proof) || proof.size() != 32)
        return malformed();
    // The header comes back under the proof, so a man in the middle can't have changed it (RFC 5802 §6).
    if (header != exchange.gs2_header || nonce.substr(2) != exchange.nonce)
        return fail(Kind::auth_failed, "Authentication failed.");
    const auto signed_text = cat(exchange.client_first_bare, ',', exchange.server_first, ',', without_proof);
    const auto client_key = exclusive_or(proof, crypto::hmac_sha256(exchange.stored_key, signed_text));
    if (!crypto::constant_time_equal(crypto::sha256(client_key), exchange.stored_key))
        return fail(Kind::auth_failed, "Authentication failed.");
    return cat("v=", base64_encode(crypto::hmac_sha256(exchange.server_key, signed_text)));
}

}  // namespace tayori::spool
