// Sentences about captures.
#include "common/legacy/messages.h"

namespace tayori::legacy {
namespace {

constexpr Message kMessages[] = {
    {"capture-identical",
     "{0} mails are the same byte for byte; they were told apart by their order.",
     "内容がまったく同じメールが {0} 通あるため、並び順で対応付けました。"},
    {"capture-ambiguous", "The captured mail {0} could be one of several; none was taken for it.",
     "記録にあるメール {0} に当てはまるものが複数あるため、どれにも対応付けていません。"},
    {"capture-missing", "There is no capture of this account.", "このアカウントの記録がありません。"},
    {"capture-no-mail", "The captured mail {0} is not in the source.",
     "記録にあるメール {0} が移行元にありません。"},
    {"capture-no-folder", "The captured folder with {0} mails is not in the source.",
     "記録にある {0} 通のフォルダーが移行元にありません。"},
    {"capture-folder-name",
     "By its mails the folder \"{0}\" is the captured \"{1}\"; it has that name now.",
     "中のメールから、「{0}」は記録の「{1}」と同じフォルダーと判断し、その名前にしました。"},
    {"capture-pop3",
     "{0} mails have the UIDL and order that POP3 showed, {3} of them another UIDL than the files "
     "told; {1} captured mails were "
     "not found, {2} mails came later.",
     "{0} 通に、POP3 が示していた UIDL と順序を付けました (うち {3} 通はファイルから推定した UIDL "
     "と異なりました)。記録にあって見つからない"
     "ものは {1} 通、記録のあとに届いたものは {2} 通です。"},
    {"capture-imap",
     "{0} mails have the UID, flags and date that IMAP showed; {1} captured mails were not found.",
     "{0} 通に、IMAP が示していた UID、フラグ、日時を付けました。記録にあって見つからないものは "
     "{1} 通です。"},
};

}  // namespace

std::span<const Message> capture_messages() { return kMessages; }

}  // namespace tayori::legacy
