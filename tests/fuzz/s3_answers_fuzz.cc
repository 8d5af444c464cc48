// What S3 answers: any bytes are a list, a name of an upload, a refusal, or no sense.
#include <cstdint>
#include <string>
#include <string_view>

#include "check.h"
#include "spoold/backup/s3/answers.h"
#include "spoold/backup/s3/xml.h"

using namespace tayori;
using namespace tayori::spool::s3;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    std::size_t text_bytes = 0;
    const auto read = read_xml(input, [&](std::string_view path, std::string_view text) {
        FUZZ_CHECK(!path.empty());
        text_bytes += text.size();
    });
    FUZZ_CHECK(text_bytes <= size);

    const auto keys = parse_listed_keys(input);
    if (keys) FUZZ_CHECK(read && keys->keys.size() + keys->prefixes.size() <= size);
    const auto uploads = parse_listed_uploads(input);
    if (uploads) {
        for (const auto& upload : uploads->uploads) FUZZ_CHECK(!upload.key.empty() && !upload.id.empty());
    }
    if (const auto id = parse_upload_id(input)) FUZZ_CHECK(read && !id->empty());
    for (const auto& word : {parse_trouble(input).code, parse_trouble(input).message}) {
        for (const char c : word) FUZZ_CHECK(c >= ' ' && c <= '~');
    }

    // What we write can be read.
    std::string etag;
    const auto again = read_xml(listed_parts({std::string(input.substr(0, 64))}), [&](std::string_view path, std::string_view text) {
        if (path.ends_with("/ETag")) etag = text;
    });
    FUZZ_CHECK(again && etag == input.substr(0, 64));
    return 0;
}
