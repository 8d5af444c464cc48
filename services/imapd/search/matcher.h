// Does a message match a search? Asked with what is at hand: the answer may be "unknown" until the
// header, and then the body has been fetched, so cheap keys spare the dear ones. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "imapd/grammar/search_program.h"
#include "imapd/mirror/folder_view.h"

namespace tayori::imap {

enum class Truth { no, yes, unknown };

// Answers Op::body and Op::text about one message; nothing when its bodies are not at hand.
class TextSource {
  public:
    virtual ~TextSource() = default;
    virtual bool contains(const SearchKey& key) = 0;
};

struct Candidate {
    const FolderView* view = nullptr;
    SequenceNumber number = 0;
    const Row* row = nullptr;
    std::optional<std::string_view> header;
    TextSource* text = nullptr;
};

Truth matches(const SearchKey& key, const Candidate& candidate);

// Fills in SearchKey::numbers. `invalid` where a message sequence number is beyond the folder's.
Result<void> bind_numbers(SearchKey& key, const FolderView& view);
// Every BODY and TEXT key, in order: what a TextSource has to know.
void collect_text_keys(const SearchKey& key, std::vector<const SearchKey*>& out);

}  // namespace tayori::imap
