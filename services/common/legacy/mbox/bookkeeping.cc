#include "common/legacy/mbox/bookkeeping.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/text.h"
#include "common/legacy/model.h"
#include "common/legacy/spool/lines.h"

namespace tayori::legacy::mbox {
namespace {

constexpr std::array<std::string_view, 11> kNames = {
    "X-IMAPbase", "X-IMAP", "X-UID", "Status", "X-Status", "X-Keywords", "X-UIDL", "Content-Length",
    "X-Mozilla-Status", "X-Mozilla-Status2", "X-Mozilla-Keys"};
constexpr std::string_view kInternalSubject = "DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA";
constexpr std::size_t kKeywordsMax = 500;  // of one mail
constexpr std::size_t kKeywordBytesMax = 1000;

// X-Mozilla-Status, hexadecimal.
constexpr unsigned kMozillaRead = 0x0001, kMozillaReplied = 0x0002, kMozillaMarked = 0x0004, kMozillaExpunged = 0x0008,
                   kMozillaForwarded = 0x1000;

bool is_bookkeeping(std::string_view field_name) {
    return std::any_of(kNames.begin(), kNames.end(), [&](auto name) { return equals_ignoring_case(name, field_name); });
}

bool is_keyword(std::string_view word) {
    return word.size() <= kKeywordBytesMax && std::all_of(word.begin(), word.end(), [](char c) {
        return c > 0x20 && c < 0x7f && std::string_view("(){%*\"\\]").find(c) == std::string_view::npos;
    });
}

}  // namespace

bool FieldSieve::takes(std::string_view name, std::string_view value) {
    if (std::exchange(first_, false) && equals_ignoring_case(name, kOwnMark)) {
        auto rest = trim(value);
        ours_ = take_word(rest) == "rd";
        left_ = ours_ ? decimal<std::uint32_t>(take_word(rest)).value_or(0) : 0;
        return true;
    }
    if (!ours_) return is_bookkeeping(name);
    if (left_ == 0) return false;
    --left_;
    return true;
}

bool Bookkeeping::take(std::string_view name, std::string_view value) {
    if (!sieve_.takes(name, value)) {
        if (equals_ignoring_case(name, "Subject")) says_internal_ = trim(value) == kInternalSubject;
        is_internal = has_imap_ && says_internal_;
        return false;
    }
    take_field(name, trim(value));
    is_internal = has_imap_ && says_internal_;
    return true;
}

void Bookkeeping::take_field(std::string_view name, std::string_view value) {
    const auto is = [&](std::string_view other) { return equals_ignoring_case(name, other); };
    if (is("X-UID") && uid == 0) {
        uid = decimal<std::uint32_t>(value).value_or(0);
    } else if (is("Status") || is("X-Status")) {
        take_status(value);
    } else if (is("X-Keywords") || is("X-Mozilla-Keys")) {
        take_keywords(value);
    } else if (is("X-UIDL") && uidl.empty()) {
        uidl = std::string(value);
    } else if (is("X-Mozilla-Status")) {
        take_mozilla_status(value);
    } else if (is("X-IMAPbase") || is("X-IMAP")) {
        take_imap_base(value);
        has_imap_ = has_imap_ || is("X-IMAP");
    } else if (is("Content-Length") && !has_content_length) {
        const auto bytes = decimal<std::uint64_t>(value);
        has_content_length = bytes.has_value();
        content_length = bytes.value_or(0);
    } else if (is(kOwnMark)) {
        own_mark = sieve_.is_ours();
        hidden_from_pop3 = own_mark && value.ends_with(" hidden");
    }
}

void Bookkeeping::take_imap_base(std::string_view value) {
    if (uid_validity != 0) return;
    const auto validity = decimal<std::uint32_t>(take_word(value));
    const auto last = decimal<std::uint32_t>(take_word(value));
    if (!validity || !last) return;
    uid_validity = *validity;
    uid_last = *last;
}

void Bookkeeping::take_status(std::string_view value) {
    for (const char c : value) {
        if (c == 'R') flags |= kSeen;
        if (c == 'A') flags |= kAnswered;
        if (c == 'F') flags |= kFlagged;
        if (c == 'D') flags |= kDeleted;
        if (c == 'T') flags |= kDraft;
    }
}

void Bookkeeping::take_mozilla_status(std::string_view value) {
    const auto bits = decimal<unsigned>(value, 16);
    if (!bits) return;
    if (*bits & kMozillaRead) flags |= kSeen;
    if (*bits & kMozillaReplied) flags |= kAnswered;
    if (*bits & kMozillaMarked) flags |= kFlagged;
    if (*bits & kMozillaExpunged) expunged = true;
    if (*bits & kMozillaForwarded) take_keywords("$Forwarded");
}

void Bookkeeping::take_keywords(std::string_view value) {
    while (!value.empty()) {
        const auto word = take_word(value);
        if (word.empty() || std::find(keywords.begin(), keywords.end(), word) != keywords.end()) continue;
        if (is_keyword(word) && keywords.size() < kKeywordsMax) keywords.emplace_back(word);
        else ++keywords_refused;
    }
}

}  // namespace tayori::legacy::mbox
