// What a command ends with: the tagged OK, NO or BAD line. Error -> reply code is here and nowhere
// else.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace tayori::imap {

struct Reply {
    enum class Status { ok, no, bad };
    Status status = Status::ok;
    std::string code;  // "APPENDUID 38505 3955", without brackets; may be empty
    std::string text;

    static Reply ok(std::string text) { return {Status::ok, {}, std::move(text)}; }
    static Reply ok(std::string code, std::string text) {
        return {Status::ok, std::move(code), std::move(text)};
    }
    static Reply no(std::string code, std::string text) {
        return {Status::no, std::move(code), std::move(text)};
    }
    static Reply bad(std::string text) { return {Status::bad, {}, std::move(text)}; }
};

Reply reply_to(const Error& error);
// "a1 NO [NONEXISTENT] No such mailbox.\r\n"; the tag may be "*".
void append_reply(std::string& out, std::string_view tag, const Reply& reply);

// Untagged goodbyes.
std::string bye(std::string_view text);

}  // namespace tayori::imap
