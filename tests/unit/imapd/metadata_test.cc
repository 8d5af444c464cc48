// Arguments of GETMETADATA and SETMETADATA (RFC 5464 §5), and settings of plugins as annotations.
#include "imapd/grammar/metadata.h"

#include <gtest/gtest.h>

#include "imapd/metadata.h"

namespace tayori::imap {
namespace {

Result<GetMetadata> get(std::string_view text) {
    Cursor cursor(text);
    auto parsed = parse_get_metadata(cursor);
    if (parsed && !cursor.at_end()) return fail(Kind::invalid, "something is left");
    return parsed;
}

Result<SetMetadata> set(std::string_view text) {
    Cursor cursor(text);
    auto parsed = parse_set_metadata(cursor);
    if (parsed && !cursor.at_end()) return fail(Kind::invalid, "something is left");
    return parsed;
}

TEST(Metadata, GetTakesOptionsBeforeOrBehindTheMailbox) {
    for (const auto* text : {R"((MAXSIZE 1024 DEPTH 1) "" (/shared/comment /private/Comment))",
                             R"("" (depth 1 maxsize 1024) (/shared/comment /private/Comment))"}) {
        const auto parsed = get(text);
        ASSERT_TRUE(parsed) << text << ": " << parsed.error().text;
        EXPECT_EQ(parsed->mailbox, "");
        EXPECT_EQ(parsed->size_max, 1024U);
        EXPECT_EQ(parsed->depth, MetadataDepth::one);
        EXPECT_EQ(parsed->entries, (std::vector<std::string>{"/shared/comment", "/private/comment"}));
    }
    const auto one = get("INBOX \"/shared/admin\"");
    ASSERT_TRUE(one);
    EXPECT_EQ(one->mailbox, "INBOX");
    EXPECT_EQ(one->depth, MetadataDepth::zero);
    EXPECT_FALSE(one->size_max);
    EXPECT_TRUE(get("(DEPTH infinity) \"\" /private/vendor/tayori"));
}

TEST(Metadata, NamesThatAreNone) {
    for (const auto* name : {"comment", "/comment", "/other/comment", "/private//comment", "/private/comment/", "/private/a*", "/private/a%",
                             "\"/private/a\x19\"", "\"/private/\xc3\xa9\"", "/private/", "\"\""}) {
        EXPECT_FALSE(get(std::string("\"\" ") + name)) << name;
        EXPECT_FALSE(set(std::string("\"\" (") + name + " \"x\")")) << name;
    }
    // A vendor's value has at least four components (RFC 5464 §3.2); its tree can be asked for.
    EXPECT_FALSE(set(R"("" (/private/vendor/tayori "x"))"));
    EXPECT_TRUE(set(R"("" (/private/vendor/tayori/x "x"))"));
}

TEST(Metadata, SetTakesStringsLiteralsAndNil) {
    const auto parsed = set("\"\" (/private/a NIL /private/b \"\" /private/c {3}\r\na\"b /private/d ~{2+}\r\nxy)");
    ASSERT_TRUE(parsed) << parsed.error().text;
    ASSERT_EQ(parsed->values.size(), 4U);
    EXPECT_FALSE(parsed->values[0].value);
    EXPECT_EQ(parsed->values[1].value, "");
    EXPECT_EQ(parsed->values[2].value, "a\"b");
    EXPECT_EQ(parsed->values[3].value, "xy");
    for (const auto* text : {"\"\" /private/a \"x\"", "\"\" ()", "\"\" (/private/a)", "\"\" (/private/a x)", "\"\" (/private/a \"x\"", "\"\"", ""})
        EXPECT_FALSE(set(text)) << text;
}

TEST(Metadata, LinesEndInCrlfForClientsAndInLfForPlugins) {
    rpc::v1::GetOwnSettingsReply reply;
    reply.set_postmaster("postmaster@example.test");
    auto& setting = *reply.add_settings();
    setting.set_plugin("autoreply");
    setting.set_name("text");
    setting.set_text("one\ntwo\r\n");
    const auto shown = annotations_of(reply);
    ASSERT_EQ(shown.size(), 2U);
    EXPECT_EQ(shown[0].entry, "/private/vendor/tayori/autoreply/text");
    EXPECT_EQ(shown[0].value, "one\r\ntwo\r\n");
    EXPECT_EQ(shown[1].value, "mailto:postmaster@example.test");
    const auto back = setting_of({shown[0].entry, shown[0].value});
    ASSERT_TRUE(back);
    EXPECT_EQ(back->plugin(), "autoreply");
    EXPECT_EQ(back->name(), "text");
    EXPECT_EQ(back->text(), "one\ntwo\n");
    EXPECT_FALSE(setting_of({"/private/vendor/tayori/autoreply/text", std::nullopt})->has_text());
    for (const auto* entry : {"/private/comment", "/private/vendor/other/a/b", "/private/vendor/tayori/a/b/c", "/private/vendor/tayori/autoreply"})
        EXPECT_FALSE(setting_of({entry, "x"})) << entry;
}

}  // namespace
}  // namespace tayori::imap
