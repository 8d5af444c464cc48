#include <atomic>
#include <deque>
#include <memory>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

#include "cases.h"
#include "connection.h"
#include "letters.h"
#include "report.h"

namespace tayori::bench {

void login_case(const Options& options) {
    const auto connections = static_cast<int>(options.number("conns", 16));
    const long count = options.number("count", 2000), users = options.number("users", 50);
    const bool select = options.has("select");
    std::atomic<long> next{0};
    const Meter meter(options);
    const auto outcome = run_threads(connections, [&](int) {
        std::vector<double> latencies;
        for (long k = next++; k < count; k = next++) {
            const double began = now_s();
            Imap imap(options);
            imap.login(options, k % users);
            if (select) imap.must("SELECT INBOX");
            latencies.push_back(now_s() - began);
            imap.command("LOGOUT");
        }
        return latencies;
    });
    const double seconds = meter.seconds();
    emit(options, select ? "imap-login-select" : "imap-login",
         fmt::format(R"(,"conns":{},"logins":{},"errors":{},"logins_s":{:.0f})", connections, outcome.latencies.size(),
                     outcome.errors, static_cast<double>(outcome.latencies.size()) / seconds) +
             percentiles(outcome.latencies) + meter.cpu());
}

void append_case(const Options& options) {
    const auto connections = static_cast<int>(options.number("conns", 8));
    const long count = options.number("count", 2000), first_user = options.number("first-user", 0);
    const auto depth = static_cast<std::size_t>(options.number("depth", 1));
    const bool same_user = options.has("same-user");
    const auto mix_name = options.text("mix", "4k");
    const auto mix = mix_of(mix_name);
    const auto seed = static_cast<std::uint64_t>(options.number("seed", 1)) * 10'000'000;
    std::vector<std::unique_ptr<Imap>> clients;
    for (int i = 0; i < connections; ++i) {
        clients.push_back(std::make_unique<Imap>(options));
        clients.back()->login(options, same_user ? first_user : first_user + i);
    }
    std::string letter;
    write_letter(letter, seed, mix);
    std::atomic<long> next{0};
    const Meter meter(options);
    const auto outcome = run_threads(connections, [&](int i) {
        auto& imap = *clients[static_cast<std::size_t>(i)];
        std::deque<std::pair<std::string, double>> waiting;
        std::vector<double> latencies;
        const auto settle = [&] {
            if (!imap.wait(waiting.front().first)) throw std::runtime_error("APPEND: " + imap.last());
            latencies.push_back(now_s() - waiting.front().second);
            waiting.pop_front();
        };
        std::string text;
        for (long k = next++; k < count; k = next++) {
            write_letter(text, seed + static_cast<std::uint64_t>(k), mix);
            auto tag = imap.next_tag();
            const auto head = fmt::format("{} APPEND INBOX{} {{{}+}}\r\n", tag, k % 3 != 0 ? " (\\Seen)" : "", text.size());
            waiting.emplace_back(std::move(tag), now_s());
            imap.send(head + text + "\r\n");
            if (waiting.size() >= depth) settle();
        }
        while (!waiting.empty()) settle();
        return latencies;
    });
    const double seconds = meter.seconds();
    emit(options, fmt::format("imap-append-{}{}", mix_name, depth > 1 ? fmt::format("-d{}", depth) : ""),
         fmt::format(R"(,"conns":{},"same_user":{},"msgs":{},"errors":{},"s":{:.2f},"msg_s":{:.0f})", connections,
                     same_user ? 1 : 0, outcome.latencies.size(), outcome.errors, seconds,
                     static_cast<double>(outcome.latencies.size()) / seconds) +
             percentiles(outcome.latencies) + meter.cpu());
}

void fetch_case(const Options& options) {
    struct Row {
        const char* name;
        const char* command;
    };
    constexpr Row kRows[] = {
        {"fetch-flags", "FETCH 1:* (UID FLAGS RFC822.SIZE)"},
        {"fetch-env", "UID FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)"},
        {"fetch-hdr", "UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (From To Subject Date)])"},
        {"fetch-body", "UID FETCH 1:* (BODY.PEEK[])"},
        {"store-add", "STORE 1:* +FLAGS (\\Flagged)"},
        {"store-del-silent", "STORE 1:* -FLAGS.SILENT (\\Flagged)"},
        {"search-unseen", "SEARCH UNSEEN"},
        {"search-subject", "UID SEARCH SUBJECT \"zebrafish\""},
        {"search-text", "UID SEARCH TEXT \"zebrafish\""},
    };
    Imap imap(options);
    imap.login(options, options.number("first-user", 0));
    const long repeat = options.number("repeat", 3);
    for (long i = 0; i < repeat; ++i) {
        imap.must("SELECT INBOX");
        for (const auto& row : kRows) {
            std::uint64_t untagged = 0;
            imap.on_untagged = [&](std::string_view) { ++untagged; };
            const auto before = imap.received();
            const Meter meter(options);
            const double began = now_s();
            const bool ok = imap.command(row.command);
            const double seconds = now_s() - began;
            emit(options, fmt::format("imap-{}", row.name),
                 fmt::format(R"(,"errors":{},"ms":{:.1f},"untagged":{},"MB_s":{:.1f})", ok ? 0 : 1, seconds * 1e3, untagged,
                             static_cast<double>(imap.received() - before) / 1e6 / seconds) +
                     meter.cpu());
        }
    }
}

void pop3_case(const Options& options) {
    const auto connections = static_cast<int>(options.number("conns", 8));
    const long first_user = options.number("first-user", 0);
    const auto depth = static_cast<std::size_t>(options.number("depth", 1));
    std::atomic<std::size_t> mails{0};
    std::atomic<std::uint64_t> bytes{0};
    const Meter meter(options);
    const auto outcome = run_threads(connections, [&](int i) {
        Pop3 pop(options, first_user + i);
        pop.ask("UIDL");
        const auto count = pop.skip_lines();
        std::size_t asked = 0;
        for (std::size_t read = 0; read < count; ++read) {
            std::string batch;
            while (asked < count && asked - read < depth) batch += fmt::format("RETR {}\r\n", ++asked);
            if (!batch.empty()) pop.send(batch);
            pop.expect_ok();
            pop.skip_lines();
        }
        mails += count;
        bytes += pop.received();
        pop.ask("QUIT");
        return std::vector<double>{};
    });
    const double seconds = meter.seconds();
    emit(options, depth > 1 ? fmt::format("pop3-retr-d{}", depth) : "pop3-retr",
         fmt::format(R"(,"conns":{},"msgs":{},"errors":{},"s":{:.2f},"msg_s":{:.0f},"MB_s":{:.1f})", connections,
                     mails.load(), outcome.errors, seconds, static_cast<double>(mails) / seconds,
                     static_cast<double>(bytes) / seconds / 1e6) +
             meter.cpu());
}

}  // namespace tayori::bench
