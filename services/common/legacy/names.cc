#include "common/legacy/names.h"

#include <optional>
#include <vector>

#include "common/base/text.h"
#include "common/mail/address.h"
#include "common/mail/charset.h"
#include "common/mail/limits.h"
#include "common/mail/mailbox_name.h"
#include "common/mail/utf7.h"
#include "common/mail/utf8.h"

namespace tayori::legacy {
namespace {

struct Special {
    std::string_view name;
    std::string_view use;
};
constexpr Special kSpecial[] = {
    {"送信済み", "\\Sent"},
    {"送信済みトレイ", "\\Sent"},
    {"送信済みアイテム", "\\Sent"},
    {"Sent", "\\Sent"},
    {"Sent Items", "\\Sent"},
    {"Sent Messages", "\\Sent"},
    {"下書き", "\\Drafts"},
    {"Drafts", "\\Drafts"},
    {"ごみ箱", "\\Trash"},
    {"ゴミ箱", "\\Trash"},
    {"削除済みアイテム", "\\Trash"},
    {"Trash", "\\Trash"},
    {"Deleted Items", "\\Trash"},
    {"Deleted Messages", "\\Trash"},
    {"迷惑メール", "\\Junk"},
    {"Junk", "\\Junk"},
    {"Spam", "\\Junk"},
};

// Every byte that is no text, and every control character, as "%8F".
std::string escape_bytes(std::string_view raw) {
    std::string out;
    for (std::size_t i = 0; i < raw.size();) {
        const auto bytes = mail::utf8_sequence(raw, i);
        if (bytes == 0) {
            append(out, '%', to_upper(hex_encode(raw.substr(i, 1))));
            ++i;
        } else {
            out += raw.substr(i, bytes);
            i += bytes;
        }
    }
    return out;
}

// What no name of a mailbox may have becomes "_".
bool clean(std::string& name) {
    bool changed = false;
    std::string out;
    for (std::string_view rest = name; !rest.empty();) {
        const auto c = mail::take_code_point(rest);
        const bool bad =
            c < 0x20 || (c >= 0x7f && c < 0xa0) || c == U'/' || c == 0x2028 || c == 0x2029;
        changed |= bad;
        mail::append_utf8(out, bad ? U'_' : c);
    }
    if (out.empty()) {
        out = "_";
        changed = true;
    }
    name = std::move(out);
    return changed;
}

}  // namespace

FolderName read_folder_name(std::string_view raw) {
    FolderName name;
    if (auto utf7 = mail::utf7_to_utf8(raw)) {
        name.text = std::move(*utf7);
    } else if (mail::is_valid_utf8(raw)) {
        name.text = raw;
        if (raw.find('&') != std::string_view::npos) name.code = "name-not-canonical";
    } else if (auto cp932 = mail::to_utf8_strict(raw, "cp932")) {
        name.text = std::move(*cp932);
        name.code = "name-cp932";
    } else {
        name.text = escape_bytes(raw);
        name.code = "name-undecodable";
    }
    if (auto nfc = mail::to_nfc(name.text)) name.text = std::move(*nfc);
    if (clean(name.text) && name.code.empty()) name.code = "name-characters";
    return name;
}

std::string FolderNames::take(std::string_view parent, std::string_view raw, std::string_view file,
                              AccountReport& report) {
    auto level = read_folder_name(raw);
    if (!level.code.empty()) report.add(Severity::changed, file, level.code, {level.text});
    if (parent.empty()) return take_text(std::move(level.text), file, report);
    return take_text(cat(parent, '/', level.text), file, report);
}

std::string FolderNames::take_text(std::string name, std::string_view file, AccountReport& report) {
    if (auto normal = mail::normalize_mailbox_name(name)) {
        name = std::move(*normal);
    } else {  // too long or too deep: cut, and made unique by what was cut
        const auto cut = cat(mail::clip_utf8(name, mail::kMailboxNameBytesMax / 2), "_cut");
        report.add(Severity::changed, file, "name-too-long", {name, cut});
        name = cut;
    }
    if (taken_.insert(name).second) return name;
    for (std::size_t n = 2;; ++n) {
        auto other = cat(name, '_', n);
        if (!taken_.insert(other).second) continue;
        report.add(Severity::changed, file, "name-taken", {name, other});
        return other;
    }
}

std::string_view special_use_of(std::string_view name) {
    const auto last = name.substr(name.rfind('/') + 1);  // npos + 1 is 0
    for (const auto& special : kSpecial)
        if (equals_ignoring_case(last, special.name)) return special.use;
    return {};
}

bool is_japanese_inbox(std::string_view name) { return name == "受信トレイ"; }

Result<std::string> account_address(std::string_view local, std::string_view domain) {
    return account_address_of(cat(local, '@', domain), {});
}

Result<std::string> account_address_of(std::string_view text, std::string_view domain) {
    const bool bare = text.find('@') == std::string_view::npos && !domain.empty();
    const auto parsed = mail::parse_address(bare ? cat(text, '@', domain) : std::string(text));
    if (!parsed) return fail(parsed.error());
    const auto key = mail::lookup_key(*parsed);
    if (!key) return fail(key.error());
    return mail::to_text({key->local, key->domain});
}

}  // namespace tayori::legacy
