// adminctl send TO...
#include <fstream>
#include <iostream>
#include <iterator>

#include "adminctl/context.h"

namespace tayori::admin {
namespace {

struct SendOptions {
    std::vector<std::string> recipients;
    std::string sender;
    std::string file;
};

constexpr std::size_t kSentFileBytesMax = 16 * 1024 * 1024;

// CRLF at the end of every line, as mail has it.
std::string with_crlf(const std::string& text) {
    std::string out;
    out.reserve(text.size() + text.size() / 32);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out.push_back('\r');
        out.push_back(text[i]);
    }
    return out;
}

Result<std::string> read_mail(const std::string& file) {
    std::ifstream opened;
    if (file != "-") opened.open(file, std::ios::binary);
    std::istream& in = file == "-" ? std::cin : opened;
    if (!in) return fail(Kind::not_found, cat("Can't read ", file, "."));
    std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    if (text.empty()) return fail(Kind::invalid, cat(file, " is empty."));
    if (text.size() > kSentFileBytesMax) return fail(Kind::invalid, cat(file, " is too long."));
    return with_crlf(text);
}

}  // namespace

void add_send_command(CLI::App& app, Context& context) {
    auto options = std::make_shared<SendOptions>();
    auto* send = command(app, context, "send", "sends a test mail, or one of a file", [&context, options]() -> Result<ExitStatus> {
        v1::SendMailRequest request;
        request.set_sender(options->sender);
        for (const auto& recipient : options->recipients) request.add_recipients(recipient);
        if (!options->file.empty()) {
            auto content = read_mail(options->file);
            if (!content) return fail(std::move(content.error()));
            request.set_content(std::move(*content));
        }
        return call<v1::SendMailResponse>(context, &rpc::AdminClient::send_mail, request, [](const v1::SendMailResponse& sent) {
            return cat("Queued. Its way: adminctl trace ", sent.trace_id(), "\n");
        });
    });
    send->add_option("TO", options->recipients, "addresses")->required();
    send->add_option("--from", options->sender, "an address of ours; without it postmaster");
    send->add_option("--file", options->file, "the mail, header and body; \"-\": standard input");
}

}  // namespace tayori::admin
