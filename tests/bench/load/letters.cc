#include "letters.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace tayori::bench {
namespace {

constexpr std::string_view kWords[] = {
    "the",     "of",      "and",      "to",       "in",       "is",      "that",    "for",      "it",      "was",
    "with",    "as",      "his",      "on",       "be",       "at",      "by",      "had",      "not",     "are",
    "but",     "from",    "or",       "have",     "an",       "they",    "which",   "one",      "you",     "were",
    "all",     "there",   "would",    "their",    "been",     "has",     "when",    "who",      "will",    "more",
    "if",      "out",     "so",       "said",     "what",     "about",   "than",    "into",     "them",    "can",
    "project", "meeting", "invoice",  "report",   "schedule", "customer", "delivery", "quarter", "budget", "server",
    "release", "review",  "contract", "question", "answer",   "travel",  "hotel",   "payment",  "account", "update"};
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBoundary = "=_b0undary_77";
constexpr std::size_t kSmallBytes = 4096, kLargeBytes = 65536, kHeaderBytes = 620;
constexpr std::size_t kSmallBodies = 128, kLargeBodies = 32;  // made once, under changing headers

class Random {
  public:
    explicit Random(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 1) {}
    std::uint64_t next() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return state_;
    }
    std::size_t below(std::size_t n) { return next() % n; }
    std::string_view word() { return kWords[below(std::size(kWords))]; }

  private:
    std::uint64_t state_;
};

std::string words(Random& random, std::size_t bytes) {
    std::string out;
    std::size_t column = 0;
    while (out.size() + 12 < bytes) {
        const auto word = random.word();
        if (column + word.size() > 72) {
            out += "\r\n";
            column = 0;
        } else if (column > 0) {
            out += ' ';
        }
        out += word;
        column += word.size() + 1;
    }
    return out += "\r\n";
}

std::string base64_noise(Random& random, std::size_t bytes) {
    std::string out;
    while (out.size() < bytes) {
        for (int i = 0; i < 76; ++i) out += kAlphabet[random.below(64)];
        out += "\r\n";
    }
    return out;
}

std::string make_body(Random& random, std::size_t bytes, bool multipart) {
    if (!multipart) {
        return "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n" +
               words(random, bytes);
    }
    const auto text_bytes = std::min<std::size_t>(2000, bytes / 3);
    auto out = fmt::format("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"{0}\"\r\n\r\n--{0}\r\n"
                           "Content-Type: text/plain; charset=utf-8\r\n\r\n{1}--{0}\r\n"
                           "Content-Type: application/pdf; name=\"doc{2}.pdf\"\r\n"
                           "Content-Disposition: attachment; filename=\"doc{2}.pdf\"\r\n"
                           "Content-Transfer-Encoding: base64\r\n\r\n",
                           kBoundary, words(random, text_bytes), random.below(999));
    out += base64_noise(random, bytes - std::min(bytes - 1, text_bytes + 500));
    return out + fmt::format("--{}--\r\n", kBoundary);
}

struct Bodies {
    std::vector<std::string> small, large;
    Bodies() {
        Random random(42);
        for (std::size_t i = 0; i < kSmallBodies; ++i)
            small.push_back(make_body(random, kSmallBytes - kHeaderBytes, i % 5 == 0));
        for (std::size_t i = 0; i < kLargeBodies; ++i)
            large.push_back(make_body(random, kLargeBytes - kHeaderBytes, true));
    }
};

}  // namespace

Mix mix_of(const std::string& name) {
    if (name == "64k") return Mix::large;
    return name == "mix" ? Mix::mixed : Mix::small;
}

void write_letter(std::string& out, std::uint64_t number, Mix mix) {
    static const Bodies bodies;
    Random random(number + 7);
    random.next();
    std::string subject;
    for (int i = 0; i < 6; ++i) subject += fmt::format("{}{}", i > 0 ? " " : "", random.word());
    const auto person = random.below(500), user = random.below(200);
    const auto date = fmt::format("Mon, {:02} Sep 2025 {:02}:{:02}:{:02} +0000", 1 + number % 28, number % 24, number % 60,
                                  number / 60 % 60);
    out = fmt::format("Received: from mx{0}.example.net (mx{0}.example.net [192.0.2.{1}])\r\n\tby mail.example.org with "
                      "ESMTPS id {2:016x}\r\n\tfor <u{3}@example.org>; {4}\r\n",
                      person % 9, person % 250, random.next(), user, date);
    out += fmt::format("From: \"Person {0}\" <p{0}@example.net>\r\nTo: \"User {1}\" <u{1}@example.org>\r\n"
                       "Subject: {2}{3} #{4}\r\nDate: {5}\r\nMessage-ID: <{6:x}.{4}@example.net>\r\n",
                       person, user, subject, number % 1000 == 500 ? " zebrafish" : "", number, date, random.next());
    if (number % 3 == 0)
        out += fmt::format("In-Reply-To: <{0:x}.{1}@example.net>\r\nReferences: <{0:x}.{1}@example.net>\r\n",
                           random.next(), number / 2);
    out += "User-Agent: Example/1.0\r\n";
    const bool large = mix == Mix::large || (mix == Mix::mixed && number % 10 == 9);
    out += large ? bodies.large[number % kLargeBodies] : bodies.small[number % kSmallBodies];
}

}  // namespace tayori::bench
