// adminctl convert guide: the steps of the old server's manual, in order, each shown before it is done. It can be left
// after any step: what is done is seen from spoold, so the next call goes on where it was left.
#include <functional>

#include "adminctl/commands/backup.h"
#include "adminctl/commands/jobs.h"

namespace tayori::admin {
namespace {

struct Text {
    const char* english;
    const char* japanese;
    const char* in(Language language) const { return language == Language::japanese ? japanese : english; }
};

struct Step {
    Text title;
    Text why;
    // Already done, as far as spoold can tell.
    std::function<Result<bool>(rpc::AdminClient&)> done;
    std::function<Result<ExitStatus>(Context&)> act;
};

Result<v1::Imap4> imap4_now(rpc::AdminClient& client) { return client.get_imap4(v1::GetImap4Request()); }

v1::JobSpec to_imap4() {
    v1::JobSpec spec;
    spec.set_kind(v1::JOB_KIND_CONVERT);
    spec.set_to(v1::MAILBOX_FORM_IMAP4);
    return spec;
}

Result<ExitStatus> verify(Context& context) {
    auto client = context.client();
    if (!client) return fail(std::move(client.error()));
    auto report = (*client)->verify_counters(v1::CountersRequest());
    if (!report) return fail(std::move(report.error()));
    context.say(cat("Checked ", report->folders_checked(), " folders and ", report->references_checked(), " messages: ",
                    report->problems_size(), " problems."));
    for (const auto& problem : report->problems()) context.say(cat("  ", printable(problem)));
    return report->problems().empty() ? ExitStatus::ok : ExitStatus::problems;
}

Result<ExitStatus> enable(Context& context) {
    auto client = context.client();
    if (!client) return fail(std::move(client.error()));
    v1::SetImap4Request request;
    request.set_enabled(true);
    auto set = (*client)->set_imap4(request);
    if (!set) return fail(std::move(set.error()));
    context.say("IMAP4 is in use.");
    return ExitStatus::ok;
}

Result<bool> never(rpc::AdminClient&) { return false; }

std::vector<Step> steps() {
    return {
        {{"Make a backup", "バックアップ"},
         {"Everything as it is now, below backup.directory, while mail goes on. `adminctl backup restore` brings it back.",
          "現在のすべてを backup.directory の下に保存します。メールの受信は続きます。`adminctl backup restore` で戻せます。"},
         never, create_backup},
        {{"Prove what is there", "現状の確認"},
         {"All counters and mailboxes are compared with the mails. Nothing is changed.",
          "カウンターとメールボックスを実際のメールと照合します。何も変更しません。"},
         never, verify},
        {{"Switch IMAP4 on", "IMAP4 を有効にする"},
         {"New mailboxes are then made in IMAP4 form. Those that exist stay as they are until the next step.",
          "以後に作るメールボックスは IMAP4 形式になります。既存のものは次の手順まで変わりません。"},
         [](rpc::AdminClient& client) -> Result<bool> {
             return imap4_now(client).map([](const v1::Imap4& imap4) { return imap4.enabled(); });
         },
         enable},
        {{"Convert the mailboxes", "メールボックスの変換"},
         {"Mail goes on arriving, POP3 goes on. UIDLs stay, so nobody downloads twice. It can be undone until a client has read by "
          "IMAP.",
          "変換中もメールの受信と POP3 の利用は続きます。UIDL は変わらないので、二重にダウンロードされることはありません。IMAP "
          "で読まれるまでは取り消せます。"},
         [](rpc::AdminClient& client) -> Result<bool> {
             return imap4_now(client).map([](const v1::Imap4& imap4) { return imap4.pop3_mailboxes() == 0; });
         },
         [](Context& context) { return start_job(context, to_imap4(), {}); }},
        {{"Rebuild the folders", "フォルダーの再構築"},
         {"Counts and names are made anew; hierarchy, subscriptions and UIDs stay. It does no harm where all is well.",
          "件数とフォルダー名の索引を作り直します。階層、購読、UID は変わりません。問題がなければ何も変わりません。"},
         never,
         [](Context& context) {
             v1::JobSpec spec;
             spec.set_kind(v1::JOB_KIND_REBUILD_FOLDERS);
             return start_job(context, spec, {});
         }},
        {{"Prove the result", "結果の確認"},
         {"The same proof as at the beginning.", "最初と同じ確認をもう一度行います。"}, never, verify},
    };
}

struct GuideOptions {
    std::size_t from = 1;
    bool yes = false;
};

// True: go on.
Result<bool> do_step(Context& context, const Step& step, std::size_t number, std::size_t all, const GuideOptions& options) {
    const auto language = language_of_environment();
    auto client = context.client();
    if (!client) return fail(std::move(client.error()));
    context.say(cat("\n", number, "/", all, "  ", step.title.in(language), "\n     ", step.why.in(language)));
    auto done = step.done(**client);
    if (!done) return fail(std::move(done.error()));
    if (*done) {
        context.say(language == Language::japanese ? "     済んでいます。" : "     Done already.");
        return true;
    }
    const auto* question = language == Language::japanese ? "     実行しますか?" : "     Do this now?";
    if (!options.yes && !confirmed(question)) {
        context.say(cat(language == Language::japanese ? "ここで終了しました。続けるには: " : "Left here. To go on: ",
                        "adminctl convert guide --from ", number));
        return false;
    }
    auto acted = step.act(context);
    if (!acted) return fail(std::move(acted.error()));
    if (*acted == ExitStatus::ok) return true;
    return fail(Kind::corrupt, cat("Step ", number, " found problems, see above. When they are understood: adminctl convert guide "
                                                    "--from ", number + 1));
}

}  // namespace

void add_convert_guide(CLI::App& convert, Context& context) {
    auto options = std::make_shared<GuideOptions>();
    auto* guide = command(convert, context, "guide", "the whole way from POP3 to IMAP4, step by step; can be left and gone on with",
                          [&context, options]() -> Result<ExitStatus> {
                              const auto all = steps();
                              for (std::size_t i = options->from - 1; i < all.size(); ++i) {
                                  auto go_on = do_step(context, all[i], i + 1, all.size(), *options);
                                  if (!go_on) return fail(std::move(go_on.error()));
                                  if (!*go_on) return ExitStatus::ok;
                              }
                              const bool japanese = language_of_environment() == Language::japanese;
                              context.say(japanese ? "\n完了しました。利用者はそのまま POP3 を使い続けるか、IMAP(993 番、TLS)に切り替えられます。"
                                                   : "\nDone. Users go on by POP3 as before, or set up IMAP (port 993, TLS).");
                              return ExitStatus::ok;
                          });
    guide->add_option("--from", options->from, "the step to begin with")->check(CLI::Range(1, 6));
    guide->add_flag("--yes", options->yes, "does every step without asking");
}

}  // namespace tayori::admin
