// Sentences of what every family shares.
#include "common/legacy/messages.h"

namespace tayori::legacy {
namespace {

constexpr Message kMessages[] = {
    // Trees and files.
    {"special-file", "A link or a device: never followed, nothing behind it was taken.",
     "リンクまたはデバイスファイルです。たどらないので、その先にあるものは取り込んでいません。"},
    {"directory-unreadable", "The directory can't be read; nothing in it was taken.",
     "フォルダーを読み取れません。中身は取り込んでいません。"},
    {"file-unreadable", "The file can't be read: {0}", "ファイルを読み取れません: {0}"},
    {"file-unknown", "A file of an unknown purpose; it was left out.",
     "用途のわからないファイルです。取り込んでいません。"},
    {"not-looked-at", "Not part of the mailboxes; it was not looked at.",
     "メールボックスの一部ではないため、調べていません。"},
    {"text-charset", "The text was read as {0}.", "文字コード {0} として読み取りました。"},
    {"text-undecodable", "The text is in none of the known charsets; it was left out.",
     "対応しているどの文字コードでも読み取れません。取り込んでいません。"},
    {"not-an-address", "This is no address or pattern, it was left out: {0}",
     "アドレスまたはパターンとして読めないため、取り込んでいません: {0}"},
    {"name-case", "The name is written in capitals on disk; it was read all the same.",
     "ファイル名が大文字で書かれていますが、そのまま読み取りました。"},

    // Names of folders.
    {"name-cp932", "The folder's name was in cp932 (Shift_JIS) and is now \"{0}\".",
     "フォルダー名が cp932 (Shift_JIS) だったため、「{0}」に変換しました。"},
    {"name-not-canonical",
     "The folder's name is no proper modified UTF-7; it stays as it is written: \"{0}\".",
     "フォルダー名が正しい修正 UTF-7 ではないため、書かれているままの「{0}」にしました。"},
    {"name-undecodable",
     "The folder's name is in no known charset; its bytes are written out: \"{0}\".",
     "フォルダー名の文字コードが判別できないため、バイトの値を書き出した「{0}」にしました。"},
    {"name-characters",
     "The folder's name had characters that no name may have; it is now \"{0}\".",
     "フォルダー名に使えない文字があったため、「{0}」に変更しました。"},
    {"name-too-long", "The folder's name is too long; it is now \"{1}\".",
     "フォルダー名が長すぎるため、「{1}」に短縮しました。"},
    {"name-taken", "Another folder is called \"{0}\", too; this one is now \"{1}\".",
     "「{0}」という名前のフォルダーがほかにもあるため、こちらを「{1}」に変更しました。"},

    // Mails.
    {"mail-unreadable", "The mail can't be read: {0}", "メールを読み取れません: {0}"},
    {"mail-empty", "The file has {0} bytes and no mail in it.",
     "ファイルは {0} バイトありますが、メールの内容がありません。"},
    {"mail-half-written",
     "The file ends within the header, after {0} bytes: the mail was perhaps being written. It was "
     "taken as it is.",
     "ヘッダーの途中、{0} "
     "バイトで終わっています。書き込み中だった可能性があります。そのまま取り込みました。"},
    {"mail-no-header", "The file does not begin with a header; it was taken as it is.",
     "ヘッダーで始まっていないファイルです。そのまま取り込みました。"},
    {"dates",
     "{0} mails. The date comes from the file for {1}, from Received for {2}, from Date for {3}; "
     "{4} have none.",
     "{0} 通の受信日時は、ファイルの更新日時 {1} 通、Received {2} 通、Date {3} "
     "通から決めました。日時のないものは {4} 通です。"},
    {"flag-deleted", "The mail was marked as deleted. It was taken without that mark.",
     "削除の印が付いたメールです。印を外して取り込みました。"},

    // UIDs and UIDLs.
    {"uid-twice", "UID {1} comes twice in \"{0}\": the whole folder gets new UIDs.",
     "「{0}」に UID {1} が重複しているため、フォルダー全体の UID を振り直します。"},
    {"uid-too-high",
     "UIDs of \"{0}\" go up to {1}, too near to the end: the whole folder gets new UIDs.",
     "「{0}」の UID が {1} に達し、上限に近いため、フォルダー全体の UID を振り直します。"},
    {"uidl-hashed",
     "The UIDL is longer than 70 characters or has characters that POP3 does not allow; {1} stands "
     "for it.",
     "UIDL が 70 文字を超えているか、POP3 で使えない文字を含むため、{1} に置き換えました。"},
    {"uidl-twice", "The UIDL {0} belongs to an earlier mail already; this one gets {1}.",
     "UIDL {0} はすでに別のメールで使われているため、このメールには {1} を付けました。"},

    // Accounts and limits.
    {"account-address", "\"{0}\" can't be made an address: {1}",
     "「{0}」をメールアドレスにできません: {1}"},
    {"account-twice", "The address {0} was there already; this one was left out.",
     "アドレス {0} はすでにあるため、こちらは取り込んでいません。"},
    {"account-no-password", "The account comes without a password; it needs a new one.",
     "パスワードがないアカウントです。新しく設定する必要があります。"},
    {"over-quota",
     "The mails take {0} bytes, the limit is {1}. All of them are taken; new mail has to wait.",
     "メールの合計は {0} バイトで、上限 {1} "
     "バイトを超えています。すべて取り込みますが、新しいメールは受け取れません。"},
    {"size-not-number", "The size limit is no number, it was left out: {0}",
     "容量の上限が数値ではないため、取り込んでいません: {0}"},
    {"password-not-text",
     "The password has bytes that are no text; it was left out, a new one is needed.",
     "パスワードに文字として読めないバイトがあるため、取り込んでいません。新しく設定する必要があり"
     "ます。"},

    // Rules that wait for approval.
    {"forward-disabled",
     "Mail was forwarded to {0}. The rule is imported disabled and has to be approved.",
     "{0} への転送設定です。無効の状態で取り込んだので、確認のうえ有効にしてください。"},
};

}  // namespace

std::span<const Message> common_messages() { return kMessages; }

}  // namespace tayori::legacy
