#include "adminctl/import/text.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "adminctl/json.h"
#include "adminctl/notices.h"
#include "adminctl/table.h"
#include "adminctl/values.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

using legacy::Language;

// What a run does, cautiously: measured on two cores with an SSD it is more than twice of it.
constexpr std::uint64_t kMailsPerSecond = 5'000;
constexpr std::uint64_t kBytesPerSecond = 50 * 1024 * 1024;

std::string_view pick(Language language, std::string_view english, std::string_view japanese) {
    return language == Language::japanese ? japanese : english;
}

std::string expected_time(const ImportPlan& plan, Language language) {
    const auto seconds = std::max(plan.mails / kMailsPerSecond, plan.bytes / kBytesPerSecond) + 1;
    const auto minutes = seconds / 60;
    if (minutes == 0) return cat(pick(language, "about ", "約 "), seconds, pick(language, " s", " 秒"));
    return cat(pick(language, "about ", "約 "), minutes + 1, pick(language, " min", " 分"));
}

void line(std::string& out, std::string_view name, std::string_view value) {
    const auto width = display_width(name);
    append(out, name, std::string(width < 16 ? 16 - width : 1, ' '), printable(value), "\n");
}

std::string one_decimal(double value) {
    const auto tenths = static_cast<std::uint64_t>(std::llround(value * 10));
    return cat(tenths / 10, '.', tenths % 10);
}

std::string accounts_table(const legacy::Plan& found, Language language) {
    Table table;
    table.column(std::string(pick(language, "ACCOUNT", "アカウント")));
    table.column(std::string(pick(language, "MAILS", "通数")), Align::right);
    table.column(std::string(pick(language, "SIZE", "容量")), Align::right);
    table.column(std::string(pick(language, "QUOTA", "上限")), Align::right);
    table.column(std::string(pick(language, "PASSWORD", "パスワード")));
    table.column(std::string(pick(language, "RULES", "転送・返信など")));
    for (const auto& account : found.accounts) {
        std::string rules;
        for (const auto& settings : account.settings) append(rules, rules.empty() ? "" : ", ", settings.plugin);
        const bool has = account.password || account.password_hash;
        table.row({account.address.empty() ? cat("(", account.directory, ")") : account.address, cat(account.mails),
                   show_size(account.bytes), show_limit(account.quota_bytes.value_or(0), true),
                   std::string(has ? pick(language, "yes", "あり") : pick(language, "none", "なし")), rules});
    }
    return table.text();
}

std::string report_text(const legacy::Report& report, Language language) {
    std::string out;
    for (const auto& entry : report.lines()) append(out, printable(legacy::as_text(entry, language)), "\n");
    return out;
}

std::string site_text(const SiteView& site, Language language) {
    std::string out;
    if (!site.reached) {
        append(out, pick(language, "spoold was not reached: whether domains and accounts are there already was not looked at.\n",
                         "spoold に接続できないため、ドメインとアカウントの有無は確認していません。\n"));
    }
    for (const auto& domain : site.domains_missing) {
        append(out, pick(language, "The domain is missing; before the run: adminctl domain add ",
                         "ドメインがありません。実行前に追加してください: adminctl domain add "),
               printable(domain), "\n");
    }
    if (!site.accounts_there.empty()) {
        append(out, site.accounts_there.size(),
               pick(language, " accounts are there already; they keep their password, and mail comes behind what they have:",
                    " 個のアカウントはすでにあります。パスワードはそのまま、メールは今あるメールの後ろに入ります:"));
        for (const auto& address : site.accounts_there) append(out, ' ', printable(address));
        out += '\n';
    }
    return out;
}

}  // namespace

Result<Language> parse_language(std::string_view text) {
    if (text == "ja") return Language::japanese;
    if (text == "en") return Language::english;
    if (!text.empty()) return fail(Kind::invalid, cat("\"", text, "\" is no language here: use en or ja."));
    return language_of_environment();
}

std::string plan_text(const ImportPlan& plan, const legacy::Plan& found, const legacy::Report& report,
                      const SiteView& site, Language language) {
    std::string out;
    line(out, pick(language, "source", "移行元"), cat(plan.kind, "  ", plan.path));
    line(out, pick(language, "accounts", "アカウント"), cat(plan.accounts));
    line(out, pick(language, "mails", "メール"), cat(plan.mails));
    line(out, pick(language, "size", "容量"), show_size(plan.bytes));
    line(out, pick(language, "aliases", "エイリアス"), cat(found.aliases.size()));
    line(out, pick(language, "expected time", "予想時間"), expected_time(plan, language));
    for (const auto& [name, next] : found.counters) line(out, name, cat(next));
    append(out, "\n", accounts_table(found, language), "\n", site_text(site, language));
    append(out, pick(language, "What was noticed", "読み取りで分かったこと"), " (",
           legacy::severity_name(legacy::Severity::refused, language), " ", report.count(legacy::Severity::refused), ", ",
           legacy::severity_name(legacy::Severity::person, language), " ", report.count(legacy::Severity::person), ", ",
           legacy::severity_name(legacy::Severity::changed, language), " ", report.count(legacy::Severity::changed), "):\n");
    const auto lines = report_text(report, language);
    append(out, lines.empty() ? pick(language, "nothing\n", "なし\n") : std::string_view(lines));
    return out;
}

std::string run_text(const RunOutcome& outcome, Language language) {
    const auto all = outcome.imported + outcome.known;
    const auto rate = outcome.seconds > 0 ? static_cast<std::uint64_t>(static_cast<double>(outcome.imported) / outcome.seconds) : 0;
    std::string out;
    if (language == Language::japanese) {
        append(out, "取り込み ", outcome.import.import_id(), ": アカウント ", outcome.accounts, " 個 (うち取り込みで作成 ", outcome.created,
               " 個)、メール ", outcome.imported, " 通を取り込み、", outcome.known, " 通は取り込み済み、", outcome.refused,
               " 件は取り込めませんでした。", one_decimal(outcome.seconds), " 秒、毎秒 ", rate, " 通。\n");
        if (outcome.imported == 0 && all > 0) append(out, "新しいメールはありませんでした。\n");
        if (outcome.changed + outcome.removed > 0)
            append(out, "移行元に合わせて、フラグ ", outcome.changed, " 件を変更し、", outcome.removed,
                   " 通を削除しました。\n");
        if (outcome.unfinished > 0)
            append(out, outcome.unfinished, " 個のアカウントはまだ終わっていません。もう一度実行してください。\n");
        append(out, "報告: adminctl import report ", outcome.import.import_id(), "\n");
        return out;
    }
    append(out, "Import ", outcome.import.import_id(), ": ", outcome.accounts, " accounts (", outcome.created,
           " made by it), ",
           outcome.imported, " mails imported, ", outcome.known, " were here already, ", outcome.refused,
           " could not be taken; ", one_decimal(outcome.seconds), " s, ", rate, " mails a second.\n");
    if (outcome.imported == 0 && all > 0) append(out, "There was nothing new.\n");
    if (outcome.changed + outcome.removed > 0)
        append(out, "As at the source, the flags of ", outcome.changed, " mails were changed, and ", outcome.removed,
               " removed.\n");
    if (outcome.unfinished > 0) append(out, outcome.unfinished, " accounts are not finished: run it again.\n");
    append(out, "What was noticed: adminctl import report ", outcome.import.import_id(), "\n");
    return out;
}

std::string run_json(const RunOutcome& outcome) {
    return cat("{\"import\":", to_json(outcome.import), ",\"imported\":", outcome.imported,
               ",\"known\":", outcome.known, ",\"refused\":", outcome.refused, ",\"accounts\":", outcome.accounts,
               ",\"created\":", outcome.created, ",\"changed\":", outcome.changed, ",\"removed\":", outcome.removed,
               ",\"unfinished\":", outcome.unfinished,
               ",\"milliseconds\":", static_cast<std::uint64_t>(outcome.seconds * 1000), "}\n");
}

std::string verify_text(const VerifyOutcome& outcome, Language language) {
    if (language == Language::japanese) {
        return cat("アカウント ", outcome.accounts, " 個、メール ", outcome.mails, " 通 (", show_size(outcome.bytes),
                   ") を移行元と比較しました: 相違 ", outcome.problems, " 件、報告済みの変更 ", outcome.reported, " 件。\n");
    }
    return cat("Compared ", outcome.mails, " mails of ", outcome.accounts, " accounts (", show_size(outcome.bytes),
               ") with the source: ", outcome.problems, " problems, ", outcome.reported,
               " differences that the report names.\n");
}

std::string undo_text(const v1::UndoImportReply& reply, Language language) {
    std::string out;
    if (language == Language::japanese) {
        append(out, "取り消しました: アカウント ", reply.accounts_removed(), " 個、メール ", reply.mails_removed(),
               " 通、エイリアス ", reply.aliases_removed(), " 個を削除。\n");
        for (const auto& address : reply.kept())
            append(out, "利用者がすでにログインしているため、そのまま残しました: ", printable(address), "\n");
        return out;
    }
    append(out, "Taken back: ", reply.accounts_removed(), " accounts removed, ", reply.mails_removed(), " mails, ",
           reply.aliases_removed(), " aliases.\n");
    for (const auto& address : reply.kept())
        append(out, "Left as it is, because a client has logged in: ", printable(address), "\n");
    return out;
}

std::string import_state(v1::ImportState state) {
    switch (state) {
        case v1::IMPORT_STATE_OPEN: return "open: run it again";
        case v1::IMPORT_STATE_COMPLETE: return "complete";
        case v1::IMPORT_STATE_UNDONE: return "undone";
        default: return "?";
    }
}

}  // namespace tayori::admin
