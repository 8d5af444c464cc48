// Sentences of the readers of Maildir, mbox, MH, hMailServer and PST, and of the writers.
#include "common/legacy/messages.h"

namespace tayori::legacy {
namespace {

constexpr Message kMessages[] = {
    {"account-without-domain", "\"{0}\" has no domain: name one for the source (--domain). Nothing of it was taken.",
     "「{0}」にドメインがありません。--domain でドメインを指定してください。取り込んでいません。"},
    {"too-deep", "Directories are nested too deeply here; what lies below was not taken.",
     "フォルダーの階層が深すぎるため、これより下は取り込んでいません。"},
    {"not-a-folder", "A directory without mails; it was left out.", "メールのないディレクトリです。取り込んでいません。"},
    {"not-a-mail", "A file that is no mail; it was left out.", "メールではないファイルです。取り込んでいません。"},
    {"subscription-without-folder", "\"{0}\" is subscribed, but there is no such folder.",
     "購読リストに「{0}」がありますが、そのフォルダーは存在しません。"},

    // Numbers.
    {"uids-not-ascending", "The UIDs of \"{0}\" do not ascend (at {1}): the whole folder gets new UIDs. UIDLs stay as they are.",
     "「{0}」の UID が昇順になっていない ({1} の位置) ため、フォルダー全体の UID を振り直します。UIDL は変わりません。"},
    {"list-header-damaged", "The first line can't be read: the list is not used, the folder gets new UIDs and UIDLs. A capture can still tell them.",
     "1 行目を読み取れないため、この一覧は使いません。フォルダーの UID と UIDL は新しくなります。採取 (capture) があれば引き継げます。"},
    {"list-version-unknown", "The list is of a version that is not known; it is not used.",
     "対応していないバージョンの一覧です。使用しません。"},
    {"list-line-damaged", "The line can't be read. If it names a mail, that mail is taken, with a new UID.",
     "この行を読み取れません。該当するメールは、新しい UID で取り込みます。"},
    {"list-lines-damaged", "{0} lines in all can't be read; only the first are named.",
     "読み取れない行は全部で {0} 行あります (ここに示したのは最初の部分だけです)。"},
    {"list-name-twice", "{0} lines name a file that an earlier line has named; the earlier ones count.",
     "前の行と同じファイル名が {0} 行あります。先に書かれた行を使います。"},
    {"list-files-gone", "{0} mails of the list are no longer there: they were deleted before.",
     "一覧にあるメールのうち {0} 通は、すでに削除されていて存在しません。"},
    {"list-older", "The list is older than {0}, whose UIDLs are taken.", "{0} より古い一覧です。UIDL は {0} のものを使います。"},

    // Maildir.
    {"no-maildir", "There is no Maildir in this directory.", "このディレクトリには Maildir がありません。"},
    {"maildir-tmp", "{0} files were still being written; none of them was ever delivered, and none was taken.",
     "書き込み途中のファイルが {0} 個あります。配信されていないものなので、取り込んでいません。"},
    {"times-lost", "All {0} files are of the same hour, though their names are not: the spool was copied without its times, which are the "
     "dates of the mails. Copy it again with them (cp -a, rsync -a, tar).",
     "ファイル名の時刻はばらばらなのに、{0} 個のファイルの更新日時がすべて同じ 1 時間以内です。受信日時になる更新日時が、コピーの際に失われています。"
     "更新日時を保ってコピーし直してください (cp -a、rsync -a、tar)。"},
    {"mail-compressed", "The mail is compressed (zlib plugin of Dovecot). Unpack the files first; it was not taken.",
     "圧縮されたメールです (Dovecot の zlib プラグイン)。先に展開してください。取り込んでいません。"},
    {"mail-size-differs", "The file's name says {0} bytes, there are {1}: the mail may be cut off. It was taken as it is.",
     "ファイル名では {0} バイトですが、実際は {1} バイトです。メールが途中で切れている可能性があります。そのまま取り込みました。"},
    {"keyword-without-name", "Flag \"{0}\" of {1} mails has no name in dovecot-keywords; it was left out.",
     "{1} 通に付いているフラグ「{0}」は、dovecot-keywords に名前がないため取り込んでいません。"},
    {"courier-keywords", "Courier's keywords are kept in a form that is not read; flags were taken, keywords were not.",
     "Courier のキーワードは読み取りに対応していません。フラグは取り込みましたが、キーワードは取り込んでいません。"},
    {"flag-letter-unknown", "The flag letter \"{0}\" of {1} mails is not known; it was left out.",
     "{1} 通に付いているフラグ文字「{0}」は用途がわからないため、取り込んでいません。"},

    // mbox.
    {"not-an-mbox", "The file does not begin with a \"From \" line and is no mbox; it was left out.",
     "「From 」行で始まっていないため、mbox ではありません。取り込んでいません。"},
    {"mbox-changed", "The file changed while it was read. Stop the old server, then run it again; nothing of it was taken.",
     "読み取り中にファイルが変更されました。旧サーバーを停止してから、もう一度実行してください。取り込んでいません。"},
    {"mbox-deleted", "{0} mails were deleted in Thunderbird and only wait to be compacted; they were left out.",
     "Thunderbird で削除され、最適化を待っているだけのメールが {0} 通あります。取り込んでいません。"},
    {"mbox-no-blank-line", "{0} mails begin without a blank line before them: the mail before each may be cut off.",
     "直前に空行のないメールが {0} 通あります。その前のメールは途中で切れている可能性があります。"},
    {"mbox-last-cut", "The file ends in the middle of a line: the last mail was perhaps being written. It was taken as far as it goes.",
     "行の途中で終わっています。最後のメールは書き込み中だった可能性があります。あるところまでを取り込みました。"},
    {"mbox-uid-refused", "X-UID of {0} mails is not believed: the file has no X-IMAPbase, or one that says less.",
     "{0} 通の X-UID は、ファイルの X-IMAPbase と合わないため使いません。"},
    {"keywords-refused", "{0} keywords can't be kept by an IMAP server; they were left out.",
     "IMAP で使えないキーワードが {0} 個あります。取り込んでいません。"},
    {"uidl-default-uw", "{0} UIDLs were made as the POP3 server of UW makes them. A capture tells what clients have seen.",
     "{0} 通の UIDL を、UW の POP3 サーバーと同じ方法で作りました。クライアントが見た値は、採取 (capture) で確かめられます。"},
    {"uidl-default-dovecot", "{0} UIDLs were made as Dovecot makes them. A capture tells what clients have seen.",
     "{0} 通の UIDL を、Dovecot と同じ方法で作りました。クライアントが見た値は、採取 (capture) で確かめられます。"},

    // MH.
    {"mh-removed", "{0} mails were removed by MH and only renamed; they were left out.",
     "MH で削除され、名前が変わっただけのメールが {0} 通あります。取り込んでいません。"},

    // hMailServer.
    {"hmail-two-dumps", "There is more than one *.sql; this one was read.", "*.sql が複数あります。このファイルを読み取りました。"},
    {"hmail-queued", "{0} mails were still to be delivered by the old server; they are not in a mailbox and were left out.",
     "旧サーバーで配信待ちのメールが {0} 通あります。メールボックスにはないため、取り込んでいません。"},
    {"hmail-rows-unusable", "{0} rows lack their number or file; they were left out.",
     "番号またはファイル名のない行が {0} 行あります。取り込んでいません。"},
    {"hmail-no-columns", "The dump names no columns: make it with CREATE TABLE statements, or with the columns in each INSERT.",
     "列の名前がありません。CREATE TABLE 文を含めるか、INSERT に列名を付けて書き出し直してください。"},
    {"hmail-inactive", "The account was switched off; it is imported with no protocol allowed.",
     "無効にされていたアカウントです。どのプロトコルも使えない状態で取り込みます。"},
    {"hmail-password-encrypted", "The password is encrypted by hMailServer and can't be taken; a new one is needed.",
     "パスワードが hMailServer の方式で暗号化されているため、取り込めません。新しく設定する必要があります。"},
    {"hmail-no-directory", "The dump has {0} mails of this account, but its directory is not there.",
     "データベースにはこのアカウントのメールが {0} 通ありますが、フォルダーが見つかりません。"},
    {"hmail-directory-unknown", "The dump has no account for this directory; nothing of it was taken.",
     "このフォルダーに対応するアカウントがデータベースにありません。取り込んでいません。"},
    {"hmail-file-gone", "The file of message {0} is not there.", "メッセージ {0} のファイルがありません。"},
    {"hmail-folder-gone", "The folder of message {0} is not in the dump; the mail was not taken.",
     "メッセージ {0} のフォルダーがデータベースにありません。このメールは取り込んでいません。"},
    {"hmail-file-unknown", "No message of the dump has this file; it was left out.",
     "このファイルに対応するメッセージがデータベースにありません。取り込んでいません。"},
    {"hmail-zone-unknown", "The old machine's time zone can't be told; the dates of {0} mails were taken as UTC.",
     "旧サーバーのタイムゾーンがわからないため、{0} 通の日時を UTC として扱いました。"},
    {"alias-invalid", "The alias \"{0}\" for \"{1}\" is no address; it was left out.",
     "エイリアス「{0}」(宛先「{1}」) はアドレスとして読めないため、取り込んでいません。"},

    // Exports.
    {"export-keywords-lost", "{0} keywords have no place in this form; they were left out.",
     "この形式では書き表せないキーワードが {0} 個あります。書き出していません。"},
    {"export-name-cut", "The folder \"{0}\" can't be called so in this form; it is now \"{1}\".",
     "フォルダー「{0}」の名前はこの形式では使えないため、「{1}」として書き出しました。"},
};

}  // namespace

std::span<const Message> spool_messages() { return kMessages; }

}  // namespace tayori::legacy
