#include "imapd/grammar/args.h"

#include <charconv>

#include "common/base/text.h"
#include "common/mail/imap_text.h"
#include "common/mail/mailbox_name.h"
#include "common/mail/utf7.h"

namespace tayori::imap {

std::optional<LiteralHeader> literal_at_end(std::string_view line) {
    if (!line.ends_with('}')) return {};
    const auto open = line.rfind('{');
    if (open == std::string_view::npos) return {};
    auto digits = line.substr(open + 1, line.size() - open - 2);
    LiteralHeader literal;
    if (digits.ends_with('+')) {
        literal.waits = false;
        digits.remove_suffix(1);
    }
    const auto end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, literal.bytes);
    if (digits.empty() || parsed.ptr != end) return {};
    // More digits than 64 bits hold: a literal still, and one that is too large for anything.
    if (parsed.ec == std::errc::result_out_of_range) literal.bytes = UINT64_MAX;
    return literal;
}

Result<void> Args::end() const {
    if (!cursor_.at_end()) return fail(Kind::invalid, "Unexpected argument.");
    return {};
}

Result<std::string> Args::atom() {
    return parse(
        [](Cursor& c) { return c.atom().map([](std::string_view a) { return std::string(a); }); });
}

Result<std::string> Args::astring() {
    return parse([](Cursor& c) { return c.astring(); });
}

Result<std::string> Args::mailbox() {
    auto name = astring();
    if (!name) return name;
    return parse_mailbox_name(*name);
}

Result<SequenceSet> Args::sequence_set() {
    return parse([](Cursor& c) { return parse_sequence_set(c); });
}

Result<FlagList> Args::flag_list() {
    return parse([](Cursor& c) { return parse_flag_list(c); });
}

Result<mail::MailDate> Args::date_time() {
    auto text = parse([](Cursor& c) { return c.quoted(); });
    if (!text) return fail(std::move(text.error()));
    auto date = mail::parse_internal_date(*text);
    if (!date) return fail(Kind::invalid, "Wrong date-time.");
    return *date;
}

Result<std::string> parse_mailbox_name(std::string_view wire) {
    auto utf8 = mail::utf7_to_utf8(wire);
    if (!utf8) return fail(Kind::unsupported, "The mailbox name is not modified UTF-7.");
    return mail::normalize_mailbox_name(*utf8);
}

void append_mailbox(std::string& out, std::string_view utf8) {
    mail::append_imap_string(out, mail::utf8_to_utf7(utf8).value_or(std::string()));
}

}  // namespace tayori::imap
