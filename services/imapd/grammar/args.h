// The arguments of one command, taken in order. Every getter first takes the space before its
// argument.
//
//   auto mailbox = co_await args.mailbox();
//   co_await args.end();
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/mail/date.h"
#include "imapd/grammar/cursor.h"
#include "imapd/grammar/flags.h"
#include "imapd/grammar/sequence_set.h"

namespace tayori::imap {

// A literal that ends a line: its bytes are still to come.
struct LiteralHeader {
    std::uint64_t bytes = 0;
    bool waits = true;  // for our "+" line; false for {n+} (RFC 7888)
};
std::optional<LiteralHeader> literal_at_end(std::string_view line);

class Args {
  public:
    // The text behind the command's name.
    explicit Args(std::string text)
        : text_(std::make_unique<std::string>(std::move(text))), cursor_(*text_) {}

    bool more() const { return !cursor_.at_end(); }
    // Nothing may be left.
    Result<void> end() const;

    Result<std::string> atom();
    Result<std::string> astring();
    // A mailbox name as the store keeps it: UTF-8, normalised. unsupported: no good name (NO
    // [CANNOT]).
    Result<std::string> mailbox();
    Result<SequenceSet> sequence_set();
    Result<FlagList> flag_list();  // in parentheses
    Result<mail::MailDate> date_time();

    // For arguments with a grammar of their own: takes the space, then parses.
    template <class Parse>
    auto parse(Parse parse_it) -> decltype(parse_it(std::declval<Cursor&>())) {
        if (auto space = cursor_.space(); !space) return fail(std::move(space.error()));
        return parse_it(cursor_);
    }
    // The next character behind the space, NUL at the end.
    char peek() const { return cursor_.rest().size() > 1 ? cursor_.rest()[1] : '\0'; }
    Cursor& cursor() { return cursor_; }

    // Of APPEND: the message that follows on the connection.
    std::optional<LiteralHeader> literal;

  private:
    std::unique_ptr<std::string> text_;  // does not move with the Args
    Cursor cursor_;
};

// The name on the wire (modified UTF-7) as the store keeps it.
Result<std::string> parse_mailbox_name(std::string_view wire);
// And back, as a string that may stand in a response.
void append_mailbox(std::string& out, std::string_view utf8);

}  // namespace tayori::imap
