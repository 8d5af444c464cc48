// A blocking connection, and the three protocols as far as a load driver speaks them. Throws std::runtime_error.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "options.h"

namespace tayori::bench {

class Connection {
  public:
    Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    void open(const std::string& host, long port);
    void send(std::string_view bytes);
    std::string_view line();  // without CRLF; valid until the next call
    void skip(std::size_t bytes);
    std::uint64_t received() const { return received_; }

  private:
    void fill();
    int fd_ = -1;
    std::string buffer_;
    std::size_t at_ = 0;
    std::uint64_t received_ = 0;
};

class Smtp {
  public:
    explicit Smtp(const Options& options);
    // MAIL, RCPTs and DATA in one write, then the text; the seconds from its last byte to 250.
    double deliver(const std::string& envelope, int recipients, std::string_view text);

  private:
    int reply();
    void expect(int code, std::string_view what);
    Connection connection_;
    std::string last_;
};

class Imap {
  public:
    explicit Imap(const Options& options);
    void login(const Options& options, long user);
    std::string next_tag();
    void send(std::string_view bytes) { connection_.send(bytes); }
    // Reads to the tagged answer; untagged lines go to `on_untagged`, literals are skipped. True for OK.
    bool wait(const std::string& tag);
    bool command(const std::string& text);
    void must(const std::string& text);

    std::function<void(std::string_view)> on_untagged;
    const std::string& last() const { return last_; }
    std::uint64_t received() const { return connection_.received(); }

  private:
    Connection connection_;
    unsigned tags_ = 0;
    std::string last_;
};

class Pop3 {
  public:
    Pop3(const Options& options, long user);
    void ask(std::string_view command);      // a line that is answered by +OK
    void send(std::string_view bytes) { connection_.send(bytes); }
    void expect_ok();
    std::size_t skip_lines();                // of a multi-line answer
    std::uint64_t received() const { return connection_.received(); }

  private:
    Connection connection_;
};

}  // namespace tayori::bench
