// The text of a few messages, for BODY and TEXT keys: their text parts are read by one call,
// decoded and searched on the thread pool in groups, so that the loop goes on.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/mail/part_tree.h"
#include "imapd/search/matcher.h"
#include "imapd/session.h"

namespace tayori::imap {

// What has been found out about one message, key by key.
class KnownText final : public TextSource {
  public:
    KnownText(const std::vector<const SearchKey*>& keys, std::string header)
        : keys_(keys), found_(keys.size(), 0), header_(std::move(header)) {}
    bool contains(const SearchKey& key) override;
    void set_found(std::size_t key) { found_[key] = 1; }
    std::string_view header() const { return header_; }

  private:
    const std::vector<const SearchKey*>& keys_;
    std::vector<char> found_;
    std::string header_;
};

class TextBatch {
  public:
    TextBatch(Session& session, const SearchKey& root);
    void add(Uid uid, std::uint64_t message_id, std::uint64_t prefix_bytes, std::string header,
             const std::string& parts);
    Async<void> run();
    KnownText* find(Uid uid);

  private:
    // A text part with its header, or the header of a message within.
    struct Piece {
        Uid uid = 0;
        mail::Part part;
        bool is_message = false;
        std::string bytes;
    };
    using Pieces = std::vector<Piece>;
    using Needles = std::vector<std::string>;
    using Hits = std::vector<std::pair<Uid, std::size_t>>;  // message, key
    static Hits search(const Pieces& pieces, const Needles& needles);
    Async<void> search_group(Pieces group);
    void add_piece(Uid uid, std::uint64_t message_id, std::uint64_t prefix_bytes,
                   const mail::Part& part, bool is_message);

    Session& session_;
    std::vector<const SearchKey*> keys_;
    std::shared_ptr<Needles> needles_;
    v1::FetchBodies request_;
    Pieces pieces_;  // one for each range of the request
    std::map<Uid, KnownText> texts_;
};

}  // namespace tayori::imap
