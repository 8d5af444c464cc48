#include "spoold/backup/restore_site.h"

#include <algorithm>

#include "common/base/text.h"
#include "spoold/backup/moment.h"
#include "spoold/counters/counters.h"

namespace tayori::spool {
namespace {

// Its snapshot counts as long as the store lives.
struct LivingStore {
    std::unique_ptr<store::Store> store;
    std::shared_ptr<const store::Snapshot> snapshot;
    std::string said;
};

Result<LivingStore> open_living(const SiteWish& wish) {
    LivingStore living;
    living.said = "No living store was at hand: every counter is 2^20 above the backup's.";
    if (!wish.living || !store::posix_files().info(cat(wish.living->directory, "/format"))) {
        if (wish.living_must_open) return fail(Kind::not_found, "There is no living store.", wish.living->directory);
        return living;
    }
    auto opened = store::open_embedded(*wish.living);
    if (!opened && opened.error().kind == Kind::in_use) {
        if (wish.living_must_open) {
            return fail(Kind::in_use, "The living store is in use: stop spoold first.", opened.error().detail);
        }
        living.said = "The living store is in use, so its counters are not regarded. That is good for a trial; to replace it, "
                      "stop spoold and restore anew with --living.";
        return living;
    }
    if (!opened) {
        living.said = cat("The living store does not open (", opened.error().detail,
                          "): every counter is 2^20 above the backup's.");
        return living;
    }
    living.store = std::move(*opened);
    living.snapshot = living.store->snapshot();
    living.said = "Every counter is 2^20 above both the backup's and the living store's.";
    return living;
}

Result<void> must_be_free(const std::string& directory) {
    auto names = store::posix_files().list(directory);
    if (!names && names.error().kind == Kind::not_found) return {};
    if (!names) return fail(std::move(names.error()));
    if (names->empty()) return {};
    return fail(Kind::exists, cat(directory, " is not empty: name a new directory, or move the old store aside."));
}

// The files of the store, with an index that is as old as its log.
Result<void> fill(Target& target, const Chain& chain, const SiteWish& wish, const std::string& directory,
                  const Watch& watch) {
    auto& files = store::posix_files();
    if (auto done = store::remove_tree(files, directory); !done) return done;
    for (const auto* part : {"", "/index", "/log"}) {
        if (auto done = store::ensure_directory(files, cat(directory, part)); !done) return done;
    }
    if (auto done = copy_out(target, chain, "index/", cat(directory, "/index"), watch); !done) return done;
    if (auto done = copy_out(target, chain, "log/", cat(directory, "/log"), watch); !done) return done;
    store::PastWish past_wish;
    past_wish.index_directory = cat(directory, "/index");
    past_wish.log_files = &files;
    past_wish.log_directory = cat(directory, "/log");
    past_wish.until = chain.last().until;
    if (wish.moment_ms) past_wish.moment_ms = *wish.moment_ms;
    auto past = store::open_past(past_wish);
    if (!past) return fail(std::move(past.error()));
    if (auto done = (*past)->flush(); !done) return done;
    const auto reached = (*past)->reached();
    past->reset();
    return store::end_log_at(files, directory, reached, chain.last().store_format);
}

Result<void> settle(const std::string& directory, const SiteWish& wish, const LivingStore& living, RestoredSite& done) {
    auto options = wish.options;
    options.directory = directory;
    options.background = false;
    auto opened = store::open_embedded(std::move(options));
    if (!opened) return fail(std::move(opened.error()));
    auto& store = **opened;
    auto raised = raise_counters(store, living.snapshot.get());
    if (!raised) return fail(std::move(raised.error()));
    done.raised = *raised;
    auto counted = verify_counters(*store.snapshot(), AccountId{0},
                                   [](AccountId account) { return cat("account ", raw(account)); });
    if (!counted) return fail(std::move(counted.error()));
    for (auto& problem : *counted->mutable_problems()) done.problems.push_back(std::move(problem));
    auto checkpoint = store.checkpoint();  // from which the index could be made anew
    return checkpoint ? Result<void>() : fail(std::move(checkpoint.error()));
}

}  // namespace

Result<RestoredSite> restore_site(Target& target, const SiteWish& wish, const Watch& watch) {
    auto& files = store::posix_files();
    const auto& place = wish.options.directory;
    if (auto free = must_be_free(place); !free) return fail(std::move(free.error()));
    auto steps = read_steps(target);
    if (!steps) return fail(std::move(steps.error()));
    auto chain = chain_for(*steps, wish.moment_ms);
    if (!chain) return fail(std::move(chain.error()));
    if (auto right = check_format(*chain); !right) return fail(std::move(right.error()));
    if (const auto& account = chain->last().account; !account.empty()) {
        return fail(Kind::invalid, cat("This set has ", account, " alone: `adminctl backup restore --account` brings it back."));
    }
    auto living = open_living(wish);
    if (!living) return fail(std::move(living.error()));

    RestoredSite done;
    done.base = chain->base().number;
    done.last_step = chain->last().number;
    done.as_of_ms = std::min(chain->last().until_ms, wish.moment_ms.value_or(chain->last().until_ms));
    done.living = living->said;
    const auto beside = cat(place, ".restoring");
    if (auto filled = fill(target, *chain, wish, beside, watch); !filled) return fail(std::move(filled.error()));
    if (auto settled = settle(beside, wish, *living, done); !settled) return fail(std::move(settled.error()));
    if (files.info(place)) {
        if (auto gone = files.remove_directory(place); !gone) return fail(std::move(gone.error()));
    }
    // If the machine stops before this, nothing is at the place, and the restore is begun anew.
    if (auto moved = files.rename(beside, place); !moved) return fail(std::move(moved.error()));
    auto synced = files.sync_directory(std::string(store::parent_directory(place)));
    if (!synced) return fail(std::move(synced.error()));
    return done;
}

}  // namespace tayori::spool
