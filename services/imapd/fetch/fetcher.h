// Answers one FETCH: flags, dates and sizes out of the mirror, envelopes and structures out of
// summaries that stream through, sections out of bodies that stream through. Never holds more than
// one batch.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/mail/part_tree.h"
#include "common/mail/section.h"
#include "imapd/fetch/body_stream.h"
#include "imapd/grammar/fetch_items.h"
#include "imapd/session.h"

namespace tayori::imap {

class Fetcher {
  public:
    Fetcher(Session& session, FetchItems items, SyncRules rules);
    Async<void> run(NumberSet numbers);
    // A message was expunged elsewhere, and is gone for good (RFC 2180 §4.1.3).
    bool missed() const { return missed_; }

  private:
    struct Target {
        SequenceNumber number;
        Uid uid;
        std::uint64_t message_id;
        bool seen_now = false;  // \Seen was set by this FETCH: its flags are told
    };
    // One BODY[…] of one message: text that is here, or a range that is to be streamed.
    struct Piece {
        std::string text;  // whole value: NIL, or string with its framing
        std::uint64_t bytes = 0;
        std::optional<std::uint32_t> range;
        bool choose = false;  // the range is a header to choose fields from
    };
    using Batch = std::vector<Target>;

    std::vector<Target> targets(const NumberSet& numbers) const;
    Async<void> from_mirror(const Batch& batch);
    Async<void> from_summaries(Batch batch);
    Async<void> with_bodies(Batch batch);
    Async<void> set_seen(Batch& batch);
    Async<std::vector<std::optional<v1::Summary>>> summaries(const Batch& batch);
    std::vector<Piece> plan(const Batch& batch,
                            const std::vector<std::optional<v1::Summary>>& summaries,
                            v1::FetchBodies& request);
    Piece plan_piece(const BodyItem& item, const Target& target, const v1::Summary* summary,
                     v1::FetchBodies& request);
    Piece plan_header(const BodyItem& item, const std::string& header) const;
    Async<bool> write_message(const Target& target, const v1::Summary* summary,
                              std::vector<Piece>& pieces, std::size_t first, BodyStream& stream);
    Async<void> stream_range(const Piece& piece, BodyStream& stream);
    bool append_items(std::string& out, const Target& target, const v1::Summary* summary);
    Async<void> write_out(std::size_t above);

    Session& session_;
    const FetchItems items_;
    const SyncRules rules_;
    const bool needs_parts_;
    std::string out_;
    std::size_t hint_ = 0;
    bool missed_ = false;
};

}  // namespace tayori::imap
