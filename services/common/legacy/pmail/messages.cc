// Sentences about PMail's spools.
#include "common/legacy/messages.h"

namespace tayori::legacy {
namespace {

constexpr Message kMessages[] = {
    {"uidl-form",
     "{0} Its layout is not public, so nothing was guessed: the mailbox is refused. A capture of "
     "the running "
     "server (adminctl migrate capture) or --new-uidls lets it in.",
     "uidl.txt を読み取れません "
     "({0})"
     "。形式が公開されていないため推測はせず、このメールボックスは取り込みません。動作中の旧サーバ"
     "ーから "
     "adminctl migrate capture で記録を取るか、--new-uidls を指定してください。"},
    {"uidl-new",
     "{0} All mails get new UIDLs: POP3 clients that leave mail on the server download it once "
     "more.",
     "uidl.txt を読み取れません ({0})。UIDL を新しく付けるため、サーバーにメールを残している POP3 "
     "クライアントは一度ダウンロードし直します。"},
    {"uidl-missing", "There is no uidl.txt: all mails get new UIDLs.",
     "uidl.txt がないため、UIDL を新しく付けます。"},
    {"uidl-guessed",
     "A file without a version marker; all {0} lines could be read in one way only.",
     "バージョンの表示がないファイルですが、{0} 行すべての読み方が一通りに決まりました。"},
    {"uidl-line", "The line can't be read, or names a mail for the second time; it was left out.",
     "読み取れない行か、同じメールが重複している行です。取り込んでいません。"},
    {"uidl-no-mail", "The line names a mail that is not there: {0}",
     "存在しないメールを指す行です: {0}"},
    {"uidl-unlisted",
     "{0} mails of the inbox are not listed: POP3 shows them last, with new UIDLs.",
     "受信箱の {0} 通が記載されていません。新しい UIDL を付け、POP3 では最後に表示します。"},
    {"folder-form", "{0} The folders take their names from the directories.",
     "folder.txt を読み取れません ({0})。フォルダー名はディレクトリ名から付けます。"},
    {"folder-line",
     "The line can't be read, or names a directory for the second time; it was left out.",
     "読み取れない行か、同じディレクトリが重複している行です。取り込んでいません。"},
    {"folder-no-directory", "The line names a directory that is not there: {0}", "存在しないディレクトリを指す行です: {0}"},
    {"folder-circle", "The folder lies within itself; it was put at the top.",
     "フォルダーの親子関係が循環しているため、最上位に置きました。"},
    {"counter-unreadable", "{0} The counter starts above everything that is in use.",
     "カウンターを読み取れません ({0})。使用中の最大値より大きい値から始めます。"},
    {"read-txt",
     "Which mails were read is kept here in a form that is not public. A capture brings it over.",
     "既読の記録ですが、形式が公開されていません。動作中の旧サーバーから記録 (capture) "
     "を取れば引き継げます。"},
    {"forward-line", "The line is no forwarding rule that is documented, it was left out: {0}",
     "公開されている転送規則の形式ではないため、取り込んでいません: {0}"},
    {"pmail-filter",
     "The filter \"{0}\" has {1} lines whose meaning is not public; it is kept as a disabled rule.",
     "フィルター「{0}」の {1} 行は意味が公開されていないため、無効の規則として残しました。"},
    {"pmail-filter-line", "The line belongs to no filter, it was left out: {0}",
     "どのフィルターにも属さない行です。取り込んでいません: {0}"},
    {"server-filter", "Filters of the whole server; they belong to no account and were not taken.",
     "サーバー全体のフィルターです。特定のアカウントのものではないため、取り込んでいません。"},
};

}  // namespace

std::span<const Message> pmail_messages() { return kMessages; }

}  // namespace tayori::legacy
