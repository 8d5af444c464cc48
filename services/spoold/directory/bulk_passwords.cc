#include "spoold/directory/bulk_passwords.h"

#include <algorithm>
#include <chrono>

#include "spoold/directory/password.h"

namespace tayori::spool {
namespace {

constexpr std::chrono::milliseconds kLookAround{100};  // whether it still goes on; and again at a full pool …
constexpr int kRefusalsMax = 600;                       // … or one that has stopped: a minute of it

// Counts under one mutex; the caller's frame outlives the jobs, because it waits for them in any case.
struct Batch {
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t running = 0;
    bool cancelled = false;

    void end(Turn turn) {
        std::lock_guard lock(mutex);
        --running;
        cancelled = cancelled || turn == Turn::cancelled;
        changed.notify_all();
    }
};

Result<void> in_pool(DirectoryCore& core, std::size_t count, const std::function<void(std::size_t)>& work,
                     const Going& going) {
    const auto at_once = std::max<std::size_t>(core.options.verify_threads, 1);
    Batch batch;
    std::size_t next = 0;
    int refused = 0;
    bool on = true;
    std::unique_lock lock(batch.mutex);
    while (on && next < count) {
        if (batch.running >= at_once) batch.changed.wait_for(lock, kLookAround);
        on = !batch.cancelled && refused < kRefusalsMax && going();
        if (!on || batch.running >= at_once) continue;
        ++batch.running;
        lock.unlock();
        const bool posted = core.pool.post(Lane::known, 0, [&batch, &work, i = next](Turn turn) {
            if (turn == Turn::run) work(i);
            batch.end(turn);
        });
        lock.lock();
        if (posted) {
            ++next;
            refused = 0;
        } else {
            --batch.running;
            ++refused;
            batch.changed.wait_for(lock, kLookAround);
        }
    }
    batch.changed.wait(lock, [&batch] { return batch.running == 0; });
    if (on && !batch.cancelled) return {};
    return fail(Kind::busy, "Not done: the call was given up, or the server is stopping.");
}

bool is_same(const stored::v1::StoredPassword& present, const v1::AccountsRow& row) {
    if (!row.password().empty()) return verify_password(present, row.password());
    auto wanted = import_password(row.password_hash());
    return wanted && wanted->SerializeAsString() == present.SerializeAsString();
}

}  // namespace

Result<void> compare_passwords(DirectoryCore& core, const std::vector<Unverified>& unverified, Verdicts& verdicts,
                               const Going& going) {
    std::vector<std::uint8_t> same(unverified.size());
    auto done = in_pool(
        core, unverified.size(),
        [&](std::size_t i) { same[i] = is_same(unverified[i].present, *unverified[i].row->asked); }, going);
    if (!done) return done;
    for (std::size_t i = 0; i < same.size(); ++i)
        verdicts[unverified[i].id] = {unverified[i].present.SerializeAsString(), same[i] != 0};
    return {};
}

Result<void> make_passwords(DirectoryCore& core, const BulkDiff& diff, MadePasswords& made, const Going& going) {
    std::vector<const TableRow*> rows;
    for (const auto& step : diff.steps)
        if (step.sets_password && !made.contains(step.row)) rows.push_back(step.row);
    std::vector<stored::v1::StoredPassword> out(rows.size());
    auto done = in_pool(
        core, rows.size(),
        [&](std::size_t i) {
            const auto& asked = *rows[i]->asked;
            // The table was checked: a hash that is none does not come this far.
            if (asked.password().empty()) out[i] = import_password(asked.password_hash()).value_or(out[i]);
            else out[i] = make_password(asked.password(), core.options.scram_iterations);
        },
        going);
    if (!done) return done;
    for (std::size_t i = 0; i < rows.size(); ++i) made[rows[i]] = std::move(out[i]);
    return {};
}

}  // namespace tayori::spool
