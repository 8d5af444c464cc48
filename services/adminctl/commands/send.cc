// adminctl send: a test mail of the appliance, which `adminctl trace` then follows.
#include <cstdio>

#include "adminctl/context.h"

namespace tayori::admin {
namespace {

constexpr std::size_t kSendBytesMax = 16 * 1024 * 1024;

Result<std::string> read_mail() {
    std::string content;
    char piece[65536];
    for (std::size_t got = 0; (got = std::fread(piece, 1, sizeof piece, stdin)) != 0;) {
        content.append(piece, got);
        if (content.size() > kSendBytesMax) return fail(Kind::too_big, cat("A mail to send has at most ", show_size(kSendBytesMax), "."));
    }
    if (std::ferror(stdin) != 0) return fail(Kind::invalid, "Standard input can't be read.");
    if (content.empty()) return fail(Kind::invalid, "Standard input is empty: it has the mail, header first.");
    return content;
}

struct SendOptions {
    std::string sender;
    std::vector<std::string> recipients;
    bool from_stdin = false;
};

Result<ExitStatus> send(Context& context, const SendOptions& options) {
    v1::SendMailRequest request;
    request.set_sender(options.sender);
    for (const auto& recipient : options.recipients) request.add_recipients(recipient);
    if (options.from_stdin) {
        auto content = read_mail();
        if (!content) return fail(std::move(content.error()));
        request.set_content(std::move(*content));
    }
    return call<v1::SendMailResponse>(context, &rpc::AdminClient::send_mail, request, [](const v1::SendMailResponse& sent) {
        return cat("It is in the queue. Its way: adminctl trace ", sent.trace_id(), "\n");
    });
}

}  // namespace

void add_send_command(CLI::App& app, Context& context) {
    auto options = std::make_shared<SendOptions>();
    auto* app_send = command(app, context, "send", "sends a test mail, or one from standard input",
                             [&context, options] { return send(context, *options); });
    app_send->add_option("RECIPIENT", options->recipients)->required();
    app_send->add_option("--from", options->sender, "an address of ours; else postmaster of the first domain");
    app_send->add_flag("--stdin", options->from_stdin, "the whole mail from standard input, instead of a test mail");
}

}  // namespace tayori::admin
