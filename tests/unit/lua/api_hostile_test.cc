// Bindings in wrong hands: objects of earlier calls, wrong selfs, huge texts, metamethods.
#include "engine_fixture.h"

namespace tayori::lua {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ApiHostileTest : public EngineTest {};

TEST_F(ApiHostileTest, ObjectsOfAnEarlierCallSaySo) {
    use(R"(
local kept = {}
function p.deliver(mail, account)
    if not kept.mail then
        kept = { mail = mail, account = account, part = mail.parts[1], from = mail.from, text = mail.text,
                 decision = mail:reject(550, "5.7.1", "x") }
        return
    end
    local function try(name, f)
        local _, why = pcall(f)
        tayori.log(name .. ": " .. tostring(why):gsub("^.-: ", ""))
    end
    try("field", function() return kept.mail.subject end)
    try("method", function() return kept.mail:header("x") end)
    try("part", function() return kept.part.text end)
    try("account", function() kept.account:flag("$x") end)
    try("argument", function() account:reply(kept.mail, { text = "x" }) end)
    try("is_to", function() return mail:is_to(kept.account) end)
    try("values", function() return kept.from.address .. kept.text end)
    return kept.decision
end)");
    deliver();
    const auto found = lines(deliver());
    const auto ended = HasSubstr("belongs to a call of a hook that has ended");
    EXPECT_THAT(found, ElementsAre(ended, ended, ended, ended, ended, ended, HasSubstr("values: hana@a.testhello"), ended));
}

TEST_F(ApiHostileTest, ObjectsOfAnotherEngineToo) {
    use("function p.deliver(mail, account) tayori.log(mail.subject) end");
    EXPECT_THAT(lines(deliver()), ElementsAre("会議"));
    engine_.reset();
    EXPECT_THAT(lines(deliver()), ElementsAre("会議"));
}

TEST_F(ApiHostileTest, WrongSelfs) {
    const char* bodies[] = {
        "mail.header(nil, 'x')", "mail.header({}, 'x')", "mail.header(account, 'x')", "mail.header(io, 'x')", "mail.header('mail', 'x')",
        "mail.header()", "account.keep()", "account.keep(mail)", "mail.parts[1].text.x.y = 1", "mail.is_to(mail, mail)",
        "mail.header(setmetatable({}, { __index = mail }), 'x')"};
    for (const auto* body : bodies) EXPECT_THAT(logged(body), ElementsAre(HasSubstr("failed: p/plugin.lua:"))) << body;
}

TEST_F(ApiHostileTest, MetatablesAreOutOfReach) {
    EXPECT_THAT(logged(R"(
        tayori.log(tostring(getmetatable(mail)) .. tostring(getmetatable(mail.from)) .. tostring(getmetatable(account.settings)))
        tayori.log(tostring(pcall(setmetatable, mail.from, {})))
        tayori.log(tostring(pcall(rawset, mail, "size", 1)) .. tostring(pcall(rawget, mail, "size")))
        tayori.log(tostring(rawequal(mail, mail)) .. type(mail)))"),
                ElementsAre("falsefalsefalse", "false", "falsefalse", "trueuserdata"));
}

TEST_F(ApiHostileTest, OptionsAreReadWithoutMetamethods) {
    EXPECT_THAT(logged(R"(
        local trap = setmetatable({}, { __index = function() error("called") end, __pairs = function() error("called") end })
        account:fileinto("a", trap)
        account:reply(mail, setmetatable({ text = "x" }, { __index = function() error("called") end })))"),
                ElementsAre());
}

TEST_F(ApiHostileTest, HugeTextsAreRefused) {
    const char* bodies[] = {
        "mail:header(('x'):rep(1000000))",
        "account:fileinto(('x'):rep(1000000))",
        "account:reply(mail, { text = ('x'):rep(1000000) })",
        "account:notify { subject = ('x'):rep(100000), text = 'x' }",
        "return mail:reject(550, '5.7.1', ('x'):rep(1000))",
        "account:forward(('x'):rep(1000) .. '@a.test')",
        "tayori.regex('x', ('x'):rep(5000))",
        "local t = {} for i = 1, 60 do t[i] = i .. '@a.test' end account:forward(t)",
        "local t = {} for i = 1, 2000 do t[i] = i .. '@a.test' end account:forward(t)",
        "account:forward(setmetatable({}, { __len = function() return 1e15 // 1 | 0 end }))",
    };
    for (const auto* body : bodies) EXPECT_THAT(logged(body), ElementsAre(HasSubstr("failed: p/plugin.lua:"))) << body;
}

TEST_F(ApiHostileTest, MessagesShowNoRubbish) {
    const auto found = logged("local name = ('\\xff\\0\\n'):rep(100) account:fileinto('a', { [name] = 1 })");
    ASSERT_EQ(found.size(), 1u);
    EXPECT_LT(found[0].size(), 600u);
}

TEST_F(ApiHostileTest, NoMemoryIsAFailureAndNoMore) {
    limits_.memory_bytes = 200 * 1024;
    std::string mail = "Content-Type: text/plain; charset=utf-8\r\n\r\n";
    while (mail.size() < 400 * 1024) mail += "日本語\r\n";
    for (int i = 0; i < 20; ++i) EXPECT_THAT(logged("tayori.log(mail.text:sub(1, 3))", mail), ElementsAre(HasSubstr("memory")));
}

TEST_F(ApiHostileTest, ContextIsGoneWhilePluginsAreLoaded) {
    std::map<std::string, std::string> sources;
    sources["plugin.lua"] = source("p", "", "local ok, why = pcall(tayori.log, 'x') assert(not ok) error(why)");
    const auto state = State::open(sources, "p", limits_);
    ASSERT_FALSE(state);
    EXPECT_THAT(state.error().text, HasSubstr("tayori.log: works within hooks only, not while plugin.lua is loaded"));
}

}  // namespace
}  // namespace tayori::lua
