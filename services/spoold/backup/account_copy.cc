#include "spoold/backup/account_copy.h"

#include <optional>

#include "spoold/backup/account_mail.h"
#include "spoold/directory/account_rows.h"
#include "spoold/keys.h"
#include "spoold/mailbox/reading.h"
#include "spoold/store/commit.h"

namespace tayori::spool {
namespace {

constexpr std::size_t kCopiedBytesPerCommit = 4 * kMiB;
constexpr std::size_t kCopiedRowsPerCommit = 1'000;

class AccountCopy {
  public:
    AccountCopy(const store::Store& from, AccountId account, store::Store& to, const Watch& watch)
        : from_(from), snapshot_(from.snapshot()), rows_(snapshot_), account_(account), to_(to), watch_(watch) {}

    Result<void> run() {
        auto state = read_state(*snapshot_, account_);
        if (!state) return fail(std::move(state.error()));
        progress_.total = state->bytes;
        if (auto done = directory(); !done) return done;
        if (auto done = mailbox(); !done) return done;
        return messages();
    }

  private:
    using Row = std::pair<std::string, std::string>;

    Result<void> put(std::string key, std::string value) {
        batch_bytes_ += key.size() + value.size();
        batch_.emplace_back(std::move(key), std::move(value));
        if (batch_.size() < kCopiedRowsPerCommit && batch_bytes_ < kCopiedBytesPerCommit) return {};
        return flush();
    }
    Result<void> flush() {
        auto done = store::commit_and_wait(to_, raw(account_), store::Effect::grows, [this](store::Transaction& tx) -> Result<void> {
            for (const auto& [key, value] : batch_) tx.put(key, value);
            return {};
        });
        batch_.clear();
        batch_bytes_ = 0;
        return done;
    }
    // One row as it is, where there is one.
    Result<void> take(const std::string& key) {
        auto value = snapshot_->get(key);
        if (!value) return fail(std::move(value.error()));
        return *value ? put(key, std::move(**value)) : Result<void>();
    }
    Result<void> take(const keys::Range& range) {
        Result<void> done;
        auto scanned = snapshot_->scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
            done = put(std::string(key), std::string(value));
            return done.has_value();
        });
        return done ? scanned : done;
    }

    Result<void> directory() {
        const auto id = raw(account_);
        auto account = read_row<stored::v1::StoredAccount>(rows_, row_key::account(id));
        if (!account) return fail(std::move(account.error()));
        if (!*account) return fail(Kind::not_found, "There is no such account.");
        auto name = parse_name((*account)->address());
        if (!name) return fail(std::move(name.error()));
        auto domain = domain_of_account(rows_, name->domain);
        if (!domain) return fail(std::move(domain.error()));
        domain->set_accounts(1);
        domain->clear_catch_all();
        Result<void> done = put(row_key::domain(name->domain), domain->SerializeAsString());
        for (const auto& key : {row_key::name(*name), row_key::account(id), row_key::credentials(id), row_key::use(id),
                                row_key::plugin_settings(id), row_key::untouched(id), row_key::next_account()}) {
            if (done) done = take(key);
        }
        return done ? aliases(name->text()) : done;
    }

    // Those that lead to it, with all their targets.
    Result<void> aliases(const std::string& address) {
        std::vector<std::string> sources;
        const auto begin = row_key::pointers_begin(address);
        auto scanned = rows_.scan(begin, row_key::end_of(begin), [&](std::string_view key, std::string_view) {
            sources.push_back(row_key::source_of(key));
            return true;
        });
        if (!scanned) return scanned;
        for (const auto& source : sources) {
            if (source.starts_with('@')) continue;  // a domain's catch-all
            auto name = parse_name(source);
            if (!name) return fail(std::move(name.error()));
            auto alias = read_row<stored::v1::StoredName>(rows_, row_key::name(*name));
            if (!alias) return fail(std::move(alias.error()));
            if (!*alias) continue;
            Result<void> done = put(row_key::name(*name), (*alias)->SerializeAsString());
            for (const auto& target : (*alias)->targets()) {
                const auto to = parse_name(target);
                if (done && to) done = put(row_key::pointer(to->text(), source), {});
            }
            if (!done) return done;
        }
        return {};
    }

    Result<void> mailbox() {
        for (const auto& key : {std::string(keys::kNextMessageId), std::string(keys::kNextFolderId),
                                keys::account_state(account_), keys::keyword_table(account_)}) {
            if (auto done = take(key); !done) return done;
        }
        for (const auto& range : {keys::folders(account_), keys::names(account_), keys::subscriptions(account_),
                                  keys::all_message_references(account_), keys::trash_of(account_)}) {
            if (auto done = take(range); !done) return done;
        }
        auto folders = read_folders(*snapshot_, account_);
        if (!folders) return fail(std::move(folders.error()));
        for (const auto& folder : *folders) {
            auto done = take(keys::all_references(folder.id));
            if (done) done = take(keys::expunged_after(folder.id, 0));
            if (!done) return done;
        }
        return flush();
    }

    Result<void> messages() {
        const auto range = keys::messages_from(account_, MessageId{0});
        Result<void> done;
        auto scanned = snapshot_->scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
            done = load(std::string(key), value);
            if (done && (mails_.size() >= kCopiedRowsPerCommit || mail_bytes_ >= kCopiedBytesPerCommit)) done = store_mails();
            return done.has_value();
        });
        if (!scanned) return scanned;
        return done ? store_mails() : done;
    }

    Result<void> load(std::string key, std::string_view value) {
        auto mail = std::make_shared<LoadedMail>();
        mail->record_bytes = value;
        const auto open = [this](store::BodyId id) { return from_.open_body(id); };
        auto loaded = load_body(*snapshot_, open, to_.staging(), *mail);
        if (!loaded && loaded.error().kind == Kind::not_found)
            return fail(Kind::busy, "Mail was purged while it was copied: try again.");
        if (!loaded) return loaded;
        mail_bytes_ += mail->bytes.size();
        progress_.done = std::min(progress_.done + mail->record.bytes(), progress_.total);
        mails_.emplace_back(std::move(key), std::move(mail));
        return {};
    }

    Result<void> store_mails() {
        auto done = store::commit_and_wait(to_, raw(account_), store::Effect::grows, [this](store::Transaction& tx) -> Result<void> {
            for (const auto& [key, mail] : mails_) {
                auto body = BodyTx::store(tx, mail->mail);
                if (!body) return fail(std::move(body.error()));
                auto record = mail->record;
                record.body = body->take();
                record.header_kept = !mail->header.empty();
                tx.put(key, record.encode());
            }
            return {};
        });
        mails_.clear();
        mail_bytes_ = 0;
        if (done && !watch_(progress_)) return fail(Kind::closed, "Stopped.");
        return done;
    }

    const store::Store& from_;
    const std::shared_ptr<const store::Snapshot> snapshot_;
    const SnapshotRows rows_;
    const AccountId account_;
    store::Store& to_;
    const Watch& watch_;
    Progress progress_;
    std::vector<Row> batch_;
    std::size_t batch_bytes_ = 0;
    std::vector<std::pair<std::string, LoadedMailPtr>> mails_;
    std::size_t mail_bytes_ = 0;
};

}  // namespace

Result<void> copy_account(const store::Store& from, AccountId account, store::Store& to, const Watch& watch) {
    return AccountCopy(from, account, to, watch).run();
}

}  // namespace tayori::spool
