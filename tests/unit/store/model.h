// What a store should hold: a model that random mutations are applied to beside the real one.
//
// Every successful mutation writes its number under "seq". Commits happen in order, so after a crash the store must be
// the model after some number of mutations, at least those that were acknowledged, and "seq" says which.
#pragma once

#include <map>
#include <random>

#include "fixture.h"

namespace tayori::store {

struct Step {
    enum class What { put, erase, erase_range, add_body, adopt, retain, release } what = What::put;
    std::string key;    // put, erase, erase_range; else the body's name
    std::string value;  // put; erase_range: its end; add_body, adopt: the bytes
    UploadId upload{};
};

struct Planned {
    std::uint64_t number = 0;
    std::vector<Step> steps;
    bool refused = false;  // does its steps, then says no: nothing may stay
};

struct Model {
    struct Body {
        std::string bytes;
        std::uint64_t references = 0;
        bool operator==(const Body&) const = default;
    };
    std::map<std::string, std::string> keys;
    std::map<std::string, Body> bodies;
    std::uint64_t sequence = 0;

    void apply(const Planned& plan) {
        if (plan.refused) return;
        for (const auto& step : plan.steps) apply(step);
        sequence = plan.number;
    }

  private:
    void apply(const Step& step) {
        switch (step.what) {
            case Step::What::put: keys[step.key] = step.value; return;
            case Step::What::erase: keys.erase(step.key); return;
            case Step::What::erase_range:
                keys.erase(keys.lower_bound(step.key), keys.lower_bound(step.value));
                return;
            case Step::What::add_body:
            case Step::What::adopt: bodies[step.key] = {step.value, 1}; return;
            case Step::What::retain: ++bodies.at(step.key).references; return;
            case Step::What::release:
                if (--bodies.at(step.key).references == 0) bodies.erase(step.key);
                return;
        }
    }
};

inline Result<void> perform(Transaction& t, const Step& step) {
    const auto body_name = cat("b/", step.key);
    auto known = [&] { return BodyId{std::stoull(t.get(body_name).value_or("0"))}; };
    switch (step.what) {
        case Step::What::put: t.put(step.key, step.value); return {};
        case Step::What::erase: t.erase(step.key); return {};
        case Step::What::erase_range: t.erase_range(step.key, step.value); return {};
        case Step::What::add_body:
            t.put(body_name, std::to_string(static_cast<std::uint64_t>(t.add_body(step.value))));
            return {};
        case Step::What::adopt: {
            auto id = t.adopt(step.upload);
            if (!id) return fail(id.error());
            t.put(body_name, std::to_string(static_cast<std::uint64_t>(*id)));
            return {};
        }
        case Step::What::retain: t.retain(known()); return {};
        case Step::What::release: {
            auto info = t.body(known());
            if (!info) return fail(info.error());
            t.release(known());
            if (info->references == 1) t.erase(body_name);
            return {};
        }
    }
    return {};
}

// Makes random plans that fit what the model will be when they are applied.
class Planner {
  public:
    Planner(std::uint64_t seed, Model start) : random_(seed), future_(std::move(start)) {}
    std::mt19937_64& random() { return random_; }
    const Model& future() const { return future_; }

    Planned next(Store& store) {
        Planned plan;
        plan.number = future_.sequence + 1;
        plan.refused = pick(10) == 0;
        Model after = future_;
        const auto count = 1 + pick(4);
        for (std::uint64_t i = 0; i < count; ++i) {
            if (auto step = one(store, after)) {
                plan.steps.push_back(std::move(*step));
                Planned single{plan.number, {plan.steps.back()}, false};
                after.apply(single);
            }
        }
        if (!plan.refused) {
            after.sequence = plan.number;
            future_ = std::move(after);
        }
        return plan;
    }

  private:
    std::uint64_t pick(std::uint64_t n) { return random_() % n; }
    std::string text(std::uint64_t most) {
        std::string out(pick(most), '\0');
        for (auto& c : out) c = static_cast<char>('a' + random_() % 26);
        return out;
    }
    std::string key() { return cat("k", 100 + pick(60)); }

    std::optional<Step> one(Store& store, const Model& now) {
        Step step;
        const auto dice = pick(20);
        if (dice < 6) {
            step.key = key();
            step.value = text(200);
        } else if (dice < 7) {
            step.what = Step::What::erase;
            step.key = key();
        } else if (dice < 8) {
            step.what = Step::What::erase_range;
            step.key = key();
            step.value = key();
            if (step.value < step.key) std::swap(step.key, step.value);
        } else if (dice < 13) {
            step.what = Step::What::add_body;
            step.key = cat(++names_, "-", pick(1u << 30));
            step.value = text(pick(12) == 0 ? 30000 : 3000);
        } else if (dice < 14) {
            step.what = Step::What::adopt;
            step.key = cat(++names_, "-", pick(1u << 30));
            step.value = text(20000);
            auto upload = store.staging().begin();
            if (!upload) return std::nullopt;
            step.upload = *upload;
            const auto half = step.value.size() / 2;
            if (!store.staging().append(*upload, step.value.substr(0, half))) return std::nullopt;
            if (pick(4) == 0) return std::nullopt;  // an orphan
            if (!store.staging().append(*upload, step.value.substr(half))) return std::nullopt;
            if (!store.staging().finish(*upload)) return std::nullopt;
        } else {
            if (now.bodies.empty()) return std::nullopt;
            auto at = now.bodies.begin();
            std::advance(at, static_cast<std::ptrdiff_t>(pick(now.bodies.size())));
            step.key = at->first;
            // Bodies die often enough for compaction to find work.
            step.what = dice < 15 ? Step::What::retain : Step::What::release;
        }
        return step;
    }

    std::mt19937_64 random_;
    Model future_;
    std::uint64_t names_ = 0;
};

// The body's bytes must live until the answer: the plan is kept in the callback.
inline void submit_plan(Store& store, std::shared_ptr<const Planned> plan,
                        std::function<void(const Planned&, const Result<void>&)> done) {
    Request request;
    request.effect = Effect::shrinks;
    request.apply = [plan](Transaction& t) -> Result<void> {
        for (const auto& step : plan->steps) {
            if (auto performed = perform(t, step); !performed) return performed;
        }
        if (plan->refused) return fail(Kind::denied, "planned");
        t.put("seq", std::to_string(plan->number));
        return {};
    };
    request.done = [plan, done](Result<void> result) { done(*plan, result); };
    store.submit(std::move(request));
}

// Everything in the store is as in the model, and nothing else is there.
inline void expect_equal(Store& store, const Model& model) {
    std::map<std::string, std::string> keys;
    std::map<std::string, Model::Body> bodies;
    auto scanned = store.snapshot()->scan("", "\xff", [&](std::string_view key, std::string_view value) {
        if (key == "seq") return true;
        if (!key.starts_with("b/")) return keys.emplace(key, value), true;
        const auto id = BodyId{std::stoull(std::string(value))};
        auto body = read_body(store, id);
        const auto expected = model.bodies.find(std::string(key.substr(2)));
        bodies[std::string(key.substr(2))] = {
            std::move(body), expected == model.bodies.end() ? 0 : expected->second.references};
        return true;
    });
    ASSERT_TRUE(scanned.has_value());
    EXPECT_EQ(keys, model.keys);
    EXPECT_TRUE(bodies == model.bodies) << bodies.size() << " bodies, expected " << model.bodies.size();
    EXPECT_EQ(store.stats().bodies, model.bodies.size());
    expect_verified(store);
}

}  // namespace tayori::store
