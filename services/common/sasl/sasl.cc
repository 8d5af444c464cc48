#include "common/sasl/sasl.h"

#include <utility>

#include "common/base/text.h"

namespace tayori::sasl {
namespace {

namespace v1 = rpc::v1;

Result<std::string> decode(const std::string& line) {
    if (line == "*") return fail(Kind::invalid, "Authentication cancelled.");
    std::string bytes;
    if (line.size() > kResponseBytesMax / 3 * 4 + 4 || !base64_decode(line, bytes))
        return fail(Kind::invalid, "The response is not base64.");
    return bytes;
}

// The first response: what came with the command, or the answer to an empty challenge.
Async<std::string> first_response(Lines& lines, std::optional<std::string> initial) {
    std::string line;
    if (!initial) line = co_await lines.ask("");
    else if (*initial != "=") line = std::move(*initial);
    co_return co_await decode(line);
}

Login to_login(v1::AuthReply reply) {
    return {std::move(*reply.mutable_ticket()), reply.account_id(), std::move(*reply.mutable_address()),
            reply.imap()};
}

Async<Login> check_password(rpc::Spool& spool, v1::AuthPassword request) {
    auto reply = co_await spool.call(std::move(request));
    co_return to_login(std::move(reply));
}

// message = [authzid] NUL authcid NUL passwd (RFC 4616 §2)
Async<Login> plain(Lines& lines, rpc::Spool& spool, v1::ClientInfo client, std::optional<std::string> initial) {
    const auto message = co_await first_response(lines, std::move(initial));
    const auto first = message.find('\0');
    const auto second = first == std::string::npos ? first : message.find('\0', first + 1);
    if (second == std::string::npos || message.find('\0', second + 1) != std::string::npos)
        co_await fail(Kind::invalid, "Malformed PLAIN response.");
    v1::AuthPassword request;
    *request.mutable_client() = std::move(client);
    request.set_authorize_as(message.substr(0, first));
    request.set_user(message.substr(first + 1, second - first - 1));
    request.set_password(message.substr(second + 1));
    co_return co_await check_password(spool, std::move(request));
}

// Not in any RFC; clients expect just these prompts, "Username:" and "Password:". An initial response is the name.
Async<Login> login(Lines& lines, rpc::Spool& spool, v1::ClientInfo client, std::optional<std::string> initial) {
    std::string name_line;
    if (initial && *initial != "=") name_line = std::move(*initial);
    else name_line = co_await lines.ask(base64_encode("Username:"));
    auto user = co_await decode(name_line);
    const auto password_line = co_await lines.ask(base64_encode("Password:"));
    auto password = co_await decode(password_line);
    co_return co_await log_in(spool, std::move(client), std::move(user), std::move(password));
}

Async<Login> scram(Lines& lines, rpc::Spool& spool, v1::ClientInfo client, std::optional<std::string> initial) {
    v1::AuthScramFirst first;
    *first.mutable_client() = std::move(client);
    auto client_first = co_await first_response(lines, std::move(initial));
    first.set_client_first(std::move(client_first));
    auto challenge = co_await spool.call(std::move(first));

    v1::AuthScramFinal final;
    final.set_exchange_id(challenge.exchange_id());
    const auto line = co_await lines.ask(base64_encode(challenge.server_first()));
    auto client_final = co_await decode(line);
    final.set_client_final(std::move(client_final));
    auto outcome = co_await spool.call(std::move(final));

    // The protocols have no data with success here: the client answers the server's proof with an empty line.
    const auto empty = co_await lines.ask(base64_encode(outcome.server_final()));
    if (empty == "*") co_await fail(Kind::invalid, "Authentication cancelled.");
    if (!empty.empty()) co_await fail(Kind::invalid, "An empty response was expected.");
    co_return to_login(std::move(*outcome.mutable_auth()));
}

}  // namespace

Async<Login> authenticate(Lines& lines, rpc::Spool& spool, v1::ClientInfo client, std::string mechanism,
                          std::optional<std::string> initial) {
    if (equals_ignoring_case(mechanism, "PLAIN"))
        co_return co_await plain(lines, spool, std::move(client), std::move(initial));
    if (equals_ignoring_case(mechanism, "LOGIN"))
        co_return co_await login(lines, spool, std::move(client), std::move(initial));
    if (equals_ignoring_case(mechanism, "SCRAM-SHA-256"))
        co_return co_await scram(lines, spool, std::move(client), std::move(initial));
    co_return fail(Kind::unsupported, "Unknown authentication mechanism.");
}

Async<Login> log_in(rpc::Spool& spool, v1::ClientInfo client, std::string user, std::string password) {
    v1::AuthPassword request;
    *request.mutable_client() = std::move(client);
    request.set_user(std::move(user));
    request.set_password(std::move(password));
    co_return co_await check_password(spool, std::move(request));
}

}  // namespace tayori::sasl
