#include "common/rpc/mailbox_words.h"

#include "common/base/text.h"

namespace tayori::rpc {

namespace v1 = spool::v1;

namespace {

struct FlagName {
    std::string_view name;
    v1::SystemFlag flag;
};
constexpr FlagName kFlagNames[] = {{"\\Seen", v1::SYSTEM_FLAG_SEEN},         {"\\Flagged", v1::SYSTEM_FLAG_FLAGGED},
                                   {"\\Answered", v1::SYSTEM_FLAG_ANSWERED}, {"\\Deleted", v1::SYSTEM_FLAG_DELETED},
                                   {"\\Draft", v1::SYSTEM_FLAG_DRAFT}};

struct Use {
    std::string_view name;
    v1::SpecialUse use;
    std::string_view folder;
};
constexpr Use kUses[] = {{"junk", v1::SPECIAL_USE_JUNK, "Junk"},
                         {"trash", v1::SPECIAL_USE_TRASH, "Trash"},
                         {"archive", v1::SPECIAL_USE_ARCHIVE, "Archive"},
                         {"sent", v1::SPECIAL_USE_SENT, "Sent"},
                         {"drafts", v1::SPECIAL_USE_DRAFTS, "Drafts"}};

}  // namespace

std::uint32_t system_flag(std::string_view name) {
    for (const auto& [known, flag] : kFlagNames)
        if (equals_ignoring_case(known, name)) return static_cast<std::uint32_t>(flag);
    return 0;
}

v1::SpecialUse special_use_named(std::string_view name) {
    for (const auto& known : kUses)
        if (known.name == name) return known.use;
    return v1::SPECIAL_USE_UNSPECIFIED;
}

std::string folder_of_use(const google::protobuf::RepeatedPtrField<v1::Folder>& folders, v1::SpecialUse use) {
    for (const auto& folder : folders)
        if (folder.special_use() == use) return folder.name();
    for (const auto& known : kUses)
        if (known.use == use) return std::string(known.folder);
    return {};
}

void add_uid(google::protobuf::RepeatedPtrField<v1::UidRange>& ranges, std::uint32_t uid) {
    if (!ranges.empty() && ranges.rbegin()->last() + 1 == uid) return ranges.rbegin()->set_last(uid);
    auto& range = *ranges.Add();
    range.set_first(uid);
    range.set_last(uid);
}

}  // namespace tayori::rpc
