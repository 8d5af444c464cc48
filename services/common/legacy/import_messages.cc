// What spoold and adminctl notice while an import runs, and what `import verify` finds.
#include "common/legacy/messages.h"

namespace tayori::legacy {

std::span<const Message> import_messages() {
    static constexpr Message kMessages[] = {
        {"account-refused", "the account could not be made: {0}", "アカウントを作れませんでした: {0}"},
        {"account-there",
         "the account was there already: its password stays, imported mail comes behind what it has",
         "アカウントはすでにありました。パスワードはそのままで、メールは今あるメールの後ろに入ります"},
        {"alias-refused", "the alias could not be made: {0}", "エイリアスを作れませんでした: {0}"},
        {"counter-raised", "the next {0} here was {1} and is {2} now, as the old server's counter says",
         "{0} の次の値を {1} から {2} へ上げました (移行元のカウンターに合わせるため)"},
        {"folder-refused", "the folder {0} could not be made, its mails were not imported: {1}",
         "フォルダー {0} を作れず、中のメールは取り込んでいません: {1}"},
        {"folder-uids-not-kept",
         "the folder {0} is in use here (UIDVALIDITY {2}, there {1}): its mails were numbered anew, IMAP clients read them again",
         "フォルダー {0} はすでに使われています (UIDVALIDITY {2}、移行元 {1})。UID を振り直したため、IMAP クライアントは読み込み直します"},
        {"keywords-dropped", "the keywords {0} could not be kept: {1}", "キーワード {0} は保存できませんでした: {1}"},
        {"mail-refused", "the mail was not imported: {0}", "メールを取り込めませんでした: {0}"},
        {"password-hash-unknown", "the password's hash can't be verified here, the account needs a new password: {0}",
         "パスワードのハッシュ形式に対応していないため、新しいパスワードが必要です: {0}"},
        {"uid-not-kept", "in {0}, UID {1} was not free any more: the mail got a new one",
         "{0} の UID {1} はもう使えなかったため、新しい UID になりました"},
        {"verify-account-missing", "the account has not been imported", "アカウントが取り込まれていません"},
        {"verify-bytes", "the bytes differ: {0} in the source, {1} here", "内容が違います: 移行元 {0} バイト、ここでは {1} バイト"},
        {"verify-date", "the date differs: {0} in the source, {1} here", "日時が違います: 移行元 {0}、ここでは {1}"},
        {"verify-flags", "the flags differ: {0} in the source, {1} here", "フラグが違います: 移行元 {0}、ここでは {1}"},
        {"verify-folder", "it is in {1}, not in {0}", "{0} ではなく {1} にあります"},
        {"verify-gone", "it is not in {0} any more", "{0} からなくなっています"},
        {"verify-keywords", "the keywords differ", "キーワードが違います"},
        {"verify-missing", "it has not been imported (folder {0})", "取り込まれていません (フォルダー {0})"},
        {"verify-pop3-order", "POP3 shows it in another order", "POP3 での順番が違います"},
        {"verify-pop3-shown", "POP3 shows it here or there only", "POP3 での表示が移行元と違います"},
        {"verify-uid", "the UID differs: {0} in the source, {1} here", "UID が違います: 移行元 {0}、ここでは {1}"},
        {"verify-uidl", "the UIDL differs: {0} in the source, {1} here", "UIDL が違います: 移行元 {0}、ここでは {1}"},
        {"verify-uidvalidity", "the UIDVALIDITY differs: {0} in the source, {1} here",
         "UIDVALIDITY が違います: 移行元 {0}、ここでは {1}"},
        {"verify-unreadable", "the source's mail can't be read any more: {0}", "移行元のメールを読めなくなりました: {0}"},
    };
    return kMessages;
}

}  // namespace tayori::legacy
