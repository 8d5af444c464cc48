// An account of an import before its mail comes: made where there is none, its folders, and numbers kept free. One commit.
#include <algorithm>

#include "common/base/text.h"
#include "spoold/directory/credentials.h"
#include "spoold/directory/imported.h"
#include "spoold/legacy/imports.h"
#include "spoold/legacy/records.h"
#include "spoold/mailbox/account_tx.h"
#include "spoold/mailbox/names.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredPassword;

// What has been checked before the mutation.
struct Prepared {
    Shared<v1::OpenImportAccountRequest> request;
    std::vector<Result<std::string>> names;  // of the folders, canonical
    std::vector<v1::PluginSettings> settings;
    std::optional<StoredPassword> app_password;
};

bool is_open(const StoredImportAccount& row) { return row.state() == stored::v1::STORED_IMPORT_STATE_OPEN; }

class Opening {
  public:
    Opening(store::Transaction& transaction, const Mailboxes::Parts& parts, AccountId account, const Prepared& prepared)
        : tx_(transaction), parts_(parts), account_(account), prepared_(prepared), request_(*prepared.request),
          id_{prepared.request->import_id()} {}

    Result<void> run(bool created, v1::ImportAccount& reply, ChangeSet& changes) {
        const TransactionRows rows(tx_);
        auto import = read_import(rows, id_);
        if (!import) return fail(std::move(import.error()));
        if (created && import->arrives()) return fail(Kind::not_found, "There is no such account.");
        auto known = read_row<StoredImportAccount>(rows, keys::import_account(id_, account_));
        if (!known) return fail(std::move(known.error()));
        auto opened = AccountTx::open(tx_, parts_, account_);
        if (!opened) return fail(std::move(opened.error()));
        box_ = &*opened;
        import_ = std::move(*import);
        fresh_ = !*known || (*known)->state() == stored::v1::STORED_IMPORT_STATE_UNDONE;
        if (!fresh_) row_ = std::move(**known);
        else if (*known) row_.set_next_batch((*known)->next_batch());
        if (auto begun = begin(created); !begun) return begun;
        for (int i = 0; i < request_.folders_size(); ++i) {
            auto& out = *reply.add_folders();
            if (auto made = open_folder(i, out, changes); !made) *out.mutable_refused() = refusal(made.error());
        }
        row_.set_modseq(box_->state().modseq);
        row_.set_next_batch(row_.next_batch() + 1);  // what an earlier run still sends is too late
        box_->save();
        write_row(tx_, keys::import_account(id_, account_), row_);
        write_row(tx_, keys::import(id_), import_);
        auto shown = show(account_, row_);
        shown.mutable_folders()->Swap(reply.mutable_folders());
        reply = std::move(shown);
        return {};
    }

  private:
    static v1::Error refusal(const Error& error) {
        v1::Error out;
        out.set_kind(v1::ERROR_KIND_INVALID);
        out.set_text(error.text);
        return out;
    }

    Result<void> begin(bool created) {
        const bool continued = !fresh_ && is_open(row_);
        if (fresh_) {
            row_.set_address(request_.address());
            row_.set_created(created);
            import_.set_accounts(import_.accounts() + 1);
            if (!import_.arrives()) mark_untouched(tx_, raw(account_));
        } else if (row_.modseq() != box_->state().modseq) {
            row_.set_others_changed(true);
        }
        row_.set_state(stored::v1::STORED_IMPORT_STATE_OPEN);
        if (import_.arrives()) return {};
        const auto last = request_.pop3_order_last();
        if (last > 0 && (!continued || last > row_.pop3_order_last())) {
            row_.set_pop3_order_base(box_->reserve_pop3_orders(last));
            row_.set_pop3_order_last(last);
        }
        if (created && prepared_.app_password) {
            auto put = put_imported_app_password(tx_, raw(account_), *prepared_.app_password);
            if (!put) return put;
        }
        return put_plugin_settings(tx_, raw(account_), {prepared_.settings, request_.enable_settings(), raw(id_)});
    }

    // A default folder that nobody has used makes way for the old server's own one of the same special use.
    v1::SpecialUse use_for(const std::string& name, v1::SpecialUse use, ChangeSet& changes) {
        if (use == v1::SPECIAL_USE_UNSPECIFIED) return use;
        std::vector<FolderId> ids;
        const auto range = keys::folders(account_);
        tx_.scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
            const auto record = FolderRecord::decode(value);
            if (record && record->special_use == use && record->name != name) ids.push_back(keys::folder_of_key(key));
            return true;
        });
        for (const auto id : ids) {
            auto folder = box_->folder(id);
            if (!folder || (*folder)->record.special_use != use) continue;  // changed in this mutation
            const auto other = (*folder)->record.name;
            const bool wanted = std::any_of(prepared_.names.begin(), prepared_.names.end(),
                                            [&](const auto& n) { return n && *n == other; });
            if (!row_.created() || wanted || !AccountTx::is_unused(**folder) || box_->has_children(other))
                return v1::SPECIAL_USE_UNSPECIFIED;
            Change change;
            if (auto deleted = box_->delete_folder(**folder, change); !deleted) return v1::SPECIAL_USE_UNSPECIFIED;
            if (tx_.get(keys::subscription(account_, other))) box_->remove_subscription(other);
            changes.push_back(std::move(change));
        }
        return use;
    }

    Result<void> subscribe(const std::string& name, bool wanted) {
        const bool is = tx_.get(keys::subscription(account_, name)).has_value();
        if (wanted && !is) return box_->add_subscription(name);
        if (!wanted && is && row_.created()) box_->remove_subscription(name);
        return {};
    }

    Result<void> open_folder(int at, v1::ImportedFolder& out, ChangeSet& changes) {
        const auto& wanted = request_.folders(at);
        const auto& name = prepared_.names[static_cast<std::size_t>(at)];
        if (!name) return fail(name.error());
        auto id = box_->find_name(*name);
        const bool made = !id;
        if (!id) {
            auto folder = box_->create_folder(*name, use_for(*name, wanted.special_use(), changes));
            if (!folder) return fail(std::move(folder.error()));
            id = (*folder)->id;
        }
        auto folder = box_->folder(*id);
        if (!folder) return fail(std::move(folder.error()));
        const auto key = keys::import_folder(account_, id_, *id);
        auto row = read_row<StoredImportFolder>(TransactionRows(tx_), key);
        if (!row) return fail(std::move(row.error()));
        if (import_.arrives()) arrive_in(wanted, made, *row);
        else if (*row) more_uids(**folder, wanted, **row);
        else *row = first_uids(**folder, wanted, made, changes);
        write_row(tx_, key, **row);
        if (import_.arrives() ? made : fresh_) {
            if (auto subscribed = subscribe(*name, wanted.subscribed()); !subscribed) return subscribed;
        }
        out.set_folder_id(raw(*id));
        out.set_keeps_uids((*row)->keeps_uids());
        out.set_uid_validity((*folder)->record.uid_validity);
        out.set_source_uid_validity((*row)->source_uid_validity());
        return {};
    }

    // No number of the source is kept: mail is numbered as any that arrives.
    static void arrive_in(const v1::ImportFolder& wanted, bool made, std::optional<StoredImportFolder>& row) {
        const bool known = row && row->source_uid_validity() != 0 && !wanted.accept_renumbered();
        if (!row) row.emplace();
        row->set_name(wanted.name());
        row->set_created(row->created() || made);
        if (!known) row->set_source_uid_validity(wanted.uid_validity());
    }

    StoredImportFolder first_uids(FolderTx& folder, const v1::ImportFolder& wanted, bool made, ChangeSet& changes) {
        StoredImportFolder row;
        row.set_name(folder.record.name);
        row.set_created(made);
        row.set_source_uid_validity(wanted.uid_validity());
        const auto validity = folder.record.uid_validity;
        if (wanted.keeps_uids()) {
            const bool keeps = wanted.uid_next() > 0 && wanted.uid_next() <= kUidNextMax &&
                               box_->adopt_uid_validity(folder, wanted.uid_validity()) &&
                               AccountTx::reserve_uids(folder, wanted.uid_next());
            row.set_keeps_uids(keeps);
            row.set_uid_least(1);
            row.set_uid_end(keeps ? wanted.uid_next() : 0);
            if (!keeps) {
                ReportTx(tx_, id_, import_)
                    .add(ReportSeverity::changed, row_.address(), {}, "folder-uids-not-kept",
                         {folder.record.name, cat(wanted.uid_validity()), cat(folder.record.uid_validity)});
            }
        } else if (wanted.uid_validity() >= validity) {
            // Numbered anew, so it must not look like what clients know from the old server.
            box_->adopt_uid_validity(folder, wanted.uid_validity() + 1);
        }
        if (!made && folder.record.uid_validity != validity) {
            auto change = box_->start_change(folder);
            change.modseq = box_->modseq();
            change.gone = true;
            changes.push_back(std::move(change));
        }
        return row;
    }

    // A later run brings more: UIDs go on while nothing else has come behind them.
    static void more_uids(FolderTx& folder, const v1::ImportFolder& wanted, StoredImportFolder& row) {
        if (!row.keeps_uids() || wanted.uid_next() <= row.uid_end() || folder.record.uid_next != row.uid_end()) return;
        if (AccountTx::reserve_uids(folder, wanted.uid_next())) row.set_uid_end(wanted.uid_next());
    }

    store::Transaction& tx_;
    const Mailboxes::Parts& parts_;
    const AccountId account_;
    const Prepared& prepared_;
    const v1::OpenImportAccountRequest& request_;
    const ImportId id_;
    AccountTx* box_ = nullptr;
    StoredImport import_;
    StoredImportAccount row_;
    bool fresh_ = false;
};

Result<std::shared_ptr<Prepared>> prepare(Shared<v1::OpenImportAccountRequest> request) {
    auto prepared = std::make_shared<Prepared>();
    if (static_cast<std::size_t>(request->folders_size()) > kFoldersPerAccountMax)
        return fail(Kind::invalid, cat("An account has at most ", kFoldersPerAccountMax, " folders."));
    for (const auto& folder : request->folders()) prepared->names.push_back(canonical_name(folder.name()));
    for (const auto& settings : request->settings()) {
        auto& copy = prepared->settings.emplace_back();
        copy.set_plugin(settings.plugin());
        copy.set_json(settings.json());
        copy.set_file(settings.file());
        if (auto checked = check_plugin_settings(copy); !checked) return fail(std::move(checked.error()));
    }
    prepared->request = std::move(request);
    return prepared;
}

v1::AddAccountRequest new_account(const v1::OpenImportAccountRequest& request) {
    v1::AddAccountRequest out;
    out.set_address(request.address());
    out.set_display_name(request.display_name());
    out.set_password(request.password());
    out.set_password_hash(request.password_hash());
    if (request.has_quota_bytes()) out.set_quota_bytes(request.quota_bytes());
    *out.mutable_protocols() = request.protocols();
    return out;
}

void open_new(const Mailboxes::Parts& parts, Directory& directory, const std::shared_ptr<Prepared>& prepared,
              Answer<v1::ImportAccount> done) {
    auto reply = std::make_shared<v1::ImportAccount>();
    directory.add_account(
        new_account(*prepared->request),
        [&parts, prepared, reply](store::Transaction& transaction, std::uint64_t id) -> Result<void> {
            *reply = v1::ImportAccount();  // a mutation may run again
            ChangeSet nobody_watches_it;
            return Opening(transaction, parts, AccountId{id}, *prepared).run(true, *reply, nobody_watches_it);
        },
        [reply, done = std::move(done)](Result<v1::Account> made) {
            if (!made) return done(fail(std::move(made.error())));
            done(std::move(*reply));
        });
}

void open_present(const Mailboxes::Parts& parts, Directory& directory, AccountId account,
                  const std::shared_ptr<Prepared>& prepared, Answer<v1::ImportAccount> done) {
    submit_write<v1::ImportAccount>(
        parts, account, store::Effect::grows,
        [&parts, account, prepared](store::Transaction& transaction, v1::ImportAccount& reply, ChangeSet& changes) {
            return Opening(transaction, parts, account, *prepared).run(false, reply, changes);
        },
        [core = directory.core(), done = std::move(done)](Result<v1::ImportAccount> opened) {
            core->changed();  // it may have brought settings of plugins
            done(std::move(opened));
        });
}

}  // namespace

void Imports::open_account(Shared<v1::OpenImportAccountRequest> request, Answer<v1::ImportAccount> done) {
    auto prepared = prepare(request);
    if (!prepared) return done(fail(std::move(prepared.error())));
    auto id = directory_.account_id_of(request->address());
    const auto& parts = mailboxes_.parts();
    if (id) return open_present(parts, directory_, AccountId{*id}, *prepared, std::move(done));
    if (id.error().kind != Kind::not_found) return done(fail(std::move(id.error())));
    if (request->app_password().empty() || request->app_password() == request->password())
        return open_new(parts, directory_, *prepared, std::move(done));
    make_stored_password(directory_.core(), request->app_password(), {},
                         [this, &parts, prepared = *prepared, done = std::move(done)](Result<StoredPassword> password) {
                             if (!password) return done(fail(std::move(password.error())));
                             prepared->app_password = std::move(*password);
                             open_new(parts, directory_, prepared, done);
                         });
}

void Imports::close_account(const v1::CloseImportAccountRequest& request, Answer<v1::ImportAccount> done) {
    submit_write<v1::ImportAccount>(
        mailboxes_.parts(), AccountId{request.account_id()}, store::Effect::shrinks,
        [id = ImportId{request.import_id()}, account = AccountId{request.account_id()}](
            store::Transaction& transaction, v1::ImportAccount& reply, ChangeSet&) -> Result<void> {
            auto row = read_import_account(TransactionRows(transaction), id, account);
            if (!row) return fail(std::move(row.error()));
            if (is_open(*row)) row->set_state(stored::v1::STORED_IMPORT_STATE_COMPLETE);
            row->set_finished_s(transaction.now_ms() / kMillisPerSecond);
            write_row(transaction, keys::import_account(id, account), *row);
            reply = show(account, *row);
            return {};
        },
        std::move(done));
}

}  // namespace tayori::spool
