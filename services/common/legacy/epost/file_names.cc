#include "common/legacy/epost/file_names.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/legacy/lines.h"
#include "common/legacy/model.h"

namespace tayori::legacy::epost {
namespace {

constexpr std::string_view kSuffix = ".MSG";
constexpr std::size_t kUidDigits = 10;
constexpr std::size_t kFlagDigits = 6;

struct Known {
    std::string_view name;
    Control control;
};
constexpr Known kControls[] = {
    {"ims.ctl", Control::ims_ctl},
    {"autoreply.txt", Control::reply_text},
    {"autorply.txt", Control::reply_text},
    {"noreply.txt", Control::noreply},
    {"replied.txt", Control::replied},
    {"permitfrom.txt", Control::permit_from},
    {"apop.dat", Control::password},
    {"smtpauth.dat", Control::password},
    {"size.ctl", Control::size},
    {"sender.dat", Control::destinations},
    {"mail.dat", Control::filter},
    {"virus.dat", Control::virus},
    {"usetime.dat", Control::use_time},
    {"effect.dat", Control::effect},
    {"uid", Control::uid},
};

// In the order of the digits, Recent first: it is not kept.
constexpr std::uint8_t kFlagOrder[kFlagDigits] = {0, kAnswered, kFlagged, kDeleted, kSeen, kDraft};

std::string_view stem(std::string_view name) {
    return name.substr(0, name.size() - kSuffix.size());
}

bool all_digits(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool is_mail_name(std::string_view name) {
    return name.size() > kSuffix.size() &&
           equals_ignoring_case(name.substr(name.size() - kSuffix.size()), kSuffix);
}

std::optional<std::uint64_t> pop3_number(std::string_view name) {
    if (!is_mail_name(name) || ascii_lower(name.front()) != 'b') return std::nullopt;
    const auto digits = stem(name).substr(1);
    if (!all_digits(digits)) return std::nullopt;
    return parse_number(digits);
}

std::optional<ImapName> parse_imap_name(std::string_view name) {
    if (!is_mail_name(name)) return std::nullopt;
    const auto text = stem(name);
    if (text.size() != kUidDigits + 1 + kFlagDigits || text[kUidDigits] != '-') return std::nullopt;
    const auto uid = text.substr(0, kUidDigits);
    const auto number = all_digits(uid) ? parse_number(uid) : std::nullopt;
    if (!number || *number == 0 || *number > UINT32_MAX) return std::nullopt;
    ImapName out;
    out.uid = static_cast<std::uint32_t>(*number);
    for (std::size_t i = 0; i < kFlagDigits; ++i) {
        const char digit = text[kUidDigits + 1 + i];
        if (digit != '0' && digit != '1') return std::nullopt;
        if (digit == '1') out.flags = static_cast<std::uint8_t>(out.flags | kFlagOrder[i]);
    }
    return out;
}

Control control_of(std::string_view name) {
    for (const auto& known : kControls)
        if (equals_ignoring_case(known.name, name)) return known.control;
    return Control::none;
}

}  // namespace tayori::legacy::epost
