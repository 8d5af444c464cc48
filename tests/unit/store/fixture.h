// A store in a directory of its own, and calls that wait for their answer.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <future>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/store/embedded.h"

namespace tayori::store {

// A new directory, in memory where there is a place for that; removed at the end.
class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        static std::atomic<unsigned> count = 0;
        const std::filesystem::path shm = "/dev/shm";
        std::error_code code;
        const auto space = std::filesystem::space(shm, code);
        const bool roomy = !code && space.available > (1u << 30);
        const auto parent = roomy ? shm : std::filesystem::temp_directory_path();
        path_ = (parent / cat("tayori-store-", ::getpid(), "-", ++count)).string();
        std::filesystem::remove_all(path_);
        std::filesystem::create_directories(path_);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() {
        std::error_code code;
        std::filesystem::remove_all(path_, code);
    }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

// Small enough that a few dozen mutations use several segments.
inline Options small_options(const std::string& directory, Files* files = nullptr) {
    Options options;
    options.directory = directory;
    options.files = files;
    options.segment_bytes = 64 * 1024;
    options.memtable_bytes = 256 * 1024;
    options.block_cache_bytes = 1 << 20;
    options.free_min_bytes = 0;
    options.background = false;
    options.on_fatal = [](const std::string&) {};
    return options;
}

inline std::unique_ptr<CopyableStore> must_open(Options options) {
    auto store = open_embedded(std::move(options));
    if (!store) {
        ADD_FAILURE() << store.error().text << " " << store.error().detail;
        return nullptr;
    }
    return std::move(*store);
}

inline std::future<Result<void>> start_commit(Store& store, Mutation apply, Effect effect = Effect::grows) {
    auto outcome = std::make_shared<std::promise<Result<void>>>();
    Request request;
    request.effect = effect;
    request.apply = std::move(apply);
    request.done = [outcome](Result<void> result) { outcome->set_value(std::move(result)); };
    auto future = outcome->get_future();
    store.submit(std::move(request));
    return future;
}

inline Result<void> commit(Store& store, Mutation apply, Effect effect = Effect::grows) {
    return start_commit(store, std::move(apply), effect).get();
}

inline Result<void> put(Store& store, std::string key, std::string value) {
    return commit(store, [&](Transaction& t) -> Result<void> {
        t.put(key, value);
        return {};
    });
}

inline Result<BodyId> add_body(Store& store, const std::string& bytes) {
    BodyId id{};
    auto done = commit(store, [&](Transaction& t) -> Result<void> {
        id = t.add_body(bytes);
        return {};
    });
    if (!done) return fail(done.error());
    return id;
}

inline Result<void> release(Store& store, BodyId id) {
    return commit(
        store,
        [&](Transaction& t) -> Result<void> {
            t.release(id);
            return {};
        },
        Effect::shrinks);
}

// The whole body, its checksum compared; or the error's kind in words.
inline std::string read_body(const Store& store, BodyId id) {
    auto reader = store.open_body(id);
    if (!reader) return cat("<", to_string(reader.error().kind), ">");
    std::string bytes;
    auto done = (*reader)->read(0, (*reader)->size(), bytes);
    if (done) done = (*reader)->verify();
    return done ? bytes : cat("<", to_string(done.error().kind), ">");
}

inline std::string value_of(const Store& store, std::string_view key) {
    auto value = store.get(key);
    if (!value) return cat("<", to_string(value.error().kind), ">");
    return *value ? **value : "<none>";
}

inline void expect_verified(Store& store) {
    auto report = store.verify();
    ASSERT_TRUE(report.has_value()) << report.error().detail;
    for (const auto& problem : report->problems) ADD_FAILURE() << problem;
}

}  // namespace tayori::store
