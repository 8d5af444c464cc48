// One pass over an mbox in blocks of any size: where each mail lies and what its bookkeeping says. Memory is bounded by the longest
// line and header that are looked at; time is linear.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/legacy/mbox/bookkeeping.h"
#include "common/mail/date.h"

namespace tayori::legacy::mbox {

inline constexpr std::size_t kLineBytesKept = 64 * 1024;          // of a line; the rest of it is only counted
inline constexpr std::size_t kHeaderBytesHashed = 1024 * 1024;    // of a mail

struct ScannedMail {
    std::uint64_t offset = 0;  // of the From_ line
    std::uint64_t bytes = 0;   // without the blank line that parts it from the next mail
    mail::MailDate from_date;
    Bookkeeping bookkeeping;
    std::string identity;
    bool without_blank_line = false;  // before it: the mail before may have been cut
};

struct ScanSettings {
    bool trusts_content_length = true;  // where it leads to a From_ line or the end
    std::uint64_t file_bytes = 0;
    // Bytes of the file at an offset, to see where a Content-Length leads; fewer at the end.
    std::function<std::string(std::uint64_t offset, std::size_t bytes)> peek;
};

class Scanner {
  public:
    Scanner(ScanSettings settings, std::function<void(ScannedMail&&)> take) : settings_(std::move(settings)), take_(std::move(take)) {}

    void feed(std::string_view block);
    void finish();  // once

    bool is_mbox() const { return began_; }  // the first line is a From_ line
    // What the text of all mails tells about quoting.
    bool saw_double_quotes() const { return saw_double_quotes_; }
    bool saw_bare_from() const { return saw_bare_from_; }
    // The file's last line has no end: whoever wrote the last mail did not come to its own.
    bool ends_within_line() const { return pending_bytes_ != 0; }

  private:
    enum class State : std::uint8_t { before, header, text, not_mbox };
    struct Line {
        std::string_view head;  // without its end, at most kLineBytesKept
        std::uint64_t offset = 0;
        std::uint64_t bytes = 0;  // with its end
        bool whole = true;        // false: longer than what is kept
    };

    void take_line(std::string_view kept, std::uint64_t bytes);
    void process(const Line& line);
    void header_line(const Line& line);
    void finish_field();
    void end_header(std::uint64_t text_offset);
    bool begins_mail(const Line& line);
    void begin(const Line& line, mail::MailDate date, bool without_blank_line);
    void end_mail(std::uint64_t end);
    bool leads_to_a_mail(std::uint64_t offset) const;

    ScanSettings settings_;
    std::function<void(ScannedMail&&)> take_;
    State state_ = State::before;
    bool began_ = false;
    bool saw_double_quotes_ = false;
    bool saw_bare_from_ = false;

    std::string pending_;             // the kept part of a line that goes on in the next block
    std::uint64_t pending_bytes_ = 0;
    std::uint64_t offset_ = 0;        // of the line that begins next

    ScannedMail mail_;
    std::string field_;               // of the header, with its continuations
    std::string hashed_;              // the header without bookkeeping
    bool counts_blank_ = false;       // the line before was blank
    std::uint64_t blank_bytes_ = 0;
    std::uint64_t text_offset_ = 0;
    std::uint64_t protected_until_ = 0;  // by a Content-Length that was found good

    struct Doubt {  // a From_ line without a blank line before: the next line tells
        std::uint64_t offset;
        std::uint64_t bytes;
        mail::MailDate date;
    };
    std::optional<Doubt> doubt_;
};

}  // namespace tayori::legacy::mbox
