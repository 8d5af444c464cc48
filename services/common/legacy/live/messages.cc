// What is noticed while a server that still runs is read.
#include "common/legacy/messages.h"

namespace tayori::legacy {

std::span<const Message> live_messages() {
    static constexpr Message kMessages[] = {
        {"live-account-unread", "the mailbox could not be read, run it again later: {0}",
         "メールボックスを読めませんでした。後でもう一度実行してください: {0}"},
        {"live-changes-kept", "{0} flags and {1} removals at the source were not followed: a client has logged in here",
         "利用者がすでにログインしているため、移行元でのフラグ変更 {0} 件と削除 {1} 件は反映していません"},
        {"live-doubts", "{0} mails had to be read to tell which is which in POP3 and IMAP",
         "POP3 と IMAP のメールを対応付けるため、{0} 通の内容を読みました"},
        {"live-folder-foreign", "the folder {0} belongs to somebody else or to all, it is not taken",
         "フォルダー {0} は他の人のもの、または共有なので、取り込みません"},
        {"live-folder-incomplete", "the server says that the folder has {0} mails, and listed {1}: run it again",
         "サーバーはフォルダーに {0} 通あると言いながら、{1} 通しか一覧に出しませんでした。もう一度実行してください"},
        {"live-folder-renumbered",
         "the folder {0} was numbered anew at the source (UIDVALIDITY {1}, before {2}): its mails can't be told from "
         "those that are here, nothing was taken from it",
         "フォルダー {0} は移行元で UID が振り直されました (UIDVALIDITY {1}、以前は "
         "{2})。取り込み済みのメールと区別できないため、取り込んでいません"},
        {"live-folder-unreadable", "the folder could not be read, none of its mails were taken: {0}",
         "フォルダーを読めず、中のメールは取り込んでいません: {0}"},
        {"live-folder-virtual", "the folder {0} shows mails of other folders, it is not taken",
         "フォルダー {0} はほかのフォルダーのメールを表示するものなので、取り込みません"},
        {"live-insecure", "the server's certificate was not checked (--tls-insecure)",
         "サーバーの証明書を確認していません (--tls-insecure)"},
        {"live-pop3-matched", "POP3: {0} mails found in INBOX, {1} are shown by POP3 alone",
         "POP3: {0} 通を INBOX のメールに対応付け、{1} 通は POP3 だけにあります"},
        {"live-removals-kept", "a folder could not be read whole: {0} mails that seem gone at the source stay here",
         "読み切れないフォルダーがあるため、移行元で消えたと思われる {0} 通も残しています"},
        {"live-sizes", "{0} mails have another size than the server said",
         "{0} 通は、サーバーが示した大きさと違っていました"},
        {"live-source-empty", "the source is empty now; {0} mails that came from it stay here",
         "移行元は空になっています。取り込み済みの {0} 通は残しています"},
        {"live-source-lost", "the connection to the source was lost, {0} mails are left: run it again",
         "移行元との接続が切れました。残り {0} 通。もう一度実行してください"},
    };
    return kMessages;
}

}  // namespace tayori::legacy
