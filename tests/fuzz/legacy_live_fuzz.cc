// What an old server says: responses of IMAP, one after the other until one makes no sense, and POP3's lines.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "check.h"
#include "common/legacy/live/imap_response.h"
#include "common/legacy/live/limits.h"
#include "common/legacy/live/pop3_session.h"

using namespace tayori;
using namespace tayori::legacy;

namespace {

constexpr std::uint64_t kMailBytesMax = 4096;

// All of the input, in pieces of another size each time.
class FuzzLink final : public Link {
  public:
    explicit FuzzLink(std::string_view bytes) : bytes_(bytes) {}
    Result<void> send(std::string_view) override { return {}; }
    Result<std::string> receive() override {
        if (bytes_.empty()) return fail(Kind::closed, "The end.");
        const auto piece = std::min<std::size_t>(bytes_.size(), 1 + bytes_.size() % 13);
        std::string out(bytes_.substr(0, piece));
        bytes_.remove_prefix(piece);
        return out;
    }

  private:
    std::string_view bytes_;
};

std::size_t depth_of(const std::vector<ImapValue>& values) {
    std::size_t depth = 0;
    for (const auto& value : values) {
        FUZZ_CHECK(value.values.empty() || value.kind == ImapValue::Kind::list);
        FUZZ_CHECK(value.kind != ImapValue::Kind::atom || !value.text.empty());
        depth = std::max(depth, 1 + depth_of(value.values));
    }
    return depth;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    FuzzLink link(text);
    LinkReader reader(link);
    while (auto response = read_response(reader, kMailBytesMax)) {
        FUZZ_CHECK(!response->name.empty() || response->kind == ImapResponse::Kind::more);
        FUZZ_CHECK(depth_of(response->values) <= kLiveNestingMax + 2);
        FUZZ_CHECK(depth_of(response->code) <= kLiveNestingMax + 2);
    }
    Pop3Session pop3(std::make_unique<FuzzLink>(text), kMailBytesMax);
    if (!pop3.start()) return 0;
    if (const auto drop = pop3.drop()) {
        for (const auto& line : *drop) FUZZ_CHECK(line.number > 0 && !line.uidl.empty() && !line.key.empty());
    }
    if (!pop3.ask(1)) return 0;
    if (const auto mail = pop3.take()) FUZZ_CHECK(mail->empty() || mail->ends_with("\r\n"));
    return 0;
}
