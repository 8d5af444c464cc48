#include "adminctl/migrate/text.h"

#include "adminctl/json.h"
#include "adminctl/migrate/words.h"
#include "adminctl/table.h"
#include "adminctl/values.h"
#include "common/base/text.h"
#include "common/legacy/messages.h"

namespace tayori::admin {
namespace {

using legacy::Language;

std::string state_name(const MigrationState& state, Language language) {
    if (!state.begun) return pick(language, "not begun", "未着手");
    if (state.account.state() == v1::IMPORT_STATE_COMPLETE) return pick(language, "complete", "完了");
    return pick(language, "open: run it again", "途中: もう一度実行");
}

std::string left_of(const MigrationState& state, Language language) {
    if (state.left) return with_commas(*state.left);
    return state.source_error.empty() ? "-" : pick(language, "not read", "読めません");
}

}  // namespace

std::string capture_text(const CaptureOutcome& outcome, const std::string& directory, Language language) {
    if (language == Language::japanese)
        return cat(directory, " に ", outcome.accounts, " 個のアカウントを記録しました: IMAP ", outcome.mails,
                   " 通、POP3 ", outcome.drop, " 通。読めなかったもの ", outcome.refused, " 件。\n");
    return cat("Captured ", outcome.accounts, " accounts into ", directory, ": ", outcome.mails, " mails by IMAP, ",
               outcome.drop, " by POP3; ", outcome.refused, " could not be read.\n");
}

std::string state_text(const std::vector<MigrationState>& states, Language language) {
    Table table;
    table.column(pick(language, "ACCOUNT", "アカウント"));
    table.column(pick(language, "AT THE SOURCE", "移行元"));
    table.column(pick(language, "STATE", "状態"));
    table.column(pick(language, "MAILS", "通数"), Align::right);
    table.column(pick(language, "SIZE", "容量"), Align::right);
    table.column(pick(language, "REFUSED", "取り込み不可"), Align::right);
    table.column(pick(language, "LEFT", "残り"), Align::right);
    table.column(pick(language, "LAST COMPLETE", "最後の完了"));
    table.column(pick(language, "CLIENTS", "利用者"));
    for (const auto& state : states) {
        table.row({state.address, state.user, state_name(state, language), with_commas(state.account.mails()),
                   show_size(state.account.bytes()), cat(state.report_refused), left_of(state, language),
                   show_time(state.account.finished_s()),
                   !state.begun                   ? "-"
                   : state.account.clients_came() ? pick(language, "came", "ログイン済み")
                                                  : pick(language, "not yet", "未ログイン")});
    }
    auto out = table.text();
    for (const auto& state : states) {
        if (state.source_error.empty()) continue;
        const auto reason = language == Language::japanese ? legacy::japanese_reason(state.source_error)
                                                           : std::string_view(state.source_error);
        append(out, printable(cat(state.address, ": ", reason)), "\n");
    }
    return out;
}

std::string state_json(const std::vector<MigrationState>& states) {
    std::string out = "[";
    for (const auto& state : states) {
        append(out, out.size() > 1 ? ",\n " : "", "{\"address\":", json_string(state.address),
               ",\"user\":", json_string(state.user), ",\"begun\":", state.begun ? "true" : "false",
               ",\"complete\":", state.account.state() == v1::IMPORT_STATE_COMPLETE ? "true" : "false",
               ",\"mails\":", state.account.mails(), ",\"bytes\":", state.account.bytes(),
               ",\"refused\":", state.report_refused, ",\"left\":", state.left ? cat(*state.left) : "null",
               ",\"finished_s\":", state.account.finished_s(),
               ",\"clients_came\":", state.account.clients_came() ? "true" : "false",
               ",\"error\":", json_string(state.source_error), "}");
    }
    return out + "]\n";
}

}  // namespace tayori::admin
