// Random work on two accounts against a plain model in memory. What must hold after every step: the same mail with the
// same UIDs, flags and keywords in every folder; counts, ledger and counters equal a recount; a mirror fed by events
// equals a fresh snapshot; what since_modseq gives turns an older state into the present one; and all of it again
// after closing and opening the store.
#include <gmock/gmock.h>

#include <random>
#include <set>

#include "harness.h"

namespace tayori::spool {
namespace {

struct Mail {
    std::uint32_t flags = 0;
    std::set<std::string> keywords;
    std::string text;
    friend bool operator==(const Mail&, const Mail&) = default;
};
using Mails = std::map<Uid, Mail>;

struct Box {
    Mails mails;
    Uid uid_next = 1;
    std::uint64_t id = 0;
};

// What a daemon knows of a folder.
struct Mirror {
    struct Entry {
        std::uint32_t flags = 0;
        std::set<std::uint32_t> keywords;
        std::uint64_t modseq = 0;
        friend bool operator==(const Entry&, const Entry&) = default;
    };
    std::map<Uid, Entry> entries;
    std::map<std::uint32_t, std::string> names;
    std::uint64_t modseq = 0;
    std::uint32_t uid_validity = 0;

    void put(const v1::References& columns) {
        std::map<int, std::set<std::uint32_t>> keywords;
        for (const auto& at : columns.keywords()) {
            keywords[static_cast<int>(at.index())].insert(at.keyword_id().begin(), at.keyword_id().end());
        }
        for (int i = 0; i < columns.uid_size(); ++i) {
            entries[columns.uid(i)] = {columns.flags(i), keywords[i], columns.modseq(i)};
        }
    }
    void drop(const google::protobuf::RepeatedPtrField<v1::UidRange>& ranges) {
        for (const auto& range : ranges) {
            entries.erase(entries.lower_bound(range.first()), entries.upper_bound(range.last()));
        }
    }
    void apply(const v1::OpenFolderReply& reply) {
        drop(reply.vanished());
        put(reply.references());
        for (const auto& keyword : reply.keywords()) names[keyword.keyword_id()] = keyword.name();
        modseq = reply.folder().highest_modseq();
        uid_validity = reply.folder().uid_validity();
    }
    void apply(const v1::FolderEvent& event) {
        EXPECT_GT(event.modseq(), modseq);
        for (const auto& keyword : event.new_keywords()) names[keyword.keyword_id()] = keyword.name();
        put(event.appended());
        put(event.changed());
        drop(event.expunged());
        modseq = event.modseq();
    }
};

const char* const kFolders[] = {"INBOX", "Sent", "work", "work/old"};
const char* const kKeywords[] = {"$Junk", "blue", "Later"};

class Model {
  public:
    explicit Model(unsigned seed) : random_(seed) {
        for (auto& account : accounts_) {
            account = spool_.add_account();
            for (const char* name : {"work", "work/old"}) {
                v1::CreateFolder request;
                request.set_name(name);
                EXPECT_TRUE(spool_.call(*spool_.mailboxes, &Mailboxes::create_folder, account, request));
            }
            for (const char* name : kFolders) boxes_[{account, name}].id = spool_.folder(account, name).folder_id();
        }
        watch_all();
    }

    void run(int steps) {
        for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
            step();
            follow();
            if (i % 40 == 0) check();
            if (i % 150 == 149) {
                spool_.reopen();
                EXPECT_EQ(spool_.counters->repair()->raised_size(), 0);
                check();
                watch_all();
            }
            if (i % 100 == 50) {
                spool_.clock.advance_ms(std::int64_t{3} * 24 * 3600 * 1000);
                spool_.janitor->tick();
            }
        }
        check();
    }

  private:
    using Key = std::pair<AccountId, std::string>;
    unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }
    AccountId account() { return accounts_[pick(2)]; }
    std::string folder() { return kFolders[pick(4)]; }
    std::uint32_t flags() { return pick(32); }
    std::set<std::string> keywords() {
        std::set<std::string> chosen;
        for (const char* keyword : kKeywords) {
            if (pick(6) == 0) chosen.insert(keyword);
        }
        return chosen;
    }
    template <class Request>
    auto uids(const Box& box, Request& request) {
        std::set<Uid> chosen;
        for (unsigned n = 1 + pick(3); n > 0; --n) {
            const Uid first = 1 + pick(box.uid_next + 2);
            const Uid last = first + (pick(2) == 0 ? 0 : pick(400));
            add_uids(request.mutable_uids(), first, last);
            for (auto at = box.mails.lower_bound(first); at != box.mails.end() && at->first <= last; ++at) {
                chosen.insert(at->first);
            }
        }
        return chosen;
    }

    void step() {
        switch (pick(10)) {
            case 0: case 1: return append();
            case 2: case 3: return plan();
            case 4: case 5: return store();
            case 6: return expunge();
            case 7: return copy(false);
            case 8: return copy(true);
            default: return pick(8) == 0 ? rename_inbox() : maildrop();
        }
    }

    void add(const Key& key, Mail mail, Uid uid) {
        auto& box = boxes_[key];
        EXPECT_EQ(uid, box.uid_next);
        box.mails[box.uid_next++] = std::move(mail);
    }

    void append() {
        const Key key{account(), folder()};
        for (unsigned n = 1 + pick(pick(10) == 0 ? 300 : 4); n > 0; --n) {
            Mail mail{flags(), keywords(), cat("appended ", random_())};
            const auto reply = spool_.append(key.first, key.second, mail.text, mail.flags,
                                             {mail.keywords.begin(), mail.keywords.end()});
            ASSERT_TRUE(reply);
            add(key, mail, reply->uid());
        }
    }

    void plan() {
        v1::CommitPlan request;
        request.set_bytes(cat("planned ", random_()));
        std::vector<Key> keys;
        for (unsigned n = 1 + pick(4); n > 0; --n) {
            keys.push_back({account(), folder()});
            auto* delivery = request.add_deliveries();
            delivery->set_account_id(raw(keys.back().first));
            delivery->set_folder(keys.back().second);
            delivery->set_prefix(cat("Prefix ", n, "\r\n"));
        }
        const auto reply = spool_.plan(request);
        ASSERT_TRUE(reply);
        for (std::size_t i = 0; i < keys.size(); ++i) {
            const auto at = static_cast<int>(i);
            add(keys[i], {0, {}, request.deliveries(at).prefix() + request.bytes()}, reply->deliveries(at).uid());
        }
    }

    void store() {
        const Key key{account(), folder()};
        auto& box = boxes_[key];
        v1::StoreFlags request;
        request.set_folder_id(box.id);
        const auto how = static_cast<v1::FlagChange>(1 + pick(3));
        request.set_change(how);
        const auto bits = flags();
        const auto words = keywords();
        request.set_flags(bits);
        for (const auto& word : words) request.add_keywords(word);
        auto chosen = uids(box, request);
        if (pick(3) == 0) {
            const auto& mirror = mirrors_[box.id];
            const auto since = mirror.modseq > 5 ? mirror.modseq - pick(5) : mirror.modseq;
            request.set_has_unchanged_since(true);
            request.set_unchanged_since(since);
            std::erase_if(chosen, [&](Uid uid) { return mirror.entries.at(uid).modseq > since; });
        }
        const auto reply = spool_.call(*spool_.mailboxes, &Mailboxes::store_flags, key.first, request);
        ASSERT_TRUE(reply);
        bool any = false;
        for (const auto uid : chosen) {
            auto& mail = box.mails[uid];
            const auto before = mail;
            if (how == v1::FLAG_CHANGE_REPLACE) mail.flags = bits, mail.keywords = words;
            if (how == v1::FLAG_CHANGE_ADD) mail.flags |= bits, mail.keywords.insert(words.begin(), words.end());
            if (how == v1::FLAG_CHANGE_REMOVE) {
                mail.flags &= ~bits;
                for (const auto& word : words) mail.keywords.erase(word);
            }
            any = any || before != mail;
        }
        EXPECT_EQ(reply->modseq() != 0, any);
    }

    void expunge() {
        const Key key{account(), folder()};
        auto& box = boxes_[key];
        v1::Expunge request;
        request.set_folder_id(box.id);
        request.set_only_deleted(pick(3) != 0);
        auto chosen = uids(box, request);
        std::erase_if(chosen, [&](Uid uid) {
            return request.only_deleted() && (box.mails[uid].flags & v1::SYSTEM_FLAG_DELETED) == 0;
        });
        const auto reply = spool_.call(*spool_.mailboxes, &Mailboxes::expunge, key.first, request);
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->removed(), chosen.size());
        for (const auto uid : chosen) box.mails.erase(uid);
    }

    void copy(bool move) {
        const Key from{account(), folder()};
        const Key to{from.first, folder()};
        auto& source = boxes_[from];
        v1::CopyMessages request;
        request.set_folder_id(source.id);
        request.set_target_name(to.second);
        request.set_move(move);
        const auto chosen = uids(source, request);
        const auto reply = spool_.call(*spool_.mailboxes, &Mailboxes::copy_messages, from.first, request);
        ASSERT_EQ(reply.has_value(), !chosen.empty());
        if (!reply) return;
        auto uid = reply->target(0).first();
        for (const auto old : chosen) {
            auto mail = source.mails[old];
            if (move) source.mails.erase(old);
            add(to, std::move(mail), uid++);
        }
    }

    void maildrop() {
        const auto who = account();
        auto drop = Spool::drain(spool_.mailboxes->open_maildrop(who, LeaseOwner{7}), 1000);
        ASSERT_TRUE(drop);
        int count = 0;
        std::set<std::string> uidls;
        for (const auto& reply : *drop) {
            count += reply.references().uid_size();
            uidls.insert(reply.references().uidl().begin(), reply.references().uidl().end());
        }
        EXPECT_EQ(uidls.size(), static_cast<std::size_t>(count));
        EXPECT_GE(static_cast<std::size_t>(count), boxes_[Key(who, "INBOX")].mails.size());
        v1::CloseMaildrop close;
        close.set_lease(drop->at(0).lease());
        EXPECT_TRUE(spool_.call(*spool_.mailboxes, &Mailboxes::close_maildrop, who, close));
    }

    void rename_inbox() {
        const auto who = account();
        const auto name = cat("old", random_());
        v1::RenameFolder request;
        request.set_from("INBOX");
        request.set_to(name);
        ASSERT_TRUE(spool_.call(*spool_.mailboxes, &Mailboxes::rename_folder, who, request));
        auto& box = boxes_[Key(who, "INBOX")];
        mirrors_.erase(box.id);
        EXPECT_EQ(spool_.folder(who, name).messages(), box.mails.size());
        box = {{}, 1, spool_.folder(who, "INBOX").folder_id()};
        watch(who, box.id);
    }

    void watch(AccountId who, std::uint64_t id) {
        const auto reply = spool_.open_folder(who, id, 0, 0, subscriber_.get());
        ASSERT_TRUE(reply);
        mirrors_[id] = Mirror();
        mirrors_[id].apply(*reply);
        subscriber_->start(FolderId{id});
    }
    void watch_all() {
        subscriber_ = spool_.hub.subscribe([] {});
        for (const auto& [key, box] : boxes_) watch(key.first, box.id);
    }
    void follow() {
        for (;;) {
            const auto events = subscriber_->take(1 << 20);
            if (events.empty()) return;
            for (const auto& event : events) {
                ASSERT_FALSE(event->resync());
                if (!event->gone() && mirrors_.contains(event->folder_id())) mirrors_[event->folder_id()].apply(*event);
            }
        }
    }

    void check() {
        EXPECT_THAT(spool_.problems(), testing::IsEmpty());
        for (const auto& [key, box] : boxes_) check_folder(key.first, key.second, box);
    }

    void check_folder(AccountId who, const std::string& name, const Box& box) {
        spool_.reply_bytes = 1 + pick(20'000);
        const auto reply = spool_.open_folder(who, box.id);
        ASSERT_TRUE(reply);
        Mirror now;
        now.apply(*reply);
        ASSERT_EQ(now.entries.size(), box.mails.size()) << name;
        std::uint32_t unseen = 0;
        for (const auto& [uid, mail] : box.mails) {
            const auto& entry = now.entries.at(uid);
            EXPECT_EQ(entry.flags, mail.flags);
            std::set<std::string> words;
            for (const auto id : entry.keywords) words.insert(now.names[id]);
            EXPECT_EQ(words, mail.keywords);
            unseen += (mail.flags & v1::SYSTEM_FLAG_SEEN) == 0 ? 1 : 0;
        }
        EXPECT_EQ(reply->folder().unseen(), unseen);
        EXPECT_EQ(reply->folder().uid_next(), box.uid_next);
        if (mirrors_.contains(box.id)) {
            EXPECT_EQ(mirrors_[box.id].entries, now.entries);
            EXPECT_EQ(mirrors_[box.id].modseq, now.modseq);
        }
        // From an older state to this one.
        auto& older = older_[box.id];
        if (older.uid_validity != 0) {
            const auto delta = spool_.open_folder(who, box.id, older.modseq, older.uid_validity);
            ASSERT_TRUE(delta);
            older.apply(*delta);
            EXPECT_EQ(older.entries, now.entries);
        }
        if (pick(2) == 0) older = now;
        if (!box.mails.empty()) {
            const auto at = static_cast<int>(pick(static_cast<unsigned>(box.mails.size())));
            const auto& mail = box.mails.at(reply->references().uid(at));
            EXPECT_EQ(spool_.body(who, reply->references().message_id(at), 1 + pick(100)), mail.text);
            EXPECT_EQ(reply->references().bytes(at), mail.text.size());
        }
    }

    std::mt19937 random_;
    Spool spool_;
    AccountId accounts_[2];
    std::map<Key, Box> boxes_;
    std::map<std::uint64_t, Mirror> mirrors_;
    std::map<std::uint64_t, Mirror> older_;
    std::shared_ptr<Subscriber> subscriber_;
};

class RandomWork : public testing::TestWithParam<unsigned> {};

TEST_P(RandomWork, AgreesWithTheModel) { Model(GetParam()).run(600); }

INSTANTIATE_TEST_SUITE_P(Seeds, RandomWork, testing::Range(1u, 9u));

}  // namespace
}  // namespace tayori::spool
