// Text out of HTML for searching: no tree, only tags taken out. For body_text.cc.
#pragma once

#include <string>
#include <string_view>

namespace tayori::mail {

// feed() in pieces, then finish(); output is appended. Block tags become line ends, scripts, styles
// and comments go.
class HtmlText {
  public:
    void feed(std::string_view utf8, std::string& out);
    void finish(std::string& out);

  private:
    enum class State { text, entity, tag, comment, raw };
    void text_char(char c, std::string& out);
    void entity_char(char c, std::string& out);
    void tag_char(char c, std::string& out);
    void comment_char(char c);
    void raw_char(char c);
    void end_tag(std::string& out);

    State state_ = State::text;
    std::string held_;     // an entity, a tag's beginning, or what may end a comment or script
    std::string raw_end_;  // "</script"
    char quote_ = '\0';
};

}  // namespace tayori::mail
