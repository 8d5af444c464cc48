// What runs where some plugins do not load.
#include "common/daemon/plugin_loading.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "common/base/text.h"

namespace tayori::daemon {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class PluginLoading : public testing::Test {
  protected:
    PluginLoading() {
        auto pattern = (fs::temp_directory_path() / "tayori-plugins-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }
    ~PluginLoading() override { fs::remove_all(folder_); }

    void write(const std::string& directory, const std::string& name, bool broken = false) {
        fs::create_directories(folder_ / directory / name);
        std::ofstream(folder_ / directory / name / "plugin.lua")
            << "local tayori = require \"tayori\"\nlocal p = tayori.plugin { name = \"" << name << "\", version = \"" << directory
            << "\" }\nfunction p.connect(session) end\nreturn p" << (broken ? " oops" : "") << "\n";
    }
    LoadedPlugins load(settings::BrokenPlugin broken = settings::BrokenPlugin::shipped) {
        return load_at_start({{(folder_ / "shipped").string()}, (folder_ / "site").string(), broken}, {});
    }
    static std::string names(const LoadedPlugins& loaded) {
        std::string out;
        for (const auto& plugin : loaded.set->plugins)
            append(out, out.empty() ? "" : " ", plugin->declaration.name, ":", plugin->declaration.version);
        return out;
    }

    fs::path folder_;
};

TEST_F(PluginLoading, NothingThereIsNoError) {
    const auto loaded = load();
    EXPECT_EQ(names(loaded), "");
    EXPECT_EQ(loaded.error, "");
}

TEST_F(PluginLoading, TheSiteGoesBeforeWhatWasShipped) {
    write("shipped", "a");
    write("shipped", "b");
    write("site", "b");
    write("site", "c");
    EXPECT_EQ(names(load()), "a:shipped b:site c:site");
}

TEST_F(PluginLoading, ABrokenOneOfTheSiteLeavesThoseThatWereShipped) {
    write("shipped", "a");
    write("shipped", "b");
    write("site", "b", true);
    write("site", "c");
    const auto loaded = load();
    EXPECT_EQ(names(loaded), "a:shipped b:shipped");
    EXPECT_THAT(loaded.error, HasSubstr("b/plugin.lua:4"));
}

TEST_F(PluginLoading, OrAllOthersWhereTheSettingSaysSo) {
    write("shipped", "a");
    write("shipped", "b");
    write("site", "b", true);
    write("site", "c");
    const auto loaded = load(settings::BrokenPlugin::others);
    EXPECT_EQ(names(loaded), "a:shipped b:shipped c:site");
    EXPECT_THAT(loaded.error, HasSubstr("b/plugin.lua:4"));
}

TEST_F(PluginLoading, ADamagedOneThatWasShippedLeavesTheOthers) {
    write("shipped", "a", true);
    write("shipped", "b");
    write("site", "c");
    const auto loaded = load();
    EXPECT_EQ(names(loaded), "b:shipped");
    EXPECT_THAT(loaded.error, HasSubstr("a/plugin.lua:4"));
}

}  // namespace
}  // namespace tayori::daemon
