// Load for any mail server: `bench_load smtp --smtp-port=25 --imap-port=143 --conns=16 --wait-visible`.
#include <csignal>
#include <cstdio>
#include <exception>
#include <map>
#include <string>

#include "cases.h"

using namespace tayori::bench;

int main(int argc, char** argv) {
    const std::map<std::string, void (*)(const Options&)> cases = {{"smtp", smtp_case},
                                                                   {"login", login_case},
                                                                   {"append", append_case},
                                                                   {"fetch", fetch_case},
                                                                   {"pop3", pop3_case}};
    const auto found = argc > 1 ? cases.find(argv[1]) : cases.end();
    if (found == cases.end()) {
        std::fputs("usage: bench_load smtp|login|append|fetch|pop3 --name=value …\n", stderr);
        return 64;
    }
    std::signal(SIGPIPE, SIG_IGN);
    try {
        found->second(Options(argc, argv));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_load: %s\n", error.what());
        return 1;
    }
    return 0;
}
