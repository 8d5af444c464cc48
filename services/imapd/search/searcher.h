// Runs one SEARCH over the session's messages: first what the mirror knows, then headers out of
// summaries, then the text parts of those few bodies that still decide. Other sessions are served
// in between.
#pragma once

#include <vector>

#include "imapd/grammar/search_program.h"
#include "imapd/search/matcher.h"
#include "imapd/session.h"

namespace tayori::imap {

struct Found {
    SequenceNumber number;
    Uid uid;
    std::uint64_t modseq;
};

class Searcher {
  public:
    Searcher(Session& session, const SearchKey& root) : session_(session), root_(root) {}
    Async<std::vector<Found>> run();  // in ascending order

  private:
    struct Open {  // not decided yet
        SequenceNumber number;
        Uid uid;
        std::uint64_t message_id;
    };
    Async<void> by_mirror(std::vector<Open>& open);
    Async<void> by_headers(std::vector<Open> batch, std::vector<Open>& open);
    Async<void> by_text(std::vector<Open> batch);
    Async<std::string> long_header(std::uint64_t message_id, std::uint64_t bytes);
    void decide(Truth truth, const Open& message, std::vector<Open>* open);

    Session& session_;
    const SearchKey& root_;
    std::vector<Found> found_;
};

}  // namespace tayori::imap
