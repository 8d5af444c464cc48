#include "common/lua/host.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "common/base/text.h"
#include "common/lua/engine.h"
#include "common/lua/generation.h"
#include "common/net/offload.h"

namespace tayori::lua {
namespace {

using GenerationPtr = std::shared_ptr<Generation>;

// What an engine has told of one call: it is counted on the loop.
struct Told {
    std::string plugin;
    std::chrono::nanoseconds took;
    std::size_t actions;
    std::optional<std::string> failure;
};

// What a job's plugins do, and which of them rest meanwhile.
class Watch {
  public:
    Watch(std::vector<std::string> resting, std::uint32_t failures_max) : resting_(std::move(resting)), failures_max_(failures_max) {}
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    void begin(Engine& engine) {
        engine.set_gate(
            [this](const Plugin& plugin) {
                const auto& declaration = plugin.declaration;
                if (!rests(declaration.name)) return Engine::Permit::run;
                return declaration.failure == plugin::OnFailure::tempfail ? Engine::Permit::tempfail : Engine::Permit::skip;
            },
            [this](const Plugin& plugin, std::chrono::nanoseconds took, std::size_t actions, const Failure* failure) {
                const auto& name = plugin.declaration.name;
                told_.push_back({name, took, actions, failure != nullptr ? std::optional(failure->text) : std::nullopt});
                if (failure != nullptr) ++failures_in_row_[name];
                else failures_in_row_.erase(name);
            });
    }
    const std::vector<Told>& told() const { return told_; }

  private:
    // A mail for many calls a plugin many times; one that always fails, slowly, must not take as long for each.
    bool rests(const std::string& name) const {
        const auto in_row = failures_in_row_.find(name);
        if (in_row != failures_in_row_.end() && in_row->second >= failures_max_) return true;
        return std::find(resting_.begin(), resting_.end(), name) != resting_.end();
    }

    const std::vector<std::string> resting_;
    const std::uint32_t failures_max_;
    std::vector<Told> told_;
    std::map<std::string, std::uint32_t> failures_in_row_;
};

const Profile* profile_of(const Job& job) { return job.account ? job.account->profile.get() : job.profile.get(); }

// FNV-1a: the same id is on the same side in every replica, whatever order mails come in.
bool is_in_share(std::string_view id, std::uint32_t percent) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return (hash >> 32) % 100 < percent;
}

struct OwnedMail {
    std::string bytes;
    std::optional<mail::Summary> summary;
};

// Whoever waits may be gone while the job is at work.
void own_mail(Job& job) {
    if (!job.mail || job.mail->keep != nullptr) return;
    auto owned = std::make_shared<OwnedMail>();
    owned->bytes = job.mail->bytes;
    if (job.mail->summary != nullptr) owned->summary = *job.mail->summary;
    job.mail->bytes = owned->bytes;
    job.mail->summary = owned->summary ? &*owned->summary : nullptr;
    job.mail->keep = std::move(owned);
}
void own_mail(MailJob& job) { own_mail(job.message); }

}  // namespace

struct HostCore : std::enable_shared_from_this<HostCore> {
    HostCore(net::Loop& l, const Clock& c, Limits given) : loop(l), clock(c), limits(given) {}

    net::Loop& loop;
    const Clock& clock;
    const Limits limits;
    std::vector<std::string> trusted;
    GenerationPtr current, trial;
    std::uint32_t percent = 0;
    std::size_t waiting = 0;
    std::function<void(const PluginFigures&)> tell;

    const GenerationPtr& generation_for(std::string_view id) const {
        return trial != nullptr && is_in_share(id, percent) ? trial : current;
    }

    void settle(Generation& generation, const std::vector<Told>& all) {
        const auto now = clock.now_ms();
        for (const auto& told : all) {
            const auto found = generation.standings.find(told.plugin);
            if (found == generation.standings.end()) continue;
            auto& standing = found->second;
            standing.ran(told.took, told.actions);
            if (!told.failure) {
                standing.did_well(now);
                continue;
            }
            const bool tells = standing.failed(*told.failure, now, limits);
            generation.resting_until = std::max(generation.resting_until, standing.rests_until());
            if (tells) {
                auto figures = standing.figures(now);
                figures.on_trial = generation.on_trial;
                loop.post([weak = weak_from_this(), figures] {
                    if (const auto self = weak.lock(); self && self->tell) self->tell(figures);
                });
            }
        }
    }

    void give_back(const GenerationPtr& generation, std::unique_ptr<Engine> engine) {
        if (generation->give_back(std::move(engine))) serve_soon(generation);
    }
    void serve_soon(const GenerationPtr& generation) {
        loop.post([generation] { generation->serve(); });
    }

    std::vector<std::string> resting(const Generation& generation) const {
        std::vector<std::string> out;
        const auto now = clock.now_ms();
        if (generation.resting_until <= now) return out;
        for (const auto& [name, standing] : generation.standings) {
            if (standing.rests(now)) out.push_back(name);
        }
        return out;
    }
};

namespace {

// Of a job on the pool. The pool owns it together with whoever waits, so that it ends on the loop's thread even where nobody waits any
// more.
template <class J, class Outcome>
class Work {
  public:
    Work(std::shared_ptr<HostCore> inner, GenerationPtr generation, std::unique_ptr<Engine> engine, J job)
        : inner_(inner),
          generation_(std::move(generation)),
          engine_(std::move(engine)),
          job_(std::move(job)),
          watch_(inner->resting(*generation_), inner->limits.failures_max) {}
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;
    ~Work() { finish(); }

    // On the pool.
    void run() {
        watch_.begin(*engine_);
        begun_ = true;
        outcome_ = engine_->run(job_);
        engine_->set_gate({}, {});
        ended_ = true;
    }
    // On the loop, once: the figures are counted and the engine is free.
    void finish() {
        if (engine_ == nullptr) return;
        const auto inner = inner_.lock();
        if (begun_ && !ended_) engine_.reset();  // an exception came out of it: nobody knows where it stands
        if (inner == nullptr) return engine_.reset();
        inner->settle(*generation_, watch_.told());
        inner->give_back(generation_, std::move(engine_));
    }
    Outcome take_outcome() { return std::move(outcome_); }

  private:
    std::weak_ptr<HostCore> inner_;
    GenerationPtr generation_;
    std::unique_ptr<Engine> engine_;
    J job_;
    Watch watch_;
    Outcome outcome_;
    bool begun_ = false;
    bool ended_ = false;
};

// One more place in the queue of those who wait; left when whoever waits goes on or is gone.
class Place {
  public:
    explicit Place(std::size_t& waiting) : waiting_(waiting) { ++waiting_; }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { --waiting_; }

  private:
    std::size_t& waiting_;
};

template <class Outcome, class J>
Async<Outcome> run_on_pool(std::shared_ptr<HostCore> inner, GenerationPtr generation, J job) {
    own_mail(job);
    std::unique_ptr<Engine> engine;
    {
        Generation::Turn turn(*generation);
        std::optional<Place> place;
        if (generation->waiting() > 0 || !generation->has_engine()) {
            if (inner->waiting >= inner->limits.waiting_max)
                co_await fail(Kind::busy, "Too busy, try again later.", "too many jobs wait for plugins");
            place.emplace(inner->waiting);
        }
        co_await turn;
        engine = turn.take();
    }
    auto work = std::make_shared<Work<J, Outcome>>(inner, generation, std::move(engine), std::move(job));
    auto run = [work] { work->run(); };
    auto running = net::offload(inner->loop, std::move(run));
    auto ended = co_await std::move(running).result();
    work->finish();
    if (!ended) co_await fail(std::move(ended.error()));
    co_return work->take_outcome();
}

}  // namespace

namespace {

template <class F>
void each_profile(const Job& job, F f) {
    f(profile_of(job));
}
template <class F>
void each_profile(const MailJob& job, F f) {
    f(profile_of(job.message));
    for (const auto& recipient : job.recipients) f(recipient.profile.get());
}

template <class J>
bool may_run_here(const HostCore& core, Generation& generation, const J& job) {
    const auto now = core.clock.now_ms();
    bool may = true;
    each_profile(job, [&](const Profile* profile) { may = may && generation.may_run_here(profile, now); });
    return may;
}

// What this thread has worked; on a busy machine much more time passes by.
std::chrono::nanoseconds worked() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

// Was a run slow? Time that passes is told for nothing, work only by a call of the kernel, which costs as much as a small plugin does:
// so work is looked at for a while only after something seemed slow.
class Stopwatch {
  public:
    Stopwatch(Generation& generation, UnixMillis now)
        : generation_(generation), now_(now), measures_(generation.measured_until > now), began_(SteadyClock::now()) {
        if (measures_) worked_ = worked();
    }
    bool was_slow(std::chrono::nanoseconds of_that_opening) const {
        if (SteadyClock::now() - began_ - of_that_opening <= kQuick) return false;
        if (measures_) return worked() - worked_ - of_that_opening > kQuick;
        generation_.measured_until = now_ + kSlowForMs;
        return false;
    }

  private:
    using SteadyClock = std::chrono::steady_clock;
    Generation& generation_;
    UnixMillis now_;
    bool measures_;
    SteadyClock::time_point began_;
    std::chrono::nanoseconds worked_{};
};

// On the loop's thread, to the end.
template <class Outcome, class J>
Outcome run_here(HostCore& core, Generation& generation, const J& job) {
    Watch watch(core.resting(generation), core.limits.failures_max);
    const Stopwatch stopwatch(generation, core.clock.now_ms());
    Outcome outcome;
    std::chrono::nanoseconds opening{};
    try {
        auto& engine = generation.engine_here();
        watch.begin(engine);
        engine.take_opening_time();  // what was opened before is none of this run's
        outcome = engine.run(job);
        engine.set_gate({}, {});
        opening = engine.take_opening_time();
    } catch (...) {
        generation.drop_engine_here();  // nobody knows where it stands
        throw;
    }
    if (stopwatch.was_slow(opening)) {
        each_profile(job, [&](const Profile* profile) { generation.took_long(profile, core.clock.now_ms()); });
    }
    core.settle(generation, watch.told());
    return outcome;
}

}  // namespace

struct Host::Inner : HostCore {
    using HostCore::HostCore;
};

Host::Host(net::Loop& loop, const Clock& clock, Limits limits) : inner_(std::make_shared<Inner>(loop, clock, limits)) {
    inner_->current = std::make_shared<Generation>(std::make_shared<const PluginSet>(), limits);
}
Host::~Host() = default;

void Host::trust(std::vector<std::string> directories) { inner_->trusted = std::move(directories); }

void Host::use(std::shared_ptr<const PluginSet> set) {
    inner_->current = std::make_shared<Generation>(std::move(set), inner_->limits, inner_->trusted);
    inner_->trial = nullptr;
}

void Host::try_out(std::shared_ptr<const PluginSet> set, std::uint32_t percent) {
    inner_->trial = std::make_shared<Generation>(std::move(set), inner_->limits, inner_->trusted);
    inner_->trial->on_trial = true;
    inner_->percent = percent;
}

bool Host::accept_trial() {
    if (inner_->trial == nullptr) return false;
    inner_->current = std::exchange(inner_->trial, nullptr);
    inner_->current->on_trial = false;
    return true;
}

bool Host::reject_trial() { return std::exchange(inner_->trial, nullptr) != nullptr; }
std::uint32_t Host::trial_percent() const { return inner_->trial != nullptr ? inner_->percent : 0; }
const std::shared_ptr<const PluginSet>& Host::plugins() const { return inner_->current->set(); }

bool Host::has(const ProfilePtr& profile, Hook hook) {
    if (inner_->current->has(profile.get(), hook)) return true;
    return inner_->trial != nullptr && inner_->trial->has(profile.get(), hook);
}

bool Host::has(const ProfilePtr& profile, Hook hook, const Occasion& occasion) {
    if (inner_->current->has(profile.get(), hook, occasion)) return true;
    return inner_->trial != nullptr && inner_->trial->has(profile.get(), hook, occasion);
}

std::vector<std::string> Host::state_readers(const ProfilePtr& profile, Hook hook) {
    std::vector<std::string> names;
    inner_->current->add_state_readers(profile.get(), hook, names);
    if (inner_->trial != nullptr) inner_->trial->add_state_readers(profile.get(), hook, names);
    return names;
}

Async<Decided> Host::run(Job job) {
    auto generation = inner_->generation_for(job.id);
    if (!generation->has(profile_of(job), job.hook)) co_return Decided();
    if (may_run_here(*inner_, *generation, job)) co_return run_here<Decided>(*inner_, *generation, job);
    auto running = run_on_pool<Decided>(inner_, std::move(generation), std::move(job));
    auto decided = co_await std::move(running);
    co_return decided;
}

Async<MailDecided> Host::run(MailJob job) {
    auto generation = inner_->generation_for(job.message.id);
    const auto* profile = profile_of(job.message);
    bool needed = generation->has(profile, Hook::headers) || generation->has(profile, Hook::message);
    for (const auto& recipient : job.recipients) needed = needed || generation->has(recipient.profile.get(), Hook::deliver);
    if (!needed) {
        MailDecided nothing;
        nothing.recipients.resize(job.recipients.size());
        co_return nothing;
    }
    if (may_run_here(*inner_, *generation, job)) co_return run_here<MailDecided>(*inner_, *generation, job);
    auto running = run_on_pool<MailDecided>(inner_, std::move(generation), std::move(job));
    auto decided = co_await std::move(running);
    co_return decided;
}

std::vector<PluginFigures> Host::figures() const {
    std::vector<PluginFigures> out;
    const auto now = inner_->clock.now_ms();
    for (const auto& generation : {inner_->current, inner_->trial}) {
        if (generation == nullptr) continue;
        for (const auto& [name, standing] : generation->standings) {
            out.push_back(standing.figures(now));
            out.back().on_trial = generation->on_trial;
        }
    }
    return out;
}

void Host::on_rest(std::function<void(const PluginFigures&)> tell) { inner_->tell = std::move(tell); }

}  // namespace tayori::lua
