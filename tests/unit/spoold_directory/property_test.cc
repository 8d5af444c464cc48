// Random administration against a model that is obviously right; a start anew changes nothing.
#include <gmock/gmock.h>

#include <random>

#include "site.h"

namespace tayori::spool::test {
namespace {

struct Model {
    std::map<std::string, std::uint64_t> accounts;
    std::map<std::string, std::string> aliases;  // of one target
    std::map<std::string, std::vector<std::uint64_t>> deleted;
    std::uint64_t highest_id = 0;

    bool taken(const std::string& address) const { return accounts.contains(address) || aliases.contains(address); }
    std::string resolve(const std::string& address) const {
        auto at = address;
        for (int i = 0; i < 50; ++i) {
            if (accounts.contains(at)) return at;
            if (!aliases.contains(at)) return "NOT_FOUND";
            at = aliases.at(at);
        }
        return "endless";
    }
};

class Random {
  public:
    Random(Site& site, unsigned seed) : site_(site), random_(seed) {}

    void step() {
        const auto a = address();
        const auto b = address();
        switch (pick(7)) {
            case 0: return add(a);
            case 1: return remove(a);
            case 2: return undelete(a);
            case 3: return rename(a, b, pick(2) == 0);
            case 4: return alias(a, b);
            case 5: return delete_alias(a);
            default: return check(a);
        }
    }

    void check_all() {
        for (int i = 0; i < kNames; ++i) check(name(i));
        std::map<std::string, std::uint64_t> listed;
        ASSERT_TRUE(site_.directory->list_accounts({}, [&](const v1::Account& account) {
            listed[account.address()] = account.account_id();
            return true;
        }));
        EXPECT_EQ(listed, model_.accounts);
        std::map<std::string, std::string> aliases;
        ASSERT_TRUE(site_.directory->list_aliases({}, [&](const v1::Alias& alias) {
            aliases[alias.address()] = alias.targets(0);
            return true;
        }));
        EXPECT_EQ(aliases, model_.aliases);
        EXPECT_EQ(site_.directory->counts()->accounts, model_.accounts.size());
        EXPECT_THAT(site_.directory->verify().value(), testing::IsEmpty());
        EXPECT_EQ(site_.directory->counts()->next_account_id, model_.highest_id + 1);
    }

  private:
    static constexpr int kNames = 12;
    static std::string name(int i) { return cat("u", i, i % 2 == 0 ? "@x.test" : "@y.test"); }
    int pick(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
    std::string address() { return name(pick(kNames)); }

    void check(const std::string& a) { EXPECT_EQ(site_.resolved(a), model_.resolve(a)) << a; }

    void add(const std::string& a) {
        auto added = site_.add(a);
        ASSERT_EQ(added.has_value(), !model_.taken(a)) << a;
        if (!added) return;
        EXPECT_EQ(added->account_id(), ++model_.highest_id);
        model_.accounts[a] = added->account_id();
    }
    void remove(const std::string& a) {
        auto removed = site_.remove(a);
        ASSERT_EQ(removed.has_value(), model_.accounts.contains(a)) << a;
        if (!removed) return;
        model_.deleted[a].push_back(model_.accounts[a]);
        model_.accounts.erase(a);
    }
    void undelete(const std::string& a) {
        auto back = site_.undelete(a);
        auto& deleted = model_.deleted[a];
        ASSERT_EQ(back.has_value(), !deleted.empty() && !model_.taken(a)) << a;
        if (!back) return;
        const auto newest = std::max_element(deleted.begin(), deleted.end());
        EXPECT_EQ(back->account_id(), *newest);
        model_.accounts[a] = *newest;
        deleted.erase(newest);
    }
    void rename(const std::string& from, const std::string& to, bool keep) {
        auto renamed = site_.rename(from, to, keep);
        ASSERT_EQ(renamed.has_value(), model_.accounts.contains(from) && (from == to || !model_.taken(to)));
        if (!renamed || from == to) return;
        model_.accounts[to] = model_.accounts[from];
        model_.accounts.erase(from);
        for (auto& [alias, target] : model_.aliases)
            if (target == from) target = to;
        if (keep) model_.aliases[from] = to;
    }
    void alias(const std::string& a, const std::string& target) {
        auto added = site_.alias(a, {target});
        if (model_.taken(a)) EXPECT_EQ(kind_of(added), "exists");
        else if (model_.resolve(target) == "NOT_FOUND") EXPECT_EQ(kind_of(added), "no_target") << a << ' ' << target;
        else EXPECT_EQ(kind_of(added), "ok") << a << ' ' << target;
        if (added) model_.aliases[a] = target;
    }
    void delete_alias(const std::string& a) {
        ASSERT_EQ(site_.delete_alias(a).has_value(), model_.aliases.erase(a) == 1) << a;
    }

    Site& site_;
    std::mt19937 random_;
    Model model_;
};

TEST(DirectoryProperty, AnyOrderOfChangesGivesWhatItShould) {
    for (unsigned seed = 1; seed <= 3; ++seed) {
        Site site;
        ASSERT_TRUE(site.add_domain("x.test"));
        ASSERT_TRUE(site.add_domain("y.test"));
        Random random(site, seed);
        for (int i = 0; i < 400 && !testing::Test::HasFailure(); ++i) random.step();
        random.check_all();
        site.reopen();
        random.check_all();
        for (int i = 0; i < 100 && !testing::Test::HasFailure(); ++i) random.step();
        random.check_all();
    }
}

}  // namespace
}  // namespace tayori::spool::test
