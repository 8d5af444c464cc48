#include "common/legacy/read_ahead.h"

#include <gtest/gtest.h>

#include <atomic>

#include "common/base/text.h"

namespace tayori::legacy {
namespace {

std::vector<std::string> paths(std::size_t count) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(cat("mail ", i));
    return out;
}

// Where nobody reads on, the thread has opened all that it may and waits; then it must end as well.
TEST(ReadAhead, EndsWhereNobodyReadsOn) {
    std::atomic<std::size_t> opened{0};
    {
        ReadAhead ahead(paths(3 * kReadAheadFiles), [&](const std::string&) {
            opened.fetch_add(1);
            opened.notify_all();
            return OpenFile();
        });
        for (auto seen = opened.load(); seen < kReadAheadFiles; seen = opened.load()) opened.wait(seen);
    }
    EXPECT_EQ(opened, kReadAheadFiles);
}

}  // namespace
}  // namespace tayori::legacy
