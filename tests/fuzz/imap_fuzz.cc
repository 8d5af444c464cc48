// Arguments of IMAP commands, as they stand behind the command's name with their literals. The
// first byte chooses the grammar; what was parsed must also survive being written and matched.
#include "check.h"
#include "imapd/grammar/args.h"
#include "imapd/grammar/fetch_items.h"
#include "imapd/grammar/list_args.h"
#include "imapd/grammar/metadata.h"
#include "imapd/grammar/search_program.h"

namespace {

using namespace tayori::imap;

void fuzz_sets(Cursor& cursor) {
    const auto set = parse_sequence_set(cursor);
    if (!set) return;
    const auto numbers = set->resolve(1000);
    std::string written;
    append_set(written, numbers);
    if (numbers.empty()) return;
    Cursor again(written);
    const auto reread = parse_sequence_set(again);
    FUZZ_CHECK(reread.has_value() && reread->resolve(UINT32_MAX) == numbers);
}

void fuzz_names(std::string_view text) {
    Args args{std::string(text)};
    const auto name = args.mailbox();
    if (!name) return;
    // A name that the store may get goes out as it came in.
    std::string wire = " ";
    append_mailbox(wire, *name);
    Args again(std::move(wire));
    const auto reread = again.mailbox();
    FUZZ_CHECK(reread.has_value() && *reread == *name);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    Cursor cursor(text);
    switch (data[0] % 10) {
        case 0:
            (void)parse_fetch(cursor);
            break;
        case 1:
            (void)parse_search(cursor);
            break;
        case 2: {
            const auto list = parse_list(cursor);
            if (list) (void)matches_pattern(list->patterns.front(), "INBOX/a/b");
            break;
        }
        case 3:
            (void)parse_store(cursor);
            break;
        case 4:
            fuzz_sets(cursor);
            break;
        case 5:
            (void)literal_at_end(text);
            break;
        case 6:
            (void)parse_status_items(cursor);
            break;
        case 7:
            (void)parse_get_metadata(cursor);
            break;
        case 8:
            (void)parse_set_metadata(cursor);
            break;
        default:
            fuzz_names(text);
            break;
    }
    return 0;
}
