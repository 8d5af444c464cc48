// Sentences about tables of accounts and aliases.
#include "common/legacy/messages.h"

namespace tayori::legacy {
namespace {

constexpr Message kMessages[] = {
    {"account-column", "The column \"{0}\" is unknown and was left out.",
     "列「{0}」は用途がわからないため、取り込んでいません。"},
    {"account-fields", "The line has {0} fields where the header has {1}; it was left out.",
     "項目が {0} 個あり、見出しの {1} 個と合わないため、この行は取り込んでいません。"},
    {"account-home",
     "The account's folder was elsewhere: \"{0}\". Mails are looked for below inbox/ only.",
     "アカウントのフォルダーが別の場所「{0}」に設定されています。メールは inbox/ "
     "の下だけを探します。"},
    {"account-apop",
     "{0} accounts could use APOP. It needs passwords that can be read back, and is off until it "
     "is chosen.",
     "{0} 個のアカウントで APOP が使えました。APOP "
     "は復元できる形のパスワードを必要とするため、選んで有効にするまで使えません。"},
    {"account-name", "The full name is neither UTF-8 nor cp932 and was left out: {0}",
     "氏名が UTF-8 でも cp932 でもないため、取り込んでいません: {0}"},
    {"account-switch", "{0} is neither on nor off, it was taken for off: {1}",
     "{0} の値がオンでもオフでもないため、オフとしました: {1}"},
    {"registry-key", "A registry key that has no aliases or lists; it was left out: {0}",
     "エイリアスでもリストでもないレジストリキーです。取り込んでいません: {0}"},
    {"registry-value",
     "A registry value that is no alias and no member of a list; it was left out: {0}",
     "エイリアスでもリストのメンバーでもないレジストリ値です。取り込んでいません: {0}"},
    {"alias-line", "The line is not of the form name, TAB, addresses; it was left out: {0}",
     "「名前、タブ、アドレス」の形式ではないため、取り込んでいません: {0}"},
};

}  // namespace

std::span<const Message> accounts_messages() { return kMessages; }

}  // namespace tayori::legacy
