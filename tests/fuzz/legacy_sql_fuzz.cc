// Database dumps: the same rows whatever the blocks.
#include <cstdint>
#include <string>
#include <string_view>

#include "check.h"
#include "common/legacy/hmailserver/sql_reader.h"

using namespace tayori::legacy::hmailserver;

namespace {

std::string rows_of(std::string_view text, std::size_t block) {
    std::string out;
    SqlReader reader([&](const SqlRow& row) {
        FUZZ_CHECK(row.values.size() <= kSqlColumnsMax && row.columns.size() <= kSqlColumnsMax);
        out += row.table;
        for (const auto& value : row.values) out += '\x1f' + value.value_or("\x1e");
        out += '\n';
    });
    for (std::size_t at = 0; at < text.size(); at += block) reader.feed(text.substr(at, block));
    reader.finish();
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    FUZZ_CHECK(rows_of(text, text.size() + 1) == rows_of(text, 2));
    return 0;
}
