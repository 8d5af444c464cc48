// Mails in by SMTP; with --wait-visible the clock stops when IMAP counts the last copy of the last mail.
#include <atomic>
#include <memory>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

#include "cases.h"
#include "connection.h"
#include "letters.h"
#include "report.h"

namespace tayori::bench {
namespace {

constexpr double kVisibleSecondsMax = 180;

std::string envelope(const Options& options, long first, int recipients, long users) {
    std::string out = "MAIL FROM:<bench@example.net>\r\n";
    for (int k = 0; k < recipients; ++k) out += fmt::format("RCPT TO:<{}>\r\n", options.address((first + k) % users));
    return out + "DATA\r\n";
}

// Connections that count the messages of each user's INBOX.
class Counter {
  public:
    Counter(const Options& options, long users) {
        for (long i = 0; i < users; ++i) {
            imap_.push_back(std::make_unique<Imap>(options));
            imap_.back()->login(options, i);
        }
    }

    long count(std::size_t user) {
        long messages = -1;
        imap_[user]->on_untagged = [&](std::string_view line) {
            const auto at = line.find("MESSAGES ");
            if (at != std::string_view::npos) messages = std::atol(std::string(line.substr(at + 9)).c_str());
        };
        imap_[user]->must("STATUS INBOX (MESSAGES)");
        return messages;
    }

    std::vector<long> all() {
        std::vector<long> out;
        for (std::size_t i = 0; i < imap_.size(); ++i) out.push_back(count(i));
        return out;
    }

    void wait_for(const std::vector<long>& wanted) {
        const double limit = now_s() + kVisibleSecondsMax;
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            while (count(i) < wanted[i]) {
                if (now_s() > limit) throw std::runtime_error("mail is still not seen");
            }
        }
    }

  private:
    std::vector<std::unique_ptr<Imap>> imap_;
};

}  // namespace

void smtp_case(const Options& options) {
    const auto connections = static_cast<int>(options.number("conns", 16));
    const long count = options.number("count", 2000), users = options.number("users", 50);
    const auto recipients = static_cast<int>(options.number("recipients", 1));
    const auto mix_name = options.text("mix", "4k");
    const auto mix = mix_of(mix_name);
    const auto seed = static_cast<std::uint64_t>(options.number("seed", 1)) * 10'000'000;
    std::unique_ptr<Counter> counter;
    std::vector<long> wanted;
    if (options.has("wait-visible")) {
        counter = std::make_unique<Counter>(options, users);
        wanted = counter->all();
    }
    std::vector<std::atomic<long>> sent(static_cast<std::size_t>(users));
    std::atomic<long> next{0}, accepted{0};
    std::string letter;
    write_letter(letter, seed, mix);  // the bodies are made before the clock starts
    const Meter meter(options);
    const auto outcome = run_threads(connections, [&](int) {
        Smtp smtp(options);
        std::vector<double> latencies;
        std::string text;
        for (long k = next++; k < count; k = next++) {
            write_letter(text, seed + static_cast<std::uint64_t>(k), mix);
            text += ".\r\n";
            const long first = k * recipients % users;
            latencies.push_back(smtp.deliver(envelope(options, first, recipients, users), recipients, text));
            ++accepted;
            for (int r = 0; r < recipients; ++r) ++sent[static_cast<std::size_t>((first + r) % users)];
        }
        return latencies;
    });
    const double seconds = meter.seconds();
    std::string visible;
    if (counter) {
        for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] += sent[i];
        counter->wait_for(wanted);
        visible = fmt::format(R"(,"visible_s":{:.2f},"deliveries_s":{:.0f})", meter.seconds(),
                              static_cast<double>(accepted * recipients) / meter.seconds());
    }
    emit(options, fmt::format("smtp-{}{}", mix_name, recipients > 1 ? fmt::format("-r{}", recipients) : ""),
         fmt::format(R"(,"conns":{},"msgs":{},"errors":{},"s":{:.2f},"msg_s":{:.0f})", connections, accepted.load(),
                     outcome.errors, seconds, static_cast<double>(accepted) / seconds) +
             percentiles(outcome.latencies) + visible + meter.cpu());
}

}  // namespace tayori::bench
