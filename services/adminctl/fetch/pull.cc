#include "adminctl/fetch/pull.h"

#include <algorithm>
#include <chrono>
#include <map>

#include "adminctl/fetch/reader.h"
#include "adminctl/import/account_run.h"
#include "adminctl/import/wire.h"
#include "common/base/text.h"
#include "common/legacy/live/removal.h"

namespace tayori::admin {
namespace {

constexpr std::uint32_t kDayS = 86'400;
constexpr std::size_t kFilterPerCall = 100'000;  // spoold's bound (services/spoold/legacy/limits.h)
constexpr std::string_view kMailCodes[] = {"mail-unreadable", "mail-refused"};

bool is_about_a_mail(const legacy::ReportLine& line) {
    return std::find(std::begin(kMailCodes), std::end(kMailCodes), line.code) != std::end(kMailCodes);
}

v1::FetchProblem problem_of(const legacy::ReportLine& line) {
    if (line.code == "live-folder-renumbered") return v1::FETCH_PROBLEM_RENUMBERED;
    if (line.code == "account-refused" || line.code == "folder-refused") return v1::FETCH_PROBLEM_SPOOL;
    if (is_about_a_mail(line)) return v1::FETCH_PROBLEM_MAIL_REFUSED;
    return v1::FETCH_PROBLEM_INCOMPLETE;
}

class Pull {
  public:
    Pull(rpc::ImportClient& client, const v1::FetchLease& lease, const Stop& stop)
        : client_(client), lease_(lease), stop_(stop), reader_(lease, stop) {}

    v1::FetchOutcome run() {
        const auto began = std::chrono::steady_clock::now();
        auto done = import();
        if (!done) say(v1::FETCH_PROBLEM_SPOOL, done.error().text);
        else judge(*done);
        if (done && !reader_.failed() && lease_.settings().has_delete_after_days() && !stop_.is_set()) remove();
        const auto took = std::chrono::steady_clock::now() - began;
        outcome_.set_duration_ms(
            static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
        return std::move(outcome_);
    }

  private:
    Result<AccountOutcome> import() {
        Progress progress;
        ImportParts parts{.client = client_, .progress = progress};
        parts.import_id = lease_.import_id();
        parts.message_bytes_max = lease_.message_bytes_max();
        parts.live = true;
        parts.lines = &lines_;
        parts.also_known_by.assign(lease_.also_known_by().begin(), lease_.also_known_by().end());
        if (lease_.has_room_bytes()) parts.room_bytes = lease_.room_bytes();
        if (lease_.has_room_messages()) parts.room_mails = lease_.room_messages();
        parts.accept_renumbered = lease_.accept_renumbered();
        legacy::Account account;
        account.address = lease_.settings().address();
        account.directory = lease_.settings().user();
        return import_account(parts, account, reader_);
    }

    // The worst that happened, in one sentence.
    void judge(const AccountOutcome& done) {
        outcome_.set_fetched(done.imported);
        outcome_.set_known(done.known);
        outcome_.set_over_quota(done.over_quota);
        std::uint64_t others = 0;
        const legacy::ReportLine* worst = nullptr;
        for (const auto& line : lines_) {
            if (line.severity != legacy::Severity::refused) continue;
            if (!is_about_a_mail(line)) ++others;
            if (worst == nullptr || (is_about_a_mail(*worst) && !is_about_a_mail(line))) worst = &line;
        }
        outcome_.set_refused(done.refused - std::min(done.refused, others));
        if (reader_.failed()) return say(admin::problem_of(*reader_.failed()), reader_.failed()->text);
        if (worst != nullptr) return say(problem_of(*worst), legacy::sentence(*worst, legacy::Language::english));
        if (outcome_.refused() > 0) return say(v1::FETCH_PROBLEM_MAIL_REFUSED, "spoold refused a mail.");
        if (done.over_quota > 0) say(v1::FETCH_PROBLEM_OVER_QUOTA, "The mailbox here is full.");
    }

    void say(v1::FetchProblem problem, std::string_view text) {
        outcome_.set_problem(problem);
        std::string said(text);
        // Some servers repeat what they have been told.
        const auto& secret = lease_.settings().secret();
        for (auto at = said.find(secret); !secret.empty() && at != std::string::npos; at = said.find(secret))
            said.replace(at, secret.size(), std::string());
        outcome_.set_text(text_on_wire(said));
    }

    // spoold says for how long it has had each on disk; nothing else is touched.
    Result<std::vector<const FetchedPlace*>> old_places() {
        const auto& places = reader_.places();
        std::vector<const FetchedPlace*> old;
        for (std::size_t from = 0; from < places.size(); from += kFilterPerCall) {
            v1::FilterImportedRequest request;
            request.set_import_id(lease_.import_id());
            request.set_account_id(lease_.account_id());
            request.set_older_than_s(lease_.settings().delete_after_days() * kDayS);
            const auto to = std::min(places.size(), from + kFilterPerCall);
            for (std::size_t i = from; i < to; ++i) request.mutable_identities()->append(places[i].identity);
            auto reply = client_.filter_imported(request);
            if (!reply) return fail(std::move(reply.error()));
            for (const auto& range : reply->older())
                for (std::size_t i = range.first(); i <= range.last(); ++i) old.push_back(&places[from + i]);
        }
        return old;
    }

    Result<std::uint64_t> remove_there(const std::vector<const FetchedPlace*>& old) {
        const auto make_link = link_maker(lease_, stop_);
        if (lease_.settings().protocol() == v1::FETCH_PROTOCOL_POP3) {
            std::vector<std::string> keys;
            for (const auto* place : old) keys.push_back(place->drop_key);
            return legacy::remove_by_pop3(make_link, keys);
        }
        std::map<std::string, legacy::RemovalFolder> folders;
        for (const auto* place : old) {
            auto& folder = folders[place->raw_folder];
            folder.raw_name = place->raw_folder;
            folder.uid_validity = place->uid_validity;
            folder.uids.push_back(place->uid);
        }
        std::vector<legacy::RemovalFolder> all;
        for (auto& [name, folder] : folders) {
            std::sort(folder.uids.begin(), folder.uids.end());
            all.push_back(std::move(folder));
        }
        return legacy::remove_by_imap(make_link, all);
    }

    void remove() {
        auto old = old_places();
        if (!old) return say(v1::FETCH_PROBLEM_SPOOL, old.error().text);
        if (old->empty()) return;
        auto removed = remove_there(*old);
        if (!removed)
            return say(v1::FETCH_PROBLEM_INCOMPLETE, cat("Nothing could be deleted there: ", removed.error().text));
        outcome_.set_deleted(*removed);
        if (*removed < old->size() && outcome_.problem() == v1::FETCH_PROBLEM_UNSPECIFIED)
            outcome_.set_text(cat(old->size() - *removed, " mails could not be deleted there."));
    }

    rpc::ImportClient& client_;
    const v1::FetchLease& lease_;
    const Stop& stop_;
    FetchReader reader_;
    std::vector<legacy::ReportLine> lines_;
    v1::FetchOutcome outcome_;
};

}  // namespace

v1::FetchProblem problem_of(const Error& error) {
    switch (error.kind) {
        case Kind::auth_failed: return v1::FETCH_PROBLEM_LOGIN_REFUSED;
        case Kind::unsupported:
        case Kind::invalid: return v1::FETCH_PROBLEM_SETTINGS;
        case Kind::denied:
        case Kind::corrupt: return v1::FETCH_PROBLEM_INCOMPLETE;
        default: return v1::FETCH_PROBLEM_UNREACHABLE;
    }
}

v1::FetchOutcome pull_source(rpc::ImportClient& client, const v1::FetchLease& lease, const Stop& stop) {
    return Pull(client, lease, stop).run();
}

Result<SourceLook> look_at_source(const v1::FetchLease& lease, const Stop& stop) {
    SourceLook look;
    FetchReader reader(lease, stop);
    auto loaded = reader.load({}, look.report);
    if (!loaded) return fail(std::move(loaded.error()));
    look.mailbox = std::move(*loaded);
    return look;
}

}  // namespace tayori::admin
