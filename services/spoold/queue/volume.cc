#include "spoold/queue/volume.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/mail/date.h"
#include "spoold/keys.h"
#include "spoold/mailbox/codec.h"

namespace tayori::spool {
namespace {

constexpr std::int64_t kVolumeHourMs = 3'600'000;
constexpr std::int64_t kVolumeDayMs = 24 * kVolumeHourMs;
constexpr std::uint64_t kHundred = 100;
constexpr std::uint64_t kDaysOfMean = 8;  // a day's share in what is usual is an eighth

Error over(std::uint64_t most, std::string_view span) {
    return Error::make(Kind::busy, cat("You have sent to ", most, " recipients this ", span, ", which is the limit here. Try again later."));
}

}  // namespace

std::string Volume::encode() const {
    std::string out;
    for (const auto n : {hour, in_hour, day, in_day, usual, told_day}) put_varint(out, n);
    return out;
}

Volume Volume::decode(std::string_view value) {
    Reader in(value);
    Volume volume;
    for (auto* n : {&volume.hour, &volume.in_hour, &volume.day, &volume.in_day, &volume.usual, &volume.told_day}) *n = in.varint();
    return in.ok() ? volume : Volume();
}

Result<bool> Volume::count(std::int64_t now_ms, std::uint64_t recipients, const VolumeLimits& limits) {
    const auto this_hour = static_cast<std::uint64_t>(now_ms / kVolumeHourMs);
    const auto this_day = static_cast<std::uint64_t>(now_ms / kVolumeDayMs);
    if (hour != this_hour) {
        hour = this_hour;
        in_hour = 0;
    }
    if (day != this_day) {
        if (in_day > 0) usual = usual == 0 ? in_day * kHundred : (usual * (kDaysOfMean - 1) + in_day * kHundred) / kDaysOfMean;
        day = this_day;
        in_day = 0;
    }
    if (limits.per_hour_max != 0 && in_hour + recipients > limits.per_hour_max) return fail(over(limits.per_hour_max, "hour"));
    if (limits.per_day_max != 0 && in_day + recipients > limits.per_day_max) return fail(over(limits.per_day_max, "day"));
    in_hour += recipients;
    in_day += recipients;
    if (limits.unusual_factor == 0 || in_day < limits.unusual_min || told_day == day) return false;
    if (in_day * kHundred <= usual * limits.unusual_factor) return false;
    told_day = day;
    return true;
}

Result<bool> count_volume(store::Transaction& transaction, AccountId account, std::uint64_t recipients,
                          const VolumeLimits& limits, Volume& now) {
    const auto key = keys::volume(account);
    const auto value = transaction.get(key);
    now = value ? Volume::decode(*value) : Volume();
    auto tell = now.count(transaction.now_ms(), recipients, limits);
    if (tell) transaction.put(key, now.encode());
    return tell;
}

std::string volume_notice(const VolumeNotice& notice) {
    const auto usual = (notice.volume.usual + kHundred - 1) / kHundred;
    std::string text;
    if (notice.language != mail::DsnLanguage::japanese) {
        append(text, notice.address, " has sent mail to ", notice.volume.in_day, " recipients elsewhere today; usual are ", usual,
               " a day.\r\n\r\nIf that is not meant so, somebody else may have its password: suspend the account, change the "
               "password, and look at what waits:\r\n\r\n  adminctl account suspend ", notice.address,
               "\r\n  adminctl queue list --sender ", notice.address, "\r\n  adminctl trace ", notice.address, "\r\n");
    }
    if (notice.language != mail::DsnLanguage::english) {
        if (!text.empty()) text += "\r\n";
        append(text, notice.address, " は本日、外部の宛先 ", notice.volume.in_day, " 件にメールを送信しました（通常は 1 日 ", usual,
               " 件）。\r\n\r\n心当たりがない場合は、パスワードが漏れたおそれがあります。アカウントを停止し、パスワードを変え、"
               "送信待ちのメールを確認してください。\r\n\r\n  adminctl account suspend ", notice.address,
               "\r\n  adminctl queue list --sender ", notice.address, "\r\n  adminctl trace ", notice.address, "\r\n");
    }
    return cat("From: Tayori <", notice.postmaster, ">\r\nTo: <", notice.postmaster, ">\r\nSubject: Unusual volume of mail from ",
               notice.address, "\r\nDate: ", mail::format_mail_date({notice.date_s, 0}), "\r\nMessage-ID: <volume.", notice.number,
               ".", notice.date_s, "@", notice.hostname,
               ">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
               "Content-Transfer-Encoding: 8bit\r\n\r\n",
               text);
}

}  // namespace tayori::spool
