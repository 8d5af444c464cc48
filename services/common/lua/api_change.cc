// tayori.Change, tayori.Usage, tayori.Report: what imapd and pop3d are about to do, how full a mailbox is, how a mail fared.
#include <algorithm>

#include "common/base/text.h"
#include "common/lua/api_parts.h"
#include "common/lua/check.h"
#include "common/lua/object.h"

namespace tayori::lua {
namespace {

template <class View>
const View& view_as(const Handle& handle) {
    return *static_cast<const View*>(handle.object);
}
template <class View, std::string View::*member>
void push_view_text(lua_State* lua, Call&, const Handle& handle) {
    push_text(lua, view_as<View>(handle).*member);
}
template <class View, std::uint64_t View::*member>
void push_view_number(lua_State* lua, Call&, const Handle& handle) {
    push_integer(lua, view_as<View>(handle).*member);
}
template <std::vector<std::string> ChangeView::*member>
void push_change_list(lua_State* lua, Call&, const Handle& handle) {
    push_texts(lua, view_as<ChangeView>(handle).*member);
    make_read_only(lua, nullptr);
}

constexpr FieldRow kChangeFields[] = {
    {"protocol", push_view_text<ChangeView, &ChangeView::protocol>},
    {"folder", push_view_text<ChangeView, &ChangeView::folder>},
    {"messages", push_view_number<ChangeView, &ChangeView::messages>},
    {"add", push_change_list<&ChangeView::add>, true},
    {"remove", push_change_list<&ChangeView::remove>, true},
};

int change_refuse(lua_State* lua) {
    constexpr const char* kName = "change:refuse";
    auto self = self_of(lua, kChangeClass, kName);
    Arguments in(lua, kName, 2);
    RefuseChange refuse{reply_text(kName, in.text("text", kReplyTextBytesMax))};
    in.end();
    return push_decision(lua, self.call, std::move(refuse));
}

// keep and move are of POP3 only: an IMAP client that expunges has to see the mails go.
Call& call_in_pop3(lua_State* lua, const char* function) {
    auto self = self_of(lua, kChangeClass, function);
    self.call.require(function, hooks(Hook::expunge));
    if (view_as<ChangeView>(self.handle).protocol != "pop3")
        script_error(cat(function, ": works for POP3 only, this is ", view_as<ChangeView>(self.handle).protocol,
                         "; look at change.protocol first"));
    return self.call;
}

int change_keep(lua_State* lua) {
    constexpr const char* kName = "change:keep";
    constexpr std::size_t kKeptKeywordBytesMax = 64;
    auto& call = call_in_pop3(lua, kName);
    Arguments in(lua, kName, 2);
    KeepChange keep;
    if (const auto keyword = in.optional_text("keyword", kKeptKeywordBytesMax)) keep.keyword = *keyword;
    in.end();
    const auto is_atom_char = [](char c) { return c > 32 && c < 127 && std::string_view("(){%*\"\\]").find(c) == std::string_view::npos; };
    if (!std::all_of(keep.keyword.begin(), keep.keyword.end(), is_atom_char))
        script_error("change:keep: argument 1 (keyword) must be a keyword of ASCII, as $Pop3Deleted");
    return push_decision(lua, call, std::move(keep));
}

int change_move(lua_State* lua) {
    constexpr const char* kName = "change:move";
    constexpr const char* kUses[] = {"trash", "archive"};
    auto& call = call_in_pop3(lua, kName);
    Arguments in(lua, kName, 2);
    const auto use = in.text("use", kBindingErrorBytesMax);
    in.end();
    if (std::find(std::begin(kUses), std::end(kUses), use) == std::end(kUses))
        script_error(cat("change:move: argument 1 (use) can't be \"", use.substr(0, 40), "\"", suggest(use, kUses)));
    return push_decision(lua, call, KeepChange{{}, std::string(use)});
}

constexpr MethodRow kChangeMethods[] = {
    {"refuse", guarded<change_refuse>},
    {"keep", guarded<change_keep>},
    {"move", guarded<change_move>},
};

std::uint64_t percent_of(std::uint64_t used, std::uint64_t quota) {
    if (quota == 0) return 0;
    const auto percent = static_cast<double>(used) * 100.0 / static_cast<double>(quota);
    return static_cast<std::uint64_t>(std::min(percent, 1e6));
}

void push_usage_percent(lua_State* lua, Call&, const Handle& handle) {
    const auto& usage = view_as<UsageView>(handle);
    push_integer(lua, std::max(percent_of(usage.used_bytes, usage.quota_bytes), percent_of(usage.used_messages, usage.quota_messages)));
}
void push_usage_full_at(lua_State* lua, Call&, const Handle& handle) { lua_pushinteger(lua, view_as<UsageView>(handle).full_at_s); }

constexpr FieldRow kUsageFields[] = {
    {"used_bytes", push_view_number<UsageView, &UsageView::used_bytes>},
    {"quota_bytes", push_view_number<UsageView, &UsageView::quota_bytes>},
    {"used_messages", push_view_number<UsageView, &UsageView::used_messages>},
    {"quota_messages", push_view_number<UsageView, &UsageView::quota_messages>},
    {"percent", push_usage_percent},
    {"full_at", push_usage_full_at},
};

void push_report_tries(lua_State* lua, Call&, const Handle& handle) { push_integer(lua, view_as<ReportView>(handle).tries); }

constexpr FieldRow kReportFields[] = {
    {"recipient", push_view_text<ReportView, &ReportView::recipient>},
    {"host", push_view_text<ReportView, &ReportView::host>},
    {"reply", push_view_text<ReportView, &ReportView::reply>},
    {"subject", push_view_text<ReportView, &ReportView::subject>},
    {"tries", push_report_tries},
};

}  // namespace

const ObjectClass kChangeClass = {"Change", "change", kChangeFields, kChangeMethods};
const ObjectClass kUsageClass = {"Usage", "usage", kUsageFields, {}};
const ObjectClass kReportClass = {"Report", "report", kReportFields, {}};
const ObjectClass kDecisionClass = {"Decision", "decision", {}, {}};

}  // namespace tayori::lua
