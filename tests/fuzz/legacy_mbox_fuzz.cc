// mbox files: the same mails whatever the blocks, in order, within the file; and unwrapping never makes a bare LF.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "check.h"
#include "common/legacy/mbox/scanner.h"
#include "common/legacy/mbox/unwrap.h"

using namespace tayori::legacy;

namespace {

std::vector<mbox::ScannedMail> scan(std::string_view file, std::size_t block) {
    std::vector<mbox::ScannedMail> mails;
    mbox::ScanSettings settings;
    settings.file_bytes = file.size();
    settings.peek = [&](std::uint64_t offset, std::size_t bytes) { return std::string(file.substr(std::min<std::size_t>(offset, file.size()), bytes)); };
    mbox::Scanner scanner(settings, [&](mbox::ScannedMail&& mail) { mails.push_back(std::move(mail)); });
    for (std::size_t at = 0; at < file.size(); at += block) scanner.feed(file.substr(at, block));
    scanner.finish();
    return mails;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view file(reinterpret_cast<const char*>(data), size);
    const auto mails = scan(file, file.size() + 1);
    const auto again = scan(file, 3);
    FUZZ_CHECK(mails.size() == again.size());
    std::uint64_t end = 0;
    for (std::size_t i = 0; i < mails.size(); ++i) {
        FUZZ_CHECK(mails[i].offset == again[i].offset && mails[i].bytes == again[i].bytes && mails[i].identity == again[i].identity);
        FUZZ_CHECK(mails[i].offset >= end);
        end = mails[i].offset + mails[i].bytes;
        FUZZ_CHECK(end <= file.size());
        const auto bytes = file.substr(mails[i].offset, mails[i].bytes);
        FUZZ_CHECK(bytes.starts_with("From "));
        for (const auto wrapping : {Wrapping::mbox_o, Wrapping::mbox_rd}) {
            Mail mail;
            mail.wrapping = wrapping;
            mail.strip_bookkeeping = true;
            const auto message = unwrap_mbox(std::string(bytes), mail);
            for (std::size_t at = message.find('\n'); at != std::string::npos; at = message.find('\n', at + 1))
                FUZZ_CHECK(at > 0 && message[at - 1] == '\r');
        }
    }
    return 0;
}
