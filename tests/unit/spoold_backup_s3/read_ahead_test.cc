// How many requests reading costs.
#include "spoold/backup/s3/read_ahead.h"

#include <gmock/gmock.h>

#include "common/base/text.h"

namespace tayori::spool::s3 {
namespace {

constexpr std::uint64_t kMin = ReadAhead::kFetchBytesMin;
constexpr std::uint64_t kMax = ReadAhead::kFetchBytesMax;

char byte_at(std::uint64_t offset) { return static_cast<char>(offset * 131 >> 5); }

class ReadAheadTest : public testing::Test {
  protected:
    std::string read(const std::string& name, std::uint64_t offset, std::size_t bytes) {
        std::string out(bytes, '\0');
        const auto got = ahead.read(name, offset, out.data(), bytes);
        EXPECT_TRUE(got);
        out.resize(got.value_or(0));
        for (std::size_t i = 0; i < out.size(); ++i) {
            if (out[i] != byte_at(offset + i)) ADD_FAILURE() << "another byte at " << offset + i;
        }
        return out;
    }

    std::uint64_t size = 40 << 20;
    bool failing = false;
    std::uint64_t fetches = 0;
    std::uint64_t fetched = 0;
    std::uint64_t largest = 0;
    ReadAhead ahead{[this](const std::string&, std::uint64_t offset, std::uint64_t bytes) -> Result<ReadAhead::Fetched> {
        ++fetches;
        if (failing) return fail(Kind::busy, "Away.");
        ReadAhead::Fetched out{{}, size};
        for (auto at = offset; at < std::min(size, offset + bytes); ++at) out.bytes += byte_at(at);
        fetched += out.bytes.size();
        largest = std::max(largest, bytes);
        return out;
    }};
};

TEST_F(ReadAheadTest, RecordByRecordCostsFewRequests) {
    constexpr std::size_t kRecord = 3001;
    for (std::uint64_t at = 0; at < size; at += kRecord) {
        ASSERT_EQ(read("a", at, kRecord).size(), std::min<std::uint64_t>(kRecord, size - at));
    }
    // 256 KiB, 512 KiB, 1, 2, 4, and 8 MiB for the rest.
    EXPECT_LE(fetches, 5 + 5u);
    EXPECT_EQ(fetched, size);
    EXPECT_EQ(largest, kMax);
}

TEST_F(ReadAheadTest, LargeReadsCostAsLittle) {
    for (std::uint64_t at = 0; at < size; at += 1 << 20) read("a", at, 1 << 20);
    EXPECT_LE(fetches, 4 + 5u);
    EXPECT_EQ(fetched, size);
}

TEST_F(ReadAheadTest, OneBodyOfALargeFileCostsLittle) {
    read("a", 17 << 20, 100);
    EXPECT_EQ(fetched, kMin);
    EXPECT_EQ(read("a", (17 << 20) + 50, 1000).size(), 1000u);
    EXPECT_EQ(fetches, 1u);
}

TEST_F(ReadAheadTest, ReadsBeyondTheEndAreShort) {
    size = 1000;
    EXPECT_EQ(read("a", 0, 4000).size(), 1000u);
    EXPECT_EQ(read("a", 990, 100).size(), 10u);
    EXPECT_EQ(read("a", 1000, 100).size(), 0u);
    EXPECT_EQ(read("a", 5000, 100).size(), 0u);
    EXPECT_EQ(fetches, 1u);
    size = 0;
    EXPECT_EQ(read("empty", 0, 100).size(), 0u);
    EXPECT_EQ(read("empty", 7, 100).size(), 0u);
    EXPECT_EQ(fetches, 2u);
}

TEST_F(ReadAheadTest, ManyFilesAtOnce) {
    for (std::uint64_t at = 0; at < 1 << 20; at += 1000) {
        for (std::size_t file = 0; file < ReadAhead::kWindowsMax; ++file) read(cat("f", file), at, 1000);
    }
    EXPECT_LE(fetches, ReadAhead::kWindowsMax * 3);
    for (std::size_t file = 0; file < 3 * ReadAhead::kWindowsMax; ++file) read(cat("g", file), 0, 1000);
}

TEST_F(ReadAheadTest, AFailureIsNotKept) {
    failing = true;
    char byte = 0;
    EXPECT_EQ(ahead.read("a", 0, &byte, 1).error().kind, Kind::busy);
    failing = false;
    EXPECT_EQ(read("a", 0, 10).size(), 10u);
}

TEST_F(ReadAheadTest, WhatIsForgottenIsFetchedAnew) {
    read("000001/log/a", 0, 10);
    read("000001x", 0, 10);
    ahead.forget("000001");
    read("000001x", 0, 10);
    EXPECT_EQ(fetches, 2u);
    read("000001/log/a", 0, 10);
    EXPECT_EQ(fetches, 3u);
}

}  // namespace
}  // namespace tayori::spool::s3
