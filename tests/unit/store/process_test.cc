// A real process that loses its power: what it has said before is on the disk.
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "spoold/store/power_cut.h"

namespace tayori::store {
namespace {

constexpr int kPuts = 1000;

// Runs in the child: commits numbers, and says each one after it is durable.
[[noreturn]] void commit_until_cut(const std::string& directory, const std::string& setting, int say) {
    auto files = make_power_cut(setting, directory);
    if (!files || !*files) std::_Exit(1);
    auto store = open_embedded(small_options(directory, files->get()));
    if (!store) std::_Exit(2);
    for (int i = 0; i < kPuts; ++i) {
        if (!put(**store, "n", std::to_string(i))) std::_Exit(3);
        if (::write(say, &i, sizeof i) != sizeof i) std::_Exit(4);
    }
    ::pause();
    std::_Exit(5);
}

#if defined(__SANITIZE_THREAD__)
#define SKIP_WITH_THREAD_SANITIZER GTEST_SKIP() << "it can't follow threads of a forked process"
#else
#define SKIP_WITH_THREAD_SANITIZER
#endif

// What was said last.
int cut_one(const std::string& directory, const std::string& setting, bool by_signal) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(ends[0]);
        commit_until_cut(directory, setting, ends[1]);
    }
    ::close(ends[1]);
    int said = -1;
    int number = 0;
    while (::read(ends[0], &number, sizeof number) == sizeof number) {
        said = number;
        if (by_signal && number == 100) ::kill(child, SIGUSR2);
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), kPowerCutExit);
    return said;
}

void expect_kept(const std::string& directory, int said) {
    auto store = must_open(small_options(directory));
    ASSERT_NE(store, nullptr);
    const auto value = value_of(*store, "n");
    const auto kept = value == "<none>" ? -1 : std::stoi(value);
    EXPECT_TRUE(kept == said || kept == said + 1) << kept << " kept, " << said << " said";
}

TEST(Process, LosesNothingItHasSaidWhenThePowerGoesAfterSomeSyncs) {
    SKIP_WITH_THREAD_SANITIZER;
    for (int n = 12; n < 60; n += 4) {
        TemporaryDirectory directory;
        expect_kept(directory.path(), cut_one(directory.path(), cat("after_syncs=", n, ",seed=", n), false));
    }
}

TEST(Process, LosesNothingItHasSaidWhenThePowerGoesAtASignal) {
    SKIP_WITH_THREAD_SANITIZER;
    TemporaryDirectory directory;
    const auto said = cut_one(directory.path(), "signal,seed=3", true);
    EXPECT_GE(said, 100);
    expect_kept(directory.path(), said);
}

TEST(Process, AWrongSettingIsRefused) {
    auto files = make_power_cut("sometimes", "/tmp");
    ASSERT_FALSE(files);
    EXPECT_EQ(files.error().kind, Kind::invalid);
    EXPECT_TRUE(make_power_cut("", "/tmp").value() == nullptr);
}

}  // namespace
}  // namespace tayori::store
