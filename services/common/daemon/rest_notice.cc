#include "common/daemon/rest_notice.h"

#include "common/base/text.h"
#include "common/mail/date.h"

namespace tayori::daemon {
namespace {

constexpr std::size_t kFailureTextMax = 1000;

// One line of a mail: what a plugin said may be long and have anything in it.
std::string line_of_failure(const std::string& failure) {
    std::string out = failure.substr(0, kFailureTextMax);
    for (auto& c : out)
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
    // Not in the middle of a character.
    if (failure.size() > kFailureTextMax)
        while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0x80) != 0) out.pop_back();
    return out;
}

std::string english(const RestNotice& notice, const std::string& failure, const std::string& until) {
    return cat("The plugin \"", notice.plugin, "\" has failed several times in a row in ", notice.program, " on ", notice.hostname,
               " and rests until ", until, ". ",
               notice.tempfail ? "Until then mail that needs it is answered \"try again later\"; nothing is lost."
                               : "Until then mail goes on without it.",
               "\r\n\r\nThe last failure:\r\n\r\n  ", failure,
               "\r\n\r\nHow it fares, and reading it anew once it is mended:\r\n\r\n  adminctl plugin list\r\n  adminctl plugin check ",
               notice.plugin, "\r\n  adminctl plugin reload\r\n");
}

std::string japanese(const RestNotice& notice, const std::string& failure, const std::string& until) {
    return cat("プラグイン「", notice.plugin, "」が ", notice.hostname, " の ", notice.program,
               " で続けて失敗したため、", until, " まで休止します。",
               notice.tempfail ? "それまで、このプラグインを要するメールには「後で再送」と応答します。失われるメールはありません。"
                               : "それまで、メールはこのプラグインなしで処理されます。",
               "\r\n\r\n最後の失敗:\r\n\r\n  ", failure,
               "\r\n\r\n状態の確認と、直した後の再読み込み:\r\n\r\n  adminctl plugin list\r\n  adminctl plugin check ", notice.plugin,
               "\r\n  adminctl plugin reload\r\n");
}

}  // namespace

std::string rest_notice(const RestNotice& notice) {
    const auto failure = line_of_failure(notice.failure);
    const auto until = mail::format_mail_date({notice.until_s, 0});
    std::string text;
    if (notice.language != mail::DsnLanguage::japanese) text += english(notice, failure, until);
    if (notice.language != mail::DsnLanguage::english) append(text, text.empty() ? "" : "\r\n", japanese(notice, failure, until));
    return cat("From: Tayori <", notice.postmaster, ">\r\nTo: <", notice.postmaster, ">\r\nSubject: Plugin ", notice.plugin,
               " rests after failures\r\nDate: ", mail::format_mail_date({notice.date_s, 0}), "\r\nMessage-ID: <plugin.", notice.number,
               ".", notice.date_s, "@", notice.hostname,
               ">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
               "Content-Transfer-Encoding: 8bit\r\n\r\n",
               text);
}

}  // namespace tayori::daemon
