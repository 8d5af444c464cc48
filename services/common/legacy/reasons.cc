// Texts of errors that go into reports, in Japanese.
#include <algorithm>

#include "common/legacy/messages.h"

namespace tayori::legacy {
namespace {

struct Reason {
    std::string_view english;
    std::string_view japanese;
};
constexpr Reason kReasons[] = {
    // Files.
    {"There is no such file in the source.", "移行元にファイルがありません"},
    {"The path leads over a link or a file.", "途中がリンクかファイルです"},
    {"The path leads out of the source.", "移行元の外を指しています"},
    {"A link or a device of the source is not followed.", "リンクまたはデバイスファイルです"},
    {"This is no ordinary file of the source.", "通常のファイルではありません"},
    {"A file of the source may not be read by this user.", "読み取る権限がありません"},
    {"A file of the source could not be read.", "読み取り中にエラーが起きました"},
    {"A file of the source is larger than such a file may be.",
     "この種類のファイルの上限より大きなファイルです"},
    {"A directory of the source has too many files.", "ディレクトリのファイルが多すぎます"},
    // Mails.
    {"The mail is larger than a mail may be.", "メールの大きさの上限を超えています"},
    {"The file has changed since it was listed.", "一覧を作ったあとでファイルが変わりました"},
    // Servers that still run.
    {"The server refuses the login.", "ログインを拒否されました"},
    {"The server has no STARTTLS: --tls implicit or --tls none say another way.",
     "STARTTLS がありません。--tls implicit か --tls none で別の方法を指定してください"},
    {"There is no way to log in that the server and --auth both know.",
     "サーバーと --auth の両方が使えるログイン方法がありません"},
    {"The server closed the connection.", "サーバーが接続を切りました"},
    {"The connection to the server is lost.", "サーバーとの接続が切れました"},
    {"The server did not answer in time.", "時間内に応答がありませんでした"},
    {"The server ended the session.", "サーバーがセッションを終えました"},
    {"The server's answer makes no sense.", "サーバーの応答を理解できません"},
    {"The server has no UIDL: its mails can't be told apart by POP3.",
     "UIDL がないため、POP3 ではメールを区別できません"},
    {"The server handed over an empty mail.", "サーバーが空のメールを渡しました"},
    {"The mail is gone from the source since it was listed.", "一覧を作ったあとで移行元から消えました"},
    {"The folder was numbered anew at the source since it was listed.",
     "一覧を作ったあとで移行元の UID が振り直されました"},
    {"The folder's name can't be said.", "送信できない文字が名前にあります"},
    {"Its name is too long.", "名前が長すぎます"},
    {"The connection is lost whenever this mail is read.", "このメールを読むたびに接続が切れます"},
    // Addresses.
    {"Not an address: expected local@domain.", "「名前@ドメイン」の形ではありません"},
    {"Address is not UTF-8.", "UTF-8 ではありません"},
    {"Address needs SMTPUTF8.", "国際化されたアドレスです"},
    {"Bad local part.", "@ より前が正しくありません"},
    {"Local part too long.", "@ より前が長すぎます"},
    {"Bad domain.", "ドメインが正しくありません"},
    {"Bad international domain.", "国際化ドメインが正しくありません"},
    {"Domain missing.", "ドメインがありません"},
    {"Domain too long.", "ドメインが長すぎます"},
    {"The source does not tell the domain.", "移行元からドメインがわかりません"},
    {"Several domains have an account of this name.",
     "同じ名前のアカウントが複数のドメインにあります"},
    {"It was put aside, as its ~ says.", "「~」の付いた、退避されたものです"},
    // PMail's forms.
    {"uidl.txt is of an unknown version.", "知らないバージョンです"},
    {"uidl.txt has no version marker.", "バージョンの表示がありません"},
    {"uidl.txt is damaged.", "壊れています"},
    {"folder.txt is of an unknown version.", "知らないバージョンです"},
    {"folder.txt has no version marker.", "バージョンの表示がありません"},
    {"folder.txt is damaged.", "壊れています"},
    {"The counter is of an unknown version.", "知らないバージョンです"},
    {"The counter is no number between 1 and 4294967294.",
     "1 から 4294967294 までの数ではありません"},
};

}  // namespace

std::string_view japanese_reason(std::string_view english) {
    const auto* it = std::find_if(std::begin(kReasons), std::end(kReasons),
                                  [&](const Reason& reason) { return reason.english == english; });
    return it == std::end(kReasons) ? english : it->japanese;
}

}  // namespace tayori::legacy
