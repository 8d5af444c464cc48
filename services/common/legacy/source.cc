#include "common/legacy/source.h"

#include "common/base/text.h"
#include "common/legacy/epost/epost.h"
#include "common/legacy/hmailserver/hmailserver.h"
#include "common/legacy/maildir/maildir.h"
#include "common/legacy/mbox/mbox.h"
#include "common/legacy/mh/mh.h"
#include "common/legacy/pmail/pmail.h"
#include "common/legacy/pst/pst.h"

namespace tayori::legacy {
namespace {

struct SourceKind {
    std::string_view name;
    std::unique_ptr<Source> (*make)(const Tree& tree, SourceOptions options);
};
// One row for each family.
constexpr SourceKind kKinds[] = {
    {"epost", make_epost},
    {"pmail", make_pmail},
    {"maildir", make_maildir},
    {"mbox", make_mbox},
    {"mh", make_mh},
    {"hmailserver", make_hmailserver},
    {"pst", make_pst},
};

}  // namespace

std::vector<std::string_view> source_kinds() {
    std::vector<std::string_view> names;
    for (const auto& kind : kKinds) names.push_back(kind.name);
    return names;
}

Result<std::unique_ptr<Source>> open_source(std::string_view kind, const Tree& tree,
                                            SourceOptions options) {
    for (const auto& known : kKinds)
        if (known.name == kind) return known.make(tree, std::move(options));
    std::string names;
    for (const auto& known : kKinds) append(names, names.empty() ? "" : ", ", known.name);
    return fail(Kind::unsupported, cat("There is no such kind of source; known are: ", names, "."));
}

}  // namespace tayori::legacy
