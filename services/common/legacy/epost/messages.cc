// Sentences about E-Post's spools.
#include "common/legacy/messages.h"

namespace tayori::legacy {
namespace {

constexpr Message kMessages[] = {
    {"epost-idx",
     "Account data in a form that is not public; it was not read. Export the accounts as text in "
     "the account manager and "
     "name that file (--accounts-file).",
     "アカウント情報のファイルですが、形式が公開されていないため読み取っていません。アカウントマネ"
     "ージャーからテキスト形式で書き出し、"
     "そのファイルを --accounts-file で指定してください。"},
    {"epost-empty-directory",
     "A directory without mail and control files; it was taken for an account's mailbox.",
     "メールも設定ファイルもないフォルダーです。アカウントのメールボックスとして扱いました。"},
    {"mail-obfuscated",
     "The old server has encoded this file (its first byte is 0xFF); it can't be read outside of "
     "it.",
     "旧サーバーが独自に変換したファイルです (先頭のバイトが "
     "0xFF)。旧サーバー以外では読み取れません。"},
    {"dot-stuffed",
     "{0} mails end with a lone \".\", as in a spool of incoming mail: it is taken off, and one "
     "dot from each line that "
     "begins with two.",
     "{0} 通が受信待ちの形式 (末尾が「.」だけの行) "
     "です。その行と、「..」で始まる行の先頭の点を一つ取り除きます。"},
    {"pop3-name", "The mail's name has no B number; POP3 shows it behind all others.",
     "ファイル名に B で始まる番号がないメールです。POP3 ではほかのメールのあとに表示します。"},
    {"imap-name",
     "The mail's name tells neither UID nor flags; it is appended to its folder with a new UID.",
     "ファイル名から UID もフラグもわからないメールです。新しい UID "
     "を付けてフォルダーの末尾に加えます。"},
    {"inbox-merged", "{0} mails of this second inbox are appended to INBOX with new UIDs.",
     "もう一つの受信トレイにある {0} 通を、新しい UID を付けて INBOX の末尾に加えました。"},
    {"uid-file-unreadable",
     "The file with the next UID can't be read; {0} was taken, one above the highest in use.",
     "次の UID を記録したファイルを読み取れないため、使用中の最大値の次の {0} としました。"},
    {"uid-file-old",
     "The file says that the next UID is {0}, but {1} is in use already: it is from an old backup. "
     "{2} was taken.",
     "次の UID が {0} と記録されていますが、{1} "
     "がすでに使われています。古いバックアップのものと思われるため、{2} としました。"},
    {"copies-joined",
     "{0} mails lay in the POP3 folder and in an IMAP folder; {1} only in the POP3 folder, they "
     "are appended to INBOX.",
     "{0} 通が POP3 のフォルダーと IMAP のフォルダーの両方にありました。POP3 "
     "のフォルダーだけにあった {1} 通は、INBOX の末尾に加えました。"},
    {"copies-several", "{0} mails in IMAP folders could be the copy of this one; {1} was taken.",
     "IMAP のフォルダーに、このメールのコピーと思われるものが {0} 通あります。{1} "
     "をコピーとして扱いました。"},
    {"copy-size-differs",
     "The copy {0} has {2} bytes, this one {1}. The copy in the IMAP folder is taken.",
     "コピー {0} は {2} バイト、こちらは {1} バイトです。IMAP "
     "のフォルダーにあるほうを取り込みます。"},
    {"pop3-hidden", "{0} mails in INBOX were not shown by POP3, and will not be.",
     "INBOX の {0} 通は、これまで POP3 に表示されていませんでした。移行後も POP3 "
     "には表示しません。"},
    {"control-twice",
     "There is {0}, too, which differs in case only; that one was read, not this one.",
     "大文字と小文字だけが違う {0} もあります。そちらを読み取り、このファイルは使っていません。"},
    {"ims-upper-case",
     "The name is written in capitals: the old server ignored such a file on Unix. It was read; "
     "check whether its rules are wanted.",
     "ファイル名が大文字です。Unix "
     "版の旧サーバーでは無視されていた設定です。読み取りましたので、必要な設定かどうか確認してくだ"
     "さい。"},
    {"ims-unknown", "The line has no meaning that is known: {0}", "意味のわからない行です: {0}"},
    {"ims-value", "The value is neither yes nor no, the default stays: {0}",
     "値が Yes でも No でもないため、既定値のままにしました: {0}"},
    {"reply-no-text",
     "There are settings for automatic replies, but no autoreply.txt: nothing was answered.",
     "自動応答の設定がありますが autoreply.txt がないため、自動応答は使われていませんでした。"},
    {"noreply-alone",
     "A list of addresses that get no automatic reply, but there is no automatic reply.",
     "自動応答を返さないアドレスの一覧ですが、自動応答そのものがありません。"},
    {"reply-interval",
     "The old server answered every mail; now each sender is answered once in {0} hours at most.",
     "旧サーバーではすべてのメールに応答していました。移行後は、同じ差出人への応答は {0} "
     "時間に一度までとします。"},
    {"reply-echo-header",
     "The old server left the header out of the quoted original; it will be in it.",
     "旧サーバーでは引用する元のメールからヘッダーを省いていましたが、移行後は省きません。"},
    {"reply-disabled", "The automatic reply is imported disabled and has to be approved.",
     "自動応答の設定です。無効の状態で取り込んだので、確認のうえ有効にしてください。"},
    {"replied-ignored", "Who has been answered already is not taken over.",
     "応答済みの相手の記録は引き継ぎません。"},
    {"forward-no-list",
     "The list of addresses is not in this mailbox, nothing is forwarded to it: {0}",
     "転送先の一覧ファイルがこのメールボックスにないため、転送先に加えていません: {0}"},
    {"discard-alone",
     "Mail was to be discarded without being forwarded. The rule was not taken: mail is kept.",
     "転送せずに破棄する設定です。この設定は引き継がず、メールを保存します。"},
    {"permit-without-forward",
     "A list of senders whose mail is forwarded, but nothing is forwarded.",
     "転送を許可する差出人の一覧ですが、転送の設定がありません。"},
    {"password-from-apop", "The account got its password from this file.",
     "このファイルのパスワードをアカウントのパスワードにしました。"},
    {"password-for-submission",
     "The password for sending differs from the account's; it becomes an app password.",
     "送信用のパスワードがアカウントのパスワードと異なるため、アプリパスワードとして取り込みました"
     "。"},
    {"password-obfuscated",
     "The old server has encoded the password (the first byte is 0xFF); a new one is needed.",
     "パスワードは旧サーバーが独自に変換したものです (先頭のバイトが "
     "0xFF)。新しく設定する必要があります。"},
    {"size-differs",
     "The table of accounts has a limit of {0}, this file {1}. The file's was taken.",
     "容量の上限が、アカウントの一覧では {0}、このファイルでは {1} "
     "です。このファイルの値を採用しました。"},
    {"sender-value", "A rule for destinations whose value is unknown, it was left out: {0}",
     "送信先の規則ですが、値の意味がわからないため取り込んでいません: {0}"},
    {"filter-line",
     "The line is not of the form \"if ... then ...\"; it is kept as a disabled rule: {0}",
     "「if … then …」の形式ではない行です。無効の規則として残しました: {0}"},
    {"mail-dat-line",
     "A personal filter in a form that is not public; it is kept as a disabled rule: {0}",
     "個人フィルターの行ですが、形式が公開されていないため、無効の規則として残しました: {0}"},
    {"effect-line",
     "A rule about whom the server's restrictions apply to; there is no setting for it here: {0}",
     "サーバーの制限を適用する相手の規則です。対応する設定がありません: {0}"},
    {"effect-unreadable", "The line can't be read: {0}", "読み取れない行です: {0}"},
    {"virus-line", "A rule against viruses; there is no setting for it here: {0}",
     "ウイルス対策の規則です。対応する設定がありません: {0}"},
    {"use-time-line",
     "A rule about when the account may be used; there is no setting for it here: {0}",
     "アカウントを使える時間の規則です。対応する設定がありません: {0}"},
};

}  // namespace

std::span<const Message> epost_messages() { return kMessages; }

}  // namespace tayori::legacy
