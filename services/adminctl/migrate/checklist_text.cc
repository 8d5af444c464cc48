#include "adminctl/json.h"
#include "adminctl/migrate/checklist.h"
#include "adminctl/migrate/words.h"
#include "adminctl/verdicts.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

using legacy::Language;

std::string verdict_name(CheckVerdict verdict, Language language) {
    switch (verdict) {
        case CheckVerdict::ok:
            return "ok";
        case CheckVerdict::todo:
            return pick(language, "to do", "要作業");
        case CheckVerdict::wrong:
            return pick(language, "WRONG", "異常");
    }
    return {};
}

}  // namespace

std::string pick(Language language, std::string_view english, std::string_view japanese) {
    return std::string(language == Language::japanese ? japanese : english);
}

std::string words(Language language, Word word) {
    switch (word) {
        case Word::accounts:
            return pick(language, " accounts", " アカウント");
        case Word::accounts_needed:
            return pick(language, "with accounts", "アカウントが必要です");
        case Word::all_complete:
            return pick(language, "all complete", "すべて完了");
        case Word::answers:
            return pick(language, "answers, the certificate is right", "応答あり、証明書も正しい");
        case Word::at_provider:
            return pick(language, " (at who gave you the address)", " (アドレスの提供元で設定)");
        case Word::certificate_for:
            return pick(language, "a trusted certificate for ", "信頼された証明書: ");
        case Word::complete:
            return pick(language, " accounts, all complete", " アカウント、すべて完了");
        case Word::domain:
            return pick(language, "domain ", "ドメイン ");
        case Word::greeting:
            return pick(language, "the greeting of its protocol", "プロトコルの応答");
        case Word::here:
            return pick(language, "here", "あり");
        case Word::imports:
            return pick(language, "imports", "取り込み");
        case Word::last_delta:
            return pick(language, "oldest last run", "最も古い最終実行");
        case Word::no_such_name:
            return pick(language, "no such name", "名前がありません");
        case Word::none:
            return pick(language, "none", "なし");
        case Word::not_here:
            return pick(language, "not here", "なし");
        case Word::reachable:
            return pick(language, "reachable from outside", "外から接続できること");
        case Word::somebody_reads:
            return pick(language, "an account or an alias that somebody reads", "誰かが読むアカウントかエイリアス");
        case Word::spf_allows:
            return pick(language, "allows the new address", "新しいアドレスを許可すること");
        case Word::spf_by_hand:
            return pick(language, "looked at by a person", "人の目で確認してください");
        case Word::ttl_before:
            return pick(language, "a day before the switch at most ", "切り替えの前日までに最大 ");
        case Word::unfinished:
            return pick(language, "not finished: ", "未完了: ");
        case Word::younger_than:
            return pick(language, "younger than ", "次より新しいこと: ");
    }
    return {};
}

std::string checklist_text(const std::vector<CheckLine>& lines, Language language) {
    std::string out;
    std::size_t open = 0;
    for (const auto& line : lines) {
        verdict_line(out, verdict_name(line.verdict, language), cat(line.subject, ": ", line.is));
        if (line.verdict == CheckVerdict::ok) continue;
        ++open;
        if (!line.should.empty()) verdict_detail(out, pick(language, "  should be: ", "  正しくは: "), line.should);
        verdict_detail(out, "  -> ", line.publish);
    }
    if (open == 0) return out + pick(language, "Everything is ready.\n", "すべて整っています。\n");
    append(out, open, pick(language, " of ", " 件が残っています (全 "), lines.size(),
           pick(language, " points are open.\n", " 件)。\n"));
    return out;
}

std::string checklist_json(const std::vector<CheckLine>& lines) {
    std::string out = "[";
    for (const auto& line : lines) {
        const auto* verdict = line.verdict == CheckVerdict::ok     ? "ok"
                              : line.verdict == CheckVerdict::todo ? "todo"
                                                                   : "wrong";
        append(out, out.size() > 1 ? ",\n " : "", "{\"verdict\":\"", verdict, "\",\"code\":", json_string(line.code),
               ",\"subject\":", json_string(line.subject), ",\"is\":", json_string(line.is),
               ",\"should\":", json_string(line.should), ",\"publish\":", json_string(line.publish), "}");
    }
    return out + "]\n";
}

}  // namespace tayori::admin
