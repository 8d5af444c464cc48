// Sentences of conversions: what a plan says, and what happened to a mailbox (proto/tayori/spool/v1/jobs.proto, Notice).
#include "common/legacy/messages.h"

namespace tayori::legacy {
namespace {

constexpr Message kMessages[] = {
    // What a plan says.
    {"plan-uidls-stay", "POP3 clients see the same UIDLs as before and download nothing again.",
     "POP3 の UIDL は変わりません。メールソフトが同じメールを再びダウンロードすることはありません。"},
    {"plan-imap-opens", "Afterwards the mailboxes can be read by IMAP, too. UIDs, folders and flags that waited inside come back.",
     "変換後は IMAP でも読めるようになります。内部に残っていた UID、フォルダー、フラグはそのまま戻ります。"},
    {"plan-imap-closes",
     "Afterwards the mailboxes are read by POP3 only; IMAP sessions end. UIDs, folders and flags wait inside.",
     "変換後は POP3 だけで読むようになり、IMAP の接続は終了します。UID、フォルダー、フラグは内部に残ります。"},
    {"plan-reassign",
     "Every folder gets a new UIDVALIDITY and UIDs from 1: IMAP clients fetch all mail again, once. POP3 clients do not.",
     "すべてのフォルダーの UIDVALIDITY が新しくなり、UID は 1 から振り直されます。IMAP のメールソフトは全メールを一度取得し直します。POP3 "
     "では取得し直しません。"},
    {"plan-drain", "Each mailbox's sessions end before its change, and clients log in again.",
     "各メールボックスの接続は変換の前に終了し、メールソフトはログインし直すことになります。"},
    {"plan-rebuild", "Counts, names and the ledger are made anew from the mails; hierarchy, subscriptions and UIDs stay.",
     "件数、フォルダー名の索引、容量をメールから計算し直します。階層、購読、UID は変わりません。"},
    // What happened to a mailbox.
    {"convert-hidden", "{0} mails in INBOX stay hidden from POP3, as they were before.",
     "INBOX の {0} 通は、これまでどおり POP3 には表示されません。"},
    {"convert-mended", "Put right: {0}", "修正しました: {0}"},
    {"convert-mended-more", "{0} more of this kind were put right.", "… ほか {0} 件を同様に修正しました。"},
    {"convert-double-uidl", "{0} UIDLs are there twice: POP3 clients may download these mails again.",
     "UIDL の重複が {0} 件あります。POP3 のメールソフトが該当メールを再びダウンロードする可能性があります。"},
    {"convert-double-order", "{0} places in the POP3 order are there twice; such mails keep the order of their folders.",
     "POP3 の順序の重複が {0} 件あります。該当メールはフォルダー内の順序になります。"},
    {"convert-reassigned", "{0}: UIDVALIDITY was {1} and is {2}.", "{0}: UIDVALIDITY を {1} から {2} に変更しました。"},
    {"convert-in-use", "A POP3 session kept the mailbox locked: start the job again later for this account.",
     "POP3 の接続が使用中のため変換できませんでした。時間をおいて、このアカウントをもう一度変換してください。"},
    {"convert-unreadable", "The mailbox can't be read and was left as it is: {0}",
     "メールボックスを読み取れないため、そのままにしました: {0}"},
    {"convert-failed", "It was left as it is: {0} {1}", "変換できなかったため、そのままにしました: {0} {1}"},
    {"undo-seen", "A client has seen the result already. `adminctl convert start --to` the other form takes it back all the same.",
     "変換後の状態を読んだメールソフトがあるため、取り消せません。元の形式へは `adminctl convert start --to` で変換できます。"},
    {"undo-changed", "Another job has changed this mailbox since.", "その後、別の変換がこのメールボックスに行われています。"},
    {"rebuild-counts", "{0}: counts were wrong ({1} mails by the record, {2} there) and are right now.",
     "{0}: 件数の誤り(記録 {1} 通、実際 {2} 通)を修正しました。"},
    {"rebuild-name", "Two folders were called \"{0}\"; one is called \"{1}\" now.",
     "「{0}」という名前のフォルダーが二つあったため、一つを「{1}」に変更しました。"},
    {"rebuild-index", "The name \"{0}\" leads to its folder again.", "「{0}」の索引を修正しました。"},
    {"rebuild-orphan", "The name \"{0}\" led to no folder and is gone.", "フォルダーのない名前「{0}」を索引から除きました。"},
    {"rebuild-inbox", "INBOX was not found by its record; it is there again.", "INBOX の記録を修正しました。"},
    {"rebuild-totals", "The mailbox's totals were wrong ({0} mails, counted {1}) and are right now.",
     "メールボックスの合計の誤り(記録 {0} 通、実際 {1} 通)を修正しました。"},
};

}  // namespace

std::span<const Message> job_messages() { return kMessages; }

}  // namespace tayori::legacy
