#include "connection.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

namespace tayori::bench {
namespace {

constexpr std::size_t kReadBytes = 128 * 1024;
constexpr int kTimeoutSeconds = 120;

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what); }

}  // namespace

Connection::~Connection() {
    if (fd_ >= 0) ::close(fd_);
}

void Connection::open(const std::string& host, long port) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) fail("no address: " + host);
    const timeval timeout{kTimeoutSeconds, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        fail(fmt::format("connect to {}: {}", port, std::strerror(errno)));
    const int one = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

void Connection::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) fail(fmt::format("send: {}", std::strerror(errno)));
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void Connection::fill() {
    if (at_ == buffer_.size()) {
        buffer_.clear();
        at_ = 0;
    } else if (at_ > kReadBytes) {
        buffer_.erase(0, at_);
        at_ = 0;
    }
    const auto old = buffer_.size();
    buffer_.resize(old + kReadBytes);
    for (;;) {
        const auto got = ::recv(fd_, buffer_.data() + old, kReadBytes, 0);
        if (got < 0 && errno == EINTR) continue;
        buffer_.resize(old + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (got < 0) fail(fmt::format("recv: {}", std::strerror(errno)));
        if (got == 0) fail("closed: " + buffer_.substr(at_, 200));
        received_ += static_cast<std::uint64_t>(got);
        return;
    }
}

std::string_view Connection::line() {
    std::size_t scanned = at_;
    for (;;) {
        const auto end = buffer_.find('\n', scanned);
        if (end != std::string::npos) {
            auto found = std::string_view(buffer_).substr(at_, end - at_);
            at_ = end + 1;
            if (found.ends_with('\r')) found.remove_suffix(1);
            return found;
        }
        const auto unread = buffer_.size() - at_;
        fill();
        scanned = at_ + unread;
    }
}

void Connection::skip(std::size_t bytes) {
    while (bytes > 0) {
        if (at_ == buffer_.size()) fill();
        const auto part = std::min(bytes, buffer_.size() - at_);
        at_ += part;
        bytes -= part;
    }
}

Smtp::Smtp(const Options& options) {
    connection_.open(options.host(), options.number("smtp-port", 25));
    expect(220, "greeting");
    connection_.send("EHLO bench.example.net\r\n");
    expect(250, "EHLO");
}

int Smtp::reply() {
    for (;;) {
        const auto line = connection_.line();
        if (line.size() >= 4 && line[3] == '-') continue;
        last_ = line;
        return std::atoi(last_.substr(0, 3).c_str());
    }
}

void Smtp::expect(int code, std::string_view what) {
    if (reply() != code) fail(fmt::format("{}: {}", what, last_));
}

double Smtp::deliver(const std::string& envelope, int recipients, std::string_view text) {
    connection_.send(envelope);
    expect(250, "MAIL");
    for (int i = 0; i < recipients; ++i) expect(250, "RCPT");
    expect(354, "DATA");
    connection_.send(text);
    const auto sent = std::chrono::steady_clock::now();
    expect(250, "the text");
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - sent).count();
}

Imap::Imap(const Options& options) {
    connection_.open(options.host(), options.number("imap-port", 143));
    connection_.line();
}

void Imap::login(const Options& options, long user) {
    must(fmt::format("LOGIN {} {}", options.user(user), options.password()));
}

std::string Imap::next_tag() { return fmt::format("a{}", ++tags_); }

bool Imap::wait(const std::string& tag) {
    bool continues = false;  // within an answer, after a literal
    for (;;) {
        const auto line = connection_.line();
        const bool starts = !std::exchange(continues, false);
        if (starts && line.starts_with(tag) && line.size() > tag.size() && line[tag.size()] == ' ') {
            last_ = line;
            return line.substr(tag.size() + 1).starts_with("OK");
        }
        if (starts && on_untagged && line.starts_with("* ")) on_untagged(line);
        if (!line.ends_with('}')) continue;
        const auto brace = line.rfind('{');
        if (brace == std::string_view::npos) continue;
        connection_.skip(std::strtoul(std::string(line.substr(brace + 1)).c_str(), nullptr, 10));
        continues = true;
    }
}

bool Imap::command(const std::string& text) {
    const auto tag = next_tag();
    send(fmt::format("{} {}\r\n", tag, text));
    return wait(tag);
}

void Imap::must(const std::string& text) {
    if (!command(text)) fail(fmt::format("{}: {}", text.substr(0, 80), last_));
}

Pop3::Pop3(const Options& options, long user) {
    connection_.open(options.host(), options.number("pop3-port", 110));
    expect_ok();
    ask("USER " + options.user(user));
    ask("PASS " + options.password());
}

void Pop3::ask(std::string_view command) {
    connection_.send(std::string(command) + "\r\n");
    expect_ok();
}

void Pop3::expect_ok() {
    const auto line = connection_.line();
    if (!line.starts_with("+OK")) fail("POP3: " + std::string(line));
}

std::size_t Pop3::skip_lines() {
    for (std::size_t count = 0;; ++count) {
        if (connection_.line() == ".") return count;
    }
}

}  // namespace tayori::bench
