#include "common/legacy/epost/ims_ctl.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/legacy/lines.h"
#include "common/mail/encoded_word.h"

namespace tayori::legacy::epost {
namespace {

enum class Section { none, auto_reply, auto_forward, delivery, unknown };

Section section_of(std::string_view name) {
    if (equals_ignoring_case(name, "AutoReply")) return Section::auto_reply;
    if (equals_ignoring_case(name, "AutoForward")) return Section::auto_forward;
    if (equals_ignoring_case(name, "Delivery")) return Section::delivery;
    return Section::unknown;
}

std::optional<bool> parse_yes(std::string_view value) {
    for (const auto yes : {"1", "yes", "true", "on"})
        if (equals_ignoring_case(value, yes)) return true;
    for (const auto no : {"0", "no", "false", "off", ""})
        if (equals_ignoring_case(value, no)) return false;
    return std::nullopt;
}

class Parser {
  public:
    Parser(std::string_view file, AccountReport& report) : file_(file), report_(report) {}

    void line(std::string_view text, std::uint64_t number) {
        number_ = number;
        text = trim_white(text);
        if (text.empty() || text.front() == ';' || text.front() == '#') return;
        if (text.front() == '[') {
            const auto end = text.find(']');
            section_ = end == std::string_view::npos
                           ? Section::unknown
                           : section_of(trim_white(text.substr(1, end - 1)));
            if (section_ == Section::auto_reply) out_.has_auto_reply = true;
            if (section_ == Section::unknown) add(Severity::person, "ims-unknown", text);
            return;
        }
        const auto at = text.find('=');
        const auto key = trim_white(text.substr(0, at));
        const auto value =
            at == std::string_view::npos ? std::string_view() : trim_white(text.substr(at + 1));
        if (at == std::string_view::npos || !assign(key, value))
            add(Severity::person, "ims-unknown", text);
    }
    ImsCtl take() { return std::move(out_); }

  private:
    void add(Severity severity, std::string_view code, std::string_view text) {
        report_.add(severity, file_, number_, code, {std::string(text)});
    }

    void flag(bool& to, std::string_view key, std::string_view value) {
        if (const auto yes = parse_yes(value))
            to = *yes;
        else
            add(Severity::person, "ims-value", cat(key, '=', value));
    }

    bool assign(std::string_view key, std::string_view value) {
        switch (section_) {
            case Section::auto_reply:
                return assign_reply(key, value);
            case Section::auto_forward:
                if (!equals_ignoring_case(key, "ForwardTo")) return false;
                add_targets(value);
                return true;
            case Section::delivery:
                if (!equals_ignoring_case(key, "Discard")) return false;
                out_.discard_line = number_;
                flag(out_.discard, key, value);
                return true;
            case Section::none:
            case Section::unknown:
                return false;
        }
        return false;
    }

    bool assign_reply(std::string_view key, std::string_view value) {
        if (equals_ignoring_case(key, "ReplyFrom"))
            out_.reply_from = value;
        else if (equals_ignoring_case(key, "Subject"))
            out_.subject = mail::decode_header_text(value);
        else if (equals_ignoring_case(key, "EchoMessage"))
            flag(out_.echo_message, key, value);
        else if (equals_ignoring_case(key, "DeleteHeader"))
            flag(out_.delete_header, key, value);
        else if (equals_ignoring_case(key, "RecordReplies"))
            flag(out_.record_replies, key, value);
        else
            return false;
        return true;
    }

    // A path may hold commas, addresses don't.
    void add_targets(std::string_view value) {
        if (value.size() >= 5 && equals_ignoring_case(value.substr(0, 5), "file:")) {
            out_.forward_to.push_back({std::string(value), number_});
            return;
        }
        for (std::size_t from = 0; from <= value.size();) {
            const auto to = std::min(value.find_first_of(",;", from), value.size());
            const auto one = trim_white(value.substr(from, to - from));
            if (!one.empty()) out_.forward_to.push_back({std::string(one), number_});
            from = to + 1;
        }
    }

    std::string_view file_;
    AccountReport& report_;
    Section section_ = Section::none;
    std::uint64_t number_ = 0;
    ImsCtl out_;
};

}  // namespace

ImsCtl parse_ims_ctl(std::string_view bytes, std::string_view file, AccountReport& report) {
    Parser parser(file, report);
    // As a whole, so that what ISO-2022-JP switched to on one line is known on the next; else line
    // by line.
    const auto whole = decode_text(bytes);
    if (whole && whole->charset != "us-ascii")
        report.add(Severity::note, file, "text-charset", {std::string(whole->charset)});
    std::uint64_t number = 0;
    for (const auto line : split_lines(whole ? std::string_view(whole->text) : bytes)) {
        ++number;
        parser.line(whole ? std::string(line) : verbatim(line), number);
    }
    return parser.take();
}

std::string_view base_name(std::string_view path) {
    const auto at = path.find_last_of("\\/:");
    return at == std::string_view::npos ? path : path.substr(at + 1);
}

}  // namespace tayori::legacy::epost
