// adminctl dkim create|list|show|enable|disable|delete
#include <algorithm>
#include <functional>

#include "adminctl/context.h"
#include "adminctl/import/text.h"
#include "adminctl/migrate/words.h"
#include "adminctl/outside/dkim_record.h"

namespace tayori::admin {
namespace {

using legacy::Language;
using Entry = v1::DkimEntry;

struct DkimOptions {
    std::string domain, selector, algorithm = "rsa", resolver, language;
    std::uint32_t bits = 0;
    bool force = false;
    Language words = Language::english;  // of `language`
};
using DkimOptionsPtr = std::shared_ptr<DkimOptions>;

std::string algorithm_text(const Entry& entry) {
    return entry.algorithm() == v1::DKIM_ALGORITHM_ED25519_SHA256 ? std::string("ed25519") : cat("rsa ", entry.bits());
}

std::string key_state_text(const Entry& entry, Language language) {
    std::string out;
    switch (entry.state()) {
        case Entry::STATE_WAITING: out = pick(language, "waiting", "待機中"); break;
        case Entry::STATE_SIGNING: out = pick(language, "signing", "署名中"); break;
        case Entry::STATE_RETIRED: out = pick(language, "retired", "引退"); break;
        default: out = "?";
    }
    if (entry.unreadable()) out += pick(language, ", unreadable", "、読めません");
    return out;
}

std::string advice(const Entry& entry, Language language) {
    if (entry.unreadable())
        return pick(language,
                    "It was sealed under a key file that is not here: put your copy of the file there, or make a new key.\n",
                    "別の鍵ファイルで封印されています。控えの鍵ファイルを戻すか、新しい鍵を作ってください。\n");
    switch (entry.state()) {
        case Entry::STATE_WAITING:
            return cat(pick(language, "It does not sign yet. When the record can be looked up:\n",
                            "まだ署名には使われません。レコードが引けるようになったら:\n"),
                       "  adminctl dkim enable ", printable(entry.domain()), " --selector ", printable(entry.selector()), "\n");
        case Entry::STATE_RETIRED:
            return cat(pick(language, "It signs no more. Leave its record published until ",
                            "もう署名には使われません。レコードは次の日時まで公開したままにしてください: "),
                       show_time(entry.removable_s()),
                       pick(language, ": mail that it has signed may be on its way. Then remove the record, and:\n",
                            "(署名済みのメールがまだ配送中かもしれません)。その後、レコードを削除して:\n"),
                       "  adminctl dkim delete ", printable(entry.domain()), " --selector ", printable(entry.selector()), "\n");
        default: return pick(language, "Mail of the domain is signed with it.\n", "このドメインのメールはこの鍵で署名されます。\n");
    }
}

std::string record_text(const Entry& entry, Language language) {
    auto name = entry.record_name();
    if (name.ends_with('.')) name.pop_back();
    return cat(pick(language, "TXT record, as a DNS console asks for it (the value is one line):\n",
                    "TXT レコード(DNS の管理画面に入力する形、値は 1 行):\n"),
               "  ", pick(language, "name   ", "名前  "), printable(name), "\n  ", pick(language, "value  ", "値    "),
               printable(entry.record()), "\n\n",
               pick(language, "The same in a zone file:\n", "ゾーンファイルに書く場合:\n"),
               dkim_zone_lines(printable(entry.record_name()), printable(entry.record())));
}

std::string entry_text(const Entry& entry, Language language) {
    return cat(printable(entry.selector()), " ", pick(language, "of ", "/ "), printable(entry.domain()), ": ",
               algorithm_text(entry), ", ", key_state_text(entry, language), ", ", pick(language, "made ", "作成 "),
               show_time(entry.created_s()), "\n\n", record_text(entry, language), "\n", advice(entry, language));
}

std::string list_text(const v1::DkimList& list, Language language) {
    if (list.keys().empty())
        return pick(language, "There is no key yet: `adminctl dkim create example.com`.\n",
                    "鍵はまだありません: `adminctl dkim create example.com`\n");
    Table table;
    for (const char* title : {"DOMAIN", "SELECTOR", "ALGORITHM", "STATE", "SINCE", "RECORD REMOVABLE"}) table.column(title);
    for (const auto& entry : list.keys())
        table.row({entry.domain(), entry.selector(), algorithm_text(entry), key_state_text(entry, language),
                   show_time(entry.changed_s()), show_time(entry.removable_s())});
    return table.text();
}

v1::DkimRequest request_of(const std::string& domain, const std::string& selector) {
    v1::DkimRequest request;
    request.set_domain(domain);
    request.set_selector(selector);
    return request;
}

Result<v1::DkimList> keys_of(Context& context, const DkimOptions& options) {
    auto client = context.client();
    if (!client) return fail(std::move(client.error()));
    v1::ListDkimRequest request;
    request.set_domain(options.domain);
    return (*client)->list_dkim(request);
}

// The key named; without a name the only one in that state.
Result<Entry> chosen_key(Context& context, const DkimOptions& options, Entry::State state) {
    auto list = keys_of(context, options);
    if (!list) return fail(std::move(list.error()));
    std::vector<Entry> matching;
    for (const auto& entry : list->keys())
        if (options.selector.empty() ? entry.state() == state : equals_ignoring_case(entry.selector(), options.selector))
            matching.push_back(entry);
    if (matching.size() == 1) return std::move(matching.front());
    if (!options.selector.empty())
        return fail(Kind::not_found, cat("There is no key ", options.selector, " of ", options.domain, "."));
    return fail(Kind::invalid, "Say which key by --selector; `adminctl dkim list` shows them.");
}

Result<ExitStatus> create_key(Context& context, const DkimOptions& options) {
    v1::CreateDkimRequest request;
    request.set_domain(options.domain);
    request.set_selector(options.selector);
    request.set_algorithm(options.algorithm == "ed25519" ? v1::DKIM_ALGORITHM_ED25519_SHA256 : v1::DKIM_ALGORITHM_RSA_SHA256);
    request.set_bits(options.bits);
    return call<Entry>(context, &rpc::AdminClient::create_dkim, request,
                       [&](const Entry& entry) { return entry_text(entry, options.words); });
}

Result<ExitStatus> show_keys(Context& context, const DkimOptions& options) {
    auto list = keys_of(context, options);
    if (!list) return fail(std::move(list.error()));
    v1::DkimList shown;
    for (const auto& entry : list->keys())
        if (options.selector.empty() || equals_ignoring_case(entry.selector(), options.selector)) *shown.add_keys() = entry;
    if (shown.keys().empty() && !options.selector.empty())
        return fail(Kind::not_found, cat("There is no key ", options.selector, " of ", options.domain, "."));
    if (context.json) {
        Context::print(cat(to_json(shown), "\n"));
        return ExitStatus::ok;
    }
    std::string text;
    for (const auto& entry : shown.keys()) append(text, text.empty() ? "" : "\n", entry_text(entry, options.words));
    Context::print(text.empty() ? list_text(shown, options.words) : text);
    return ExitStatus::ok;
}

// What stands between the key and signing, or nothing.
std::string obstacle(const Published& published, const Entry& entry, Language language) {
    std::string out;
    switch (published.verdict) {
        case PublishedVerdict::same: return {};
        case PublishedVerdict::unknown:
            return cat(pick(language, "The DNS could not be asked for ", "DNS に問い合わせられませんでした: "), entry.record_name(), ": ",
                       published.why);
        case PublishedVerdict::missing:
            out = cat(pick(language, "There is no TXT record at ", "TXT レコードがありません: "), entry.record_name());
            break;
        case PublishedVerdict::other:
            out = cat(pick(language, "Another record is published at ", "公開されているレコードが異なります: "), entry.record_name());
            for (const auto& found : published.found) append(out, "\n  ", pick(language, "there is:  ", "現在: "), found);
            break;
    }
    append(out, "\n  ", pick(language, "should be: ", "正しい値: "), entry.record(), "\n",
           pick(language,
                "Receivers would take the mail for forged. Publish it and wait until old answers have gone from caches; --force enables all "
                "the same.",
                "このまま署名すると受信側で偽造とみなされます。レコードを公開し、古い応答がキャッシュから消えるのを待ってください。--force "
                "を付けると確認せずに有効にします。"));
    return out;
}

Result<ExitStatus> enable_key(Context& context, const DkimOptions& options) {
    auto entry = chosen_key(context, options, Entry::STATE_WAITING);
    if (!entry) return fail(std::move(entry.error()));
    if (!options.force) {
        auto resolver = make_resolver(options.resolver);
        if (!resolver) return fail(std::move(resolver.error()));
        const auto published = look_up_dkim(**resolver, entry->record_name(), entry->record());
        auto why = obstacle(published, *entry, options.words);
        if (!why.empty())
            return fail(published.verdict == PublishedVerdict::unknown ? Kind::busy : Kind::no_target, std::move(why));
    }
    return call<Entry>(context, &rpc::AdminClient::enable_dkim, request_of(entry->domain(), entry->selector()),
                       [&](const Entry& enabled) {
                           return cat(printable(enabled.selector()), ": ", advice(enabled, options.words));
                       });
}

Result<ExitStatus> disable_key(Context& context, const DkimOptions& options) {
    auto entry = chosen_key(context, options, Entry::STATE_SIGNING);
    if (!entry) return fail(std::move(entry.error()));
    return call<Entry>(context, &rpc::AdminClient::disable_dkim, request_of(entry->domain(), entry->selector()),
                       [&](const Entry& disabled) {
                           return cat(printable(disabled.selector()), ": ", advice(disabled, options.words));
                       });
}

Result<ExitStatus> delete_key(Context& context, const DkimOptions& options) {
    return call<v1::DkimList>(context, &rpc::AdminClient::delete_dkim, request_of(options.domain, options.selector),
                              [&](const v1::DkimList& left) {
                                  return cat(pick(options.words, "Deleted ", "削除しました: "), printable(options.selector), "\n",
                                             left.keys().empty() ? std::string() : list_text(left, options.words));
                              });
}

using Run = Result<ExitStatus> (*)(Context&, const DkimOptions&);

CLI::App* dkim_command(CLI::App& dkim, Context& context, const DkimOptionsPtr& options, const std::string& name, Run run) {
    auto* made = command(dkim, context, name, "", [&context, options, run]() -> Result<ExitStatus> {
        auto language = parse_language(options->language);
        if (!language) return fail(std::move(language.error()));
        options->words = *language;
        return run(context, *options);
    });
    made->add_option("--lang", options->language, "en or ja; else as the terminal's");
    return made;
}

}  // namespace

void add_dkim_command(CLI::App& app, Context& context) {
    auto* dkim = group(app, "dkim", "keys that sign what a domain sends (DKIM)");
    auto options = std::make_shared<DkimOptions>();
    constexpr const char* kWhich = "which key; not needed where only one comes into question";

    auto* made = dkim_command(*dkim, context, options, "create", create_key);
    made->description("makes a key and prints the record to publish; it signs after `dkim enable`");
    made->add_option("DOMAIN", options->domain)->required();
    made->add_option("--selector", options->selector, "the key's name in the DNS; else made from the date");
    made->add_option("--algorithm", options->algorithm, "rsa, which everybody verifies, or ed25519 beside it")
        ->check(CLI::IsMember({"rsa", "ed25519"}))
        ->capture_default_str();
    made->add_option("--bits", options->bits, "of RSA: 2048 to 4096; else 2048");

    made = dkim_command(*dkim, context, options, "list", [](Context& at, const DkimOptions& with) {
        v1::ListDkimRequest request;
        request.set_domain(with.domain);
        return call<v1::DkimList>(at, &rpc::AdminClient::list_dkim, request,
                                  [&](const v1::DkimList& list) { return list_text(list, with.words); });
    });
    made->description("lists keys: waiting, signing, retired and when their record may go");
    made->add_option("DOMAIN", options->domain, "else of all domains");

    made = dkim_command(*dkim, context, options, "show", show_keys);
    made->description("prints the records to publish");
    made->add_option("DOMAIN", options->domain)->required();
    made->add_option("--selector", options->selector, "else all of the domain");

    made = dkim_command(*dkim, context, options, "enable", enable_key);
    made->description("signs with the key from now on, if the DNS has its record; the one before retires");
    made->add_option("DOMAIN", options->domain)->required();
    made->add_option("--selector", options->selector, kWhich);
    made->add_option("--resolver", options->resolver, "IP[:PORT] of the DNS server to ask; else the machine's");
    made->add_flag("--force", options->force, "without asking the DNS");

    made = dkim_command(*dkim, context, options, "disable", disable_key);
    made->description("signs with the key no more");
    made->add_option("DOMAIN", options->domain)->required();
    made->add_option("--selector", options->selector, kWhich);

    made = dkim_command(*dkim, context, options, "delete", delete_key);
    made->description("deletes a key that does not sign");
    made->add_option("DOMAIN", options->domain)->required();
    made->add_option("--selector", options->selector)->required();
}

}  // namespace tayori::admin
