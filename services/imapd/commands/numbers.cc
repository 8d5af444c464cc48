#include "imapd/commands/numbers.h"

namespace tayori::imap {

Result<NumberSet> resolve(const FolderView& view, const SequenceSet& set, Numbers by) {
    if (by == Numbers::uid)
        return view.numbers().numbers_of(set.resolve(view.numbers().last_uid()));
    auto numbers = set.resolve(view.numbers().size());
    if (numbers.empty() || numbers.back().last > view.numbers().size()) {
        return fail(Kind::invalid, "No such message number.");
    }
    return numbers;
}

}  // namespace tayori::imap
