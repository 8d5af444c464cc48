#include "adminctl/secret.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <iostream>

#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr char kCtrlC = 3;
constexpr char kCtrlD = 4;
constexpr char kCtrlH = 8;
constexpr char kCtrlU = 21;
constexpr char kDelete = 127;

// The terminal without echo, as it was again when destroyed. Keys come one by one, Ctrl-C too, so that it can't end
// the program before the echo is back.
class Quiet {
  public:
    explicit Quiet(int terminal) : terminal_(terminal) {
        tcgetattr(terminal_, &shown_);
        termios hidden = shown_;
        hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
        hidden.c_cc[VMIN] = 1;
        hidden.c_cc[VTIME] = 0;
        tcsetattr(terminal_, TCSAFLUSH, &hidden);
    }
    ~Quiet() { tcsetattr(terminal_, TCSAFLUSH, &shown_); }
    Quiet(const Quiet&) = delete;
    Quiet& operator=(const Quiet&) = delete;

  private:
    int terminal_;
    termios shown_{};
};

// The last character, all of its UTF-8 bytes.
void erase_last(std::string& line) {
    while (!line.empty() && (static_cast<unsigned char>(line.back()) & 0xc0) == 0x80) line.pop_back();
    if (!line.empty()) line.pop_back();
}

void say(int terminal, std::string_view text) {
    if (write(terminal, text.data(), text.size()) < 0) return;  // nothing better can be done with a broken terminal
}

Result<std::string> ask(int terminal, const std::string& question) {
    say(terminal, question);
    std::string line;
    {
        const Quiet quiet(terminal);
        for (char c = 0; read(terminal, &c, 1) == 1 && c != '\n' && c != '\r' && c != kCtrlD;) {
            if (c == kCtrlC) {
                say(terminal, "\n");
                return fail(Kind::invalid, "Interrupted: nothing was changed.");
            }
            if (c == kDelete || c == kCtrlH) erase_last(line);
            else if (c == kCtrlU) line.clear();
            else line.push_back(c);
        }
    }
    say(terminal, "\n");
    return line;
}

}  // namespace

Result<std::string> read_password_line() {
    std::string line;
    if (!std::getline(std::cin, line) || line.empty() || line == "\r")
        return fail(Kind::invalid, "There was no password on standard input.");
    if (line.back() == '\r') line.pop_back();
    return line;
}

Result<std::string> ask_password(const std::string& who) {
    const int terminal = isatty(STDIN_FILENO) != 0 ? ::open("/dev/tty", O_RDWR | O_CLOEXEC) : -1;
    if (terminal < 0)
        return fail(Kind::invalid, "There is no terminal to ask for the password: give it by --password-stdin.");
    auto first = ask(terminal, cat("New password for ", who, ": "));
    auto second = first ? ask(terminal, "Once more: ") : first;
    close(terminal);
    if (!second) return second;
    if (*first != *second) return fail(Kind::invalid, "The two passwords differ: nothing was changed.");
    return second;
}

}  // namespace tayori::admin
